"""Which appeals of ours are the petition office's matters too, who says so, and what both do about it."""

from datetime import date, timedelta
from types import SimpleNamespace

import pytest

from channels_merge import rights, services
from channels_merge import tasks as room_tasks
from channels_merge.models import Contact, JointSupervision, PetitionMatch, PetitionMatter
from channels_merge.selectors import petition as reads
from channels_merge.services import petition
from hotline.services import RowsFailed
from responsibility.selectors import governed_elsewhere
from tests.channels_merge.petition.factories import ID_NUMBER, STORY, take_in
from tests.factories.channels_merge import NOON, ChannelFactory, make_accepted, make_appeal
from tests.factories.hotline import CountyCentreFactory, CountyFactory, TownshipFactory, UnitFactory
from tests.factories.responsibility import GovernanceFactory
from tickets import services as tickets
from tickets.models import Ticket

LATER = NOON + timedelta(days=1)
MONTH = NOON + timedelta(days=31)
OTHER_ID = "360702199003071239"
OTHER = "要求尽快解决南门小学学位不足的问题，孩子九月入学，学校说名额已满，希望教育部门答复。"


def found():
    return list(PetitionMatch.objects.order_by("pk").values_list("matter__number", "ground", "state"))


def confirmed(office, both):
    petition.match_petition(matter_id=both.matter.pk, at=LATER)
    match = PetitionMatch.objects.get()
    return petition.confirm_match(match_id=match.pk, by=office.reviewer, at=LATER)


def supervised(office, both):
    match = confirmed(office, both)
    return petition.start_joint_supervision(
        match_id=match.pk, reason="工地多次停了又开。", by=office.reviewer, at=MONTH
    )


def test_the_same_number_and_the_same_words_are_proposed_once(office, both):
    assert petition.match_petition(matter_id=both.matter.pk, at=LATER) == 1
    assert petition.match_petition(matter_id=both.matter.pk, at=LATER) == 0
    assert petition.match_appeal(appeal_id=both.appeal.pk, at=LATER) == 0

    match = PetitionMatch.objects.get()
    assert (match.appeal, match.ground, match.state, match.both_since) == (
        both.appeal,
        "phone",
        "proposed",
        both.matter.received_at,
    )
    both.matter.refresh_from_db()
    assert both.matter.matched_at == LATER


def test_the_id_number_is_the_stronger_ground(office):
    make_accepted(at=NOON, region=office.county, person_id_number=ID_NUMBER)
    matter = take_in(office, phone="13807972231", id_number=ID_NUMBER).matter

    petition.match_petition(matter_id=matter.pk, at=LATER)

    assert found() == [("XF2026110001", "id", "proposed")]


def test_an_id_number_typed_into_the_story_finds_what_the_petition_office_has_later(office):
    appeal = make_appeal(at=NOON, region=office.township, text=f"{STORY}我的身份证号是{ID_NUMBER}。")
    assert (appeal.contact.id_index, appeal.contact.masked_story_id) == ("", "3607**********0016")
    matter = take_in(office, phone="", id_number=ID_NUMBER).matter

    petition.match_petition(matter_id=matter.pk, at=LATER)

    assert found() == [("XF2026110001", "story_id", "proposed")]


def test_an_id_number_added_to_an_appeal_finds_the_matter_at_night(office):
    take_in(office, phone="", id_number=ID_NUMBER, region=None)
    appeal = make_accepted(at=NOON, region=office.township, text=STORY)
    assert petition.match_appeal(appeal_id=appeal.pk, at=LATER) == 0
    services.supplement_appeal(
        appeal_id=appeal.pk, text=f"我的身份证{ID_NUMBER}", channel=ChannelFactory(), by=None, at=LATER
    )

    assert petition.reconcile_petitions(since=NOON, at=LATER) == 1
    assert found() == [("XF2026110001", "story_id", "proposed")]


def test_other_words_with_the_same_id_number_are_not_proposed(office):
    matter = take_in(office, phone="", id_number=ID_NUMBER, title="南门小学学位", text=OTHER).matter
    make_appeal(at=NOON, region=office.township, text=f"{STORY}包工头身份证号{ID_NUMBER}。")

    assert petition.match_petition(matter_id=matter.pk, at=LATER) == 0


