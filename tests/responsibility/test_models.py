from datetime import date

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from responsibility.models import DutyItem
from tests.factories.responsibility import (
    CategoryFactory,
    ClassFactory,
    DutyItemFactory,
    DutyListFactory,
    GovernanceFactory,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("factory", "changes", "constraint"),
    [
        (ClassFactory, {"code": "0102"}, "category_code_is_as_long_as_its_level"),
        (CategoryFactory, {"code": "01020"}, "category_code_is_as_long_as_its_level"),
        (DutyListFactory, {"effective_from": None}, "duty_list_published_has_its_day"),
        (DutyListFactory, {"effective_until": date(2025, 1, 1)}, "duty_list_ends_after_it_starts"),
        (DutyListFactory, {"state": "gone"}, "duty_list_state_is_known"),
        (DutyItemFactory, {"county_function": ""}, "duty_item_of_a_county_names_the_county_function"),
        (
            DutyItemFactory,
            {"level": "city", "township_role": "lead"},
            "duty_item_led_by_a_township_is_a_county_matter",
        ),
        (DutyItemFactory, {"words": []}, "duty_item_has_words_and_kinds"),
        (DutyItemFactory, {"kinds": []}, "duty_item_has_words_and_kinds"),
        (DutyItemFactory, {"mark": ""}, "duty_item_without_legal_basis_is_marked"),
        (DutyItemFactory, {"township_role": "some"}, "duty_item_township_role_is_known"),
        (GovernanceFactory, {"source": ""}, "governance_names_its_source"),
        (GovernanceFactory, {"valid_until": date(2026, 1, 1)}, "governance_ends_after_it_starts"),
    ],
)
def test_the_database_refuses(factory, changes, constraint):
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        factory(**changes)


def test_a_code_is_used_once_in_a_list_and_again_in_the_next():
    item = DutyItemFactory(code="CG-01-001")
    DutyItemFactory(code="CG-01-001", duty_list=DutyListFactory(version=2, state="draft"))

    with pytest.raises(IntegrityError, match="duty_item_code_is_unique_in_its_list"), transaction.atomic():
        DutyItemFactory(code="CG-01-001", duty_list=item.duty_list)


def test_governance_of_a_unit_over_a_region_is_open_once():
    GovernanceFactory()

    with pytest.raises(IntegrityError, match="governance_of_a_unit_over_a_region_is_open_once"), transaction.atomic():
        GovernanceFactory(valid_from=date(2026, 5, 1))


def test_an_item_names_known_functions():
    item = DutyItemFactory(city_function="urban", co_functions=["housing", "magic"])

    with pytest.raises(ValidationError, match="没有这样的职能：urban、magic。"):
        DutyItem.objects.get(pk=item.pk).clean()


@pytest.mark.parametrize("word", ["+", "工资+", "+拖欠", "工资++拖欠"])
def test_a_word_has_something_on_both_sides_of_the_plus(word):
    item = DutyItemFactory(words=["工资", word])

    with pytest.raises(ValidationError, match="用词中“\\+”的两边都要有字"):
        DutyItem.objects.get(pk=item.pk).clean()
