"""What a version would change, on its page: asked for, waited for, read; what stops it."""

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from responsibility import services, tasks
from responsibility.models import DutyListTrial, RoutingExample
from tests.factories.hotline import UnitFactory
from tests.factories.responsibility import DutyItemFactory
from tests.responsibility.pages.conftest import NOW, soup, text_of


def address(duty_list):
    return reverse("responsibility:duty-list-trial", args=[duty_list.pk])


@pytest.fixture
def moved(draft, people):
    """The draft gives lights that burn all day to another unit."""
    UnitFactory(name="赣州市城市管理局", short_name="市城管局2", function="water")
    UnitFactory(name="赣州市供电公司", short_name="供电", function="power_supply")
    for duty_list, function in ((draft.base, "water"), (draft, "power_supply")):
        item = duty_list.items.get(code="CG-02")
        item.level, item.city_function, item.county_function = "city", function, ""
        item.save()
    RoutingExample.objects.create(ticket_number="GZ1", text="广场的长明灯太费电。", outcome="dispatched", at=NOW)
    return draft


def test_it_is_asked_for_and_read(moved, as_, committing):
    client = as_("administrator")
    before = soup(client.get(address(moved)))

    with committing():
        answer = client.post(address(moved))
    page = soup(client.get(address(moved)))

    assert "还没有试派过" in text_of(before.select_one(".bar"))
    assert (answer.status_code, answer.url) == (302, address(moved))
    assert [[text_of(cell) for cell in row.select("td")] for row in page.select(".list table.dt tbody tr")] == [
        ["赣州市城市管理局", "赣州市供电公司", "1", "GZ1 广场的长明灯太费电。"]
    ]
    assert text_of(page.select_one("dl")) == (
        "派法不变 0 件 换了事项 0 件 单位不变 改派单位 1 件 新有建议 0 件 没了建议 0 件"
    )


def test_while_it_runs_the_page_looks_again_by_itself(moved, as_):
    trial = services.ask_for_trial(list_id=moved.pk, by=None, at=NOW)
    client = as_("legal_reviewer")
    waiting = soup(client.get(address(moved)))
    tasks.run_trial(trial_id=trial.pk)
    done = soup(client.get(address(moved)))

    assert waiting.select_one("meta[http-equiv=refresh]")["content"] == "5"
    assert waiting.select_one("main form button").has_attr("disabled")
    assert done.select("meta[http-equiv=refresh]") == []


def test_one_that_was_lost_with_its_worker_is_asked_for_again(moved, as_, committing):
    """It kept the button greyed for ever."""
    services.ask_for_trial(list_id=moved.pk, by=None, at=NOW)
    with time_machine.travel(NOW + timedelta(minutes=3), tick=False):
        client = as_("administrator")
        lost = soup(client.get(address(moved)))
        with committing():
            client.post(address(moved))
        done = soup(client.get(address(moved)))

    assert "今天 10:00 的试派没有算完，请再试一次" in text_of(lost.select_one(".bar"))
    assert lost.select("meta[http-equiv=refresh]") == []
    assert not lost.select_one("main form button").has_attr("disabled")
    assert "今天 10:03 试派" in text_of(done.select_one(".bar"))


def test_what_stops_it_is_named_with_the_way_there(draft, as_):
    DutyItemFactory(duty_list=draft, code="CG-09", words=["长明灯"], county_function="housing")

    (note,) = soup(as_("administrator").get(address(draft))).select(".note-over")

    assert text_of(note) == "不解决不能送审： CG-02、CG-09 的用词完全相同，主责却不同。 CG-02 CG-09"
    assert note.select("a")[1]["href"] == reverse("responsibility:duty-item", args=[draft.pk, "CG-09"])


def test_an_empty_list_is_not_tried_and_says_why(draft, as_):
    draft.items.all().delete()

    answer = as_("administrator").post(address(draft), follow=True)

    assert "清单里还没有事项，不能试派。" in answer.content.decode()
    assert not DutyListTrial.objects.exists()


@pytest.mark.parametrize("count", [1, 3])
def test_the_page_asks_the_same_questions_for_one_and_three(draft, as_, count, django_assert_num_queries):
    for number in range(count):
        DutyItemFactory(duty_list=draft, code=f"CG-1{number}", words=[f"灯杆{number}"])
    client = as_("administrator")
    client.get(address(draft))

    with django_assert_num_queries(10):
        client.get(address(draft))
