import pytest

from channels_merge.hearing import Danger, danger, heard, maybe_secret, still_to_ask


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("瑞金路家里煤气泄漏，有人晕倒了，门打不开！", Danger(("煤气泄漏", "晕倒"), ("119", "120"))),
        ("邻居说要跳楼，快来人。", Danger(("要跳楼",), ("110",))),
        ("小区没有装天然气，希望尽快通气。", None),
        ("工地夜间施工，孩子睡不着。", None),
    ],
)
def test_words_of_danger_name_the_lines(text, found):
    assert danger(text) == found


def test_what_was_heard_and_what_to_ask_next():
    text = "每晚11点以后施工，已经一周，希望停止夜间施工"

    assert [(one.label, one.words) for one in heard(text)] == [
        ("时间", "每晚11点以后"),
        ("持续", "已经一周"),
        ("诉求", "停止夜间施工"),
    ]
    assert still_to_ask(text, place="", has_region=False) == "具体在什么地方，哪个县区、路名或小区？"
    assert still_to_ask(text, place="就是超市对面", has_region=False) == "这是哪个县区、哪个乡镇（街道）？"
    assert still_to_ask(text, place="锦江花园", has_region=True) == ""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("业主委员会任期满了一年还没有换届，合同上个月也到期了", [("时间", "上个月"), ("持续", "满了一年")]),
        ("整栋楼停水三天了，没有人来修", [("持续", "三天")]),
        ("楼上漏水半个月没人管，天花板发霉了", [("持续", "半个月")]),
        ("2025年3月份交的房，墙面开裂", [("时间", "2025年3月份")]),
        ("上周五晚上路口撞坏了护栏", [("时间", "上周五晚上")]),
    ],
)
def test_when_and_how_long_in_ordinary_words(text, found):
    assert [(one.label, one.words) for one in heard(text)] == found
    assert still_to_ask(text, place="锦江花园", has_region=True) == "希望怎么解决？"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("举报城管局执法队员收红包", "举报城管局执法队员"),
        ("村里的低保名单有问题，别让村里知道是我说的", "别让村里知道"),
        ("怕他打击报复", "打击报复"),
        ("举报工地夜间施工", ""),
        ("不知道该找谁", ""),
        ("我特别想知道这条路什么时候修好。", ""),
        ("等了半小时，别的线路不知道过了几趟。", ""),
        ("这骗人也太可怕了吧！我知道被骗以后报了警。", ""),
        ("小区的别墅区大家都知道天天施工。", ""),
        ("千万别让单位知道是我说的。", "别让单位知道"),
        ("生怕村里知道了报复。", "怕村里知道"),
    ],
)
def test_words_of_who_must_not_be_known(text, words):
    assert maybe_secret(text) == words
