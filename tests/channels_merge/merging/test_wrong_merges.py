"""Mistake or handled apart: what is counted, also after closing, and what the decisions teach."""

from datetime import timedelta
from decimal import Decimal

import pytest

from channels_merge import rights
from channels_merge.models import MergeProposal, MergeRecord, ThresholdProposal
from channels_merge.selectors import merge_figures
from channels_merge.services import linking, merging
from hotline import parameters
from hotline.models import Parameter
from tests.channels_merge.merging.factories import LATER, NOISE_AGAIN, OTHER_PHONE, a_pair, by_phone, two_tickets
from tests.factories.channels_merge import NOON, make_accepted, ticket_of
from tests.factories.evaluation import ANSWERED_AT, work_on
from tests.factories.tickets import fresh
from tickets import services as tickets

AFTER = ANSWERED_AT + timedelta(days=1)


def two_on_one():
    first = by_phone()
    return first, make_accepted(at=LATER, text=NOISE_AGAIN, phone=OTHER_PHONE, ticket_id=ticket_of(first).pk)


def close(city, appeal):
    work_on(city, ticket_of(appeal))
    tickets.close_ticket(ticket_id=ticket_of(appeal).pk, closing_kind="resolved", by=None, at=ANSWERED_AT)


def months(at=AFTER):
    return [(row.merges, row.wrong, row.split, row.by_itself) for row in merge_figures.merge_months(at=at)]


def test_every_way_of_bringing_together_is_recorded_once(city):
    first, second = two_on_one()
    third = by_phone(phone="13800000003")
    tickets.merge_ticket(
        ticket_id=ticket_of(third).pk, into_id=ticket_of(first).pk, reason="同", by=city.dispatcher, at=LATER
    )
    fourth = by_phone(phone="13800000004")
    fifth = make_accepted(phone="13800000005", ticket_id=ticket_of(fourth).pk)
    linking.link_appeal(appeal_id=fifth.pk, ticket_id=ticket_of(first).pk, reason="同", by=city.dispatcher, at=LATER)

    assert list(MergeRecord.objects.order_by("pk").values_list("appeal", "ticket", "into", "undone_at")) == [
        (second.pk, None, ticket_of(first).pk, None),
        (None, ticket_of(third).pk, ticket_of(first).pk, None),
        (fifth.pk, None, ticket_of(fourth).pk, None),
        (fifth.pk, None, ticket_of(first).pk, None),
    ]
    assert months() == [(4, 0, 0, 0)]


@pytest.mark.parametrize(("never_same", "undone_as"), [(True, "wrong"), (False, "split")])
def test_a_mistake_counts_and_what_is_handled_apart_does_not(city, never_same, undone_as):
    _, second = two_on_one()
    linking.unlink_appeal(appeal_id=second.pk, reason="另一处", never_same=never_same, by=city.dispatcher, at=LATER)

    assert MergeRecord.objects.get().undone_as == undone_as
    assert months() == [(1, int(never_same), int(not never_same), 0)]


def test_the_first_one_taken_out_is_the_same_mistake(city):
    first, _ = two_on_one()
    linking.unlink_appeal(appeal_id=first.pk, reason="另一处", never_same=True, by=city.dispatcher, at=LATER)

    assert (MergeRecord.objects.get().undone_as, MergeRecord.objects.get().undone_by) == ("wrong", city.dispatcher)


def test_a_wrong_merge_of_tickets(city):
    proposal, _, second = two_tickets()
    merging.confirm_proposal(proposal_id=proposal.pk, how="merge", by=city.dispatcher, at=LATER)
    tickets.unmerge_ticket(
        ticket_id=ticket_of(second).pk, reason="不是", never_same=True, by=city.dispatcher, at=LATER
    )

    assert MergeRecord.objects.get().undone_as == "wrong"
    assert merge_figures.bands(at=AFTER)[-1].refused == 1


def test_a_wrong_merge_is_undone_after_closing_and_keeps_the_acceptance_time(city):
    first, second = two_on_one()
    close(city, first)
    linking.unlink_appeal(appeal_id=second.pk, reason="另一处工地", never_same=True, by=city.dispatcher, at=AFTER)

    own = ticket_of(second)
    assert (own.state, own.accepted_at, own.created_at) == ("pending_dispatch", LATER, AFTER)
    assert (ticket_of(first).state, ticket_of(first).appeal_count) == ("closed", 1)
    running = second.clocks.get(kind="citizen", stopped_at=None)
    assert running.started_at == LATER


def test_a_merged_ticket_comes_out_of_a_closed_one(city):
    proposal, first, second = two_tickets()
    merging.confirm_proposal(proposal_id=proposal.pk, how="merge", by=city.dispatcher, at=LATER)
    close(city, first)
    with pytest.raises(merging.DomainError, match=f"请在 {ticket_of(second).number} 的页面拆回"):
        linking.unlink_appeal(appeal_id=second.pk, reason="另一处", by=city.dispatcher, at=AFTER)
    tickets.unmerge_ticket(
        ticket_id=ticket_of(second).pk, reason="不是", never_same=True, by=city.dispatcher, at=AFTER
    )

    assert (ticket_of(second).state, ticket_of(second).accepted_at) == ("pending_dispatch", LATER)


# --- what the decisions teach


