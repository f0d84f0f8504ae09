from datetime import date, timedelta
from io import StringIO
from itertools import combinations

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import CommandError, call_command
from django.dispatch import receiver

from hotline import selectors, services
from hotline.errors import DomainError
from hotline.models import SecurityLog, Unit, User
from hotline.rights import has_right
from hotline.roles import ADMINISTRATORS, ROLES, Role, role_name
from hotline.signals import person_deactivated, unit_abolished
from tests.factories.hotline import (
    CentreFactory,
    CountyDepartmentFactory,
    UnitFactory,
    UserFactory,
)

pytestmark = pytest.mark.usefixtures("rules")


# --- roles


def test_the_roles_have_chinese_names():
    assert {code: role.name for code, role in ROLES.items()} == {
        "agent": "话务员",
        "dispatcher": "派单员",
        "liaison": "联络员",
        "handler": "经办人",
        "unit_head": "单位负责人",
        "county_centre": "县级热线中心工作人员",
        "follow_up_agent": "回访员",
        "reviewer": "审核员",
        "centre_head": "热线中心负责人",
        "channel_manager": "渠道管理员",
        "petition_officer": "信访专员",
        "grid_worker": "网格员",
        "legal_reviewer": "清单合法性审核人",
        "staffing_reviewer": "清单职责审核人",
        "leader": "领导",
        "administrator": "系统管理员",
        "security_administrator": "安全管理员",
        "audit_administrator": "审计管理员",
    }
    assert role_name("handler") == "经办人"


def test_administrators_have_no_business_data_and_nothing_in_common():
    held = {code: set(ROLES[code].permissions) for code in ADMINISTRATORS}

    assert {code: {name.split(".")[0] for name in names} for code, names in held.items()} == {
        "administrator": {"hotline", "responsibility"},
        "security_administrator": {"hotline"},
        "audit_administrator": {"hotline"},
    }
    # Who gives roles must find the people; nothing else is shared.
    assert [one & other for one, other in combinations(held.values(), 2)] == [{"hotline.view_user"}, set(), set()]


@pytest.mark.parametrize("code", ROLES)
def test_what_a_role_may_do_is_known_by_its_name_and_is_what_its_rows_say(code, django_assert_num_queries):
    user = UserFactory(roles=[code])
    rows = Permission.objects.filter(group__user=user).values_list("content_type__app_label", "codename")

    with django_assert_num_queries(1) as asked:  # the names of the roles
        held = user.get_all_permissions()

    assert held == {f"{app}.{codename}" for app, codename in rows} == set(ROLES[code].permissions)
    assert "auth_group_permissions" not in "".join(query["sql"] for query in asked.captured_queries)


def test_a_group_that_is_no_role_gives_nothing():
    user = UserFactory()
    user.groups.add(Group.objects.create(name="retired"))

    assert user.get_all_permissions() == set()


@pytest.mark.parametrize(
    ("permission", "roles"),
    # Who sees and does what.
    [
        ("tickets.dispatch_ticket", {"dispatcher"}),
        ("tickets.view_all_tickets", {"dispatcher", "reviewer", "centre_head"}),
        ("tickets.decide_extension", {"reviewer", "county_centre"}),
        ("tickets.extend_again", {"centre_head"}),
        ("tickets.rule_dispute", {"reviewer"}),
        ("tickets.view_followup_tickets", {"follow_up_agent"}),
        ("evaluation.follow_up", {"follow_up_agent"}),
        ("tickets.view_public_progress", {"agent"}),
        ("tickets.approve_result", {"unit_head", "county_centre"}),
        ("tickets.handle_ticket", {"liaison", "handler", "unit_head", "county_centre"}),
        ("channels_merge.use_desk", {"agent"}),
        ("channels_merge.manage_channels", {"channel_manager"}),
        ("channels_merge.issue_channel_key", {"channel_manager"}),
        ("channels_merge.manage_lines", {"channel_manager"}),
        ("channels_merge.manage_seats", {"channel_manager"}),
        ("channels_merge.hear_recording", {"reviewer"}),
        ("channels_merge.propose_channel", {"liaison", "unit_head", "county_centre"}),
        ("channels_merge.view_petitions", {"dispatcher", "reviewer", "channel_manager", "petition_officer"}),
        ("channels_merge.read_petitions", {"reviewer", "petition_officer"}),
        ("channels_merge.decide_petition_match", {"reviewer"}),
        ("supervision.view_joint", {"reviewer"}),
        ("channels_merge.do_grid_check", {"grid_worker"}),
        ("channels_merge.view_grid", {"dispatcher", "liaison", "unit_head", "county_centre", "channel_manager"}),
        ("tickets.visit_onsite", {"liaison", "handler", "unit_head", "county_centre", "grid_worker"}),
        ("hotline.view_security_log", {"audit_administrator"}),
        ("hotline.assign_roles", {"security_administrator"}),
        ("hotline.add_user", {"administrator"}),
        ("responsibility.edit_duty_list", {"administrator"}),
        ("responsibility.publish_duty_list", {"administrator"}),
        ("responsibility.view_routing", {"administrator", "dispatcher", "reviewer", "centre_head"}),
        ("responsibility.choose_routing_model", {"administrator"}),
        ("responsibility.try_routing", {"dispatcher", "administrator"}),
        ("responsibility.automate_items", {"administrator"}),
        ("responsibility.give_legal_opinion", {"legal_reviewer"}),
        ("responsibility.give_staffing_opinion", {"staffing_reviewer"}),
        ("responsibility.change_governance", {"administrator"}),
    ],
)
def test_who_holds_a_permission(permission, roles):
    assert {code for code, role in ROLES.items() if permission in role.permissions} == roles


