import pytest
from django.contrib.admin.sites import site
from django.urls import reverse

from responsibility.models import DutyItem, DutyList, RoutingExample
from tests.factories.hotline import UserFactory, load_rules
from tests.factories.responsibility import GovernanceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rules(db):
    load_rules()


@pytest.fixture
def editor(client):
    client.force_login(UserFactory(roles=("administrator",)))
    return client


def test_an_administrator_keeps_categories_and_who_governs_a_place(editor):
    """And no memory of routing: what citizens wrote is not theirs to read. Lists have pages of their own."""
    row = GovernanceFactory()

    pages = [
        editor.get(reverse(name, args=args)).status_code
        for name, args in (
            ("admin:responsibility_category_changelist", []),
            ("admin:responsibility_governance_change", [row.pk]),
            ("admin:responsibility_governance_add", []),
        )
    ]

    assert pages == [200, 200, 200]
    assert [model for model in (RoutingExample, DutyList, DutyItem) if site.is_registered(model)] == []
