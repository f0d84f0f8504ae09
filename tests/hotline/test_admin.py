import re
from datetime import timedelta

import pytest
import time_machine
from bs4 import BeautifulSoup
from django.apps import apps
from django.contrib.admin import site
from django.contrib.admin.utils import label_for_field
from django.test import Client
from django.urls import reverse

from hotline import services
from hotline.admin import UnitAdmin, UserAdmin
from hotline.models import CalendarYear, Parameter, SecurityLog, Unit, User, WorkInterval
from hotline.signals import work_in_hand
from tests.factories.hotline import UnitFactory, UserFactory
from tests.hotline.calendars import at
from tests.hotline.clocks import make_clock
from tickets.models import TicketClock

pytestmark = pytest.mark.usefixtures("rules")

START = at("2026-12-29 10:00")


@pytest.fixture
def clock():
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def administrator():
    return UserFactory(username="ADM", roles=["administrator"])


@pytest.fixture
def browser(client, administrator, clock):
    client.force_login(administrator)
    return client


@pytest.fixture
def security(clock):
    """The security administrator's browser."""
    client = Client()
    client.force_login(UserFactory(username="SEC", roles=["security_administrator"]))
    return client


@pytest.fixture
def audit(clock):
    client = Client()
    client.force_login(UserFactory(username="AUD", roles=["audit_administrator"]))
    return client


def errors(answer):
    return [str(error) for error in answer.context["form"].non_field_errors()]


def test_only_administrators_get_in(client, clock):
    assert client.get("/admin/", follow=True).redirect_chain[-1] == ("/login/?next=/admin/", 302)

    client.force_login(UserFactory(roles=["reviewer", "unit_head"]))
    assert client.get("/admin/", follow=True).status_code == 403
    client.force_login(UserFactory(roles=["administrator"]))
    assert client.get("/admin/login/").url == "/admin/"


def test_administrators_see_no_business_rows_and_each_their_own_pages(browser, security, audit):
    shown = [
        {model["object_name"] for app in who.get("/admin/").context["app_list"] for model in app["models"]}
        for who in (browser, security, audit)
    ]

    assert shown == [
        {
            "CalendarDay",
            "CalendarYear",
            "Category",
            "Governance",
            "Parameter",
            "Region",
            "Unit",
            "User",
            "WorkInterval",
        },
        {"User"},
        {"SecurityLog"},
    ]


@pytest.mark.parametrize(
    ("page", "statuses"),
    [
        ("user_add", (200, 403, 403)),
        ("user_deactivate", (200, 403, 403)),
        ("user_roles", (403, 200, 403)),
        ("user_reset", (403, 200, 403)),
        ("parameter_add", (200, 403, 403)),
        ("securitylog_changelist", (403, 403, 200)),
    ],
)
def test_who_keeps_the_system_gives_no_rights_and_reads_no_log_of_it(browser, security, audit, page, statuses):
    args = [] if page.endswith(("add", "changelist")) else [UserFactory().pk]
    address = reverse(f"admin:hotline_{page}", args=args)

    assert tuple(who.get(address).status_code for who in (browser, security, audit)) == statuses


@pytest.mark.parametrize(
    ("model", "page"),
    [("calendaryear", "calendaryear"), ("calendarday", "calendaryear"), ("workinterval", "workinterval")],
)
def test_the_overview_leads_to_the_publication_of_calendar_and_hours(browser, model, page):
    add = reverse(f"admin:hotline_{model}_add")

    assert f'href="{add}"' in browser.get("/admin/").content.decode()
    assert browser.get(add).url == reverse(f"admin:hotline_{page}_publish")


def test_no_english_stands_in_the_overview(browser):
    page = BeautifulSoup(browser.get("/admin/").content.decode(), "html.parser")

    assert not re.search("[A-Za-z]{2}", page.body.get_text())


@pytest.mark.parametrize(
    "model", ["region", "unit", "user", "calendaryear", "calendarday", "workinterval", "parameter"]
)
def test_every_list_opens(browser, model):
    assert browser.get(reverse(f"admin:hotline_{model}_changelist")).status_code == 200


