from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from channels_merge.models import Appeal
from tickets.models import Ticket

ROWS = """id,time,topic,text
1,2019-02-28T11:25:05,影楼是否合法纳税,座落在A3区联丰路的一家影楼，请税务局查一下有没有正常纳税。
2,2019/2/14 20:00,咨询道路命名,"A6区道路命名规划，什么时候能
转化成为正式的成果？"
3,昨天,坏时间,这一行的时间看不懂所以被拒绝。
,2019-02-28,没有编号,这一行没有编号所以被拒绝。
4,2019-02-28,短,短
"""


@pytest.fixture
def run(world, tmp_path):
    def call(text=ROWS, *arguments, encoding="utf-8"):
        path = tmp_path / "appeals.csv"
        path.write_bytes(text.encode(encoding))
        out = StringIO()
        call_command("import_appeals", str(path), "--channel", "import", *arguments, stdout=out, stderr=StringIO())
        return out.getvalue(), path.with_name("appeals.csv.rejected.csv")

    return call


def test_every_good_row_becomes_an_appeal_with_a_ticket(run):
    out, rejects = run()

    assert list(Appeal.objects.order_by("pk").values_list("source_number", "title", "kind", "state")) == [
        ("1", "影楼是否合法纳税", "consult", "accepted"),
        ("2", "咨询道路命名", "consult", "accepted"),
    ]
    assert Ticket.objects.count() == 2
    assert "读 5 行，新登记 2 件，原已登记 0 件，拒绝 3 行" in out
    assert "行/秒" in out
    lines = rejects.read_text("utf-8-sig").splitlines()
    assert lines[0] == "行号,原因,id,time,topic,text"
    assert [line.split(",")[:2] for line in lines[1:]] == [
        ["5", "时间“昨天”看不懂。"],
        ["6", "没有来源编号。"],
        ["7", "诉求内容至少写 5 个字。"],
    ]


def test_importing_again_brings_nothing_new(run):
    run()
    out, _ = run()

    assert "新登记 0 件，原已登记 2 件，拒绝 3 行" in out
    assert (Appeal.objects.count(), Ticket.objects.count()) == (2, 2)


def test_other_column_names_and_encodings_are_read(run):
    text = "编号,内容,电话,县区\n7,小区电梯坏了三天没有人来修理。,13807972231,章贡区\n8,小区电梯坏了三天没有人来修理。,,火星区\n"
    _, rejects = run(text, "--map", "number=编号", "text=内容", "phone=电话", "region=县区", encoding="gb18030")

    appeal = Appeal.objects.get()
    assert (appeal.region.name, appeal.contact.phone) == ("章贡区", "13807972231")
    assert "没有地区“火星区”。" in rejects.read_text("utf-8-sig")


def test_held_rows_wait_at_intake(run):
    run(ROWS, "--hold")

    assert (set(Appeal.objects.values_list("state", flat=True)), Ticket.objects.count()) == ({"received"}, 0)


@pytest.mark.parametrize(
    ("text", "arguments", "sentence"),
    [
        ("a,b\n1,2\n", (), "文件里没有列：id、text。现有列：a、b。"),
        (ROWS, ("--map", "colour=红"), "“colour=红”看不懂"),
    ],
)
def test_what_cannot_be_read_is_said(run, text, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        run(text, *arguments)


def test_an_unknown_channel_is_said(world, tmp_path):
    with pytest.raises(CommandError, match="没有渠道“nowhere”。"):
        call_command("import_appeals", str(tmp_path / "x.csv"), "--channel", "nowhere")
