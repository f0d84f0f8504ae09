"""A model in service that is sure of the matters of four items."""

import random
from datetime import timedelta

from responsibility import services
from responsibility.models import RoutingExample
from tests.factories.hotline import UserFactory, load_rules
from tests.factories.responsibility import GovernanceFactory
from tests.factories.tickets import NOW, make_city, make_item, register

SAID = ("路灯不亮", "电梯困人", "校车超载", "水管爆裂")
FILLING = [chr(point) for point in range(0x5000, 0x5600)]


def learn(items, *, at, count=500):
    """`items`: one for each of `SAID`. A dispatch every six hours in turn, none of which came back."""
    chance = random.Random(7)
    RoutingExample.objects.bulk_create(
        RoutingExample(
            ticket_number=f"GZ{number:04}",
            text=f"{SAID[number % 4]}\n{''.join(chance.choices(FILLING, k=24))}，{SAID[number % 4]}，请处理。",
            kind="help",
            final_item=items[number % 4],
            proposed_item=items[number % 4],
            outcome="dispatched",
            at=at - timedelta(days=4, hours=6 * (count - number)),
        )
        for number in range(count)
    )
    return services.learn_from_experience(at=at).model


def make_sure_city():
    """Street lights are the county's, the rest units' of the city; a model has learned all four. Lights are switched on."""
    load_rules()
    city = make_city()
    GovernanceFactory(unit=city.county, region=city.region)
    city.lights = make_item("CG-01", title="路灯", words=["路灯不亮"])
    other = {"level": "city", "county_function": "", "city_function": "education"}
    city.buses = make_item("JY-01", title="校车", words=["校车超载"], **other)
    items = [
        city.lights,
        make_item("DT-01", title="电梯", words=["电梯困人"], **other),
        city.buses,
        make_item("SW-01", title="水管", words=["水管爆裂"], **other),
    ]
    city.model = learn(items, at=NOW - timedelta(days=1))
    city.administrator = UserFactory(name="谢敏", unit=city.centre, roles=("administrator",))
    city.switch = services.switch_item_on(
        code="CG-01", reason="三个月没有退单。", by=city.administrator, at=NOW - timedelta(days=40)
    )
    return city


def lights(city, **fields):
    words = {"title": SAID[0], "text": f"晚上{SAID[0]}，{SAID[0]}，请处理。", "region": city.region}
    return register(**(words | fields))
