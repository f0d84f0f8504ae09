from datetime import timedelta

import pytest
from django.urls import reverse

from hotline import services
from hotline.models import Notice
from hotline.notice_kinds import register_notice
from hotline.selectors import notices_for, unread_state
from tests.factories.hotline import UserFactory

pytestmark = pytest.mark.usefixtures("rules")


@pytest.fixture
def user():
    return UserFactory()


@pytest.fixture
def browser(client, user):
    client.force_login(user)
    return client


def tell(users, now, number=1):
    return services.notify(
        users=users, kind="test.dispatched", number=f"GZ261122{number:06d}", at=now, dedupe=f"event:{number}"
    )


def test_a_person_is_told_once(user, now):
    other, gone = UserFactory(), UserFactory(is_active=False)

    tell([user, other, other, gone], now)
    tell([user], now + timedelta(hours=1))

    assert sorted(Notice.objects.values_list("recipient", "number", "at")) == [
        (user.pk, "GZ261122000001", now),
        (other.pk, "GZ261122000001", now),
    ]


def test_reading_marks_only_ones_own(user, now):
    other = UserFactory()
    tell([user, other], now)
    ids = list(Notice.objects.values_list("pk", flat=True))

    assert services.mark_read(user=user, notice_ids=ids, at=now) == 1
    assert services.mark_read(user=user, at=now) == 0

    assert unread_state(user) == (0, 0)
    assert unread_state(other)[0] == 1


def test_old_notices_go(user, now):
    tell([user], now - timedelta(days=91), number=1)
    tell([user], now - timedelta(days=89), number=2)

    assert services.clear_old_notices(at=now) == 1

    assert [notice.number for notice in notices_for(user)] == ["GZ261122000002"]


def test_a_notice_that_is_none_marks_no_other(browser, user, now):
    tell([user], now)

    browser.post(reverse("hotline:notices-read"), {"id": "x"})

    assert notices_for(user).get().read_at is None


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_asks_the_same_questions_for_one_and_three(browser, user, now, count, django_assert_num_queries):
    for number in range(count):
        tell([user], now, number)
    browser.get(reverse("hotline:notices"))

    with django_assert_num_queries(4):
        answer = browser.get(reverse("hotline:notices"))

    assert len(answer.context["notices"]) == count


def test_a_line_has_the_words_of_its_kind_and_a_number_that_people_know(browser, user, now):
    register_notice("test.worded", text="新派来工单 {number}。", url_name="hotline:no-such-page")
    services.notify(users=[user], kind="test.worded", number="GZ261122000001", at=now, dedupe="worded")
    for number in ("", "17", "q261126000001", "GZ261122000009"):
        services.notify(users=[user], kind="test.unknown", number=number, at=now, dedupe=f"unknown:{number}")

    lines = browser.get(reverse("hotline:notices")).context["notices"]

    assert [(line.text, line.number, line.url) for line in lines] == [
        ("有新的事项。", "GZ261122000009", ""),
        ("有新的事项。", "", ""),
        ("有新的事项。", "", ""),
        ("有新的事项。", "", ""),
        ("新派来工单 GZ261122000001。", "", ""),
    ]


def test_the_list_pages_by_key(browser, user, now):
    for number in range(51):
        tell([user], now, number)

    first = browser.get(reverse("hotline:notices")).context
    second = browser.get(first["next_url"]).context

    assert (len(first["notices"]), first["first_url"], first["unread"]) == (50, "", 51)
    assert ([line.number for line in second["notices"]], second["next_url"], second["first_url"]) == (
        ["GZ261122000000"],
        "",
        "/notices/",
    )


@pytest.mark.parametrize("before", ["x", "-1", "9" * 30, "٣"])
def test_a_strange_key_is_the_first_page(browser, user, now, before):
    tell([user], now)

    answer = browser.get(reverse("hotline:notices"), {"before": before})

    assert answer.status_code == 200


def test_the_bell_is_304_until_something_is_new(browser, user, now):
    url = reverse("hotline:notices-bell")
    first = browser.get(url)
    tag = first.headers["ETag"]

    assert browser.get(url, headers={"If-None-Match": tag}).status_code == 304
    tell([user], now)
    again = browser.get(url, headers={"If-None-Match": tag})
    assert again.status_code == 200
    assert "1 条未读" in again.content.decode()


def test_marking_from_the_page(browser, user, now):
    tell([user], now, 1)
    tell([user], now, 2)
    newest = Notice.objects.latest("pk")

    one = browser.post(reverse("hotline:notices-read"), {"id": newest.pk}, headers={"X-Requested-With": "fetch"})
    assert (one.status_code, unread_state(user)[0]) == (204, 1)
    everything = browser.post(reverse("hotline:notices-read"))
    assert (everything.url, unread_state(user)[0]) == ("/notices/", 0)
