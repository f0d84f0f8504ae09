"""Who may call and who may decide: a permission and a standing. Handler ≠ follow-up, asker ≠ decider."""

from typing import Any

from tickets.models import Assignment, Reply
from tickets.rights import Right, at_the_centre


def not_of_those_who_handled(follow_up: Any, user: Any) -> str:
    why = at_the_centre(follow_up, user)
    if why:
        return why
    handled = Assignment.objects.filter(ticket=follow_up.ticket_id, handler=user).exists()
    answered = Reply.objects.filter(ticket=follow_up.ticket_id, submitted_by=user).exists()
    return "办理或答复过这一件的人不能回访。" if handled or answered else ""


def not_the_asker(decision: Any, user: Any) -> str:
    why = at_the_centre(decision, user)
    if why:
        return why
    asked = decision.follow_up is not None and decision.follow_up.concluded_by_id == user.pk
    return "回访这一件的人不能再作复核决定。" if asked else ""


# 国办函〔2025〕66号（三） keeps outsourced people from handling, not from calling.
FOLLOW_UP = Right("evaluation.follow_up", not_of_those_who_handled, outsourced_may=True)
DECIDE = Right("evaluation.decide_review", not_the_asker)
VIEW_FIGURES = "evaluation.view_figures"
