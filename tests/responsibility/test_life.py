"""From a draft to the version that decides: whose word is needed, from which day, and what happened to the one before."""

from datetime import date

import pytest
from django.db import IntegrityError, connection, transaction

from hotline.models import Notice
from responsibility import selectors, services
from responsibility.models import DutyItemEvent, DutyList, DutyListEvent
from responsibility.rights import NotPermitted
from responsibility.services import DutyRefused
from tests.factories.hotline import CountyCentreFactory, UnitFactory, UserFactory, load_rules
from tests.factories.responsibility import FIRST_DAY, DutyItemFactory, DutyListFactory
from tests.factories.tickets import at

pytestmark = pytest.mark.django_db

# A Tuesday.
NOW = at("11-10 10:00")
TOMORROW, LATER = date(2026, 11, 11), date(2026, 11, 20)


@pytest.fixture
def first():
    """Version 1, in force, with two items of which one has a unit to assist."""
    load_rules()
    items = [DutyItemFactory(code="CG-01"), DutyItemFactory(code="CG-02")]
    items[1].co_units.add(UnitFactory(short_name="市水利局"))
    return items[0].duty_list


@pytest.fixture
def people(first):
    return {
        role: UserFactory(unit=first.scope, roles=(role,))
        for role in ("administrator", "legal_reviewer", "staffing_reviewer", "dispatcher")
    }


@pytest.fixture
def draft(first, people):
    return services.draft_list(scope=first.scope, reason="路灯改由市政中心管。", by=people["administrator"], at=NOW)


def state(duty_list):
    return DutyList.objects.get(pk=duty_list.pk).state


def days(duty_list):
    row = DutyList.objects.get(pk=duty_list.pk)
    return row.effective_from, row.effective_until


def approved(draft, people):
    services.submit_list(list_id=draft.pk, by=people["administrator"], at=NOW)
    for office in ("legal", "staffing"):
        services.give_opinion(list_id=draft.pk, office=office, agrees=True, by=people[f"{office}_reviewer"], at=NOW)
    return draft


def published(draft, people, *, day=TOMORROW):
    approved(draft, people)
    services.publish_list(list_id=draft.pk, effective_from=day, by=people["administrator"], at=NOW)
    return draft


def test_a_draft_has_the_items_of_the_version_in_force(first, draft):
    assert (draft.version, draft.state, draft.title, draft.base) == (2, "draft", first.title, first)
    assert [
        (item.code, [unit.short_name for unit in item.co_units.all()]) for item in draft.items.order_by("code")
    ] == [
        ("CG-01", []),
        ("CG-02", ["市水利局"]),
    ]
    assert first.items.count() == 2
    assert list(DutyListEvent.objects.values_list("act", "source", "target", "words")) == [
        ("draft", "", "draft", "路灯改由市政中心管。")
    ]


def test_a_county_begins_with_nothing_of_its_own(first, people):
    county = CountyCentreFactory()

    draft = services.draft_list(scope=county, reason="本县有景区。", by=people["administrator"], at=NOW)

    assert (draft.version, draft.base, draft.items.count()) == (1, None, 0)


def told():
    return sorted(Notice.objects.values_list("recipient__pk", "kind"))


def test_offices_find_what_they_are_asked_and_whoever_asked_hears_the_answer(draft, people):
    legal, staffing, editor = (people[who] for who in ("legal_reviewer", "staffing_reviewer", "administrator"))
    opinion = {"list_id": draft.pk, "at": NOW}
    services.submit_list(list_id=draft.pk, by=editor, at=NOW)
    assert told() == sorted([(legal.pk, "duty_list_asked"), (staffing.pk, "duty_list_asked")])

    services.give_opinion(office="legal", agrees=True, by=legal, **opinion)
    waiting = [[version.pk for version in selectors.lists_to_judge(who, NOW)] for who in (legal, staffing, editor)]
    assert waiting == [[], [draft.pk], []]
    services.give_opinion(office="staffing", agrees=False, words="与三定不符。", by=staffing, **opinion)
    assert [kind for pk, kind in told() if pk == editor.pk] == ["duty_list_refused"]

    # Asked anew, both are told anew.
    approved(draft, people)
    assert [kind for pk, kind in told() if pk == legal.pk] == ["duty_list_asked", "duty_list_asked"]
    assert [kind for pk, kind in told() if pk == editor.pk] == ["duty_list_approved", "duty_list_refused"]


