"""What waits is proposed by the list that decides today (10号 第八条)."""

from datetime import date, timedelta

import pytest

from hotline.errors import DomainError
from responsibility.models import DutyItem, DutyList, RoutingModel, RoutingModelEvent
from tests.factories.tickets import acts, at, fresh, make_item, register
from tickets import services, tasks
from tickets.models import Ticket

SECOND_DAY = date(2026, 11, 11)
THEN = at("11-12 09:00")


def second_list(old, **changes):
    """The same item under another unit from the second day on."""
    first = old.duty_list
    first.effective_until = SECOND_DAY
    first.save()
    new = DutyList.objects.create(
        version=2, scope=first.scope, title="职责清单", state="published", effective_from=SECOND_DAY
    )
    values = {field.name: getattr(old, field.name) for field in DutyItem._meta.concrete_fields if field.name != "id"}
    return DutyItem.objects.create(**(values | {"duty_list": new} | changes))


@pytest.fixture
def waiting(city):
    old = make_item(words=["夜间施工"], level="city", county_function="", city_function="urban_management")
    ticket = register()
    assert (ticket.proposed_item, ticket.proposed_unit) == (old, city.department)
    return ticket


def test_a_new_list_proposes_anew_for_what_waits(city, waiting):
    new = second_list(waiting.proposed_item, city_function="housing")
    assert services.renew_proposals(at=at("11-10 23:59")) == 0

    assert services.renew_proposals(at=THEN) == 1

    assert (fresh(waiting).proposed_item, fresh(waiting).proposed_unit) == (new, city.third)
    assert acts(waiting) == ["register"]
    assert services.renew_proposals(at=THEN) == 0


def test_a_unit_that_is_gone_is_proposed_no_more(city, waiting):
    city.department.valid_until = SECOND_DAY
    city.department.save()

    assert services.renew_proposals(at=THEN) == 1

    assert (fresh(waiting).proposed_item, fresh(waiting).proposed_unit) == (waiting.proposed_item, None)
    assert fresh(waiting).proposal_note.endswith("没有职能为“城市管理”的市级单位。")
    assert services.renew_proposals(at=THEN) == 0


def test_another_model_proposes_anew_for_what_waits(city, waiting):
    code = waiting.proposed_item.code
    model = RoutingModel.objects.create(
        name="派单经验", version=1, made_at=THEN, made_by="夜间任务", rows=2, labels=[code, "X"], weights=b"x"
    )
    Ticket.objects.filter(pk=waiting.pk).update(proposed_score=99)
    RoutingModelEvent.objects.create(model=model, act="stop", words="不准。", at=THEN)
    assert services.renew_proposals(at=THEN - timedelta(minutes=1)) == 0

    assert services.renew_proposals(at=THEN + timedelta(hours=1)) == 1

    assert fresh(waiting).proposed_score == waiting.proposed_score < 99
    assert acts(waiting) == ["register"]
    assert services.renew_proposals(at=THEN + timedelta(hours=2)) == 0


def test_an_item_of_a_list_that_ended_is_refused(city, waiting):
    old = waiting.proposed_item
    second_list(old)
    given = {"ticket_id": waiting.pk, "unit": city.department, "item": old, "by": city.dispatcher}

    with pytest.raises(DomainError, match="这一事项所属的清单已经停止执行，请按现行清单重新选择。"):
        services.dispatch_ticket(**given, at=THEN)

    assert acts(waiting) == ["register"]
    services.dispatch_ticket(**given, at=at("11-10 23:59"))
    assert acts(waiting) == ["register", "dispatch"]


def test_what_was_dispatched_keeps_the_item_it_was_dispatched_by(city, waiting):
    old = waiting.proposed_item
    services.dispatch_ticket(
        ticket_id=waiting.pk, unit=city.department, item=old, by=city.dispatcher, at=at("11-10 12:00")
    )
    second_list(old)

    assert tasks.renew_proposals() == 0
    assert (fresh(waiting).item, fresh(waiting).proposed_item) == (old, old)


def test_reasons_without_a_unit_are_one_sentence(city):
    by_night = [{"when": {"words": ["夜间"]}, "note": "夜间的先找建设单位"}]
    make_item(words=["夜间施工"], level="county", county_function="urban_management", conditions=by_night)

    note = register(region=None).proposal_note

    assert note.endswith("事项由县级城市管理部门主责；夜间的先找建设单位。")
