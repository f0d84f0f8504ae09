"""Which appeals are candidates, and what the desk shows of them."""

from datetime import date, timedelta

import pytest

from channels_merge.matching import Message
from channels_merge.models import Appeal
from channels_merge.selectors import similar_matters
from channels_merge.selectors.finding import candidates, message_of
from channels_merge.services import linking, postings
from hotline import parameters
from hotline.services import set_parameter
from responsibility.selectors import governed_elsewhere
from tests.factories.channels_merge import NOON, STORY, ChannelFactory, make_accepted, make_appeal, ticket_of
from tests.factories.evaluation import ANSWERED_AT, work_on
from tests.factories.hotline import CountyCentreFactory, CountyFactory, TownshipFactory
from tests.factories.responsibility import CategoryFactory, GovernanceFactory
from tickets import services as tickets

SOON = NOON + timedelta(minutes=5)
AGAIN = f"请管一管：{STORY}"


def found(text=AGAIN, *, at=SOON, **fields):
    return candidates(Message("", text), at=at, **fields)


def close(city, appeal):
    work_on(city, ticket_of(appeal))
    tickets.close_ticket(ticket_id=ticket_of(appeal).pk, closing_kind="resolved", by=None, at=ANSWERED_AT)


def test_what_waits_and_what_is_worked_on(city):
    waiting, taken = make_appeal(source_number="1"), make_accepted(source_number="2")

    assert [(one.appeal_id, one.ticket_id, one.is_open) for one in found()] == [
        (taken.pk, ticket_of(taken).pk, True),
        (waiting.pk, None, True),
    ]
    assert min(one.probability for one in found()) > 0.9


def test_an_appeal_is_left_out_of_its_own_candidates(city):
    first, second = make_appeal(source_number="1"), make_appeal(source_number="2")

    assert [one.appeal_id for one in candidates(message_of(second), at=SOON, leave_out=second.pk)] == [first.pk]


def test_the_place_field_is_part_of_what_is_told(city):
    make_appeal(place="锦江花园", title="夜间施工", text="工地每晚十一点以后还在浇筑混凝土，泵车噪声大。")

    assert len(found("锦江花园的泵车太吵了，工地每晚浇筑混凝土。")) == 1


def test_nothing_restricted_withdrawn_or_answered_at_once(city):
    make_accepted(source_number="1", secrecy="restricted")
    withdrawn = make_appeal(source_number="2")
    linking.withdraw_appeal(appeal_id=withdrawn.pk, channel=withdrawn.channel, reason="好了", by=None, at=NOON)

    assert found() == []


def test_a_merged_ticket_answers_by_its_lead(city):
    lead, other = make_accepted(source_number="1"), make_accepted(source_number="2")
    tickets.merge_ticket(
        ticket_id=ticket_of(other).pk, into_id=ticket_of(lead).pk, reason="同一件事", by=city.dispatcher, at=NOON
    )

    assert {one.ticket_id for one in found()} == {ticket_of(lead).pk}
    assert [one.ticket for one in similar_matters(text=AGAIN, at=SOON)] == [ticket_of(lead)]


def test_closed_lately_is_found_and_says_so_and_after_that_no_more(city):
    appeal = make_accepted()
    close(city, appeal)
    late, too_late = ANSWERED_AT + timedelta(days=80), NOON + timedelta(days=91)

    (one,) = similar_matters(text=AGAIN, at=late)
    assert (one.ticket, one.closed_lately) == (ticket_of(appeal), True)
    assert similar_matters(text=AGAIN, at=too_late) == []


def test_a_ticket_closed_long_ago_is_no_candidate_while_its_appeal_is_in_the_window(city):
    close(city, make_accepted())
    set_parameter(key="repeat_window_days", value="1", valid_from=NOON, source="测试", by=None, at=NOON)
    parameters.forget_parameters()

    assert len(found(at=ANSWERED_AT + timedelta(hours=23))) == 1
    assert found(at=ANSWERED_AT + timedelta(days=2)) == []


def test_one_row_for_a_ticket_with_many_appeals(city):
    first = make_accepted(source_number="0")
    for n in range(1, 4):
        make_accepted(source_number=str(n), ticket_id=ticket_of(first).pk)

    (one,) = similar_matters(text=AGAIN, at=SOON)

    assert (one.ticket, one.percent, one.closed_lately) == (ticket_of(first), 99, False)
    assert "锦江花园东侧工地近一周每晚1" in one.words


SIMILAR = "锦江花园东侧的工地夜里又在浇筑混凝土，老人睡不着，请管一管。"


def test_the_same_caller_and_category_speak_for_it_and_others_against_it(city):
    category, other = CategoryFactory(code="010203", name="夜间施工"), CategoryFactory(code="010204", name="油烟")
    taken = make_accepted(category=category, phone="13807970001")
    index = taken.contact.phone_index

    def percent(**known):
        return [one.percent for one in similar_matters(text=SIMILAR, place="锦江花园", at=SOON, **known)]

    [unknown] = percent()
    [same] = percent(category=category, caller=index)
    assert same > unknown
    assert percent(category=other) < [unknown]


def test_a_township_of_the_county_that_the_zone_governs_lies_in_both(city):
    """One caller says 湖边镇, which its code puts in 章贡区, another 经开区, which governs it."""
    zone = CountyFactory(code="360700-JK", name="赣州经济技术开发区", level="zone", parent=city.region.parent)
    town = TownshipFactory(code="360702103", name="湖边镇", parent=city.region)
    make_accepted(region=town)

    def said(region, at=SOON):
        [one] = similar_matters(text=SIMILAR, place="锦江花园", region=region, at=at)
        return "所属区域不同" in one.differs, one.percent

    (before, less), (own, more) = said(zone), said(city.region)
    assert (before, own) == (True, False)
    GovernanceFactory(region=town, unit=CountyCentreFactory(region=zone), valid_from=date(2026, 1, 1))
    governed_elsewhere.forget()
    assert said(zone) == (False, more)
    assert said(city.region) == (False, more)
    assert less < more


@pytest.mark.parametrize("text", ["", "你好", "。。。"])
def test_a_word_or_two_find_nothing(city, text):
    make_appeal(text="你好你好你好", title="你好")

    assert found(text) == []


@pytest.mark.parametrize("rows", [1, 3])
def test_the_same_queries_whatever_is_found(city, rows, django_assert_num_queries):
    for n in range(rows):
        make_accepted(source_number=str(n))
    postings.merge_postings(at=NOON + timedelta(hours=2))
    make_accepted(source_number="fresh", text=AGAIN, channel=ChannelFactory(code="other"))
    found()

    with django_assert_num_queries(3):
        assert len(found()) == rows + 1
    with django_assert_num_queries(5):
        assert len(similar_matters(text=AGAIN, at=SOON, limit=10)) == rows + 1
    assert Appeal.objects.count() == rows + 1