def test_one_version_at_a_time_is_in_the_making(first, draft, people):
    with pytest.raises(DutyRefused, match="第2版》还没有发布，先办完这一版，再起草下一版。"):
        services.draft_list(scope=first.scope, reason="再改。", by=people["administrator"], at=NOW)

    services.drop_draft(list_id=draft.pk, reason="不改了。", by=people["administrator"], at=NOW)
    again = services.draft_list(scope=first.scope, reason="再改。", by=people["administrator"], at=NOW)

    assert (state(draft), again.version) == ("dropped", 3)


def test_only_a_centre_has_a_list(people):
    with pytest.raises(DutyRefused, match="职责清单由市、县级热线中心编制，履职事项清单属于乡镇（街道）。"):
        services.draft_list(scope=UnitFactory(), reason="想有一份。", by=people["administrator"], at=NOW)


def test_both_offices_agree_and_it_is_approved(draft, people):
    services.submit_list(list_id=draft.pk, by=people["administrator"], at=NOW)
    services.give_opinion(list_id=draft.pk, office="staffing", agrees=True, by=people["staffing_reviewer"], at=NOW)
    after_one = state(draft)
    services.give_opinion(
        list_id=draft.pk, office="legal", agrees=True, words="依据充分", by=people["legal_reviewer"], at=NOW
    )

    assert (after_one, state(draft)) == ("review", "approved")
    assert list(draft.events.order_by("pk").values_list("act", "target", "words"))[1:] == [
        ("submit", "review", ""),
        ("agree", "review", "编办职责意见：同意。"),
        ("agree", "review", "司法局合法性意见：同意。依据充分"),
        ("approve", "approved", ""),
    ]


def test_one_office_against_it_makes_it_a_draft_and_both_are_asked_again(draft, people):
    services.submit_list(list_id=draft.pk, by=people["administrator"], at=NOW)
    services.give_opinion(list_id=draft.pk, office="staffing", agrees=True, by=people["staffing_reviewer"], at=NOW)
    services.give_opinion(
        list_id=draft.pk, office="legal", agrees=False, words="第三项没有依据。", by=people["legal_reviewer"], at=NOW
    )
    after = state(draft)
    services.submit_list(list_id=draft.pk, by=people["administrator"], at=NOW)
    services.give_opinion(list_id=draft.pk, office="legal", agrees=True, by=people["legal_reviewer"], at=NOW)

    assert (after, state(draft)) == ("draft", "review")
    assert draft.events.get(act="send_back").words == "司法局合法性意见：不同意。第三项没有依据。"


@pytest.mark.parametrize(
    ("office", "agrees", "words", "who", "refused", "sentence"),
    [
        ("legal", False, "  ", "legal_reviewer", DutyRefused, "不同意的，请写明理由和应当怎么改。"),
        ("legal", True, "字" * 501, "legal_reviewer", DutyRefused, "最多写 500 个字，现在有 501 个字。"),
        ("legal", True, "", "staffing_reviewer", NotPermitted, "您的岗位没有这项权限。"),
        ("staffing", True, "", "administrator", NotPermitted, "您的岗位没有这项权限。"),
    ],
)
def test_an_opinion_that_is_none(draft, people, office, agrees, words, who, refused, sentence):
    services.submit_list(list_id=draft.pk, by=people["administrator"], at=NOW)

    with pytest.raises(refused, match=sentence):
        services.give_opinion(list_id=draft.pk, office=office, agrees=agrees, words=words, by=people[who], at=NOW)

    assert draft.opinions.count() == 0


