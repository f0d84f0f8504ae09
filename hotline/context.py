"""What every staff page shows around its own content: rail, search, notices, user menu, idle lock."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.core.cache import cache
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from hotline import rights, selectors
from hotline.models import User
from hotline.templatetags.hotline import capped

CACHE_SECONDS: Final = 20

# Whoever has a list of matters to read.
READERS: Final = (
    "tickets.view_all_tickets",
    "tickets.view_subtree_tickets",
    "tickets.view_followup_tickets",
    "tickets.handle_ticket",
)
# Agents have no list, but find any number and read its progress out.
SEARCHERS: Final = (*READERS, "tickets.view_public_progress")

Count = Callable[[User], tuple[int, bool]]


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the rail. Any of `needs` opens it, none: everybody. `key` follows g. `queue`: see `register_count`.

    `also`: other pages that belong to it, beside those below its own address. `kinds`: of units whose people alone have it.
    """

    label: str
    icon: str
    url_name: str
    needs: tuple[str, ...] = ()
    key: str = ""
    queue: str = ""
    also: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()

    def is_for(self, user: User, at: datetime) -> bool:
        if self.kinds and (user.unit is None or user.unit.kind not in self.kinds):
            return False
        return not self.needs or any(rights.has_right(user, right, at) for right in self.needs)


RAIL: Final = (
    Entry("工作台", "home", "channels_merge:workbench", key="w"),
    Entry("受理", "phone", "channels_merge:desk", ("channels_merge.use_desk",), "s"),
    Entry(
        "漏接",
        "phone-x",
        "channels_merge:missed-calls",
        ("channels_merge.use_desk", "channels_merge.manage_seats"),
        "o",
        "missed_calls",
    ),
    Entry("来件", "mail-down", "channels_merge:intake", ("channels_merge.accept_appeal",), "n", "intake"),
    Entry(
        "并单",
        "git-merge",
        "channels_merge:merging",
        ("channels_merge.review_merges", "channels_merge.manage_merging"),
        "b",
        "merging",
    ),
    Entry("派单", "arrows-split", "tickets:dispatch-queue", ("tickets.dispatch_ticket",), "d", "dispatch"),
    Entry("收件", "inbox", "tickets:inbox", ("tickets.sign_ticket", "tickets.handle_ticket"), "i", "inbox"),
    Entry("工单", "list-details", "tickets:ticket-list", READERS, "t"),
    Entry("退单", "arrow-back-up", "tickets:returns", ("tickets.decide_return",), "r", "returns"),
    Entry("裁定", "gavel", "tickets:rulings", ("tickets.rule_dispute",), "c", "rulings"),
    Entry(
        "界定",
        "list-search",
        "tickets:definitions",
        ("responsibility.give_staffing_opinion", "responsibility.give_legal_opinion"),
        "x",
        "definitions",
    ),
    Entry(
        "审核",
        "checklist",
        "tickets:approvals",
        ("tickets.approve_result", "tickets.review_completion", "tickets.decide_extension", "tickets.extend_again"),
        "a",
        "approvals",
    ),
    Entry("信访", "users", "channels_merge:petitions", ("channels_merge.view_petitions",), "j"),
    Entry(
        "网格",
        "map-2",
        "channels_merge:grid-events",
        ("channels_merge.view_grid",),
        "m",
        also=("channels_merge:grid-cells", "channels_merge:grid-standard"),
        kinds=("centre", "county_centre", "county_department", "township"),
    ),
    Entry(
        "核查",
        "map-pin",
        "channels_merge:grid-checks",
        ("channels_merge.do_grid_check",),
        "k",
        "grid_checks",
        ("channels_merge:grid-standard",),
    ),
    Entry("回访", "phone-check", "evaluation:follow-ups", ("evaluation.follow_up",), "f", "follow_ups"),
    Entry("复核", "scale", "evaluation:review-decisions", ("evaluation.decide_review",), "v", "reviews"),
    Entry("统计", "table", "evaluation:figures", ("evaluation.view_figures",), "y"),
    Entry(
        "本县", "building-community", "evaluation:county", ("evaluation.view_figures",), "0", kinds=("county_centre",)
    ),
    Entry("督办", "flag", "supervision:wall", ("supervision.view_wall",), "u", "wall"),
    Entry("联督", "eye-exclamation", "supervision:joint", ("supervision.view_joint",), "e", "joint"),
    Entry("清单", "clipboard-list", "responsibility:duty-lists", ("responsibility.view_duty_lists",), "h"),
    Entry(
        "资源",
        "heart-handshake",
        "responsibility:resources",
        ("responsibility.manage_resources",),
        "p",
        also=("tickets:mediations",),
    ),
    Entry(
        "试验",
        "flask",
        "responsibility:bench",
        ("responsibility.try_routing",),
        "z",
        also=("responsibility:cases", "tickets:automatic"),
    ),
    Entry(
        "渠道",
        "route",
        "channels_merge:channels",
        ("channels_merge.manage_channels", "channels_merge.propose_channel", "channels_merge.view_register"),
        "q",
        "channels",
        ("channels_merge:codes",),
    ),
    Entry(
        "接入",
        "plug-connected",
        "channels_merge:lines",
        ("channels_merge.manage_lines",),
        "l",
        "lines",
        ("channels_merge:outbox",),
    ),
)

