from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.urls import reverse

from hotline import services
from hotline.models import SecurityLog, Unit
from tests.factories.hotline import PASSWORD, UserFactory
from tests.hotline.calendars import at

pytestmark = pytest.mark.usefixtures("rules")

START = at("2026-09-29 10:15")
NEW = "Zhang-Gong-2026"


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def user():
    return UserFactory(username="G1001", roles=["handler"])


@pytest.fixture
def browser(client, user, clock):
    client.post(reverse("hotline:login"), {"username": "G1001", "password": PASSWORD})
    return client


def logged():
    return [(row.kind, row.outcome, row.subject) for row in SecurityLog.objects.order_by("pk")]


# --- log-in


def test_login_opens_the_page_that_was_asked_for(client, user, clock):
    answer = client.post(
        reverse("hotline:login"), {"username": "G1001", "password": PASSWORD, "next": "/notices/?before=3"}
    )

    assert (answer.status_code, answer.url) == (302, "/notices/?before=3")
    assert logged() == [("login", "done", "G1001")]
    assert (SecurityLog.objects.get().user, SecurityLog.objects.get().address) == (user, "127.0.0.1")


@pytest.mark.parametrize(
    ("came_from", "back"),
    [("http://testserver/notices/?unread=1", "/notices/%3Funread%3D1"), ("https://evil.example/", "/"), ("", "/")],
)
def test_a_form_sent_without_log_in_leads_back_to_its_page(client, came_from, back):
    answer = client.post(reverse("hotline:password"), headers={"Referer": came_from})

    assert answer.url == f"{reverse('hotline:login')}?next={back}"


def test_an_address_for_forms_says_so_when_opened(browser):
    answer = browser.get(reverse("hotline:logout"))

    assert (answer.status_code, answer["Allow"]) == (405, "POST")
    assert "不能直接打开" in answer.content.decode()


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "http://testserver//evil.example/",
        "javascript:alert(1)",
        "notices",
        "a\0b",
    ],
)
def test_login_never_leads_elsewhere(client, user, clock, target):
    answer = client.post(reverse("hotline:login"), {"username": "G1001", "password": PASSWORD, "next": target})

    assert answer.url == "/"


@pytest.mark.parametrize(
    ("username", "password", "subject"),
    [("G1001", "wrong", "G1001"), ("geheim-password", "x", "ge…（无此工号）")],
)
def test_a_wrong_login_says_so_keeps_the_name_and_is_logged(client, user, clock, username, password, subject):
    answer = client.post(reverse("hotline:login"), {"username": username, "password": password})

    assert answer.status_code == 422
    assert answer.context["form"].non_field_errors() == ["工号或密码不对。连续输错 5 次将锁定 30 分钟。"]
    assert answer.context["form"]["username"].value() == username
    assert logged() == [("login_failed", "refused", subject)]


@pytest.mark.parametrize(
    ("username", "said", "subject"),
    [("G1\x00001", "不允许", "G1…（无此工号）"), ("G" * 300, "工号最多 32 个字符。", "GG…（无此工号）")],
)
def test_a_name_that_cannot_be_one_is_refused_in_a_sentence(client, rules, clock, username, said, subject):
    answer = client.post(reverse("hotline:login"), {"username": username, "password": "x"})

    assert answer.status_code == 422
    assert said in " ".join(answer.context["form"].errors["username"])
    assert said in answer.content.decode()
    assert logged() == [("login_failed", "refused", subject)]


def test_a_deactivated_person_does_not_get_in(client, clock):
    UserFactory(username="G1002", is_active=False)

    answer = client.post(reverse("hotline:login"), {"username": "G1002", "password": PASSWORD})

    assert answer.status_code == 422
    assert "_auth_user_id" not in client.session


def test_the_fifth_wrong_login_locks_for_thirty_minutes(client, user, clock):
    Unit.objects.filter(kind="centre").update(duty_phone="0797-8391234")

    def attempt(password):
        return client.post(reverse("hotline:login"), {"username": "G1001", "password": password})

    codes = [attempt("wrong").status_code for _ in range(5)]
    refused = attempt(PASSWORD)

    assert codes == [422, 422, 422, 422, 429]
    assert refused.status_code == 429
    words = " ".join(
        BeautifulSoup(refused.content, "html.parser").select_one("main").get_text(" ", strip=True).split()
    )
    assert "连续输错 5 次，该工号已在这台电脑上锁定，30 分钟后再试。" in words
    assert "今天 10:45 以后再登录。其间再输，不论对错，时间从头算起。" in words
    assert "请市热线中心的安全管理员解除锁定、重置密码，电话 0797-8391234 。" in words
    assert f'href="{reverse("hotline:login")}"' in refused.content.decode()
    assert [kind for kind, *_ in logged()] == ["login_failed"] * 4 + ["locked_out"] * 2

    clock.shift(timedelta(minutes=31))
    assert attempt(PASSWORD).status_code == 302