def decided(city, chances, *, by=None):
    """Proposals of these probabilities, each settled as the sign says."""
    base = make_accepted(text="基准。基准。基准。", phone="13800009999")
    for number, chance in enumerate(chances):
        other = make_accepted(text=f"第{number}件不相干的事情。", phone=f"1380001{number:04}")
        MergeProposal.objects.create(
            appeal=other,
            other=base,
            probability=abs(chance),
            words="都说到",
            found_at=NOON,
            checked_at=NOON,
            sort_at=NOON,
            state="confirmed" if chance > 0 else "refused",
            by=by or city.dispatcher,
            at=NOON,
        )


def test_precision_by_band(city):
    decided(city, [0.55, -0.55, -0.58, 0.97, 0.98])

    assert [(band.confirmed, band.refused) for band in merge_figures.bands(at=LATER)] == [
        (1, 2), (0, 0), (0, 0), (0, 0), (0, 0), (2, 0),
    ]  # fmt: skip
    assert [band.precision for band in merge_figures.bands(at=LATER)][1] is None


def test_the_threshold_is_the_least_above_which_enough_was_confirmed(city, rule):
    rule("merge_learn_least", "4")
    rule("merge_precision", "0.75")
    decided(city, [0.99, 0.9, 0.85, -0.8, 0.75, -0.7, -0.6])

    found = merge_figures.learned_threshold(at=LATER)
    assert (str(found.value), found.decisions, found.confirmed) == ("0.71", 5, 4)

    row = merging.propose_threshold(at=LATER)
    again = merging.propose_threshold(at=LATER)
    assert (again.pk, ThresholdProposal.objects.count()) == (row.pk, 1)
    with pytest.raises(rights.NotPermitted):
        merging.adopt_threshold(threshold_id=row.pk, by=city.dispatcher, at=LATER)

    merging.adopt_threshold(threshold_id=row.pk, by=city.reviewer, at=LATER)
    assert str(parameters.number("merge_link_by_itself", at=LATER)) == "0.71"
    source = Parameter.objects.get(key="merge_link_by_itself", value="0.71").source
    assert source == "并单核对：达到这一门槛的 5 对中 4 对是同一件"
    assert merging.propose_threshold(at=LATER + timedelta(days=1)) is None
    with pytest.raises(merging.MergeRefused, match="已有决定"):
        merging.adopt_threshold(threshold_id=row.pk, by=city.reviewer, at=LATER)


def test_too_few_decisions_teach_nothing_and_what_was_declined_is_not_asked_again(city, rule):
    decided(city, [0.99, 0.98])
    assert merging.propose_threshold(at=LATER) is None

    rule("merge_learn_least", "2")
    row = merging.propose_threshold(at=LATER)
    merging.decline_threshold(threshold_id=row.pk, by=city.reviewer, at=LATER)
    assert merging.propose_threshold(at=LATER) is None
    assert fresh(row).state == "declined"


def test_a_confirmed_pair_that_turned_out_wrong_teaches_so(city, rule):
    rule("merge_learn_least", "1")
    proposal, _, second = a_pair()
    merging.confirm_proposal(proposal_id=proposal.pk, how="accept", by=city.dispatcher, at=LATER)
    assert merge_figures.learned_threshold(at=LATER) is not None

    linking.unlink_appeal(appeal_id=second.pk, reason="另一处", never_same=True, by=city.dispatcher, at=LATER)
    assert merge_figures.learned_threshold(at=LATER) is None


def test_the_threshold_of_proposing_shows_what_each_step_would_do_and_suggests_one(city, rule):
    """A wrong merge is one refused: what is rarely one matter at the bottom asks for a higher threshold."""
    rule("merge_learn_least", "8")
    decided(city, [-0.51, -0.52, -0.53, 0.56, 0.62, 0.71, 0.8, 0.9])

    def row(step):
        return str(step.value), step.proposed, step.confirmed, step.missed, step.is_suggested

    steps = merge_figures.propose_steps(at=LATER)
    assert [row(step) for step in steps[:3]] == [
        ("0.5", 8, 5, 0, False),
        ("0.55", 5, 5, 0, True),
        ("0.6", 4, 4, 1, False),
    ]
    with pytest.raises(rights.NotPermitted):
        merging.propose_from(value=Decimal("0.55"), by=city.dispatcher, at=LATER)

    merging.propose_from(value=Decimal("0.55"), by=city.reviewer, at=LATER)
    parameter = Parameter.objects.get(key="merge_propose", value="0.55")
    assert (parameter.valid_from, parameter.source) == (
        LATER,
        "并单核对：达到这一门槛的 5 对中 5 对是同一件，不到的有 0 对也是",
    )
    assert [row(step)[0] for step in merge_figures.propose_steps(at=LATER)][:2] == ["0.55", "0.6"]
    with pytest.raises(merging.MergeRefused, match="现行门槛已经变了"):
        merging.propose_from(value=Decimal("0.55"), by=city.reviewer, at=LATER)


def test_a_pair_that_turned_out_wrong_feeds_the_threshold_of_proposing(city, rule):
    proposal, _, second = a_pair()
    merging.confirm_proposal(proposal_id=proposal.pk, how="accept", by=city.dispatcher, at=LATER)
    assert merge_figures.propose_steps(at=LATER)[0].confirmed == 1

    linking.unlink_appeal(appeal_id=second.pk, reason="另一处", never_same=True, by=city.dispatcher, at=LATER)
    assert (merge_figures.propose_steps(at=LATER)[0].proposed, merge_figures.propose_steps(at=LATER)[0].confirmed) == (
        1,
        0,
    )


def test_too_few_decisions_suggest_no_threshold_of_proposing(city):
    decided(city, [-0.51, 0.9])
    assert not any(step.is_suggested for step in merge_figures.propose_steps(at=LATER))
