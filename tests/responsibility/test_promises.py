"""What holds for every item of the list that ships: whose a matter may be, and whose never."""

import pytest

from hotline.models import Region, Unit
from responsibility import selectors
from responsibility.models import DutyItem
from responsibility.states import Level, TownshipRole

CITY_KINDS = ("city_department", "enterprise", "authority")
PLACES = [
    ("360731100", "属地贡江镇，由于都热线中心管辖。", "C360731"),
    ("360702190", "属地蟠龙镇，由经开区热线中心管辖（管辖待确认）。", "C360700-JK"),
]


def texts_of(item):
    """Its title, what it says of itself, and that with each of its conditions fulfilled."""
    plain = f"{item.title}\n{item.belongs}"
    yield item.title
    yield f"{plain}{'。'.join(item.words[:6])}"
    for condition in item.conditions:
        groups = [group for key, group in condition["when"].items() if key != "hour"]
        yield plain + "，".join(group[0].replace("+", "") for group in groups)


def roles_of(item):
    return {item.township_role, *(c["township_role"] for c in item.conditions if "township_role" in c)}


def levels_of(item):
    return {item.level, *(condition["level"] for condition in item.conditions if "level" in condition)}


@pytest.mark.parametrize(("place", "rule", "centre"), PLACES)
def test_a_matter_goes_to_the_city_or_to_the_centre_of_the_place_and_to_a_township_only_by_the_item(
    ganzhou, now, place, rule, centre
):
    region, items = Region.objects.get(code=place), list(DutyItem.objects.order_by("code"))
    found, led = set(), set()
    for text in (text for item in items for text in texts_of(item)):
        for candidate in selectors.suggest(text=text, region=region, at=now):
            unit, expected = candidate.unit, candidate.expected_unit
            if candidate.is_legal_route:
                assert (unit, expected) == (None, None)
                found.add(candidate.item.code)
                continue
            if unit.kind == Unit.Kind.TOWNSHIP:
                assert candidate.refused
                continue
            found.add(candidate.item.code)
            if unit.kind == Unit.Kind.COUNTY_CENTRE:
                assert Level.COUNTY in levels_of(candidate.item)
                assert unit.code == centre
                assert candidate.place_rule.startswith(rule)
            else:
                assert Level.CITY in levels_of(candidate.item)
                assert unit.kind in CITY_KINDS
                assert expected is None
            if expected is not None and expected.kind == Unit.Kind.TOWNSHIP:
                assert expected.code == f"T{place}"
                led.add(candidate.item.code)
            elif expected is not None:
                assert expected.parent_id == unit.pk

    assert found == {item.code for item in items}
    assert led == {item.code for item in items if TownshipRole.LEAD in roles_of(item)}


def test_inside_a_county_too_a_township_gets_only_what_it_leads(ganzhou, now):
    region, centre = Region.objects.get(code="360731100"), Unit.objects.get(code="C360731")
    led = set()
    for item in DutyItem.objects.order_by("code"):
        for text in texts_of(item):
            for candidate in selectors.county_candidates(item=item, text=text, region=region, centre=centre, at=now):
                assert candidate.unit.code.startswith(("360731-", "T360731100"))
                if candidate.unit.kind == Unit.Kind.TOWNSHIP and not candidate.refused:
                    led.add(item.code)

    assert led == {item.code for item in DutyItem.objects.all() if TownshipRole.LEAD in roles_of(item)}


def test_a_lamp_belongs_to_the_centre_of_each_of_the_twenty_counties_and_zones(ganzhou, now):
    centres = {
        region.code: selectors.suggest(text="路灯不亮", region=region, at=now)[0].unit.code
        for region in Region.objects.exclude(level__in=("city", "township"))
    }

    assert len(centres) == 20
    assert centres == {code: f"C{code}" for code in centres}
