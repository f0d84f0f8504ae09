"""Whoever stands in for an absent colleague hears what the colleague would hear, as long as they stand in."""

from datetime import timedelta

import pytest

from hotline.selectors import people_with_right, with_stand_ins
from tests.factories.hotline import UnitFactory, UserFactory
from tests.factories.tickets import NOW

APPROVE = "tickets.approve_result"


@pytest.fixture
def head(db):
    """A head who is away since yesterday, with a handler of the same unit as deputy."""
    unit = UnitFactory()
    deputy = UserFactory(name="代理", unit=unit, roles=("handler",))
    head = UserFactory(name="主任", unit=unit, roles=("unit_head",))
    head.deputy, head.away_from, head.away_until = deputy, NOW - timedelta(days=1), NOW + timedelta(days=1)
    head.save()
    return head


def told(head, at=NOW):
    """Who is told by right, and who by name."""
    by_right = [person.name for person in people_with_right(APPROVE, [head.unit], at=at)]
    return sorted(by_right), [person.name for person in with_stand_ins([head], at=at)]


def test_the_deputy_of_somebody_who_is_away_hears(head):
    assert told(head) == (["主任", "代理"], ["主任", "代理"])


def test_before_and_after_nobody_stands_in(head):
    for moment in (NOW - timedelta(days=2), NOW + timedelta(days=1)):
        assert told(head, moment) == (["主任"], ["主任"])


@pytest.mark.parametrize("change", [{"is_active": False}, {"unit": None}])
def test_a_deputy_who_left_or_moved_hears_nothing(head, change):
    for name, value in change.items():
        setattr(head.deputy, name, value)
    head.deputy.save()

    assert told(head) == (["主任"], ["主任"])


def test_an_absent_head_who_left_is_represented_by_nobody(head):
    head.is_active = False
    head.save()

    assert [person.name for person in people_with_right(APPROVE, [head.unit], at=NOW)] == []


def test_who_may_do_it_is_asked_without_a_moment(head):
    assert [person.name for person in people_with_right(APPROVE, [head.unit])] == ["主任"]