def person(unit, **fields):
    return {
        "username": "G9",
        "name": "刘敏",
        "unit": unit.pk,
        "employment": "staff",
        "away_from_0": "",
        "away_from_1": "",
        "away_until_0": "",
        "away_until_1": "",
        **fields,
    }


def test_one_makes_a_person_and_another_gives_roles_and_a_password_once(browser, security):
    answer = browser.post(reverse("admin:hotline_user_add"), person(UnitFactory()), follow=True)
    user = User.objects.get(username="G9")
    assert "刘敏（G9）还不能登录，请安全管理员给角色和初始密码。" in [str(m) for m in answer.context["messages"]]
    assert (user.has_usable_password(), user.groups.count()) == (False, 0)

    security.post(reverse("admin:hotline_user_roles", args=[user.pk]), {"roles": ["handler"]})
    answer = security.post(reverse("admin:hotline_user_reset", args=[user.pk]))

    user = User.objects.get(username="G9")
    password = answer.content.decode().split("新密码：")[1].split("。")[0]
    assert user.check_password(password)
    assert password not in str(answer.cookies) + str(security.cookies)
    assert "no-store" in answer["Cache-Control"]
    assert (user.must_change_password, user.is_staff) == (True, False)
    assert list(user.groups.values_list("name", flat=True)) == ["handler"]
    assert [(row.kind, row.subject, row.user.username) for row in SecurityLog.objects.order_by("pk")] == [
        ("person", "新增 G9", "ADM"),
        ("role", "G9：无 → 经办人", "SEC"),
        ("password", "重置 G9", "SEC"),
    ]


def test_nobody_is_away_since_the_first_year_of_all(browser):
    """A row with such a time could not be read again: the list of people, and the log-in of this one, would end in an error."""
    away = {"away_from_0": "0001-01-01", "away_from_1": "00:00:00"}

    answer = browser.post(reverse("admin:hotline_user_add"), person(UnitFactory(), **away))

    assert answer.context["adminform"].form.errors == {"away_from": ["离岗起的年份不对。"]}
    assert not User.objects.filter(username="G9").exists()


@pytest.mark.parametrize("roles", [["security_administrator", "agent"], ["administrator", "audit_administrator"]])
def test_roles_that_exclude_each_other_are_refused_on_the_page(security, roles):
    user = UserFactory(roles=["handler"])

    answer = security.post(reverse("admin:hotline_user_roles", args=[user.pk]), {"roles": roles})

    assert (answer.status_code, errors(answer)) == (
        422,
        ["系统管理员、安全管理员、审计管理员不得互相兼任，也不得兼任业务角色。"],
    )
    assert list(user.groups.values_list("name", flat=True)) == ["handler"]


def test_nobody_gives_themselves_another_role(security):
    own = User.objects.get(username="SEC")

    answer = security.post(reverse("admin:hotline_user_roles", args=[own.pk]), {"roles": ["reviewer"]})

    assert errors(answer) == ["不能改自己的角色，请另一位安全管理员改。"]
    assert list(own.groups.values_list("name", flat=True)) == ["security_administrator"]


def test_bad_input_about_a_person_is_refused(browser):
    unit, other = UnitFactory(), UserFactory()
    answer = browser.post(
        reverse("admin:hotline_user_add"),
        person(unit, deputy=other.pk, away_until_0="2026-12-30", away_until_1="08:00"),
    )

    assert answer.context["adminform"].form.errors == {
        "deputy": ["代理人须是同一单位的另一人。"],
        "away_until": ["离岗止须晚于离岗起。"],
    }
    assert not User.objects.filter(username="G9").exists()


