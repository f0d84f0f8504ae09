import pytest

from hotline.masking import (
    find_identifiers,
    hidden_in_answer,
    is_id_number,
    mask_id_number,
    mask_name,
    mask_phone,
    redact,
    redact_answer,
)

# The example number of GB 11643.
ID = "11010519491231002X"


@pytest.mark.parametrize(
    ("name", "masked"),
    [("王小明", "王*"), ("李", "李*"), ("欧阳明", "欧阳*"), ("欧阳", "欧*"), (" 张三 ", "张*"), ("", "")],
)
def test_names(name, masked):
    assert mask_name(name) == masked


@pytest.mark.parametrize(
    ("phone", "masked"),
    [
        ("13807971234", "138****1234"),
        ("+86 138 0797 1234", "138****1234"),
        ("0797-8391234", "0797*****34"),
        ("8391234", "*****34"),
        ("12345", "***45"),
        ("", ""),
        ("013807971234", "138****1234"),
        ("0086 138 0797 1234", "138****1234"),
    ],
)
def test_phones(phone, masked):
    assert mask_phone(phone) == masked


def test_id_numbers():
    assert mask_id_number(ID) == "1101**********002X"
    assert [mask_id_number(number) for number in ("110105491231002", "E12345678", "H1234567", "123", "")] == [
        "110*********002",
        "E1*****78",
        "H1****67",
        "***",
        "",
    ]
    assert is_id_number(ID)
    assert is_id_number(ID.lower())
    assert not is_id_number("110105194912310021")
    assert not is_id_number("11010519491331002X")
    assert not is_id_number("1234567890")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("我的电话13807971234，请回电", [("mobile", "13807971234")]),
        ("１３８０７９７１２３４", [("mobile", "13807971234")]),
        ("138-0797-1234或138 0797 1235", [("mobile", "13807971234"), ("mobile", "13807971235")]),
        ("+8613807971234", [("mobile", "13807971234")]),
        ("座机0797-8391234", [("landline", "07978391234")]),
        ("（0797）8391234", [("landline", "07978391234")]),
        (f"身份证{ID}。", [("id_number", ID)]),
        ("身份证11010519491231002x", [("id_number", ID)]),
        # A slip in the last digit: it still says who it is.
        ("身份证110105194912310021", [("id_number", "110105194912310021")]),
        ("手机013807971234", [("mobile", "13807971234")]),
        # What only looks like a number of a person.
        ("快递单号138079712345678", []),
        ("110105194913310021", []),
        ("门牌8391234", []),
        ("订单GZ13807971234", []),
        ("2026年10月13日12345热线", []),
        ("", []),
    ],
)
def test_finding_numbers_in_a_text(text, found):
    assert [(identifier.kind, identifier.value) for identifier in find_identifiers(text)] == found


def test_places_fit_the_text():
    text = "电话１３８０７９７１２３４，谢谢"
    (found,) = find_identifiers(text)

    assert text[found.start : found.end] == "１３８０７９７１２３４"


def test_redacting_leaves_the_rest_of_the_text():
    text = f"王女士（+86 138 0797 1234，座机0797-8391234，{ID}）反映单号138079712345678的包裹丢失。"

    assert redact(text) == (
        "王女士（138****1234，座机0797*****34，1101**********002X）反映单号138079712345678的包裹丢失。"
    )
    assert redact("没有号码的话。") == "没有号码的话。"


def test_an_answer_keeps_the_numbers_of_offices():
    text = f"请联系何主任，电话0797-8391234，手机13807971234或 138 0797 1234，证件{ID}。"

    assert redact_answer(text) == (
        "请联系何主任，电话0797-8391234，手机138****1234或 138****1234，证件1101**********002X。"
    )
    assert hidden_in_answer(text) == ("138****1234", "1101**********002X")
    assert hidden_in_answer("请拨打0797-8391234。") == ()
