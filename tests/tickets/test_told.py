"""What no inbox shows is told: a word from above, a matter taken away, an answer to what was asked."""

from hotline.models import Notice
from tests.factories.tickets import at, dispatched, fresh, part_of, passed_down, signed
from tickets import services
from tickets.models import ExtensionRequest, ReturnRequest

LATER = at("11-10 15:00")


def told(kind):
    return sorted(Notice.objects.filter(kind=kind).values_list("recipient__name", flat=True))


def names(*people):
    return sorted(person.name for person in people)


def test_every_unit_hears_of_an_instruction_but_not_who_wrote_it(city):
    """The handler where one is named, else those who receive for the unit; a copy too."""
    ticket = signed(city, co_units=[city.other], copies=[city.third])
    services.name_handler(assignment_id=ticket.lead_id, handler=city.handler2, by=city.handler, at=LATER)
    services.instruct_ticket(ticket_id=ticket.pk, text="三日内办结。", by=city.other_head, at=LATER)

    assert told("instructed") == names(city.handler2, city.third_head)
    services.instruct_ticket(ticket_id=ticket.pk, text="抓紧。", by=city.reviewer, at=LATER)
    assert told("instructed") == names(city.handler2, city.handler2, city.third_head, city.third_head, city.other_head)


def test_those_who_had_a_recalled_matter_in_hand_hear_that_it_is_theirs_no_longer(city):
    ticket = passed_down(city)
    services.name_handler(assignment_id=ticket.holder_id, handler=city.county_handler, by=city.county_head, at=LATER)
    services.recall_ticket(ticket_id=ticket.pk, reason="派错了。", by=city.dispatcher, at=LATER)

    assert told("recalled") == names(city.county_clerk, city.county_clerk2, city.county_handler)


def test_a_restricted_matter_is_told_to_nobody_who_may_not_know(city):
    ticket = signed(city)
    services.restrict_ticket(ticket_id=ticket.pk, readers=[city.handler], reason="举报。", by=city.reviewer, at=LATER)
    services.instruct_ticket(ticket_id=ticket.pk, text="三日内办结。", by=city.reviewer, at=LATER)
    services.recall_ticket(ticket_id=ticket.pk, reason="派错了。", by=city.reviewer, at=LATER)

    assert told("instructed") == told("recalled") == []


def test_whoever_asked_hears_the_answer(city):
    ticket = dispatched(city)
    lead = ticket.lead_id
    services.sign_assignment(assignment_id=lead, handler=city.handler, by=city.liaison, at=LATER)
    services.request_return(assignment_id=lead, ground="not_our_duty", reason="不归。", by=city.handler, at=LATER)
    services.refuse_return(
        request_id=ReturnRequest.objects.get().pk, reason="归你们。", by=city.reviewer, at=at("11-10 15:30")
    )
    assert told("return_refused") == ["张伟"]

    for moment in ("11-11 09:00", "11-12 09:00"):
        services.request_extension(assignment_id=lead, days=1, reason="取证。", by=city.handler, at=at(moment))
        request = ExtensionRequest.objects.get(decision="pending")
        if moment == "11-11 09:00":
            services.refuse_extension(request_id=request.pk, reason="够。", by=city.reviewer, at=at("11-11 10:00"))
    assert services.lapse_extensions(at=at("11-12 17:30")) == 1
    assert told("extension_decided") == ["张伟", "张伟"]
    assert part_of(fresh(ticket), city.department).pk == lead
