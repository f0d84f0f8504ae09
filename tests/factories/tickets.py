"""Tickets on their road, made through the services; a small city that handles them."""

from datetime import datetime, timedelta
from types import SimpleNamespace

from hotline.dates import SHANGHAI
from responsibility.models import Category, DutyItem, DutyList
from tests.factories.hotline import (
    CentreFactory,
    CountyCentreFactory,
    CountyDepartmentFactory,
    CountyFactory,
    TownshipUnitFactory,
    UnitFactory,
    UserFactory,
)
from tickets import services
from tickets.models import Approval, Assignment, Ticket

NOW = datetime(2026, 11, 10, 10, 0, tzinfo=SHANGHAI)
"""A Tuesday morning. 2026-11-10 to 2026-11-30 has no holiday and no make-up day."""

REPLY = "经现场核实，夜间施工已停止，责令工地限期整改，并安排夜间巡查，欢迎继续监督。感谢您的反映！"


def at(text):
    """`11-10 10:00` of 2026 in Ganzhou."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=SHANGHAI)


def make_city():
    """The centre, two departments, an enterprise, a county with centre, department and township, and their people."""
    centre = CentreFactory()
    department = UnitFactory(short_name="市城管局", function="urban_management")
    other = UnitFactory(short_name="市教育局", function="education")
    third = UnitFactory(short_name="市住建局", function="housing")
    enterprise = UnitFactory(short_name="赣州供电", kind="enterprise", function="power")
    county = CountyCentreFactory()
    county_department = CountyDepartmentFactory(parent=county)
    township = TownshipUnitFactory(parent=county)

    def person(name, unit, *roles, **fields):
        return UserFactory(name=name, unit=unit, roles=roles, **fields)

    return SimpleNamespace(
        centre=centre,
        department=department,
        other=other,
        third=third,
        enterprise=enterprise,
        county=county,
        county_department=county_department,
        township=township,
        region=CountyFactory(),
        agent=person("何琳", centre, "agent"),
        dispatcher=person("王敏", centre, "dispatcher"),
        dispatcher2=person("李强", centre, "dispatcher"),
        reviewer=person("周涛", centre, "reviewer"),
        reviewer2=person("吴洁", centre, "reviewer"),
        leader=person("高远", centre, "leader"),
        handler=person("张伟", department, "handler"),
        handler2=person("刘洋", department, "handler"),
        liaison=person("孙丽", department, "liaison"),
        head=person("陈刚", department, "unit_head"),
        head2=person("胡军", department, "unit_head"),
        other_handler=person("赵敏", other, "handler"),
        other_head=person("黄磊", other, "unit_head"),
        third_handler=person("徐静", third, "handler"),
        third_head=person("马超", third, "unit_head"),
        enterprise_handler=person("林峰", enterprise, "handler", employment="regular"),
        county_clerk=person("郭芳", county, "county_centre"),
        county_clerk2=person("罗平", county, "county_centre"),
        county_handler=person("谢斌", county_department, "handler"),
        county_head=person("唐勇", county_department, "unit_head"),
        township_handler=person("曾丽", township, "handler"),
        township_head=person("彭涛", township, "unit_head"),
    )


def make_item(code="CG-01", **fields):
    """A duty item of a published list of the city."""
    duty_list, _ = DutyList.objects.get_or_create(
        version=1,
        scope=CentreFactory(),
        defaults={"title": "职责清单", "state": "published", "effective_from": NOW.date() - timedelta(days=300)},
    )
    top, _ = Category.objects.get_or_create(code="01", defaults={"name": "城市管理", "level": 1})
    defaults = {
        "title": "夜间施工噪声",
        "category": top,
        "words": ["施工噪声"],
        "belongs": "建筑工地夜间施工噪声扰民。",
        "level": "county",
        "city_function": "urban_management",
        "county_function": "urban_management",
        "kinds": ["help", "complaint"],
        "completion_standard": "现场核实，停止施工，告知反映人。",
        "reply_template": "经核实……",
        "mark": "示例，待核",
    }
    return DutyItem.objects.create(duty_list=duty_list, code=code, **(defaults | fields))


def register(*, at=NOW, by=None, **fields):
    words = {
        "title": "工地夜间施工",
        "text": "锦江花园东侧工地每晚十一点后仍在施工，噪声大，希望停止。",
        "kind": "help",
        "urgency": "normal",
        "category": None,
        "region": None,
        "place": "锦江花园",
        "is_enterprise": False,
        "contactable": True,
        "first_channel": "phone",
        "accepted_at": at,
    }
    return services.register_ticket(**(words | fields), by=by, at=at)


def dispatched(city, *, unit=None, item=None, co_units=(), superior=None, copies=(), at=NOW, **fields):
    """A ticket that waits for the lead's signature; `unit` is the lead, the department unless given."""
    ticket = register(at=at, **fields)
    services.dispatch_ticket(
        ticket_id=ticket.pk,
        unit=unit or city.department,
        item=item,
        co_units=co_units,
        superior=superior,
        copies=copies,
        by=city.dispatcher,
        at=at,
    )
    return fresh(ticket)