@pytest.mark.parametrize(
    "words, given",
    [
        (f"我{ID_NUMBER}，他{OTHER_ID}", {}),
        (f"他{ID_NUMBER}", {"person_id_number": OTHER_ID}),
        (f"他{ID_NUMBER}", {"person_is_anonymous": True}),
        ("身份证360702198001010014", {}),
    ],
    ids=["one of two", "beside the own", "of somebody unknown", "with a wrong check digit"],
)
def test_an_id_number_that_cannot_be_the_own_is_nobodys(office, words, given):
    appeal = make_appeal(at=NOON, region=office.township, text=f"{STORY}{words}", **given)

    assert (appeal.contact.story_id_index, appeal.contact.masked_story_id) == ("", "")
    assert appeal.contact.id_number == given.get("person_id_number", "")


def test_a_second_id_number_in_later_words_leaves_none(office):
    appeal = make_accepted(at=NOON, region=office.township, text=f"{STORY}我的身份证号是{ID_NUMBER}。")
    services.supplement_appeal(
        appeal_id=appeal.pk, text=f"老板身份证{OTHER_ID}", channel=ChannelFactory(), by=None, at=LATER
    )

    contact = Contact.objects.get(pk=appeal.contact_id)
    assert (contact.moved_out, contact.story_id_index) == ([ID_NUMBER, OTHER_ID], "")


def test_an_appeal_that_comes_later_finds_the_matter(office):
    take_in(office, phone="13807972231")
    appeal = make_appeal(at=LATER, region=office.township)

    assert petition.match_appeal(appeal_id=appeal.pk, at=LATER) == 1
    assert [(one.matter.number, one.ground) for one in reads.in_petition(appeal)] == [("XF2026110001", "phone")]


def test_two_people_with_the_same_words_in_one_county_are_proposed_and_in_two_counties_not(office):
    take_in(office, number="A", phone="13907970001")
    take_in(office, number="B", phone="13907970001", region=office.world.other_county)
    appeal = make_appeal(at=LATER, region=office.township)

    petition.match_appeal(appeal_id=appeal.pk, at=LATER)

    assert found() == [("A", "text", "proposed")]


@pytest.fixture
def zone(office):
    """赣州经开区 with its centre, and 湖边镇, which lies in the county by its code."""
    city = office.county.parent
    area = CountyFactory(code="360700-JK", name="赣州经济技术开发区", level="zone", parent=city)
    town = TownshipFactory(code="360702103", name="湖边镇", parent=office.county)
    return SimpleNamespace(area=area, town=town, centre=CountyCentreFactory(region=area))


def governs(zone, until=None):
    GovernanceFactory(region=zone.town, unit=zone.centre, valid_from=date(2026, 1, 1), valid_until=until)
    governed_elsewhere.forget()


@pytest.mark.parametrize("told_us", ["area", "town"])
def test_a_township_that_the_zone_governs_lies_in_both(office, zone, told_us):
    """One says 湖边镇 at the petition office and 经开区 to us, or the other way round; the person is not known to be one."""
    told_them = {"area": zone.town, "town": zone.area}[told_us]
    take_in(office, phone="13907970001", region=told_them)
    appeal = make_appeal(at=LATER, region=getattr(zone, told_us))

    assert petition.match_appeal(appeal_id=appeal.pk, at=LATER) == 0
    governs(zone)
    assert petition.match_appeal(appeal_id=appeal.pk, at=LATER) == 1
    assert found() == [("XF2026110001", "text", "proposed")]


@pytest.mark.parametrize(("until", "sees"), [(None, ["T"]), (date(2026, 11, 1), [])])
def test_the_office_of_a_zone_sees_the_matters_of_the_places_it_governs(office, zone, person, until, sees):
    unit = UnitFactory(code="JK-XFJ", kind="county_department", parent=zone.centre, region=zone.area)
    officer = person("petition_officer", unit)
    take_in(office, number="T", region=zone.town)
    take_in(office, number="C", region=office.county)
    governs(zone, until)

    assert list(reads.matters_for(officer, LATER).values_list("number", flat=True)) == sees


def test_another_trouble_of_the_same_person_is_not_proposed(office):
    take_in(office, phone="13807972231", title="南门小学学位", text=OTHER)
    appeal = make_appeal(at=LATER, region=office.township)

    assert petition.match_appeal(appeal_id=appeal.pk, at=LATER) == 0