def test_no_role_names_a_permission_twice():
    assert [code for code, role in ROLES.items() if len(set(role.permissions)) != len(role.permissions)] == []


def test_synchronising_makes_groups_exact_and_can_run_again():
    services.sync_roles()
    agent = Group.objects.get(name="agent")
    agent.permissions.add(Permission.objects.get(codename="view_security_log"))
    agent.permissions.remove(Permission.objects.get(codename="view_public_progress"))

    services.sync_roles()

    held = {f"{app}.{name}" for app, name in agent.permissions.values_list("content_type__app_label", "codename")}
    assert held == set(ROLES["agent"].permissions)
    assert set(Group.objects.values_list("name", flat=True)) == set(ROLES)


def test_a_permission_that_no_room_defines_is_refused(monkeypatch):
    monkeypatch.setitem(ROLES, "leader", Role("leader", "领导", ("tickets.fly",)))

    with pytest.raises(CommandError, match=r"以下权限没有任何模块定义：tickets\.fly。"):
        call_command("sync_roles", stdout=StringIO())


@pytest.mark.parametrize("role", ADMINISTRATORS)
def test_the_first_of_each_administrator_is_appointed_once(now, role):
    services.sync_roles()
    UserFactory(username="DEMO", is_demo=True, roles=[role])
    out = StringIO()

    call_command("appoint_administrator", "G1", "钟敏", "--role", role, stdout=out)

    user = User.objects.get(username="G1")
    assert user.check_password(out.getvalue().split("初始密码：")[1].split("。")[0])
    assert (user.name, user.unit.kind, user.is_staff, user.must_change_password) == ("钟敏", "centre", True, True)
    assert list(user.groups.values_list("name", flat=True)) == [role]
    with pytest.raises(CommandError, match=f"已有{role_name(role)}"):
        call_command("appoint_administrator", "G2", "刘平", "--role", role, stdout=StringIO())
    assert not User.objects.filter(username="G2").exists()


def test_a_number_in_use_is_no_first_administrator():
    UserFactory(username="G1")

    with pytest.raises(CommandError, match="工号 G1 已有人使用。"):
        call_command("appoint_administrator", "G1", "钟敏", stdout=StringIO())


def test_giving_roles_is_logged(now):
    admin, user = UserFactory(roles=["administrator"]), UserFactory(username="G7", roles=["handler"])

    services.set_roles(user=user, roles=["handler", "unit_head"], by=admin, at=now)
    services.set_roles(user=user, roles=["unit_head", "handler"], by=admin, at=now)

    assert set(user.groups.values_list("name", flat=True)) == {"handler", "unit_head"}
    row = SecurityLog.objects.get()
    assert (row.kind, row.subject, row.user) == ("role", "G7：经办人 → 经办人、单位负责人", admin)