def test_an_office_speaks_once_a_round_and_only_when_asked(draft, people):
    speak = {"list_id": draft.pk, "office": "legal", "agrees": True, "by": people["legal_reviewer"], "at": NOW}
    with pytest.raises(DutyRefused, match="当前为“草稿”，不能执行该操作。"):
        services.give_opinion(**speak)
    services.submit_list(list_id=draft.pk, by=people["administrator"], at=NOW)
    services.give_opinion(**speak)
    with pytest.raises(DutyRefused, match="司法局合法性意见已经出具。"):
        services.give_opinion(**speak)


def test_an_empty_version_is_not_submitted(people):
    draft = services.draft_list(scope=CountyCentreFactory(), reason="本县的。", by=people["administrator"], at=NOW)

    with pytest.raises(DutyRefused, match="清单里还没有事项，不能送审。"):
        services.submit_list(list_id=draft.pk, by=people["administrator"], at=NOW)


def test_what_is_published_decides_from_its_day_and_the_one_before_until_then(first, draft, people):
    published(draft, people)

    assert (days(first), days(draft)) == ((FIRST_DAY, TOMORROW), (TOMORROW, None))
    assert selectors.current_list(at("11-10 23:59")) == first
    assert selectors.current_list(at("11-11 00:00")) == draft


def test_today_is_too_early(draft, people):
    approved(draft, people)

    with pytest.raises(DutyRefused, match="执行日期最早是明天：同一天里派单依据的清单不能变。"):
        services.publish_list(list_id=draft.pk, effective_from=NOW.date(), by=people["administrator"], at=NOW)


def test_what_nobody_approved_is_not_published(draft, people):
    with pytest.raises(DutyRefused, match="当前为“草稿”，不能执行该操作。"):
        services.publish_list(list_id=draft.pk, effective_from=TOMORROW, by=people["administrator"], at=NOW)
    approved(draft, people)
    with pytest.raises(NotPermitted):
        services.publish_list(list_id=draft.pk, effective_from=TOMORROW, by=people["dispatcher"], at=NOW)


def test_the_next_version_follows_the_one_that_waits_for_its_day(first, draft, people):
    published(draft, people, day=LATER)
    third = approved(
        services.draft_list(scope=first.scope, reason="又改。", by=people["administrator"], at=NOW), people
    )

    with pytest.raises(DutyRefused, match="第2版》定于 2026-11-20 执行，这一版的执行日期须晚于它。"):
        services.publish_list(list_id=third.pk, effective_from=TOMORROW, by=people["administrator"], at=NOW)


def test_a_publication_is_called_off_before_its_day(first, draft, people):
    published(draft, people)

    services.call_publication_off(list_id=draft.pk, reason="还要改一处。", by=people["administrator"], at=NOW)

    assert (state(draft), days(first), days(draft)) == ("approved", (FIRST_DAY, None), (None, None))


def test_what_decides_already_is_not_called_off(first, draft, people):
    published(draft, people)

    with pytest.raises(DutyRefused, match="这一版已经执行，不能取消；要改的，请起草下一版。"):
        services.call_publication_off(
            list_id=draft.pk, reason="改主意了。", by=people["administrator"], at=at("11-11 08:00")
        )


def test_the_database_refuses_two_versions_on_one_day(first):
    with pytest.raises(IntegrityError, match="duty_list_versions_in_force_do_not_overlap"), transaction.atomic():
        DutyListFactory(scope=first.scope, version=2, effective_from=LATER)

    assert DutyListFactory(scope=CountyCentreFactory(), effective_from=LATER).pk
    DutyList.objects.filter(pk=first.pk).update(effective_until=LATER)
    assert DutyListFactory(scope=first.scope, version=2, effective_from=LATER).pk


