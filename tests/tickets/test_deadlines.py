"""Which limit of handling wins, and the words that name it."""

from hotline.limits import Limit
from tests.factories.tickets import NOW, make_item
from tickets.deadlines import Rule, handle_rule

STATUTE = [
    {"step": "accept", "limit": "7wd", "kinds": ["complaint"], "source": "决定是否受理"},
    {"step": "handle", "limit": "45wd", "kinds": ["complaint"], "source": "调解"},
    {"step": "accept", "limit": "15wd", "kinds": ["report"], "source": "决定是否立案"},
]


def rule(item, kind, urgency="normal", *, is_enterprise=False):
    return handle_rule(item=item, kind=kind, urgency=urgency, is_enterprise=is_enterprise, at=NOW)


def test_the_statute_sets_the_handling_by_its_own_step_only(city):
    item = make_item(statute_limits=STATUTE, limits={"complaint": "10wd", "report": "20wd"})

    assert rule(item, "complaint", "critical") == Rule(Limit(45, "wd"), "法定时限（调解）")
    assert rule(item, "report", "critical") == Rule(Limit(20, "wd"), "职责清单 CG-01（举报）")
    assert rule(item, "help") == Rule(Limit(7, "wd"), "求助类诉求")


def test_without_an_item_urgency_comes_before_enterprise_and_kind(city):
    assert rule(None, "help", "urgent", is_enterprise=True).why == "紧急件"
    assert rule(None, "help", is_enterprise=True).why == "涉企诉求"
    assert rule(None, "consult", is_enterprise=True) == rule(make_item(), "consult", is_enterprise=True)
