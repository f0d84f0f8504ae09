"""Conditions and statute limits as lines: what is said is read back as it was."""

from responsibility.selectors import notation
from responsibility.services.loading import reference_items


def test_a_condition_says_when_and_what_changes():
    row = {
        "when": {"words": ["工地", "打桩"], "hour": [22, 6]},
        "level": "city",
        "city_function": "ecology",
        "township_role": "assist",
        "note": "夜里；看有没有证明：没有的查处",
    }
    line = "用词：工地、打桩；钟点：22-6 → 主责级别：市级主责；市级职能：生态环境；乡镇：协助；说明：夜里；看有没有证明：没有的查处"

    assert notation.condition_said(row) == line
    assert notation.condition_in(line) == row


def test_half_width_marks_and_another_arrow_are_understood():
    line = "地点: 村里，屋场 ; 钟点：22至6 -> 县级职能:农业农村;"

    assert notation.condition_in(line) == {
        "when": {"place": ["村里", "屋场"], "hour": [22, 6]},
        "county_function": "agriculture",
    }


def test_every_line_of_the_list_that_ships_is_read_as_it_was_said():
    items = reference_items()
    conditions = [row for item in items for row in item.get("conditions", [])]
    statutes = [row for item in items for row in item.get("statute", [])]

    assert [notation.condition_in(notation.condition_said(row)) for row in conditions] == conditions
    assert [notation.statute_in(notation.statute_said(row)) for row in statutes] == statutes
