"""People of the demonstration: one or more for every role, and three for every unit that is given work."""

from datetime import datetime

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group

from hotline.models import Unit, User
from hotline.roles import ADMINISTRATORS

SURNAMES = "陈李王张刘黄曾钟赖谢邱罗郭肖廖温何朱宋邓"
GIVEN = (
    "文斌",
    "晓燕",
    "志强",
    "丽华",
    "建平",
    "春梅",
    "国庆",
    "小兰",
    "宇航",
    "佳怡",
    "永红",
    "海波",
    "雪琴",
    "明辉",
    "秀英",
)

ACCOUNTS = (
    # username, role, unit code or function; the account a visitor logs in with
    ("agent1", "agent", "CENTRE", User.Employment.CONTRACT),
    ("agent2", "agent", "CENTRE", User.Employment.OUTSOURCED),
    ("dispatcher1", "dispatcher", "CENTRE", User.Employment.STAFF),
    ("dispatcher2", "dispatcher", "CENTRE", User.Employment.STAFF),
    ("reviewer1", "reviewer", "CENTRE", User.Employment.STAFF),
    ("reviewer2", "reviewer", "CENTRE", User.Employment.STAFF),
    ("chief1", "centre_head", "CENTRE", User.Employment.STAFF),
    ("followup1", "follow_up_agent", "CENTRE", User.Employment.CONTRACT),
    ("followup2", "follow_up_agent", "CENTRE", User.Employment.CONTRACT),
    ("channels1", "channel_manager", "CENTRE", User.Employment.STAFF),
    ("petition1", "petition_officer", "CITY-XFJ", User.Employment.STAFF),
    ("grid1", "grid_worker", "T360702006", User.Employment.CONTRACT),
    ("leader1", "leader", "CITY-XZSP", User.Employment.STAFF),
    ("admin1", "administrator", "CENTRE", User.Employment.STAFF),
    ("security1", "security_administrator", "CENTRE", User.Employment.STAFF),
    ("audit1", "audit_administrator", "CENTRE", User.Employment.STAFF),
    ("legal1", "legal_reviewer", "CITY-SFJ", User.Employment.STAFF),
    ("staffing1", "staffing_reviewer", "CITY-BB", User.Employment.STAFF),
)


class People:
    """Makes and finds demonstration people. The same names for the same units every time."""

    def __init__(self, password: str, at: datetime) -> None:
        self.password = make_password(password)
        self.at = at
        self.made = 0
        self.groups = {group.name: group for group in Group.objects.all()}
        self._staff: dict[int, dict[str, User]] = {}

    def account(self, username: str, role: str, unit: Unit, employment: str = User.Employment.STAFF) -> User:
        """Make an account, or find the one that an interrupted loading had made."""
        name = SURNAMES[self.made % len(SURNAMES)] + GIVEN[(self.made * 7) % len(GIVEN)]
        self.made += 1
        user, _ = User.objects.get_or_create(
            username=username,
            defaults={
                "name": name,
                "unit": unit,
                "employment": employment,
                "password": self.password,
                "password_changed_at": self.at,
                "must_change_password": False,
                "is_demo": True,
                "is_staff": role in ADMINISTRATORS,
            },
        )
        user.groups.add(self.groups[role])
        return user

    def of(self, unit: Unit) -> dict[str, User]:
        """Liaison, handler and head of a unit; a county centre's are its centre's worker (twice) and its head."""
        if unit.pk not in self._staff:
            self._staff[unit.pk] = self._make_staff(unit)
        return self._staff[unit.pk]

    def _make_staff(self, unit: Unit) -> dict[str, User]:
        first, second, third = self._usernames(unit)
        own = User.Employment.REGULAR if unit.kind == Unit.Kind.ENTERPRISE else User.Employment.STAFF
        if unit.kind == Unit.Kind.COUNTY_CENTRE:
            return {
                "liaison": self.account(first, "county_centre", unit, own),
                "handler": self.account(second, "county_centre", unit, own),
                "head": self.account(third, "unit_head", unit, own),
            }
        return {
            "liaison": self.account(first, "liaison", unit, own),
            "handler": self.account(second, "handler", unit, own),
            "head": self.account(third, "unit_head", unit, own),
        }

    def _usernames(self, unit: Unit) -> tuple[str, str, str]:
        known = KNOWN.get((unit.kind, unit.region.name if unit.region else "", unit.function))
        if known:
            return known
        code = unit.code.lower()
        return f"{code}-1", f"{code}-2", f"{code}-3"


KNOWN = {
    (Unit.Kind.COUNTY_CENTRE, "章贡区", ""): ("county1", "county2", "county3"),
    (Unit.Kind.COUNTY_DEPARTMENT, "章贡区", "urban_management"): ("liaison1", "handler1", "head1"),
    (Unit.Kind.TOWNSHIP, "章江街道", ""): ("township1", "township2", "township3"),
}
"""Units whose people the README names."""