@pytest.mark.parametrize("table", ["dutylistevent", "dutyitemevent", "dutylistopinion"])
def test_what_happened_is_never_rewritten(draft, people, table):
    services.submit_list(list_id=draft.pk, by=people["administrator"], at=NOW)
    services.give_opinion(list_id=draft.pk, office="legal", agrees=True, by=people["legal_reviewer"], at=NOW)
    services.comment_on_item(list_id=draft.pk, code="CG-01", words="看看。", by=people["dispatcher"], at=NOW)

    with pytest.raises(Exception, match="is append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM responsibility_{table}")


def change(draft, people, *codes, **values):
    return services.change_items(
        list_id=draft.pk, codes=codes, values=values, reason="试一试。", by=people["administrator"], at=NOW
    )


def test_an_item_is_added_changed_and_removed_with_its_history(draft, people, first):
    common = {"list_id": draft.pk, "by": people["administrator"], "at": NOW}
    model = first.items.get(code="CG-01")
    services.add_item(
        code=" cg-03 ",
        values={
            "title": "路灯杆倾斜",
            "category": model.category,
            "words": ["灯杆+倾斜"],
            "belongs": "灯杆倾斜。",
            "level": "city",
            "city_function": "urban_management",
            "kinds": ["help"],
            "completion_standard": "已扶正。",
            "reply_template": "已扶正。",
            "mark": "示例，待核",
        },
        reason="裁定后补充。",
        ticket_number="GZ261109000001",
        **common,
    )
    services.change_item(
        code="CG-03", values={"level": "county", "county_function": "housing"}, reason="归县里。", **common
    )
    services.remove_item(code="CG-03", reason="与另一项重复。", **common)

    events = DutyItemEvent.objects.filter(code="CG-03").order_by("pk")
    assert [(event.act, event.reason, event.ticket_number) for event in events] == [
        ("add", "裁定后补充。", "GZ261109000001"),
        ("change", "归县里。", ""),
        ("remove", "与另一项重复。", ""),
    ]
    assert events[0].changes["words"] == [None, ["灯杆+倾斜"]]
    assert events[1].changes == {"level": ["city", "county"], "county_function": ["", "housing"]}
    assert events[2].changes["category"] == ["010201", None]
    assert not draft.items.filter(code="CG-03").exists()


def test_many_items_are_changed_at_once_or_none(draft, people):
    assert change(draft, people, "CG-01", "CG-02", onsite_required=True) == ["CG-01", "CG-02"]
    assert change(draft, people, "CG-01", "CG-02", onsite_required=True) == []
    with pytest.raises(DutyRefused, match="清单里没有这些事项：CG-09。"):
        change(draft, people, "CG-01", "CG-09", onsite_required=False)
    with pytest.raises(DutyRefused, match="不能成批修改。"):
        change(draft, people, "CG-01", "CG-02", belongs="一样的。")

    assert list(draft.items.values_list("onsite_required", flat=True)) == [True, True]
    assert DutyItemEvent.objects.count() == 2


def test_units_that_assist_are_part_of_what_changed(draft, people):
    unit = UnitFactory(code="CITY-SLJ2")

    assert change(draft, people, "CG-01", co_units=[unit]) == ["CG-01"]
    assert DutyItemEvent.objects.get().changes == {"co_units": [[], ["CITY-SLJ2"]]}


def test_a_wrong_item_says_which_field(draft, people):
    with pytest.raises(DutyRefused) as refused:
        change(draft, people, "CG-01", county_function="", city_function="没有的")

    assert str(refused.value) == "事项 CG-01：没有这样的职能：没有的。县级主责的事项须写明县级职能。"


def test_only_a_draft_is_changed_and_only_by_an_editor(first, draft, people):
    with pytest.raises(DutyRefused, match="第1版》当前为“已发布”，只有草稿能改。"):
        change(first, people, "CG-01", onsite_required=True)
    with pytest.raises(NotPermitted):
        services.remove_item(list_id=draft.pk, code="CG-01", reason="不要。", by=people["dispatcher"], at=NOW)