@pytest.mark.parametrize("state", ["settled", "ended", "refused"])
def test_what_is_over_at_the_petition_office_is_no_longer_compared(office, state):
    matter = take_in(office, phone="13807972231", state=state).matter
    appeal = make_appeal(at=LATER, region=office.township)

    assert petition.match_appeal(appeal_id=appeal.pk, at=LATER) == 0
    assert petition.match_petition(matter_id=matter.pk, at=LATER) == 0


def test_a_restricted_appeal_is_not_compared(office):
    take_in(office, phone="13807972231")
    appeal = make_appeal(at=LATER, region=office.township, secrecy="restricted")

    assert petition.match_appeal(appeal_id=appeal.pk, at=LATER) == 0


def test_the_register_of_an_appeal_starts_the_comparison(office, committing):
    take_in(office, phone="13807972231")

    with committing():
        make_appeal(at=LATER, region=office.township)

    assert found() == [("XF2026110001", "phone", "proposed")]


def test_waiting_matters_and_lost_appeals_are_made_good(office, both):
    assert petition.match_waiting(at=LATER) == 1
    assert petition.match_waiting(at=LATER) == 0
    assert found() == [("XF2026110001", "phone", "proposed")]
    PetitionMatch.objects.all().delete()

    assert petition.reconcile_petitions(since=NOON, at=LATER) == 1
    assert room_tasks.match_waiting_petitions() == 0


def test_a_matter_that_cannot_be_compared_holds_up_none_of_the_others(office, both, monkeypatch):
    broken = take_in(office, number="XF2026110000", phone="13807970000").matter
    pairs_of_matter = reads.pairs_of_matter

    def breaks(matter, *, at):
        if matter == broken:
            raise ZeroDivisionError
        return pairs_of_matter(matter, at=at)

    PetitionMatter.objects.exclude(pk=broken.pk).update(matched_at=None)
    monkeypatch.setattr(reads, "pairs_of_matter", breaks)
    with pytest.raises(RowsFailed):
        petition.match_waiting(at=LATER)

    assert found() == [("XF2026110001", "phone", "proposed")]
    assert list(PetitionMatter.objects.filter(matched_at=None)) == [broken]


def test_a_person_decides_once_and_says_why_not(office, both):
    petition.match_petition(matter_id=both.matter.pk, at=LATER)
    match = PetitionMatch.objects.get()

    with pytest.raises(services.AppealRefused, match="请写为何不是同一件。"):
        petition.refuse_match(match_id=match.pk, reason=" ", by=office.reviewer, at=LATER)
    petition.refuse_match(match_id=match.pk, reason="信访件说的是另一个工地。", by=office.reviewer, at=LATER)
    with pytest.raises(services.AppealRefused, match="已核对为“不是同一件”。"):
        petition.confirm_match(match_id=match.pk, by=office.reviewer, at=LATER)

    match.refresh_from_db()
    assert (match.state, match.reason, match.decided_by) == ("refused", "信访件说的是另一个工地。", office.reviewer)
    assert reads.in_petition(both.appeal) == []


def test_only_who_reads_both_sides_decides(office, both):
    petition.match_petition(matter_id=both.matter.pk, at=LATER)
    match = PetitionMatch.objects.get()

    for who in (office.dispatcher, office.officer, office.agent, office.channel_manager):
        with pytest.raises(rights.NotPermitted):
            petition.confirm_match(match_id=match.pk, by=who, at=LATER)

    match.refresh_from_db()
    assert match.state == "proposed"


def test_what_neither_side_settles_is_listed_after_the_days_of_the_parameter(office, both):
    confirmed(office, both)

    def listed(at):
        return [match.matter.number for match in reads.petition_tab(office.reviewer, "", at=at)]

    since = both.matter.received_at
    assert listed(since + timedelta(days=30, minutes=-1)) == []
    assert listed(since + timedelta(days=30)) == ["XF2026110001"]
    take_in(office, phone="13807972231", state="settled", at=MONTH)
    assert listed(MONTH + timedelta(days=1)) == []