def signed(city, *, at=NOW, **fields):
    ticket = dispatched(city, at=at, **fields)
    services.sign_assignment(assignment_id=ticket.lead_id, by=somebody_of(city, ticket.lead.unit), at=at)
    return fresh(ticket)


def passed_down(city, *, unit=None, item=None, at=NOW, **fields):
    """A county's ticket that its department (or `unit`) has signed."""
    ticket = signed(city, unit=city.county, at=at, **fields)
    receiver = unit or city.county_department
    services.pass_down(assignment_id=ticket.lead_id, unit=receiver, item=item, by=city.county_clerk, at=at)
    ticket = fresh(ticket)
    services.sign_assignment(assignment_id=ticket.holder_id, by=somebody_of(city, receiver), at=at)
    return fresh(ticket)


def contacted(city, *, at=NOW, county=False, **fields):
    ticket = (passed_down if county else signed)(city, at=at, **fields)
    if ticket.contactable:
        services.record_contact(
            assignment_id=ticket.holder_id, reached=True, by=somebody_of(city, ticket.holder.unit), at=at
        )
    return fresh(ticket)


def submit(city, ticket, *, at=NOW, by=None, **fields):
    words = {"resolved": "yes", "public_text": REPLY, "standard_met": True}
    return services.submit_result(
        assignment_id=ticket.holder_id, by=by or somebody_of(city, ticket.holder.unit), at=at, **(words | fields)
    )


def submitted(city, *, at=NOW, county=False, result=None, **fields):
    ticket = contacted(city, at=at, county=county, **fields)
    submit(city, ticket, at=at, **(result or {}))
    return fresh(ticket)


def pending_approval(ticket):
    return Approval.objects.get(ticket=ticket, state="pending")


def approve_all(city, ticket, *, at=NOW):
    """Every step up to the follow-up, by whoever decides there."""
    while (approval := Approval.objects.filter(ticket=ticket, state="pending").first()) is not None:
        services.approve(approval_id=approval.pk, by=approver_of(city, approval), at=at)
    return fresh(ticket)


def approver_of(city, approval):
    if approval.step == "city":
        return city.reviewer
    heads = [city.head, city.other_head, city.third_head, city.county_head, city.township_head, city.county_clerk2]
    return next(head for head in heads if head.unit_id == approval.unit_id)


def followed_up(city, *, at=NOW, **fields):
    """A ticket whose result is approved: it waits for the follow-up."""
    return approve_all(city, submitted(city, at=at, **fields), at=at)


def closed(city, *, at=NOW, closing_kind="resolved", **fields):
    ticket = followed_up(city, at=at, **fields)
    services.close_ticket(ticket_id=ticket.pk, closing_kind=closing_kind, by=None, at=at)
    return fresh(ticket)


def somebody_of(city, unit):
    """Who signs and handles for the unit."""
    people = [
        city.handler,
        city.other_handler,
        city.third_handler,
        city.enterprise_handler,
        city.county_clerk,
        city.county_handler,
        city.township_handler,
    ]
    return next(person for person in people if person.unit_id == unit.pk)


def fresh(row):
    """The row as the database has it, with nothing remembered."""
    return type(row).objects.get(pk=row.pk)


def part_of(ticket, unit):
    """The unit's part that still counts."""
    return Assignment.objects.exclude(state__in=["taken_back", "handed_over"]).get(ticket=ticket, unit=unit)


def acts(ticket):
    """The acts of the timeline, oldest first."""
    return list(ticket.events.order_by("pk").values_list("act", flat=True))


def clocks(ticket, **fields):
    """(kind, unit's short name or empty, outcome) of every clock, by part and kind."""
    rows = ticket.clocks.filter(**fields).order_by("assignment", "kind", "pk").select_related("assignment__unit")
    return [(row.kind, row.assignment.unit.short_name if row.assignment else "", row.outcome) for row in rows]


def running(ticket):
    return clocks(ticket, stopped_at__isnull=True)


def state_of(ticket):
    return Ticket.objects.values_list("state", flat=True).get(pk=ticket.pk)