def test_an_administrator_is_nobodys_deputy(browser, administrator):
    """By naming themselves they would have had the rights of whoever they say is away."""
    user = UserFactory(username="G9", name="刘敏", unit=administrator.unit)
    change = reverse("admin:hotline_user_change", args=[user.pk])
    own = reverse("admin:hotline_user_change", args=[administrator.pk])

    answers = [
        browser.post(change, person(administrator.unit, deputy=administrator.pk)),
        browser.post(own, person(administrator.unit, username="ADM", deputy=user.pk)),
    ]

    refused = {"deputy": ["系统管理员、安全管理员、审计管理员不代理别人，也不由别人代理。"]}
    assert [answer.context["adminform"].form.errors for answer in answers] == [refused, refused]


def test_a_person_is_closed_and_a_password_reset_on_their_pages(browser, security):
    user = UserFactory(username="G9")

    reset = security.post(reverse("admin:hotline_user_reset", args=[user.pk]))
    closed = browser.post(reverse("admin:hotline_user_deactivate", args=[user.pk]), {"heir": ""})
    again = browser.post(reverse("admin:hotline_user_deactivate", args=[user.pk]), {"heir": ""})

    user.refresh_from_db()
    assert "新密码：" in reset.content.decode()
    assert (closed.status_code, user.is_active, user.must_change_password) == (302, False, True)
    assert (again.status_code, errors(again)) == (422, ["王小明（G9）已经停用。"])


def test_a_unit_is_abolished_on_its_page(browser):
    unit, successor = UnitFactory(), UnitFactory()
    UserFactory(unit=unit)
    url = reverse("admin:hotline_unit_abolish", args=[unit.pk])

    refused = browser.post(url, {"successor": ""})
    done = browser.post(url, {"successor": successor.pk})

    assert (refused.status_code, errors(refused)) == (422, [f"{unit.name}还有 1 名在用人员，请先停用或指定承接单位。"])
    assert done.status_code == 302
    assert Unit.objects.get(pk=unit.pk).successor == successor


def test_an_end_that_came_while_a_page_was_saved_stays(browser, monkeypatch):
    """The page is saved with what was typed on it, not with everything that was read for it."""
    user, unit = UserFactory(username="G9", unit=UnitFactory()), UnitFactory()

    def ended_meanwhile(page, request, object_id, from_field=None):
        read = page.model.objects.get(pk=object_id)
        if isinstance(read, User):
            services.deactivate_person(user=read, heir=None, by=None, at=START)
        else:
            services.abolish_unit(unit=read, successor=None, by=None, at=START)
        return read

    monkeypatch.setattr(UserAdmin, "get_object", ended_meanwhile)
    monkeypatch.setattr(UnitAdmin, "get_object", ended_meanwhile)
    browser.post(reverse("admin:hotline_user_change", args=[user.pk]), person(user.unit, name="刘芳"))
    browser.post(
        reverse("admin:hotline_unit_change", args=[unit.pk]),
        {"name": "市新城局", "short_name": unit.short_name, "function": "", "duty_phone": "", "duty_hours": ""},
    )

    user, unit = User.objects.get(pk=user.pk), Unit.objects.get(pk=unit.pk)
    assert (user.name, user.is_active) == ("刘芳", False)
    assert (unit.name, unit.valid_until) == ("市新城局", START.date())


def test_what_is_in_hand_is_shown_before_somebody_goes(browser):
    unit = UnitFactory()
    user = UserFactory(unit=unit)
    pages = [
        reverse("admin:hotline_unit_abolish", args=[unit.pk]),
        reverse("admin:hotline_user_deactivate", args=[user.pk]),
    ]

    def notes():
        return [browser.get(page).context["notes"] for page in pages]

    assert notes() == [["在用人员 1 名。"], ["名下没有在办的。"]]

    def say(sender, who, **kwargs):
        return f"{who.pk} 的在办工单 1 件。"

    work_in_hand.connect(say)
    try:
        moved = browser.post(
            reverse("admin:hotline_user_change", args=[user.pk]), person(UnitFactory(), username=user.username)
        )
        assert moved.context["adminform"].form.errors == {
            "unit": [f"名下还有{user.pk} 的在办工单 1 件。先交给同事，再改单位。"]
        }
        assert notes() == [["在用人员 1 名。", f"{unit.pk} 的在办工单 1 件。"], [f"{user.pk} 的在办工单 1 件。"]]
    finally:
        work_in_hand.disconnect(say)


