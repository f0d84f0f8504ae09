"""The end of the demonstration: nobody loses work, nobody is locked out, and what is refused changes nothing."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from hotline.models import SecurityLog, User
from hotline.roles import ADMINISTRATORS, role_name
from hotline.services import sync_roles
from tests.factories.channels_merge import make_appeal
from tests.factories.hotline import UserFactory, load_rules
from tests.factories.tickets import NOW, make_city, signed
from tickets import services as tickets

pytestmark = pytest.mark.django_db


@pytest.fixture
def note(settings, tmp_path):
    """The supervisor's note of a demonstration that was loaded."""
    settings.STATE_DIR = tmp_path
    file = tmp_path / "demonstration.json"
    file.write_text(json.dumps({"stage": "loaded", "password": "Gan-Zhou-12345"}))
    return file


@pytest.fixture
def people(note):
    load_rules()
    city = make_city()
    User.objects.update(is_demo=True)
    city.administrators = [UserFactory(username=f"REAL-{role}", roles=(role,)) for role in ADMINISTRATORS]
    return city


def go_live(*arguments):
    out = StringIO()
    call_command("go_live", *arguments, stdout=out)
    return out.getvalue().strip()


def active():
    return User.objects.filter(is_demo=True, is_active=True).count()


def test_the_demonstration_accounts_are_closed_and_the_ready_line_forgets_them(people, note):
    before = active()

    assert go_live() == f"演示已结束：停用了 {before} 个演示账号。"

    assert (active(), note.exists()) == (0, False)
    assert list(User.objects.filter(is_active=True).order_by("pk")) == people.administrators
    assert SecurityLog.objects.filter(kind="person").count() == before
    assert go_live() == "演示已结束：停用了 0 个演示账号。"


@pytest.mark.parametrize("role", ADMINISTRATORS)
def test_nobody_is_locked_out(people, note, role):
    User.objects.get(username=f"REAL-{role}").delete()
    before = active()

    with pytest.raises(CommandError, match=f"还没有正式的{role_name(role)}，"):
        go_live()

    assert (active(), note.exists()) == (before, True)


def test_it_waits_for_the_loading(people, note):
    note.write_text(json.dumps({"stage": "loading", "password": "Gan-Zhou-12345"}))

    with pytest.raises(CommandError, match="演示数据还在载入"):
        go_live()


def test_invented_matters_stay_only_when_told(people):
    make_appeal(source_number="demo-1")
    before = active()

    with pytest.raises(CommandError, match="库里有 1 件演示诉求"):
        go_live()
    assert active() == before

    said = go_live("--keep-demo-data")
    assert said == f"演示已结束：停用了 {before} 个演示账号；1 件演示诉求和它们的工单留在库里。"
    assert active() == 0


def test_whoever_has_work_in_hand_is_named_and_nobody_is_closed(people):
    tickets.name_handler(assignment_id=signed(people).lead_id, handler=people.handler, by=people.liaison, at=NOW)
    before = active()

    with pytest.raises(CommandError, match=f"{people.handler.username}：张伟还有 1 件在办"):
        go_live()

    assert active() == before


def test_the_management_pages_of_a_demonstration_account_carry_the_red_bar(client, db):
    load_rules()
    sync_roles()
    person = UserFactory(roles=("administrator",), is_demo=True)
    bar = '<div class="demo" role="note">演示账号：人和事都是编的，不要录入真实诉求。</div>'
    client.force_login(person, "django.contrib.auth.backends.ModelBackend")
    assert bar in client.get("/admin/").content.decode()

    User.objects.update(is_demo=False)
    assert bar not in client.get("/admin/").content.decode()
