import pytest

from channels_merge.identity import PhoneNotUnderstood, normal_phone


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("139 7970-0134", "13979700134"),
        ("+86 13979700134", "13979700134"),
        ("013979700134", "13979700134"),
        ("0797-8391111", "07978391111"),
        ("8391111", "07978391111"),
        ("01083911111", "01083911111"),
    ],
)
def test_one_number_is_one_person_however_it_is_dialled(typed, kept):
    assert normal_phone(typed) == kept


@pytest.mark.parametrize("typed", ["139797001345", "1397970012", "10086"])
def test_what_is_no_number_is_refused(typed):
    with pytest.raises(PhoneNotUnderstood):
        normal_phone(typed)