def test_an_open_page_asks_who_is_logged_in_now_and_logs_in_again(client, user, clock):
    """What app.js does when the session of a page is gone: a token, the log-in, the token of the new session."""

    def state():
        return client.get(reverse("hotline:session-state")).json()

    nobody = state()
    script = {"X-Requested-With": "fetch", "X-CSRFToken": nobody["token"]}
    client.handler.enforce_csrf_checks = True
    login = reverse("hotline:login")
    wrong = client.post(login, {"username": "G1001", "password": "wrong"}, headers=script)
    right = client.post(login, {"username": "G1001", "password": PASSWORD}, headers=script)
    stale = client.post(reverse("hotline:notices-read"), headers=script)
    fresh = client.post(reverse("hotline:notices-read"), headers=script | {"X-CSRFToken": state()["token"]})

    assert (nobody["user"], nobody["locked"]) == ("", False)
    assert (wrong.status_code, wrong.content.decode()) == (422, "工号或密码不对。连续输错 5 次将锁定 30 分钟。")
    assert (right.status_code, state()["user"]) == (204, "G1001")
    assert stale.status_code == 403
    assert "data-stale-token" in stale.content.decode()
    assert fresh.status_code == 204
    assert not state()["locked"]

    client.post(reverse("hotline:lock"), headers=script | {"X-CSRFToken": state()["token"]})

    assert (state()["user"], state()["locked"]) == ("G1001", True)


def test_logout_ends_the_session(browser):
    answer = browser.post(reverse("hotline:logout"))

    assert (answer.status_code, answer.url) == (302, reverse("hotline:login"))
    assert "_auth_user_id" not in browser.session
    assert [kind for kind, *_ in logged()] == ["login", "logout"]
    assert browser.get(reverse("hotline:logout")).status_code in {302, 405}


# --- the idle lock


def test_answers_say_how_long_the_session_may_be_idle(browser):
    assert browser.get(reverse("hotline:notices")).headers["X-Idle-Seconds"] == "900"


def test_agents_may_be_idle_longer(client, clock):
    UserFactory(username="A1", roles=["agent"])
    client.post(reverse("hotline:login"), {"username": "A1", "password": PASSWORD})

    assert client.get(reverse("hotline:notices")).headers["X-Idle-Seconds"] == "1800"


def test_an_idle_session_is_locked_and_opens_with_the_password(browser, clock):
    clock.shift(timedelta(minutes=16))

    page = browser.get("/notices/?before=9")
    script = browser.get(reverse("hotline:notices"), headers={"HX-Request": "true"})

    assert (page.status_code, page.url) == (302, "/lock/?next=/notices/%3Fbefore%3D9")
    assert (script.status_code, script.content.decode()) == (423, "屏幕已锁定，请输入密码继续。正在写的内容没有动。")

    wrong = browser.post(reverse("hotline:unlock"), {"password": "no"}, headers={"X-Requested-With": "fetch"})
    assert (wrong.status_code, wrong.content.decode()) == (422, "密码不对。")
    right = browser.post(reverse("hotline:unlock"), {"password": PASSWORD}, headers={"X-Requested-With": "fetch"})
    assert right.status_code == 204
    assert browser.get(reverse("hotline:notices")).status_code == 200
    assert [(kind, outcome) for kind, outcome, _ in logged()] == [
        ("login", "done"),
        ("unlock", "refused"),
        ("unlock", "done"),
    ]


def test_the_lock_page_of_an_open_session_leads_to_a_page_only(browser):
    assert [browser.get("/lock/", {"next": named}).url for named in ("/notices/", "notices", "a\0b")] == [
        "/notices/",
        "/",
        "/",
    ]


def test_the_lock_page_unlocks_without_scripts_and_leads_back(browser, clock):
    clock.shift(timedelta(minutes=16))
    browser.get("/notices/")

    page = browser.get("/lock/?next=/notices/")
    answer = browser.post(reverse("hotline:unlock"), {"password": PASSWORD, "next": "/notices/"})

    assert (page.status_code, page.context["next"]) == (200, "/notices/")
    assert (answer.status_code, answer.url) == (302, "/notices/")


def test_a_form_sent_to_a_locked_session_changes_nothing(browser, user, clock):
    services.notify(users=[user], kind="x", number="", at=START, dedupe="1")
    clock.shift(timedelta(minutes=16))

    answer = browser.post(reverse("hotline:notices-read"))

    assert answer.status_code == 423
    assert user.notices.get().read_at is None


