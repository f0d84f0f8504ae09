import pytest

from hotline import services
from tests.factories.hotline import UserFactory, load_rules
from tests.hotline.calendars import at
from tests.races import race

NOW = at("2026-11-10 09:00")


def give_up(user):
    return lambda: services.set_roles(user=user, roles=["handler"], by=None, at=NOW)


def leave(user):
    return lambda: services.deactivate_person(user=user, heir=None, by=None, at=NOW)


@pytest.mark.parametrize(("faster", "slower"), [(give_up, give_up), (leave, leave), (give_up, leave)])
def test_of_the_last_two_at_the_same_moment_one_stays(transactional_db, faster, slower):
    load_rules()
    one, other = (UserFactory(roles=["security_administrator"]) for _ in range(2))

    assert race(faster(one), slower(other)) == "这是最后一位安全管理员，请先有另一位。"