_counts: dict[str, Count] = {}


def register_count(queue: str, count: Count) -> None:
    """Call from an app's `ready`. `count(user)` gives how many wait for this user and whether one of them is overdue."""
    _counts[queue] = count


def shell(request) -> dict[str, Any]:
    """Context processor. Nothing is read from the database until a page uses `shell`."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"shell": {}}
    return {"shell": _Lazy(request)}


class _Lazy:
    """Fragments and file answers never touch the rail, so its counts are not computed for them."""

    def __init__(self, request) -> None:
        self._request = request
        self.user = request.user
        self.now = timezone.now()  # noqa: TID251 -- a part of every view

    @property
    def username(self) -> str:
        return self.user.username

    @property
    def who(self) -> str:
        unit = self.user.unit
        return f"{self.user.masked_name} · {unit.short_name or unit.name}" if unit else self.user.masked_name

    @property
    def is_demo(self) -> bool:
        return self.user.is_demo

    @property
    def rail(self) -> list[dict[str, Any]]:
        path = self._request.path
        entries = [entry | {"current": _is_current(entry, path)} for entry in self._cached["rail"]]
        return [entry | {"shown": _capped(entry["count"])} for entry in entries]

    @property
    def unread(self) -> str:
        return _capped(self._cached["unread"])

    @property
    def idle_seconds(self) -> int:
        """How long the page may be left alone, 0 where nothing is locked (hotline.middleware)."""
        return getattr(self._request, "idle_seconds", 0)

    @property
    def _cached(self) -> dict[str, Any]:
        if not hasattr(self, "_found"):
            self._found = cache.get_or_set(f"shell:{self.user.pk}", lambda: _read(self.user, self.now), CACHE_SECONDS)
        return self._found

    @property
    def search_url(self) -> str:
        """Only for those who may find something."""
        return _resolve("channels_merge:search") if self._cached["may_search"] else ""

    def __getattr__(self, name: str) -> str:
        """`lock_url`, `logout_url` …: where the page is, empty while there is no such page."""
        if name in LINKS:
            return _resolve(LINKS[name])
        raise AttributeError(name)


LINKS: Final = {
    "notices_url": "hotline:notices",
    "notices_poll_url": "hotline:notices-bell",
    "password_url": "hotline:password",
    "login_url": "hotline:login",
    "session_url": "hotline:session-state",
    "logout_url": "hotline:logout",
    "lock_url": "hotline:lock",
    "unlock_url": "hotline:unlock",
}


def forget_shell(user: User) -> None:
    """The next page of this person shows fresh counts."""
    cache.delete(f"shell:{user.pk}")


def _read(user: User, at: datetime) -> dict[str, Any]:
    rail = []
    for entry in (*RAIL, *_administration(user)):
        url = _resolve(entry.url_name)
        if url and entry.is_for(user, at):
            count, hot = _counts[entry.queue](user) if entry.queue in _counts else (0, False)
            also = tuple(filter(None, map(_resolve, entry.also)))
            rail.append(
                {"label": entry.label, "icon": entry.icon, "url": url, "key": entry.key, "count": count, "hot": hot}
                | {"also": also, "queue": entry.queue}
            )
    unread, _ = selectors.unread_state(user)
    may_search = any(rights.has_right(user, right, at) for right in SEARCHERS)
    return {"rail": rail, "unread": unread, "may_search": may_search}


def _administration(user: User) -> tuple[Entry, ...]:
    return (Entry("管理", "settings", "admin:index"),) if user.is_staff else ()


def _resolve(url_name: str) -> str:
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


def _is_current(entry: dict[str, Any], path: str) -> bool:
    return path == "/" if entry["url"] == "/" else path.startswith((entry["url"], *entry["also"]))


def _capped(count: int) -> str:
    return capped(count) if count else ""
