import pytest
from django.contrib.auth.models import Group, Permission
from django.template.loader import render_to_string
from django.test import RequestFactory

from hotline import context
from hotline.models import Unit


@pytest.fixture
def counts():
    before = dict(context._counts)
    yield
    context._counts.clear()
    context._counts.update(before)


@pytest.fixture
def pages(settings):
    settings.ROOT_URLCONF = "tests.frontend.urls"


def grant(person, *codenames):
    group = Group.objects.create(name="some")
    group.permissions.set(Permission.objects.filter(codename__in=codenames))
    person.groups.add(group)


def shell_of(person, path="/"):
    request = RequestFactory().get(path)
    request.user = person
    return context.shell(request)["shell"]


def test_entries_without_a_page_or_a_right_are_left_out(person, pages):
    assert [entry["label"] for entry in shell_of(person).rail] == ["工作台"]


def test_administrators_reach_the_management_site(person, pages):
    person.is_superuser = person.is_staff = True
    person.save()

    assert [entry["label"] for entry in shell_of(person).rail] == ["工作台", "工单", "管理"]


def test_the_entry_of_the_page_is_marked(person, pages):
    person.is_superuser = True
    person.save()

    entries = shell_of(person, "/tickets/GZ261009000087/").rail

    assert [(entry["label"], entry["current"]) for entry in entries] == [("工作台", False), ("工单", True)]


def test_counts_are_capped_and_kept_for_a_while(person, pages, counts, monkeypatch):
    calls = []

    def waiting(user):
        calls.append(user)
        return 250, True

    monkeypatch.setattr(context, "RAIL", (context.Entry("收件", "inbox", "tickets:ticket-list", queue="inbox"),))
    context.register_count("inbox", waiting)

    first, second = shell_of(person).rail, shell_of(person).rail

    assert first == second
    assert (first[0]["shown"], first[0]["hot"], calls) == ("99+", True, [person])

    context.forget_shell(person)
    shell_of(person).rail  # noqa: B018 -- reading is the act
    assert calls == [person, person]


def test_idle_time_is_what_the_middleware_allows(person, rf):
    request = rf.get("/")
    request.user, request.idle_seconds = person, 600

    assert context.shell(request)["shell"].idle_seconds == 600


def test_who_is_shown_by_unit_and_masked(person, pages):
    person.unit = Unit(code="X", name="章贡区城市管理局", short_name="章贡区城管局", kind=Unit.Kind.COUNTY_DEPARTMENT)

    assert shell_of(person).who == "刘* · 章贡区城管局"


def test_anonymous_visitors_have_no_shell(rf):
    assert context.shell(rf.get("/")) == {"shell": {}}


def test_a_fragment_asks_the_database_nothing(person, pages, django_assert_num_queries):
    with django_assert_num_queries(0):
        shell_of(person)


def test_the_frame_of_a_page(person, pages, rf):
    person.is_demo = True
    request = rf.get("/")
    request.user, request.idle_seconds = person, 900

    page = render_to_string("base.html", request=request)

    assert '<aside class="demo" aria-label="演示">演示账号：人和事都是编的，不要录入真实诉求。</aside>' in page
    assert (
        '<a href="/" data-go="w" aria-current="page"><i class="ti ti-home" aria-hidden="true"></i>工作台</a>' in page
    )
    assert '<form class="find"' not in page
    assert 'data-idle-seconds="900"' in page
    assert page.count("<main") == 1