def test_work_keeps_the_session_awake_and_the_bell_does_not(browser, clock):
    for _ in range(3):
        clock.shift(timedelta(minutes=10))
        assert browser.get(reverse("hotline:notices")).status_code == 200
    for _ in range(15):
        clock.shift(timedelta(minutes=1))
        assert browser.get(reverse("hotline:notices-bell")).status_code == 200
    clock.shift(timedelta(minutes=1))

    assert browser.get(reverse("hotline:notices-bell")).status_code == 302


def test_the_bell_keeps_awake_when_the_page_says_somebody_is_there(browser, clock):
    for _ in range(20):
        clock.shift(timedelta(minutes=1))
        answer = browser.get(reverse("hotline:notices-bell"), headers={"X-User-Active": "1"})
        assert answer.status_code == 200


def test_locking_by_hand(browser):
    answer = browser.post(reverse("hotline:lock"))

    assert answer.url == reverse("hotline:lock")
    assert browser.get("/notices/").url == "/lock/?next=/notices/"
    assert ("lock", "done", "G1001") in logged()


def test_wrong_passwords_at_the_lock_count_as_failed_logins(browser):
    browser.post(reverse("hotline:lock"))

    answers = [
        browser.post(reverse("hotline:unlock"), {"password": "no"}, headers={"X-Requested-With": "fetch"})
        for _ in range(5)
    ]

    assert [answer.status_code for answer in answers] == [422, 422, 422, 422, 429]


# --- passwords


@pytest.fixture
def newcomer(client, clock):
    user = UserFactory(username="G2001", must_change_password=True)
    client.post(reverse("hotline:login"), {"username": "G2001", "password": PASSWORD})
    return user


def change(client, new, old=PASSWORD, again=None):
    return client.post(
        reverse("hotline:password"), {"old_password": old, "new_password1": new, "new_password2": again or new}
    )


def test_a_given_password_must_be_changed_first(client, newcomer):
    assert client.get("/notices/").url == reverse("hotline:password")
    assert client.get(reverse("hotline:password")).context["forced"] is True
    script = client.get("/notices/", headers={"HX-Request": "true"})
    assert (script.status_code, script.content.decode()) == (403, "请先修改密码。")

    assert change(client, NEW).url == "/"

    newcomer.refresh_from_db()
    assert newcomer.check_password(NEW)
    assert (newcomer.must_change_password, newcomer.password_changed_at) == (False, START)
    assert client.get("/notices/").status_code == 200
    assert [kind for kind, *_ in logged()] == ["login", "password"]


@pytest.mark.parametrize(
    ("new", "field", "message"),
    [
        ("Ab1-short", "new_password1", "密码至少 10 个字符。"),
        ("alllowercase", "new_password1", "密码须包含大写字母、小写字母、数字、符号中的至少 3 种。"),
        (PASSWORD, "new_password1", "不能与最近 5 次用过的密码相同。"),
    ],
)
def test_a_weak_password_is_refused_with_the_reason(client, newcomer, new, field, message):
    answer = change(client, new)

    assert answer.status_code == 422
    assert answer.context["form"].errors == {field: [message]}
    newcomer.refresh_from_db()
    assert newcomer.check_password(PASSWORD)
    assert newcomer.must_change_password


def test_the_old_password_and_the_repetition_must_be_right(client, newcomer):
    assert change(client, NEW, old="no").context["form"].errors == {"old_password": ["现在的密码不对。"]}
    assert change(client, NEW, again="x").context["form"].errors == {"new_password2": ["两次输入的新密码不一样。"]}


def test_nobody_guesses_the_password_of_a_page_left_open(client, newcomer):
    answers = [change(client, NEW, old="no") for _ in range(5)]
    refused = change(client, NEW)

    assert [answer.status_code for answer in answers] == [422, 422, 422, 422, 429]
    assert refused.status_code == 429
    newcomer.refresh_from_db()
    assert newcomer.check_password(PASSWORD)
    assert ("password", "refused", newcomer.username) in logged()


def test_the_last_five_passwords_are_not_used_again(user):
    later = START
    for number in range(4):
        later += timedelta(days=1)
        services.change_password(user=user, password=f"Gan-Jiang-{number}", at=later)

    for used in (PASSWORD, "Gan-Jiang-0", "Gan-Jiang-3"):
        with pytest.raises(services.PasswordRefused, match="最近 5 次"):
            services.change_password(user=user, password=used, at=later)
    services.change_password(user=user, password="Gan-Jiang-4", at=later)
    services.change_password(user=user, password=PASSWORD, at=later)


def test_a_password_grows_old(user):
    services.change_password(user=user, password=NEW, at=START)

    assert not services.must_change_password(user, START + timedelta(days=90))
    assert services.must_change_password(user, START + timedelta(days=91))
    user.is_demo = True
    assert not services.must_change_password(user, START + timedelta(days=91))


def test_pages_that_need_no_login(client, rules):
    assert client.get("/notices/").url == "/login/?next=/notices/"
    assert client.get("/login/").status_code == 200