@pytest.mark.parametrize(
    ("roles", "message"), [(["administrator", "agent"], "也不得兼任业务角色"), (["king"], "没有“king”这个角色")]
)
def test_roles_that_exclude_each_other_are_refused(now, roles, message):
    user = UserFactory(roles=["handler"])

    with pytest.raises(services.PersonRefused, match=message):
        services.set_roles(user=user, roles=roles, by=None, at=now)

    assert set(user.groups.values_list("name", flat=True)) == {"handler"}


def test_people_with_a_right():
    unit = UnitFactory()
    head, _, elsewhere = (
        UserFactory(unit=unit, roles=["unit_head"]),
        UserFactory(unit=unit, roles=["handler"]),
        UserFactory(roles=["unit_head"]),
    )
    UserFactory(unit=unit, roles=["unit_head"], is_active=False)

    assert list(selectors.people_with_right("tickets.approve_result", [unit])) == [head]
    assert list(selectors.people_with_right("tickets.approve_result")) == [head, elsewhere]


# --- deputies


@pytest.fixture
def absent(now):
    unit = UnitFactory()
    deputy = UserFactory(unit=unit, roles=["handler"])
    head = UserFactory(
        unit=unit, roles=["unit_head"], deputy=deputy, away_from=now, away_until=now + timedelta(days=2)
    )
    return head, deputy


@pytest.mark.parametrize(("hours", "may"), [(-1, False), (0, True), (47, True), (48, False)])
def test_a_deputy_has_the_rights_while_the_colleague_is_away(absent, now, hours, may):
    _, deputy = absent

    assert has_right(deputy, "tickets.approve_result", now + timedelta(hours=hours)) is may
    assert has_right(deputy, "tickets.handle_ticket", now)
    assert not has_right(deputy, "tickets.approve_result", None)


def test_a_deputy_of_another_unit_has_none(absent, now):
    head, deputy = absent
    User.objects.filter(pk=head.pk).update(unit=UnitFactory())

    assert not has_right(User.objects.get(pk=deputy.pk), "tickets.approve_result", now)


def test_a_closed_account_has_no_right(absent, now):
    head, deputy = absent
    User.objects.filter(pk=head.pk).update(is_active=False)

    assert not has_right(User.objects.get(pk=head.pk), "tickets.approve_result", now)
    assert not has_right(User.objects.get(pk=deputy.pk), "tickets.approve_result", now)


@pytest.mark.parametrize("role", ADMINISTRATORS)
def test_an_administrator_gets_no_rights_as_a_deputy_and_lends_none(now, role):
    """Who keeps the accounts could name themselves the deputy of anybody, of the auditor too."""
    unit = UnitFactory()
    administrator, head = UserFactory(unit=unit, roles=[role]), UserFactory(unit=unit, roles=["unit_head"])
    User.objects.filter(pk=head.pk).update(deputy=administrator, away_from=now)
    User.objects.filter(pk=administrator.pk).update(deputy=head, away_from=now)
    administrator, head = User.objects.get(pk=administrator.pk), User.objects.get(pk=head.pk)

    assert not has_right(administrator, "tickets.approve_result", now)
    assert not has_right(head, ROLES[role].permissions[0], now)
    assert (administrator.stand_in(now), head.stand_in(now)) == (None, None)
    assert list(selectors.people_with_right("tickets.approve_result", [unit], at=now)) == [head]
    assert list(selectors.people_with_right(ROLES[role].permissions[0], [unit], at=now)) == [administrator]


# --- ends


@pytest.fixture
def busy():
    """A room that has work in hand: it hands it over, or refuses where nobody takes it."""
    taken = []

    @receiver(unit_abolished)
    def unit_work(sender, unit, successor, **kwargs):
        if successor is None and unit.code == "BUSY":
            raise DomainError(f"{unit.name}还有 1 件工单在办。")
        taken.append((unit, successor))

    @receiver(person_deactivated)
    def person_work(sender, user, heir, **kwargs):
        if heir is None and user.username == "BUSY":
            raise DomainError("还有 1 件工单在办。")
        taken.append((user, heir))

    yield taken
    unit_abolished.disconnect(unit_work)
    person_deactivated.disconnect(person_work)


