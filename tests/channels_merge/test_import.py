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
        ("", (), "文件是空的，第一行须是列名。"),
        (
            "id;text\n1;两\n",
            (),
            "文件里没有列：id、text。现有列：id;text。各列须用英文逗号隔开，请另存为 CSV（逗号分隔）。",
        ),
        (ROWS, ("--map", "colour=红"), "“colour=红”看不懂"),
    ],
)
def test_what_cannot_be_read_is_said(run, text, arguments, sentence):
    with pytest.raises(CommandError, match=sentence):
        run(text, *arguments)


def test_an_unknown_channel_is_said(world, tmp_path):
    with pytest.raises(CommandError, match="没有渠道“nowhere”。"):
        call_command("import_appeals", str(tmp_path / "x.csv"), "--channel", "nowhere")


NASTY = {
    "a number that cannot be seen": (
        b"id,text\n\xe2\x80\x8b,\xe8\xbf\x99\xe4\xb8\x80\xe8\xa1\x8c\xe6\xb2\xa1\xe6\x9c\x89\n",
        "没有来源编号。",
    ),
    "too many columns": ("id,text\n1,这一行的列太多了,多\n".encode(), "这一行的列数比表头多，可能缺少引号。"),
    "a text without end": (f"id,text\n1,{'长' * 200_000}\n".encode(), "诉求内容最多 10000 个字，现在有 200000 个字。"),
    "a phone that is none": ("id,text,phone\n1,这一行的电话不对劲,九九\n".encode(), "电话号码不对"),
    "a kind that is none": ("id,text,kind\n1,这一行的类型不对劲,闲聊\n".encode(), "没有诉求类型“闲聊”。"),
    "another text under the number": (
        "id,text\n1,第一件事情请处理。\n1,第二件事情请处理。\n".encode(),
        "来源编号 1 已登记过另一件诉求",
    ),
    "a damaged byte in UTF-8": (
        "id,text\n1,这一行的字坏了一个".encode() + b"\xe8\n2," + "这一行没有什么问题。\n".encode(),
        "这一行有读不出的字节，请在原文件里改好。",
    ),
    "a damaged byte in GB18030": (
        "id,text\n1,这一行的字坏了一个".encode("gb18030") + b"\xff\n2," + "这一行没有什么问题。\n".encode("gb18030"),
        "这一行有读不出的字节，请在原文件里改好。",
    ),
    "a number that is too long": (
        f"id,text\n{'7' * 81},这一行的编号太长了。\n".encode(),
        "来源编号最多 80 个字符，这一行有 81 个。",
    ),
    "a time beyond all years": (
        "id,text,time\n1,这一行的时间不对劲,99999-01-01\n".encode(),
        "时间“99999-01-01”看不懂。",
    ),
    "the first year of all, which stands for none": (
        "id,text,time\n1,这一行的时间不对劲,0001-01-01T00:00:00\n".encode(),
        "来源时间“0001-01-01 00:00”不可能，没有时间的请留空。",
    ),
    "a time to come": (
        "id,text,time\n1,这一行的时间不对劲,3019-01-01\n".encode(),
        "来源时间“3019-01-01 00:00”不可能，没有时间的请留空。",
    ),
}


@pytest.mark.parametrize("name", NASTY)
def test_a_nasty_row_is_rejected_with_its_reason(world, tmp_path, name):
    content, reason = NASTY[name]
    path = tmp_path / "nasty.csv"
    path.write_bytes(content)
    out = StringIO()
    call_command("import_appeals", str(path), "--channel", "import", stdout=out, stderr=StringIO())

    assert "拒绝 1 行" in out.getvalue()
    assert reason in path.with_name("nasty.csv.rejected.csv").read_text("utf-8-sig")


def test_long_numbers_that_begin_alike_do_not_become_one(run):
    long = "7" * 80
    out, _ = run(f"id,text\n{long},第一件事情请处理。\n{long}1,第一件事情请处理。\n")

    assert list(Appeal.objects.values_list("source_number", flat=True)) == [long]
    assert "新登记 1 件，原已登记 0 件，拒绝 1 行" in out


def test_rows_around_a_damaged_byte_are_taken(world, tmp_path):
    path = tmp_path / "damaged.csv"
    rows = ["id,text\n1,第一件事情请处理。\n2,第二件", "事情请处理。\n3,第三件事情请处理。\n"]
    path.write_bytes(rows[0].encode() + b"\xff" + rows[1].encode())
    call_command("import_appeals", str(path), "--channel", "import", stdout=StringIO(), stderr=StringIO())

    assert list(Appeal.objects.order_by("pk").values_list("text", flat=True)) == [
        "第一件事情请处理。",
        "第三件事情请处理。",
    ]
    assert (
        path.with_name("damaged.csv.rejected.csv")
        .read_text("utf-8-sig")
        .splitlines()[1]
        .startswith("3,这一行有读不出的字节")
    )


@pytest.mark.parametrize(
    "content",
    ["id,text\n1,第一件事情请处理。\n".encode("utf-16"), bytes(range(128, 256)) * 20],
    ids=["UTF-16", "no text at all"],
)
def test_a_file_that_cannot_be_decoded_is_refused_as_a_whole(world, tmp_path, content):
    path = tmp_path / "other.csv"
    path.write_bytes(content)

    with pytest.raises(CommandError, match="既不是 UTF-8，也不是 GB18030"):
        call_command("import_appeals", str(path), "--channel", "import", stdout=StringIO(), stderr=StringIO())


def test_characters_that_cannot_be_stored_are_left_out(world, tmp_path):
    path = tmp_path / "nul.csv"
    path.write_bytes("id,text\n1\0,这一行有\0看不见的字符。\n".encode())
    call_command("import_appeals", str(path), "--channel", "import", stdout=StringIO(), stderr=StringIO())

    assert Appeal.objects.values_list("source_number", "text").get() == ("1", "这一行有看不见的字符。")


def test_a_good_second_run_leaves_no_old_rejects(run, tmp_path):
    _, rejects = run()
    assert rejects.exists()
    run("id,text\n9,这一行没有什么问题。\n")

    assert not rejects.exists()


def test_a_broken_file_says_where_and_keeps_what_was_read(world, tmp_path):
    path = tmp_path / "broken.csv"
    rows = "".join(f"{n},第 {n} 件事情请处理。\n" for n in range(50))
    path.write_text(f'id,text\n{rows}99,"{"长" * 1_100_000}\n', "utf-8")

    with pytest.raises(CommandError, match="行附近读不懂"):
        call_command("import_appeals", str(path), "--channel", "import", stdout=StringIO(), stderr=StringIO())

    assert Appeal.objects.count() == 50
