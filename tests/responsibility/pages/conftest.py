import re

import pytest
import time_machine
from bs4 import BeautifulSoup

from hotline.context import forget_shell
from responsibility import services
from tests.factories.hotline import UnitFactory, UserFactory, load_rules
from tests.factories.responsibility import CategoryFactory, ClassFactory, DutyItemFactory, GroupFactory
from tests.factories.tickets import at

# A Tuesday.
NOW = at("11-10 10:00")


@pytest.fixture(autouse=True)
def at_ten():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def first(db):
    """Version 1, in force: two items about lights, one about noise."""
    load_rules()
    UnitFactory(short_name="市城管局", function="urban_management")
    noise = CategoryFactory(
        code="020101",
        name="施工噪声",
        parent=GroupFactory(code="0201", name="噪声油烟", parent=ClassFactory(code="02", name="生态环境")),
    )
    items = [
        DutyItemFactory(code="CG-01", limits={"complaint": "7wd", "help": "5wd"}),
        DutyItemFactory(code="CG-02", title="路灯长明", words=["长明灯"]),
        DutyItemFactory(code="HJ-01", title="夜间施工", category=noise, city_function="ecology", words=["打桩"]),
    ]
    return items[0].duty_list


@pytest.fixture
def people(first):
    return {
        role: UserFactory(unit=first.scope, roles=(role,))
        for role in ("administrator", "legal_reviewer", "staffing_reviewer", "dispatcher", "agent")
    }


@pytest.fixture
def draft(first, people):
    return services.draft_list(scope=first.scope, reason="路灯改由市政中心管。", by=people["administrator"], at=NOW)


@pytest.fixture
def as_(client, people):
    def log_in(role):
        forget_shell(people[role])
        client.force_login(people[role], "django.contrib.auth.backends.ModelBackend")
        return client

    return log_in


def soup(answer):
    return BeautifulSoup(answer.content.decode(), "html.parser")


def text_of(found):
    return re.sub(r"\s+", " ", found.get_text(" ")).strip()


def table(answer):
    return [[text_of(cell) for cell in row.select("td")] for row in soup(answer).select("table[data-rows] tbody tr")]


def typed(answer):
    """What the form of the page would send."""
    values = {}
    for box in soup(answer).select("main form[method=post] [name]:not(button)"):
        name = box["name"]
        if box.name == "select":
            chosen = box.select_one("option[selected]")
            values[name] = chosen["value"] if chosen else ""
        elif box.name == "textarea":
            values[name] = box.get_text().removeprefix("\n")
        elif box.get("type") in {"checkbox", "radio"}:
            if box.has_attr("checked"):
                values.setdefault(name, []).append(box["value"] if box.has_attr("value") else "on")
        elif name != "csrfmiddlewaretoken":
            values[name] = box.get("value", "")
    return values
