"""The page of a township's list: what items give it, what it names as its own."""

import pytest

from hotline.parameters import forget_parameters
from responsibility import services
from responsibility.models import DutyItem, TownshipDuty
from tests.factories.hotline import CountyCentreFactory, UnitFactory
from tests.factories.responsibility import DutyItemFactory
from tests.responsibility.pages.conftest import NOW, soup, table, text_of


@pytest.fixture
def draft(first, people):
    DutyItemFactory(code="NY-01", title="建房", words=["建房"], township_role="lead")
    DutyItemFactory(code="NY-02", title="村道", words=["村道"], township_role="assist")
    centre = CountyCentreFactory()
    township = UnitFactory(name="测试镇", kind="township", parent=centre, region=centre.region)
    return services.draft_list(scope=township, reason="第一版。", by=people["administrator"], at=NOW)


def test_it_lists_what_the_items_give_and_what_is_the_townships_own(draft, as_):
    TownshipDuty.objects.filter(code="NY-02").delete()

    page = as_("administrator").get(f"/duty-lists/{draft.pk}/")

    assert [row[1:] for row in table(page)] == [["NY-01", "建房", "主责", "主责"], ["NY-02", "村道", "协助", "不列"]]
    assert "主责 1 项，协助 0 项" in text_of(soup(page).select_one(".bar"))
    assert [row[1] for row in table(as_("dispatcher").get(f"/duty-lists/{draft.pk}/?q=村道"))] == ["村道"]


def test_ticked_items_get_a_role_with_a_reason(draft, as_):
    client = as_("administrator")
    address = f"/duty-lists/{draft.pk}/duties/?code=NY-01"

    nothing = client.post(address, {"role": "none", "reason": ""})
    wrong = client.post(f"/duty-lists/{draft.pk}/duties/?code=NY-02", {"role": "lead", "reason": "试试。"})
    done = client.post(address, {"role": "none", "reason": "按三定。"})

    assert (nothing.status_code, wrong.status_code, done.status_code) == (422, 422, 303)
    assert "乡镇（街道）只协助，不能列为主责。" in text_of(soup(wrong))
    page = soup(client.get(f"/duty-lists/{draft.pk}/"))
    assert "NY-01 主责 → 不派" in text_of(page.select_one(".dif"))
    assert client.get(f"/duty-lists/{draft.pk}/duties/").status_code == 409


def test_a_duty_whose_item_ended_can_be_ticked_and_unlisted(draft, as_):
    DutyItem.objects.filter(code="NY-02").update(township_role="none")
    client = as_("administrator")
    before = table(client.get(f"/duty-lists/{draft.pk}/"))

    client.post(f"/duty-lists/{draft.pk}/duties/?code=NY-02", {"role": "none", "reason": "清单里没有了。"})

    assert [row[1:] for row in before] == [
        ["NY-02", "村道 已不是现行清单里乡镇（街道）的事项", "—", "协助"],
        ["NY-01", "建房", "主责", "主责"],
    ]
    assert [row[1:] for row in table(client.get(f"/duty-lists/{draft.pk}/"))] == [["NY-01", "建房", "主责", "主责"]]


@pytest.mark.parametrize("count", [1, 3])
def test_queries(draft, as_, django_assert_num_queries, count):
    for n in range(count):
        DutyItemFactory(code=f"NY-8{n}", township_role="lead")
        TownshipDuty.objects.create(duty_list=draft, code=f"NY-9{n}", role="assist")
    client = as_("administrator")
    client.get(f"/duty-lists/{draft.pk}/")

    forget_parameters()
    with django_assert_num_queries(18):
        client.get(f"/duty-lists/{draft.pk}/")
