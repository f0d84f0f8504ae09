"""The five lines: what the order asks, its evidence, and figures by month."""

from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from channels_merge import rights, selectors, services
from channels_merge.models import Channel, LineMilestone
from hotline.services import store_file
from tests.factories.channels_merge import NOON, STORY, make_accepted, make_appeal, ticket_of
from tests.factories.tickets import fresh as fresh_ticket
from tickets import services as tickets

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines(desk):
    services.sync_channels(at=NOON)
    return desk


def test_the_order_asks_three_things_of_each_of_five_lines(lines):
    rows = LineMilestone.objects.order_by("pk").values_list("channel__code", "kind", "due_on", "responsible")

    assert len(rows) == 15
    assert {code for code, *_ in rows} == {"12333", "12328", "12315", "12348", "967788"}
    assert list(rows)[3:6] == [
        ("12328", kind, date(2026, 6, 30), "市行政审批局、市交通运输局") for kind in ("dual", "managed", "dispatched")
    ]
    assert services.sync_milestones() == 0


def test_evidence_is_recorded_by_the_manager_and_done_with_a_day(lines):
    row = LineMilestone.objects.get(channel__code="12328", kind="dual")
    upload = SimpleUploadedFile("通知.pdf", b"%PDF-1.4 ..." + b"0" * 100, "application/pdf")
    file = store_file(upload=upload, by=lines.manager, at=NOON)

    services.record_milestone(
        milestone_id=row.pk, evidence="联合通知已发。", file=file, by=lines.manager, at=NOON - timedelta(days=1)
    )
    services.record_milestone(
        milestone_id=row.pk,
        evidence="联合通知，6 月 20 日起双号并行。",
        done_on=date(2026, 6, 20),
        by=lines.manager,
        at=NOON,
    )

    row.refresh_from_db()
    assert (row.done_on, row.file, row.recorded_by, row.recorded_at) == (date(2026, 6, 20), file, lines.manager, NOON)
    for who in ("liaison", "leader", "head"):
        with pytest.raises(rights.NotPermitted):
            services.record_milestone(milestone_id=row.pk, evidence="……", by=getattr(lines, who), at=NOON)
    for words, day, sentence in ((" ", None, "请写佐证"), ("有", date(2026, 11, 11), "完成日期不能晚于今天")):
        with pytest.raises(services.MilestoneRefused, match=sentence):
            services.record_milestone(milestone_id=row.pk, evidence=words, done_on=day, by=lines.manager, at=NOON)


def test_what_comes_after_the_day_of_the_order_is_added_by_the_manager(lines):
    def add(**fields):
        words = {"code": "12328", "kind": "dispatched", "text": "平均等待降到 15 秒", "due_on": date(2027, 3, 31)}
        return services.add_milestone(**(words | {"by": lines.manager, "at": NOON} | fields))

    row = add()
    services.record_milestone(
        milestone_id=row.pk, evidence="11 月抽查 14 秒。", done_on=date(2026, 11, 9), by=lines.manager, at=NOON
    )
    add(text="夜间也有人接", kind="other")

    found = LineMilestone.objects.filter(channel__code="12328").order_by("pk").values_list("kind", "text", "due_on")
    assert list(found)[3:] == [
        ("dispatched", "平均等待降到 15 秒", date(2027, 3, 31)),
        ("other", "夜间也有人接", date(2027, 3, 31)),
    ]
    row.refresh_from_db()
    assert (row.done_on, row.responsible) == (date(2026, 11, 9), "市行政审批局、市交通运输局")
    assert services.sync_milestones() == 0
    with pytest.raises(rights.NotPermitted):
        add(by=lines.liaison)
    for fields, sentence in (
        ({"due_on": date(2026, 6, 30)}, "2026-06-30 以前的三项已经列出"),
        ({"text": " "}, "请写内容。"),
        ({"code": "110"}, "请选择热线和要求。"),
    ):
        with pytest.raises(services.MilestoneRefused, match=sentence):
            add(**fields)


def test_figures_of_a_line_by_the_month_in_which_its_appeals_came(lines):
    """October: one. November: three, of which one was dispatched and late, one is answered at once, one waits."""
    line = Channel.objects.get(code="12328")
    october = NOON.replace(month=10, day=12)
    make_appeal(channel=line, at=october)
    ticket = ticket_of(make_accepted(channel=line, at=NOON, text=STORY + "一"))
    tickets.dispatch_ticket(ticket_id=ticket.pk, unit=lines.department, item=None, by=None, at=NOON)
    assert fresh_ticket(ticket).state == "pending_sign"
    make_appeal(channel=line, at=NOON, text=STORY + "二")
    gone = make_appeal(channel=line, at=NOON, text=STORY + "三")
    services.withdraw_appeal(appeal_id=gone.pk, channel=line, reason="不用了。", by=None, at=NOON)

    board = {row.channel.code: row for row in selectors.line_board(at=NOON + timedelta(days=60))}

    assert [str(month.month) for month in board["12328"].months] == [
        "2026-08-01",
        "2026-09-01",
        "2026-10-01",
        "2026-11-01",
        "2026-12-01",
        "2027-01-01",
    ]
    assert [month.volume for month in board["12328"].months] == [0, 0, 1, 2, 0, 0]
    november = board["12328"].months[3]
    assert (november.dispatched, november.through_pool, november.concluded, november.fed_back) == (1, 50.0, 0, None)
    assert (november.limits, november.kept, november.limits_kept) == (1, 0, 0.0)
    assert [month.volume for month in board["12315"].months] == [0] * 6


def test_the_limit_of_acceptance_is_counted_too(lines):
    """One is accepted in time, one later than the line may take, one still waits when its limit has run out."""
    line = Channel.objects.get(code="12315")
    make_accepted(channel=line, at=NOON, text=STORY + "一")
    late = make_appeal(channel=line, at=NOON, text=STORY + "二")
    make_appeal(channel=line, at=NOON, text=STORY + "三")
    services.accept_appeal(appeal_id=late.pk, by=None, at=NOON + timedelta(days=30))

    def november(at):
        board = {row.channel.code: row for row in selectors.line_board(at=at)}
        return next(month for month in board["12315"].months if month.month == date(2026, 11, 1))

    early, after = november(NOON + timedelta(hours=1)), november(NOON + timedelta(days=31))
    assert (early.accept_limits, after.accept_limits, after.accept_kept) == (2, 3, 1)
    assert f"{after.accepted_in_time:.1f}" == "33.3"


def test_the_board_asks_as_much_for_many_appeals_as_for_one(lines, django_assert_num_queries):
    line = Channel.objects.get(code="12328")
    for count in (1, 2):
        for n in range(count):
            make_accepted(channel=line, at=NOON, text=f"{STORY}{count}{n}")
        with django_assert_num_queries(3):
            selectors.line_board(at=NOON)
