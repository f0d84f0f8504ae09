"""The pages of the register: the list of each, and the one form."""

from datetime import date

import pytest

from responsibility.models import Resource
from tests.factories.hotline import CountyCentreFactory, UserFactory, load_rules
from tests.factories.resources import make_resource

WORDS = {
    "kind": "social_work",
    "name": "章江街道社会工作站",
    "contact": "钟敏",
    "phone": "0797-8100001",
    "hours": "工作日",
    "takes": "困难家庭走访",
    "valid_from": "2026-01-01",
}


@pytest.fixture
def clerk(db):
    load_rules()
    return UserFactory(unit=CountyCentreFactory(), roles=["county_centre"])


@pytest.fixture
def log_in(client):
    def log_in_as(user):
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        return client

    return log_in_as


@pytest.mark.parametrize("number", [1, 3])
def test_the_list_costs_the_same_for_one_and_three(log_in, clerk, django_assert_num_queries, number):
    for turn in range(number):
        make_resource(clerk.unit, name=f"第{turn}家")
    client = log_in(clerk)
    client.get("/resources/")

    with django_assert_num_queries(5):
        response = client.get("/resources/")

    assert len(response.context["rows"]) == number


def test_pages_follow_each_other_by_key(log_in, clerk, monkeypatch):
    monkeypatch.setattr("responsibility.selectors.RESOURCE_ROWS", 2)
    made = [make_resource(clerk.unit, name=f"第{turn}家") for turn in range(3)]
    client = log_in(clerk)

    first = client.get("/resources/")
    second = client.get(first.context["next_url"])

    assert [row for page in (first, second) for row, _ in page.context["rows"]] == made[::-1]


def test_a_county_writes_and_ends_a_row(log_in, clerk):
    client = log_in(clerk)

    empty = client.post("/resources/new/", {})
    client.post("/resources/new/", {**WORDS, "centre": clerk.unit_id})
    row = Resource.objects.get()
    client.post(f"/resources/{row.pk}/", {**WORDS, "centre": clerk.unit_id, "valid_until": "2026-02-01"})

    assert b'type="date" name="valid_from" value="2026-01-01"' in client.get(f"/resources/{row.pk}/").content
    assert empty.status_code == 422
    assert empty.context["form"].errors["name"] == ["请写名称。"]
    assert (row.name, row.centre) == ("章江街道社会工作站", clerk.unit)
    assert Resource.objects.get().valid_until == date(2026, 2, 1)


def test_what_is_not_the_countys_is_shown_and_not_changed(log_in, clerk):
    row = make_resource()
    client = log_in(clerk)

    assert client.get("/resources/").context["rows"] == [(row, False)]
    assert client.get(f"/resources/{row.pk}/").status_code == 404