def test_a_person_leaves_and_a_colleague_takes_over(now, busy):
    unit = UnitFactory()
    heir = UserFactory(unit=unit)
    leaver = UserFactory(username="BUSY", unit=unit)
    represented = UserFactory(unit=unit, deputy=leaver)

    with pytest.raises(DomainError, match="还有 1 件工单在办"):
        services.deactivate_person(user=leaver, heir=None, by=None, at=now)
    leaver.refresh_from_db()
    assert leaver.is_active

    services.deactivate_person(user=leaver, heir=heir, by=None, at=now)

    leaver.refresh_from_db()
    represented.refresh_from_db()
    assert (leaver.is_active, represented.deputy, busy) == (False, heir, [(leaver, heir)])
    with pytest.raises(services.PersonRefused, match="已经停用"):
        services.deactivate_person(user=leaver, heir=heir, by=None, at=now)


def test_an_heir_whose_own_deputy_leaves_has_none(now):
    unit = UnitFactory()
    leaver = UserFactory(unit=unit)
    heir = UserFactory(unit=unit, deputy=leaver)

    services.deactivate_person(user=leaver, heir=heir, by=None, at=now)

    heir.refresh_from_db()
    assert heir.deputy is None


@pytest.mark.parametrize("role", ADMINISTRATORS)
def test_the_last_administrator_of_a_kind_stays(now, role):
    """Else nobody could give a role, make a person or read the log until somebody types at the server."""
    UserFactory(roles=[role], is_demo=True)
    last = UserFactory(roles=[role])
    refused = f"这是最后一位{role_name(role)}，请先有另一位。"
    with pytest.raises(services.PersonRefused, match=refused):
        services.set_roles(user=last, roles=["handler"], by=None, at=now)
    with pytest.raises(services.PersonRefused, match=refused):
        services.deactivate_person(user=last, heir=None, by=None, at=now)
    assert (User.objects.get(pk=last.pk).is_active, last.groups.get().name) == (True, role)

    another = UserFactory(roles=[role])
    services.set_roles(user=last, roles=["handler"], by=None, at=now)
    services.deactivate_person(user=last, heir=None, by=None, at=now)
    assert services.administrators_wanting() == [code for code in ADMINISTRATORS if code != role]
    assert another.groups.get().name == role


def test_an_heir_of_another_unit_is_refused(now):
    with pytest.raises(services.PersonRefused, match="同一单位"):
        services.deactivate_person(user=UserFactory(), heir=UserFactory(), by=None, at=now)


def test_a_unit_ends_and_its_people_and_work_go_to_the_successor(now, busy):
    old, new = UnitFactory(code="BUSY", short_name="市旧局", name="赣州市旧局"), UnitFactory()
    person = UserFactory(unit=old)

    services.abolish_unit(unit=old, successor=new, by=None, at=now)

    old.refresh_from_db()
    person.refresh_from_db()
    assert (old.valid_until, old.successor, person.unit) == (date(2026, 9, 29), new, new)
    assert not Unit.objects.valid(now).filter(pk=old.pk).exists()
    assert busy == [(old, new)]
    assert SecurityLog.objects.get().subject == f"撤销 赣州市旧局，由{new.name}承接"


def test_a_unit_with_work_people_or_units_below_does_not_end(now, busy):
    old = UnitFactory(code="BUSY")
    with pytest.raises(DomainError, match="还有 1 件工单在办"):
        services.abolish_unit(unit=old, successor=None, by=None, at=now)
    UserFactory(unit=old)
    with pytest.raises(services.UnitRefused, match="还有 1 名在用人员"):
        services.abolish_unit(unit=old, successor=None, by=None, at=now)
    county = CountyDepartmentFactory().parent
    with pytest.raises(services.UnitRefused, match="还有在用的下级单位"):
        services.abolish_unit(unit=county, successor=old, by=None, at=now)
    with pytest.raises(services.UnitRefused, match="市热线中心不能撤销"):
        services.abolish_unit(unit=CentreFactory(), successor=old, by=None, at=now)
    with pytest.raises(services.UnitRefused, match="另一个在用的单位"):
        services.abolish_unit(unit=old, successor=old, by=None, at=now)

    assert not Unit.objects.filter(valid_until__isnull=False).exists()


def test_the_subtree_of_a_county(django_assert_num_queries):
    department = CountyDepartmentFactory()
    UnitFactory()
    county = department.parent

    with django_assert_num_queries(2):
        found = selectors.subtree_ids(county)
    assert set(found) == {department.pk, department.parent_id}