def test_joint_supervision_keeps_the_ticket_open_until_it_is_lifted(office, both):
    row = supervised(office, both)

    assert Ticket.objects.get(pk=both.ticket.pk).open_hold_count == 1
    assert (row.match.matter, row.ticket, row.lifted_at) == (both.matter, both.ticket, None)
    with pytest.raises(services.AppealRefused, match=f"工单 {both.ticket.number} 已在联合督导。"):
        petition.start_joint_supervision(match_id=row.match_id, reason="再督一次。", by=office.reviewer, at=MONTH)

    petition.lift_joint_supervision(match_id=row.match_id, reason="已停工整改。", by=office.reviewer, at=MONTH)

    assert Ticket.objects.get(pk=both.ticket.pk).open_hold_count == 0
    row.refresh_from_db()
    assert (row.lifted_by, row.lift_reason, row.hold.released_by) == (
        office.reviewer,
        "已停工整改。",
        office.reviewer,
    )
    with pytest.raises(services.AppealRefused, match="没有正在进行的联合督导。"):
        petition.lift_joint_supervision(match_id=row.match_id, reason="再解除。", by=office.reviewer, at=MONTH)


@pytest.mark.parametrize(("reason", "why"), [(" ", "请写解除理由。"), ("长" * 301, "解除理由最多写 300 个字。")])
def test_a_reason_is_there_and_nothing_of_it_is_cut_off(office, both, reason, why):
    row = supervised(office, both)

    with pytest.raises(services.AppealRefused) as refused:
        petition.lift_joint_supervision(match_id=row.match_id, reason=reason, by=office.reviewer, at=MONTH)

    assert (str(refused.value), JointSupervision.objects.get().lifted_at) == (why, None)


def test_a_hold_that_was_released_on_the_ticket_does_not_stop_the_lifting(office, both):
    row = supervised(office, both)
    tickets.release_hold(hold_id=row.hold_id, reason="先放开。", by=office.reviewer, at=MONTH)

    petition.lift_joint_supervision(match_id=row.match_id, reason="一并解除。", by=office.reviewer, at=MONTH)

    assert JointSupervision.objects.get().lifted_at == MONTH


def test_what_is_not_confirmed_settled_or_without_ticket_is_not_supervised(office, both):
    petition.match_petition(matter_id=both.matter.pk, at=LATER)
    match = PetitionMatch.objects.get()

    def refused():
        with pytest.raises(services.AppealRefused) as why:
            petition.start_joint_supervision(match_id=match.pk, reason="久拖。", by=office.reviewer, at=MONTH)
        return str(why.value)

    assert refused() == "先核对是不是同一件，再联合督导。"
    petition.confirm_match(match_id=match.pk, by=office.reviewer, at=LATER)
    take_in(office, phone="13807972231", state="settled", at=LATER)
    assert refused() == "信访一侧已是“已化解”，不用联合督导。"
    assert not JointSupervision.objects.exists()
    assert Ticket.objects.get(pk=both.ticket.pk).open_hold_count == 0


def test_an_appeal_that_waits_has_no_ticket_to_supervise(office):
    take_in(office, phone="13807972231")
    appeal = make_appeal(at=LATER, region=office.township, channel=ChannelFactory())
    petition.match_appeal(appeal_id=appeal.pk, at=LATER)
    match = PetitionMatch.objects.get()
    petition.confirm_match(match_id=match.pk, by=office.reviewer, at=LATER)

    with pytest.raises(services.AppealRefused, match="12345 一侧还没有工单，受理以后才能联合督导。"):
        petition.start_joint_supervision(match_id=match.pk, reason="久拖。", by=office.reviewer, at=MONTH)


def test_a_county_office_sees_its_county_only(office, both):
    petition.match_petition(matter_id=both.matter.pk, at=LATER)

    assert reads.matches_for(office.officer, LATER).count() == 1
    assert reads.matches_for(office.county_officer, LATER).count() == 0
    assert reads.matches_for(office.agent, LATER).count() == 0


def test_each_side_reads_its_own_words_and_why_is_for_who_reads_both(office, both):
    petition.match_petition(matter_id=both.matter.pk, at=LATER)

    def seen(who):
        match = reads.with_both_sides(reads.matches_for(who, LATER)).get()
        both_sides = reads.both_sides(match, who, at=LATER)
        return both_sides.reads_matter, both_sides.reads_appeal, bool(both_sides.why)

    assert {
        "officer": seen(office.officer),
        "dispatcher": seen(office.dispatcher),
        "reviewer": seen(office.reviewer),
        "manager": seen(office.channel_manager),
    } == {
        "officer": (True, False, False),
        "dispatcher": (False, True, False),
        "reviewer": (True, True, True),
        "manager": (False, False, False),
    }
