"""The life of a channel: none new without filing, existing ones end on their day unless kept, kept ones filed each year."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, InternalError, transaction

from channels_merge import rights, services
from channels_merge.models import Appeal, Channel, ChannelEvent, ChannelFiling
from channels_merge.selectors import channel_of_key
from channels_merge.services import register
from channels_merge.services.channels import CHANNELS
from channels_merge.states import ChannelState
from hotline.models import Notice
from hotline.services import RowsFailed, abolish_unit, deactivate_person
from tests.channels_merge.register.factories import (
    EVIDENCE,
    GROUND,
    REASON,
    active,
    approved,
    cancelled,
    claimed,
    ending,
    fresh,
    propose,
)
from tests.factories.channels_merge import NOON, STORY, make_appeal
from tests.factories.hotline import UnitFactory, UserFactory

pytestmark = pytest.mark.django_db


def old(since=date(2019, 4, 1), evidence=EVIDENCE, until=date(2026, 12, 31)):
    return services.Existed(since, evidence, until)


def told(kind):
    return set(Notice.objects.filter(kind=kind).values_list("recipient__name", flat=True))


def test_a_new_channel_is_proposed_filed_approved_and_put_in_use(desk):
    channel = propose(desk)
    assert (channel.state, channel.code, channel.is_machine) == ("proposed", "q261110000001", True)

    services.file_channel(channel_id=channel.pk, reason=REASON, by=desk.liaison, at=NOON)
    assert fresh(channel).state == "filed"
    assert told("channel_filed") == {"邱红", "温宁"}

    services.approve_filing(channel_id=channel.pk, opinion="同意，须同时受理 12345 转办。", by=desk.manager, at=NOON)
    channel = fresh(channel)
    assert (channel.state, channel.approved_on, channel.review_due_on) == (
        "approved",
        date(2026, 11, 10),
        date(2027, 11, 10),
    )
    assert told("channel_decided") == {"孙丽", "陈刚"}

    services.open_channel(channel_id=channel.pk, by=desk.head, at=NOON)
    assert fresh(channel).state == "active"
    filing = ChannelFiling.objects.get()
    assert (filing.kind, filing.outcome, filing.filed_by, filing.decided_by) == (
        "new",
        "approved",
        desk.liaison,
        desk.manager,
    )
    assert list(ChannelEvent.objects.order_by("pk").values_list("act", "source", "target")) == [
        ("propose", "", "proposed"),
        ("file", "proposed", "filed"),
        ("approve", "filed", "approved"),
        ("open", "approved", "active"),
    ]


def test_what_is_refused_may_be_mended_and_filed_again(desk):
    channel = propose(desk)
    services.file_channel(channel_id=channel.pk, reason=REASON, by=desk.liaison, at=NOON)
    with pytest.raises(services.ChannelRefused, match="请写不同意的理由。"):
        services.refuse_filing(channel_id=channel.pk, opinion=" ", by=desk.manager, at=NOON)
    services.refuse_filing(channel_id=channel.pk, opinion="由 12345 统一受理。", by=desk.manager, at=NOON)
    assert fresh(channel).state == "refused"

    services.revise_channel(channel_id=channel.pk, changes={"name": "客运应急电话"}, by=desk.liaison, at=NOON)
    services.file_channel(channel_id=channel.pk, reason="只接应急。", by=desk.head, at=NOON)

    assert fresh(channel).state == "filed"
    assert list(ChannelFiling.objects.order_by("pk").values_list("outcome", flat=True)) == ["refused", ""]


def test_no_road_leads_into_use_without_an_approved_filing(desk):
    """Whatever state a channel without approval is in, `open` and the database refuse."""
    for channel in (propose(desk), claimed(desk, name="旧电话"), ending(desk, name="旧信箱")):
        with pytest.raises(services.ChannelRefused, match=r"核准以后才能启用|不能执行该操作"):
            services.open_channel(channel_id=channel.pk, by=desk.manager, at=NOON)
    for state in ("approved", "active"):
        with pytest.raises(IntegrityError, match="channel_state_has_its_dates"), transaction.atomic():
            Channel.objects.create(
                code=f"x-{state}", name="私设", kind="phone", owner=desk.department, ground=GROUND, state=state
            )


@pytest.mark.parametrize(
    ("fields", "constraint"),
    [
        ({"state": "ending"}, "channel_state_has_its_dates"),
        ({"state": "proposed", "approved_on": date(2026, 1, 1)}, "channel_state_has_its_dates"),
        ({"state": "filed", "ground": ""}, "channel_filed_has_its_ground"),
        ({"state": "ending", "ground": "", "ends_on": date(2026, 12, 31)}, "channel_filed_has_its_ground"),
        ({"state": "flying"}, "channel_state_has_its_dates"),
        ({"way": "desk"}, "channel_machine_is_what_no_agent_hears"),
    ],
)
def test_the_table_refuses_what_makes_no_sense(desk, fields, constraint):
    words = {"code": "x", "name": "信箱", "kind": "mailbox", "owner": desk.department, "ground": GROUND}
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        Channel.objects.create(**(words | fields))


def test_the_state_is_changed_by_acts_only(desk, channel):
    with pytest.raises(AttributeError):
        channel.state = "active"
    with pytest.raises(TypeError):
        Channel.objects.update(state="active")


def test_what_happened_cannot_be_rewritten(desk, channel):
    for change in (lambda rows: rows.update(act="x"), lambda rows: rows.delete()):
        with pytest.raises(InternalError, match="append-only"), transaction.atomic():
            change(ChannelEvent.objects.all())


def test_an_existing_channel_ends_on_its_day_once(desk):
    channel = ending(desk, ends_on=date(2026, 11, 30))
    assert channel.state == "ending"
    day_before = NOON.replace(day=29)

    assert services.look_after_channels(at=day_before)["cancelled"] == 0
    assert told("channel_ends") == {"孙丽", "陈刚"}
    assert services.look_after_channels(at=NOON.replace(day=30))["cancelled"] == 1
    assert services.look_after_channels(at=NOON.replace(day=30))["cancelled"] == 0

    channel = fresh(channel)
    assert (channel.state, channel.ends_on) == ("cancelled", date(2026, 11, 30))
    assert told("channel_cancelled") == {"孙丽", "陈刚"}
    assert Notice.objects.filter(kind="channel_ends").count() == 2
    event = ChannelEvent.objects.get(act="cancel")
    assert (event.by, event.words) == (None, "撤销日期 2026-11-30 已到。")


def test_what_is_called_old_is_looked_at_before_it_counts(desk):
    """A unit cannot have a channel taken in by calling it old: the manager confirms the evidence."""
    channel = claimed(desk)
    filing = ChannelFiling.objects.get()

    assert (channel.state, channel.ends_on) == ("filed", None)
    assert (filing.kind, filing.reason, filing.existed_since, filing.ends_on) == (
        "existing",
        EVIDENCE,
        date(2019, 4, 1),
        date(2026, 12, 31),
    )
    assert told("channel_filed") == {"邱红", "温宁"}
    with pytest.raises(services.AppealRefused, match="还没有启用"):
        make_appeal(channel=channel)

    services.approve_filing(channel_id=channel.pk, by=desk.manager, at=NOON)
    channel = fresh(channel)
    assert (channel.state, channel.ends_on, channel.approved_on) == ("ending", date(2026, 12, 31), None)
    assert make_appeal(channel=channel).state == "received"


def test_what_was_not_there_before_is_refused_and_filed_as_new(desk):
    channel = claimed(desk)
    services.refuse_filing(channel_id=channel.pk, opinion="纪要里没有这个号码。", by=desk.manager, at=NOON)
    assert fresh(channel).state == "refused"

    services.file_channel(channel_id=channel.pk, reason=REASON, by=desk.liaison, at=NOON)
    services.approve_filing(channel_id=channel.pk, by=desk.manager, at=NOON)

    assert (fresh(channel).state, fresh(channel).ends_on) == ("approved", None)


def test_whoever_enters_one_as_old_does_not_confirm_it(desk):
    channel = claimed(desk, by=desk.manager)
    with pytest.raises(services.ChannelRefused, match="报备人不能自己决定"):
        services.approve_filing(channel_id=channel.pk, by=desk.manager, at=NOON)


def test_an_end_comes_nearer_for_its_unit_and_is_put_off_by_the_manager_alone(desk):
    channel = ending(desk, ends_on=date(2026, 12, 31))
    for who in (desk.liaison, desk.head):
        with pytest.raises(services.ChannelRefused, match="撤销日期已定为 2026-12-31，只能提前"):
            services.end_channel(
                channel_id=channel.pk, ends_on=date(2027, 1, 1), reason="还没准备好。", by=who, at=NOON
            )
    services.end_channel(channel_id=channel.pk, ends_on=date(2026, 12, 20), reason="提前。", by=desk.liaison, at=NOON)
    assert fresh(channel).ends_on == date(2026, 12, 20)
    with pytest.raises(services.ChannelRefused, match="请写理由。"):
        services.end_channel(channel_id=channel.pk, ends_on=date(2027, 1, 31), reason=" ", by=desk.manager, at=NOON)

    services.end_channel(
        channel_id=channel.pk, ends_on=date(2027, 1, 31), reason="号码移机中。", by=desk.manager, at=NOON
    )

    assert fresh(channel).ends_on == date(2027, 1, 31)
    assert ChannelEvent.objects.filter(act="end").latest("pk").words == "2027-01-31 撤销。号码移机中。"


def test_its_day_is_not_put_off_by_filing_again_after_a_refusal(desk):
    channel = ending(desk, ends_on=date(2026, 11, 30))
    services.file_to_keep(channel_id=channel.pk, reason=REASON, by=desk.head, at=NOON)
    the_day = NOON.replace(day=30)
    services.refuse_filing(channel_id=channel.pk, opinion="12345 可以受理。", by=desk.manager, at=the_day)

    with pytest.raises(services.ChannelRefused, match="撤销日期 2026-11-30 已到，不能再申请保留。"):
        services.file_to_keep(channel_id=channel.pk, reason="还是要留。", by=desk.head, at=the_day)


def test_an_existing_channel_is_kept_with_reasons(desk):
    channel = ending(desk)
    services.file_to_keep(channel_id=channel.pk, reason=REASON, by=desk.head, at=NOON)
    with pytest.raises(services.ChannelRefused, match="“保留”备案正在等市热线中心决定。"):
        services.file_to_keep(channel_id=channel.pk, reason=REASON, by=desk.head, at=NOON)

    services.approve_filing(channel_id=channel.pk, by=desk.manager, at=NOON)

    channel = fresh(channel)
    assert (channel.state, channel.ends_on, channel.review_due_on) == ("active", None, date(2027, 11, 10))


def test_one_that_cannot_be_cancelled_holds_up_neither_the_others_nor_the_reminders(desk, monkeypatch, caplog):
    fails, ends = (ending(desk, ends_on=date(2026, 11, 30), name=name) for name in ("投诉电话", "意见箱"))
    near = ending(desk, ends_on=date(2026, 12, 10), name="客运专线")
    tell = register._tell_owner

    def tell_all_but_one(channel, *args, **kwargs):
        if channel == fails:
            raise ValueError("no unit")
        return tell(channel, *args, **kwargs)

    monkeypatch.setattr(register, "_tell_owner", tell_all_but_one)
    with pytest.raises(RowsFailed):
        services.look_after_channels(at=NOON.replace(day=30))

    assert [fresh(channel).state for channel in (fails, ends, near)] == ["ending", "cancelled", "ending"]
    assert Notice.objects.filter(kind="channel_ends", number=near.code).count() == 2


def test_it_is_not_cancelled_while_the_filing_that_would_keep_it_waits(desk):
    channel = ending(desk, ends_on=date(2026, 11, 30))
    services.file_to_keep(channel_id=channel.pk, reason=REASON, by=desk.head, at=NOON)
    assert services.look_after_channels(at=NOON.replace(day=30))["cancelled"] == 0

    services.refuse_filing(channel_id=channel.pk, opinion="12345 可以受理。", by=desk.manager, at=NOON.replace(day=30))

    assert fresh(channel).state == "ending"
    assert services.look_after_channels(at=NOON.replace(day=30))["cancelled"] == 1


def test_a_kept_channel_is_filed_again_each_year(desk):
    channel = active(desk)
    next_year = NOON.replace(year=2027, day=5)

    services.file_yearly(channel_id=channel.pk, reason="本年受理 320 件。", by=desk.liaison, at=next_year)
    services.approve_filing(channel_id=channel.pk, by=desk.manager, at=next_year)

    channel = fresh(channel)
    assert (channel.state, channel.approved_on, channel.review_due_on) == (
        "active",
        date(2027, 11, 5),
        date(2028, 11, 5),
    )


def test_what_is_not_kept_another_year_gets_its_last_day(desk):
    channel = active(desk)
    services.file_yearly(channel_id=channel.pk, reason="照旧。", by=desk.liaison, at=NOON)
    with pytest.raises(services.ChannelRefused, match="请定撤销日期。"):
        services.refuse_filing(channel_id=channel.pk, opinion="全年只有两件。", by=desk.manager, at=NOON)

    services.refuse_filing(
        channel_id=channel.pk, opinion="全年只有两件。", ends_on=date(2026, 12, 31), by=desk.manager, at=NOON
    )

    channel = fresh(channel)
    assert (channel.state, channel.ends_on) == ("ending", date(2026, 12, 31))


def test_reminders_come_once_when_near_and_once_a_month_when_overdue(desk):
    active(desk)
    near, late = NOON.replace(year=2027, month=10, day=20), NOON.replace(year=2027, month=12, day=1)

    for at in (near, near + timedelta(days=1)):
        services.look_after_channels(at=at)
    assert (told("channel_review"), Notice.objects.filter(kind="channel_review").count()) == ({"孙丽", "陈刚"}, 2)

    for at in (late, late + timedelta(days=1), late + timedelta(days=31)):
        services.look_after_channels(at=at)
    assert told("channel_review_late") == {"孙丽", "陈刚", "邱红", "温宁"}
    assert Notice.objects.filter(kind="channel_review_late").count() == 8


def test_nobody_is_reminded_of_a_year_that_was_filed(desk):
    channel = active(desk)
    near = NOON.replace(year=2027, month=10, day=20)
    services.file_yearly(channel_id=channel.pk, reason="本年受理 320 件。", by=desk.liaison, at=near)

    assert services.look_after_channels(at=near)["reminded"] == 0


# --- appeals of a cancelled channel


def test_what_comes_after_cancelling_is_taken_in_marked_and_told_once_a_day(desk):
    channel = cancelled(desk)

    first = make_appeal(channel=channel, at=NOON + timedelta(hours=1))
    make_appeal(channel=channel, at=NOON + timedelta(hours=2), text=STORY + "第二件。")

    assert (first.state, first.after_cancellation) == ("received", True)
    assert Appeal.objects.filter(after_cancellation=True).count() == 2
    tomorrow = NOON + timedelta(hours=22)
    assert services.look_after_channels(at=tomorrow)["told"] == 2
    services.look_after_channels(at=tomorrow)
    assert Notice.objects.filter(kind="channel_still_used").count() == 2
    assert services.look_after_channels(at=tomorrow + timedelta(days=2))["told"] == 0


def test_the_key_of_a_cancelled_channel_still_works_and_that_of_one_not_opened_does_not(desk):
    heard = {}
    for name, channel in (("cancelled", cancelled(desk)), ("approved", approved(desk, name="新电话"))):
        key = services.issue_channel_key(channel_id=channel.pk, by=None, at=NOON)
        heard[name] = channel_of_key(key)

    assert heard == {"cancelled": Channel.objects.get(state="cancelled"), "approved": None}


@pytest.mark.parametrize("make", [propose, approved])
def test_nothing_is_taken_in_by_a_channel_that_was_not_opened(desk, make):
    channel = make(desk)

    with pytest.raises(services.AppealRefused, match="还没有启用"):
        make_appeal(channel=channel)

    assert not Appeal.objects.exists()


def test_appeals_of_a_channel_in_use_are_not_marked(desk):
    for channel in (active(desk), ending(desk, name="旧信箱")):
        assert make_appeal(channel=channel).after_cancellation is False


# --- who may


@pytest.mark.parametrize("who", ["handler", "other_liaison", "leader"])
def test_only_the_unit_itself_and_the_manager_propose(desk, who):
    with pytest.raises(rights.NotPermitted):
        propose(desk, by=getattr(desk, who))

    assert not Channel.objects.exists()


def test_each_act_is_refused_to_those_whose_it_is_not(desk):
    """Act → who is let in; everybody else is refused and nothing happens."""
    ends = date(2026, 12, 31)
    acts = {
        "file": (propose, services.file_channel, {"reason": REASON}),
        "open": (approved, services.open_channel, {}),
        "yearly": (active, services.file_yearly, {"reason": REASON}),
        "keep": (ending, services.file_to_keep, {"reason": REASON}),
        "end": (active, services.end_channel, {"ends_on": ends, "reason": "改用 12345。"}),
        "cancel": (ending, services.cancel_channel, {"reason": "改用 12345。"}),
        "revise": (propose, services.revise_channel, {"changes": {"announced": "官网"}}),
    }
    let_in = {}
    for code, (make, service, words) in acts.items():
        for who in ("liaison", "head", "manager", "handler", "other_liaison", "leader"):
            channel = make(desk)
            before = ChannelEvent.objects.count()
            try:
                service(channel_id=channel.pk, by=getattr(desk, who), at=NOON, **words)
            except rights.NotPermitted:
                assert ChannelEvent.objects.count() == before
            else:
                let_in.setdefault(code, []).append(who)

    of_the_unit = ["liaison", "head", "manager"]
    assert let_in == {code: of_the_unit for code in acts if code != "cancel"} | {"cancel": ["manager"]}


@pytest.mark.parametrize("service", [services.approve_filing, services.refuse_filing])
def test_only_a_manager_who_did_not_file_decides(desk, service):
    channel = propose(desk, by=desk.manager)
    services.file_channel(channel_id=channel.pk, reason=REASON, by=desk.manager, at=NOON)

    for who in ("liaison", "head", "leader"):
        with pytest.raises(rights.NotPermitted):
            service(channel_id=channel.pk, opinion="……", by=getattr(desk, who), at=NOON)
    with pytest.raises(services.ChannelRefused, match="报备人不能自己决定"):
        service(channel_id=channel.pk, opinion="……", by=desk.manager, at=NOON)
    assert fresh(channel).state == ChannelState.FILED

    service(channel_id=channel.pk, opinion="……", by=desk.manager2, at=NOON)
    assert fresh(channel).state != ChannelState.FILED


# --- words and days


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"name": " "}, "请写渠道名称。"),
        ({"name": "长" * 61}, "名称最多写 60 个字。"),
        ({"kind": "pigeon"}, "请选择种类和诉求怎么进来。"),
        ({"existed": old(until=date(2026, 11, 10))}, "撤销日期须在今天以后"),
        ({"existed": old(until=date(2027, 5, 10))}, "撤销日期最晚写 2027-05-09"),
        ({"existed": old(since=date(2025, 10, 15))}, "2025-10-15 以前设立的才是早已设立"),
        ({"existed": old(evidence=" ")}, "请写早已设立的证据。"),
        ({"existed": old(), "ground": ""}, "早已设立的，请写开办依据。"),
    ],
)
def test_what_is_written_is_checked(desk, fields, sentence):
    with pytest.raises(services.ChannelRefused, match=sentence):
        propose(desk, **fields)


def test_filing_needs_a_ground_and_a_reason(desk):
    channel = propose(desk, ground="")
    with pytest.raises(services.ChannelRefused, match="请先补上开办依据，再报备。"):
        services.file_channel(channel_id=channel.pk, reason=REASON, by=desk.liaison, at=NOON)
    services.revise_channel(channel_id=channel.pk, changes={"ground": GROUND}, by=desk.liaison, at=NOON)
    with pytest.raises(services.ChannelRefused, match="请写新增的理由。"):
        services.file_channel(channel_id=channel.pk, reason=" ", by=desk.liaison, at=NOON)


def test_after_approval_only_where_it_is_found_may_change(desk):
    channel = active(desk)
    with pytest.raises(services.ChannelRefused, match="报备以后只能改"):
        services.revise_channel(channel_id=channel.pk, changes={"name": "别的"}, by=desk.liaison, at=NOON)

    services.revise_channel(
        channel_id=channel.pk, changes={"announced": "官网", "name": channel.name}, by=desk.liaison, at=NOON
    )

    assert (fresh(channel).name, fresh(channel).announced) == ("客运投诉电话", "官网")
    assert ChannelEvent.objects.get(act="revise").words == "在哪里公布：客运站候车厅、局网站 → 官网"


def test_the_number_of_the_hotline_itself_is_never_ended(desk):
    services.sync_channels(at=NOON)

    with pytest.raises(services.ChannelRefused, match="12345 是统一受理的号码，不能撤销。"):
        services.end_channel(
            channel_id=Channel.objects.get(code="phone").pk,
            ends_on=date(2026, 12, 31),
            reason="……",
            by=desk.manager,
            at=NOON,
        )


def test_what_ships_is_filed_with_its_ground_and_belongs_to_its_unit(desk):
    made = services.sync_channels(at=NOON)

    assert made == Channel.objects.count() == ChannelFiling.objects.filter(outcome="approved").count() == len(CHANNELS)
    assert not Channel.objects.filter(ground="").exists()
    assert set(Channel.objects.values_list("state", flat=True)) == {"active"}
    assert Channel.objects.get(code="12328").owner == desk.department
    assert Channel.objects.get(code="967788").owner == desk.centre
    assert services.sync_channels(at=NOON) == 0


# --- the unit is no more


def test_of_a_unit_that_was_abolished_its_successor_hears_and_else_the_managers(desk):
    followed, orphan = ending(desk), ending(desk, owner=desk.other, name="老信箱", by=desk.other_liaison)
    heir = UnitFactory(code="CITY-XDW", name="赣州市新单位", short_name="市新单位")
    UserFactory(name="何新", unit=heir, roles=("liaison",))
    deactivate_person(user=desk.other_liaison, heir=None, by=None, at=NOON)
    abolish_unit(unit=desk.other, successor=None, by=None, at=NOON)
    for person in (desk.liaison, desk.head, desk.handler):
        deactivate_person(user=person, heir=None, by=None, at=NOON)
    abolish_unit(unit=desk.department, successor=heir, by=None, at=NOON)

    services.cancel_channel(channel_id=followed.pk, reason="改用 12345。", by=desk.manager, at=NOON)
    assert told("channel_cancelled") == {"何新"}
    Notice.objects.all().delete()
    services.cancel_channel(channel_id=orphan.pk, reason="改用 12345。", by=desk.manager, at=NOON)

    assert told("channel_cancelled") == {"邱红", "温宁"}
