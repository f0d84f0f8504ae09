import pytest

from hotline.limits import Limit, LimitNotUnderstood


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("7wd", "7 个工作日"),
        ("2wh", "2 小时工作时间"),
        ("30wm", "30 分钟工作时间"),
        ("120wm", "2 小时工作时间"),
        ("90min", "90 分钟"),
        ("24h", "24 小时"),
        (" 15min ", "15 分钟"),
        ("90d", "90 天"),
    ],
)
def test_a_limit_is_read_and_shown(text, shown):
    limit = Limit.parse(text)

    assert str(limit) == shown
    assert limit.code == text.strip()


@pytest.mark.parametrize("text", ["", "7", "wd", "0wd", "-1wd", "7 wd", "7days", "1.5h", "9999999wd"])
def test_what_is_not_a_limit_is_refused_with_a_sentence(text):
    with pytest.raises(LimitNotUnderstood, match="看不懂"):
        Limit.parse(text)


def test_a_limit_of_nothing_cannot_be_built():
    with pytest.raises(LimitNotUnderstood, match="须为正整数"):
        Limit(0, "wd")
