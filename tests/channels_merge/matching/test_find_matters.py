from io import StringIO

import pytest
from django.core.management import CommandError, call_command

ROWS = """id,time,topic,text
7,2026-09-01T09:00:00,沙河镇罗边村路灯不亮,"我是沙河镇罗边村的村民，村口的路灯坏了快一个月，
晚上什么都看不见。"
3,2026/9/6 10:30,罗边村的路灯坏了没人修,罗边村村口路灯不亮，晚上什么都看不见，老人不敢出门。
9,昨天,水东镇七里村自来水发黄,家里的自来水放出来是黄的，不敢做饭。
A-1,,罗边村村口的路灯还是不亮,沙河镇罗边村村口的路灯坏了一个多月，晚上看不见路，请派人来修。
"""
FOUND = "id,matter\n7,1\n3,1\n9,2\nA-1,1\n"


@pytest.fixture
def run(tmp_path):
    """Without a database: the command must not ask for one."""

    def call(content=ROWS, encoding="utf-8", target="out.csv"):
        source = tmp_path / "in.csv"
        source.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
        out, err = StringIO(), StringIO()
        call_command("find_matters", "--in", str(source), "--out", str(tmp_path / target), stdout=out, stderr=err)
        return (tmp_path / target).read_text("utf-8"), out.getvalue(), err.getvalue()

    return call


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_every_row_gets_the_number_of_its_matter(run, encoding):
    found, out, err = run(encoding=encoding)

    assert found == FOUND
    assert out.startswith("读 4 件，找出 2 个事项，其中 1 个有多件，最多的 3 件，用 ")
    assert err.startswith("2 行没有时间或时间看不懂，只按文字比较。")


def test_other_columns_in_another_order_do_not_matter(run):
    header, *_ = ROWS.splitlines()
    found, _, _ = run("likes,text,topic, id ,time\n3,路灯坏了没人修,路灯坏了,1,\n")

    assert header == "id,time,topic,text"
    assert found == "id,matter\n1,1\n"


def test_a_file_with_a_header_only_has_no_matters(run):
    found, out, _ = run("id,time,topic,text\n")

    assert found == "id,matter\n"
    assert out.startswith("读 0 件，找出 0 个事项，其中 0 个有多件，最多的 0 件")


def test_an_old_result_is_replaced(run):
    run("id,time,topic,text\n1,,一,二\n2,,三,四\n")

    assert run()[0] == FOUND


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "文件里没有列：id、time、topic、text。现有列：无。"),
        ("id,topic,text\n1,一,二\n", "文件里没有列：time。现有列：id、topic、text。"),
        ("id,time,topic,text\n1,,一,二\n1,,三,四\n", "第 3 行的 id“1”和第 2 行重复。"),
        ("id,time,topic,text\n ,,一,二\n", "第 2 行没有 id。"),
        ("id,time,topic,text\n1,,一\n", "第 2 行的列数和表头不同，可能缺少引号。"),
        ("id,time,topic,text\n1,,一,二,三\n", "第 2 行的列数和表头不同，可能缺少引号。"),
        ('id,time,topic,text\n1,,一,"二\n', "行附近读不懂（unexpected end of data），可能缺少引号。"),
        (b"id,time,topic,text\n1,,\xff\xff,\x81\n", "读不出文件里的字：既不是 UTF-8，也不是 GB18030。"),
    ],
)
def test_a_bad_file_is_refused_and_leaves_no_result(run, tmp_path, content, sentence):
    with pytest.raises(CommandError) as refused:
        run(content)

    assert sentence in str(refused.value)
    assert [path.name for path in tmp_path.iterdir()] == ["in.csv"]


def test_neither_a_missing_file_nor_the_file_itself_nor_a_missing_folder(run, tmp_path):
    with pytest.raises(CommandError, match="没有文件"):
        call_command("find_matters", "--in", str(tmp_path / "none.csv"), "--out", str(tmp_path / "out.csv"))
    with pytest.raises(CommandError, match="结果不能写进原文件"):
        run(target="in.csv")
    with pytest.raises(CommandError, match="没有文件夹"):
        run(target="nowhere/out.csv")
