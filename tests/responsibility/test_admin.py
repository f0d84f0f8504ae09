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


@pytest.mark.parametrize(("state", "status"), [("draft", 302), ("published", 403)])
def test_only_a_draft_is_changed(editor, state, status):
    item = DutyItemFactory(duty_list=DutyListFactory(state=state))
    address = reverse("admin:responsibility_dutylist_change", args=[item.duty_list.pk])

    answer = editor.post(
        address,
        {
            "version": 1,
            "scope": item.duty_list.scope.pk,
            "title": "改过",
            "source": "",
        },
    )

    assert answer.status_code == status
    assert DutyList.objects.get().title == ("改过" if state == "draft" else "赣州市民生诉求职责清单")


@pytest.mark.parametrize(("state", "status"), [("draft", 302), ("published", 403)])
def test_only_an_item_of_a_draft_is_deleted(editor, state, status):
    item = DutyItemFactory(duty_list=DutyListFactory(state=state))

    answer = editor.post(reverse("admin:responsibility_dutyitem_delete", args=[item.pk]), {"post": "yes"})

    assert answer.status_code == status
    assert DutyItem.objects.count() == (0 if state == "draft" else 1)


def test_a_published_item_is_shown_to_editors(editor):
    item = DutyItemFactory()

    page = editor.get(reverse("admin:responsibility_dutyitem_change", args=[item.pk]))

    assert page.status_code == 200
    assert "示例，待核" in page.content.decode()


def test_codes_of_a_draft_are_chosen_by_their_chinese_names(editor):
    item = DutyItemFactory(duty_list=DutyListFactory(state="draft"))
    address = reverse("admin:responsibility_dutyitem_change", args=[item.pk])
    form = editor.get(address).context["adminform"].form
    boxes = {name: form[name].as_widget() for name in ("city_function", "county_function", "co_functions", "kinds")}
    typed = {name: form[name].value() for name in form.fields if form[name].value() not in (None, "")}
    typed |= {"city_function": "health", "kinds": ["complaint", "help"], "co_functions": ["fire"], "co_units": []}

    answer = editor.post(address, typed)

    assert all(">卫生健康<" in boxes[name] for name in ("city_function", "county_function", "co_functions"))
    assert "投诉" in boxes["kinds"]
    item.refresh_from_db()
    assert (answer.status_code, item.city_function, item.kinds, item.co_functions) == (
        302,
        "health",
        ["complaint", "help"],
        ["fire"],
    )


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