def test_a_calendar_is_shown_first_and_published_on_confirmation(browser):
    make_clock(started_at=START, limit="3wd")
    url = reverse("admin:hotline_calendaryear_publish")
    data = {"year": 2027, "source": "通知", "days": "2027-01-01,元旦,休\n2026-12-31，元旦，休\n"}

    shown = browser.post(url, data)
    assert [(move.old_due_at, move.new_due_at) for move in shown.context["rows"]] == [
        (at("2027-01-01 17:30"), at("2027-01-05 17:30"))
    ]
    assert "<tr><td>办理</td><td>" in shown.content.decode()
    assert not CalendarYear.objects.filter(year=2027).exists()
    done = browser.post(url, data | {"confirmed": "on"}, follow=True)

    assert "2027 年日历已发布，1 个在计时限已按新日历调整。" in [str(m) for m in done.context["messages"]]
    assert CalendarYear.objects.get(year=2027).source == "通知"


def test_a_calendar_line_that_cannot_be_read_is_named(browser):
    answer = browser.post(
        reverse("admin:hotline_calendaryear_publish"),
        {"year": 2027, "source": "x", "days": "2027-01-01,元旦,休\n元旦"},
    )

    assert answer.status_code == 422
    assert answer.context["form"].errors == {"days": ["第 2 行看不懂，应写成 2027-01-01,元旦,休。"]}


def test_summer_hours_are_shown_first_and_published_on_confirmation(browser):
    make_clock(started_at=START, limit="3wd")
    url = reverse("admin:hotline_workinterval_publish")
    data = {"valid_from": "2027-01-01", "source": "夏季作息通知", "intervals": "09:00-12:00\n15：00-18:00\n"}

    shown = browser.post(url, data)
    assert [(move.old_due_at, move.new_due_at) for move in shown.context["rows"]] == [
        (at("2027-01-01 17:30"), at("2027-01-01 18:00"))
    ]
    assert WorkInterval.objects.count() == 2
    done = browser.post(url, data | {"confirmed": "on"}, follow=True)

    assert "2027-01-01 起的上班时段已发布，1 个在计时限已按新日历调整。" in [str(m) for m in done.context["messages"]]
    assert TicketClock.objects.get().due_at == at("2027-01-01 18:00")


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"intervals": "九点到十二点"}, {"intervals": ["第 1 行看不懂，应写成 08:30-12:00。"]}),
        ({"valid_from": "2026-12-29"}, {"__all__": ["上班时段只能从明天或以后的日期起改，未发布。"]}),
        ({"intervals": "12:00-09:00"}, {"__all__": ["下班时间须晚于上班时间，未发布。"]}),
        ({"intervals": "09:00-12:00\n11:00-18:00"}, {"__all__": ["上班时段互相重叠，未发布。"]}),
    ],
)
@pytest.mark.parametrize("confirmed", [{}, {"confirmed": "on"}], ids=["looked at", "confirmed"])
def test_hours_that_make_no_sense_are_refused(browser, change, error, confirmed):
    data = {"valid_from": "2027-06-01", "source": "x", "intervals": "09:00-12:00"}

    answer = browser.post(reverse("admin:hotline_workinterval_publish"), data | change | confirmed)

    assert (answer.status_code, answer.context["form"].errors) == (422, error)
    assert answer.context["rows"] is None
    assert WorkInterval.objects.count() == 2


@pytest.mark.parametrize(
    ("who", "page"),
    [
        ("browser", "unit_abolish"),
        ("browser", "user_deactivate"),
        ("security", "user_reset"),
        ("security", "user_roles"),
    ],
)
def test_a_page_of_nobody_is_not_found(request, clock, who, page):
    assert request.getfixturevalue(who).get(reverse(f"admin:hotline_{page}", args=[999_999])).status_code == 404


