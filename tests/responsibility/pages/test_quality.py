"""How right the router was, and the model that it asks, on their pages."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from responsibility.models import RoutingExample, RoutingFigure, RoutingModel, RoutingModelEvent
from responsibility.services.memory import record_outcome
from tests.factories.hotline import UnitFactory
from tests.responsibility.pages.conftest import NOW, soup, text_of

QUALITY = reverse("responsibility:routing-quality")
MODELS = reverse("responsibility:routing-models")
REPORT = {
    "rows": 60,
    "accuracy": 0.9,
    "bands": [{"low": 0.9, "high": 0.95, "rows": 60, "said": 0.92, "right": 0.9}],
    "taken_for": [{"truth": "CG-01", "answer": "CG-02", "times": 6, "tickets": ["GZ7", "GZ8"]}],
}


def figure(unit, **values):
    given = {"month": date(2026, 11, 1), "unit": unit, "proposed": "CG-01", "final": "CG-01"}
    return RoutingFigure.objects.create(**given | {"tickets": 8, "came_back": 0} | values)


def model(version, **values):
    given = {"made_at": NOW, "made_by": "夜间任务", "rows": 240, "labels": ["CG-01", "CG-02"], "weights": b"x"}
    return RoutingModel.objects.create(name="派单经验", version=version, **given | values)


def event(row, act="adopt", **values):
    given = {"words": "在留出的工单上不比原来差。", "rows": 60, "accuracy": 0.9, "accuracy_before": 0.85}
    return RoutingModelEvent.objects.create(model=row, act=act, **given | {"at": NOW} | values)


def cells(page):
    return [[text_of(cell) for cell in row.select("td")] for row in page.select(".list table.dt tbody tr")]


@pytest.fixture
def counted(first):
    unit = UnitFactory(short_name="市城管局")
    figure(unit)
    figure(unit, final="CG-02", tickets=2, came_back=1)
    figure(unit, month=date(2026, 10, 1), tickets=5)
    return unit


def test_it_is_one_key_from_the_list_in_the_rail(first, as_):
    page = soup(as_("administrator").get(reverse("responsibility:duty-lists")))

    assert page.select_one(".bar a[data-key=r]")["href"] == QUALITY


@pytest.mark.parametrize("url", [QUALITY, f"{QUALITY}?by=item", f"{QUALITY}?by=wrong", MODELS])
def test_with_no_history_it_says_so(first, as_, url):
    page = soup(as_("administrator").get(url))

    assert len(page.select(".list .none")) == 1


def test_by_unit_with_the_totals(counted, as_):
    page = soup(as_("dispatcher").get(QUALITY))

    assert cells(page) == [["市城管局", "15", "1", "93.3%", "15", "86.7%"]]
    assert [text_of(line) for line in page.select(".tree a")] == ["近 12 个月", "2026-11 90.0%", "2026-10 100.0%"]
    assert text_of(page.select_one(".kvq")) == (
        "首次派出 15 件 退回、收回 1 件 首次派出成功率 93.3% 建议准确率 86.7% 15 件有建议"
    )


def test_by_item_in_one_month(counted, as_):
    page = soup(as_("dispatcher").get(QUALITY, {"by": "item", "month": "2026-11"}))

    assert cells(page) == [
        ["CG-01", "路灯不亮", "8", "0", "100.0%", "8", "100.0%"],
        ["CG-02", "路灯长明", "2", "1", "50.0%", "2", "0.0%"],
    ]


def test_what_was_wrong_with_samples_to_read(counted, first, as_):
    items = {item.code: item for item in first.items.all()}
    RoutingExample.objects.create(
        ticket_number="GZ1",
        text="广场的长明灯太费电。",
        proposed_item=items["CG-01"],
        final_item=items["CG-02"],
        outcome="dispatched",
        at=NOW - timedelta(days=1),
    )
    client = as_("administrator")

    page = soup(client.get(QUALITY, {"by": "wrong"}))
    beside = soup(client.get(page.select_one("tr[data-peek-url]")["data-peek-url"]))

    assert cells(page) == [["CG-01 路灯不亮", "CG-02 路灯长明", "2"]]
    assert text_of(beside.select_one("li")) == "GZ1 · 11-09 10:00 广场的长明灯太费电。"


def test_a_month_that_is_none_shows_all(counted, as_):
    assert "近 12 个月" in text_of(soup(as_("administrator").get(QUALITY, {"month": "2026-13"})).select_one(".tree"))


def test_what_is_said_beside_what_is_right(first, as_):
    event(model(1, report=REPORT))

    page = soup(as_("administrator").get(QUALITY))

    (row,) = page.select("aside table.dt tbody tr")
    assert text_of(row) == "90–95% 60 92.0% 90.0%"
    assert "在用： 派单经验第1版 ，今天 10:00 起。" in text_of(page.select_one("aside"))


def test_models_with_their_figures_and_what_is_in_service(first, as_):
    old = model(1, weights=None)
    event(old)
    event(model(2, report=REPORT))
    event(model(3), "decline", words="在留出的工单上不如原来。", accuracy=0.8, accuracy_before=0.9)

    page = soup(as_("administrator").get(MODELS))

    assert [[row[0], *row[5:]] for row in cells(page)] == [
        ["派单经验第3版", "80.0%", "90.0%", "没有启用：在留出的工单上不如原来。", "启用"],
        ["派单经验第2版", "90.0%", "85.0%", "自动启用：在留出的工单上不比原来差。", "在用"],
        ["派单经验第1版", "90.0%", "85.0%", "自动启用：在留出的工单上不比原来差。", "已清理"],
    ]
    assert text_of(page.select_one(".bar b")) == "派单经验第2版在用"
    assert "应为 CG-01 路灯不亮，答 CG-02 路灯长明，6 件" in text_of(page.select_one("aside"))


def test_what_a_model_had_wrong_is_read_without_personal_data(first, as_, django_assert_num_queries):
    """The newest first; what was withheld of a restricted matter and what was taught of another item is not shown."""
    event(model(1, report=REPORT | {"taken_for": [REPORT["taken_for"][0] | {"tickets": ["GZ6", "GZ7", "GZ8"]}]}))
    items = {item.code: item for item in first.items.all()}
    for number, text, code in (
        ("GZ6", "", "CG-01"),
        ("GZ7", "楼下路灯一闪一闪，打 13907970001 没人接。", "CG-01"),
        ("GZ8", "巷口的灯坏了，晚上看不见。", "CG-01"),
        ("GZ8", "另一件事。", "CG-02"),
    ):
        record_outcome(
            ticket_number=number, text=text, category=None, region=None, kind="help", proposed_item=None,
            proposed_unit=None, final_item=items[code], final_unit=None, outcome="dispatched", at=NOW,
        )  # fmt: skip
    client = as_("dispatcher")
    client.get(MODELS)

    with django_assert_num_queries(11):
        page = soup(client.get(MODELS))

    assert [text_of(each) for each in page.select("aside details p")] == [
        "GZ8 · 今天 10:00 巷口的灯坏了，晚上看不见。",
        "GZ7 · 今天 10:00 楼下路灯一闪一闪，打 139****0001 没人接。",
    ]


def test_a_dispatcher_reads_and_chooses_nothing(first, as_):
    event(model(1))
    other = model(2)
    client = as_("dispatcher")

    page = soup(client.get(MODELS))

    assert page.select("a[data-act]") == []
    assert client.post(reverse("responsibility:routing-model-choose", args=[other.pk])).status_code == 403


def test_an_old_version_is_put_back_with_a_reason(first, people, as_):
    old = model(1)
    event(old)
    event(model(2))
    client = as_("administrator")
    url = reverse("responsibility:routing-model-choose", args=[old.pk])

    form = client.get(url, headers={"HX-Request": "true"})
    empty = client.post(url, {"words": ""})
    done = client.post(url, {"words": "新版不顺手", "stays": "on"})
    page = client.get(MODELS)

    assert "checked" in str(soup(form).select_one("[name=stays]"))
    assert (empty.status_code, "请写启用理由。" in empty.content.decode()) == (422, True)
    assert (done.status_code, done["Location"]) == (303, MODELS)
    assert "已启用派单经验第1版。" in page.content.decode()
    assert list(RoutingModelEvent.objects.filter(act="choose").values_list("model", "words", "stays", "by")) == [
        (old.pk, "新版不顺手", True, people["administrator"].pk)
    ]


def test_it_is_stopped_with_a_reason(first, as_):
    event(model(1))
    client = as_("administrator")
    url = reverse("responsibility:routing-model-stop")

    client.post(url, {"words": "先停一停"})
    page = soup(client.get(MODELS))
    again = client.post(url, {"words": "再停"})

    assert text_of(page.select_one(".bar b")) == "没有在用的"
    assert (again.status_code, "现在没有在用的模型。" in again.content.decode()) == (422, True)


@pytest.mark.parametrize("count", [1, 3])
@pytest.mark.parametrize(("url", "queries"), [("by=unit", 7), ("by=item", 8), ("by=wrong", 8)])
def test_the_figures_ask_the_same_questions_for_one_and_three(
    first, as_, count, url, queries, django_assert_num_queries
):
    for number in range(count):
        figure(UnitFactory(), month=date(2026, 11 - number, 1), final=f"CG-0{number}", proposed="HJ-01")
    client = as_("administrator")
    client.get(QUALITY)

    with django_assert_num_queries(queries):
        client.get(f"{QUALITY}?{url}")


@pytest.mark.parametrize("count", [1, 3])
def test_the_models_ask_the_same_questions_for_one_and_three(first, as_, count, django_assert_num_queries):
    for number in range(count):
        event(model(number + 1, report=REPORT))
    client = as_("administrator")
    client.get(MODELS)

    with django_assert_num_queries(10):
        client.get(MODELS)


def test_models_are_paged_by_key(first, as_):
    for number in range(21):
        model(number + 1)
    client = as_("administrator")

    page = soup(client.get(MODELS))
    rest = soup(client.get(MODELS + page.select_one("a[rel=next]")["href"]))

    assert [row[0] for row in cells(rest)] == ["派单经验第1版"]
    assert cells(rest)[0][7] == "由命令学习，没有检验"
