import pytest
from django.contrib.admin.sites import site
from django.urls import reverse

from responsibility.models import DutyItem, DutyList, RoutingExample
from tests.factories.hotline import UserFactory, load_rules
from tests.factories.responsibility import DutyItemFactory, DutyListFactory, GovernanceFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def rules(db):
    load_rules()


@pytest.fixture
def editor(client):
    client.force_login(UserFactory(roles=("administrator",)))
    return client


@pytest.mark.parametrize("state", ["draft", "published"])
def test_lists_and_items_are_shown_and_never_changed_here(editor, state):
    item = DutyItemFactory(duty_list=DutyListFactory(state=state))

    answers = [
        (editor.get(address).status_code, editor.post(address, {"title": "改过", "post": "yes"}).status_code)
        for model, pk in (("dutylist", item.duty_list.pk), ("dutyitem", item.pk))
        for address in (
            reverse(f"admin:responsibility_{model}_change", args=[pk]),
            reverse(f"admin:responsibility_{model}_delete", args=[pk]),
            reverse(f"admin:responsibility_{model}_add"),
        )
    ]

    assert answers == [(200, 403), (403, 403), (403, 403)] * 2
    assert (DutyList.objects.get().title, DutyItem.objects.get().title) == ("赣州市民生诉求职责清单", "路灯不亮")


def test_whoever_only_reads_lists_sees_them_here_too(client):
    client.force_login(UserFactory(roles=("dispatcher",), is_staff=True))
    item = DutyItemFactory()

    page = client.get(reverse("admin:responsibility_dutyitem_change", args=[item.pk]))

    assert page.status_code == 200
    assert "示例，待核" in page.content.decode()


def test_without_the_right_there_is_no_list(client):
    client.force_login(UserFactory(is_staff=True))

    assert client.get(reverse("admin:responsibility_dutylist_changelist")).status_code == 403


@pytest.mark.parametrize("item_count", [1, 3])
def test_the_list_of_items_takes_as_many_queries_for_many(editor, item_count, django_assert_max_num_queries):
    for _ in range(item_count):
        DutyItemFactory()

    with django_assert_max_num_queries(12):
        page = editor.get(reverse("admin:responsibility_dutyitem_changelist"))

    assert page.content.decode().count("路灯不亮</td>") == item_count


def test_there_are_no_bulk_acts(rf):
    request = rf.get("/")
    request.user = UserFactory(is_staff=True, is_superuser=True)

    assert site.get_model_admin(DutyItem).get_actions(request) == {}


def test_an_administrator_keeps_categories_and_who_governs_a_place(editor):
    """And no memory of routing: what citizens wrote is not theirs to read."""
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
    assert not site.is_registered(RoutingExample)