def test_a_parameter_gets_a_new_value_from_a_date_on(browser):
    url = reverse("admin:hotline_parameter_add")
    good = {"key": "limit.help", "value": "5wd", "valid_from_0": "2027-02-01", "valid_from_1": "00:00", "source": "x"}

    bad = browser.post(url, good | {"value": "5"})
    done = browser.post(url, good)

    assert bad.context["adminform"].form.non_field_errors() == ["参数“limit.help”的取值应为时限，如“7wd”。"]
    assert done.status_code == 302
    assert Parameter.objects.get(key="limit.help", value="5wd").valid_from == at("2027-02-01 00:00")


def test_a_new_value_is_chosen_by_what_it_is_for_and_keeps_its_note(browser):
    url = reverse("admin:hotline_parameter_add")
    choices = dict(browser.get(url).context["adminform"].form.fields["key"].choices)
    old = Parameter.objects.get(key="limit.help")
    browser.post(url, {"key": "limit.help", "value": "5wd", "valid_from_0": "", "valid_from_1": "", "source": "x"})

    assert next(iter(choices)) == ""
    assert choices["limit.help"] == f"{old.note}，现为 7wd（limit.help）"
    assert old.note
    assert Parameter.objects.get(key="limit.help", value="5wd").note == old.note


def test_a_limit_is_said_in_words(browser):
    page = browser.get(reverse("admin:hotline_parameter_changelist"), {"q": "limit.help"})

    assert "7 个工作日" in page.content.decode()


def test_a_value_that_was_laid_down_is_read(browser):
    row = Parameter.objects.filter(key="limit.help").get()
    page = browser.get(reverse("admin:hotline_parameter_change", args=[row.pk]))

    assert (page.status_code, "limit.help" in page.content.decode()) == (200, True)
    assert list(page.context["adminform"].form.fields) == []


def test_people_are_found_by_the_name_of_their_role(browser, administrator):
    UserFactory(username="G7", roles=["reviewer"])

    page = browser.get(reverse("admin:hotline_user_changelist"), {"role": "administrator"})

    assert list(page.context["cl"].queryset) == [administrator]
    [roles] = [spec for spec in page.context["cl"].filter_specs if spec.title == "角色"]
    names = {str(choice["display"]) for choice in roles.choices(page.context["cl"])}
    assert {"系统管理员", "审核员"} < names
    assert names.isdisjoint({"administrator", "reviewer"})


def test_every_name_of_the_management_site_is_chinese():
    english = [
        str(name)
        for model, page in site._registry.items()
        for name in (
            apps.get_app_config(model._meta.app_label).verbose_name,
            model._meta.verbose_name,
            *(label_for_field(column, model, page) for column in page.get_list_display(None)),
            *(field.verbose_name for field in model._meta.fields if not field.primary_key),
        )
        if not re.search("[\u4e00-\u9fff]", str(name))
    ]

    assert english == []


def test_locked_out_people_are_let_in_again(security):
    user = UserFactory(username="G9")

    answer = security.post(
        reverse("admin:hotline_user_changelist"),
        {"action": "forget_failed_logins", "_selected_action": [user.pk]},
        follow=True,
    )

    assert "已解除 1 个工号的登录锁定。" in [str(m) for m in answer.context["messages"]]
    assert [(row.kind, row.subject, row.user.username) for row in SecurityLog.objects.all()] == [
        ("locked_out", "解除 G9", "SEC")
    ]


def test_reading_pages_do_not_change(audit, clock):
    services.log_security(kind="login", user=None, at=START - timedelta(days=1))
    row = SecurityLog.objects.get()

    assert audit.get(reverse("admin:hotline_securitylog_add")).status_code == 403
    assert audit.post(reverse("admin:hotline_securitylog_delete", args=[row.pk])).status_code == 403
    assert audit.get(reverse("admin:hotline_securitylog_change", args=[row.pk])).status_code == 200
