"""How far each demonstration matter has come, and everything that happened on the way, done through the services."""

import io
import random
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.utils import timezone
from PIL import ExifTags, Image

from channels_merge import selectors as appeals
from channels_merge import services as channels
from channels_merge.models import Appeal, Channel
from channels_merge.services.automatic import dispatch_by_itself
from channels_merge.services.desk import Decision
from config.demo.people import People
from config.demo.ways import ROADS
from evaluation import services as evaluation
from evaluation.models import FollowUp
from hotline.dates import local
from hotline.models import Region, Unit, User
from hotline.services import store_file
from responsibility import selectors as responsibility
from responsibility.models import Category
from tickets import services as tickets
from tickets.models import Approval, Assignment, ReturnRequest, Ticket
from tickets.states import CHECKED_KINDS, ApprovalState, Claim
from tickets.states import Decision as Verdict

SOURCE = "demo-"
"""Source numbers of demonstration appeals begin so."""
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

STARTED_DAYS_AGO = {
    "closed": 30, "followup": 9, "dissatisfied": 12, "redo": 16, "late": 34, "working": 3, "onsite": 3, "passed": 2,
    "unit_review": 6, "county_review": 7, "city_review": 8, "extension": 2, "extended_again": 3, "deferred": 45, "returned": 1,
    "child_return": 1, "refused_return": 3, "bounced": 4, "taken_back": 8, "ruling": 5, "first_handler": 6, "first_closed": 26,
    "old_photo": 6, "urgent_done": 20, "urged": 4, "voided": 5, "withdrawn": 4,
    "answered": 2, "transferred": 2, "legal": 3, "explained": 3, "police": 3,
}  # fmt: skip
"""Days before now at which a road begins; roads left out begin within the last hours."""

PUBLIC = "您反映的“{title}”已收悉。{unit}于当日与您取得联系，次日派人到现场核实，情况属实。已按规定处理，并安排专人每周复查；如再出现，请随时拨打 12345。"


@dataclass
class Moment:
    """A clock hand that goes on with the story and never past the real now."""

    at: datetime
    now: datetime

    def after(self, hours: float) -> datetime:
        self.at = min(self.at + timedelta(hours=hours), self.now)
        return self.at

    def next_day(self, hour: int) -> datetime:
        day = timezone.localdate(self.at) + timedelta(days=1)
        there = datetime.combine(day, time(hour), tzinfo=timezone.get_current_timezone())
        self.at = min(there, self.now)
        return self.at


class Roads:
    def __init__(self, people: People, *, now: datetime) -> None:
        self.people = people
        self.now = now
        self.channels = {channel.code: channel for channel in Channel.objects.all()}
        self.regions = {
            (r.parent.name if r.level == "township" else "", r.name): r
            for r in Region.objects.select_related("parent")
        }
        self.agent, self.dispatcher = self._user("agent1"), self._user("dispatcher1")
        self.reviewer, self.second_reviewer = self._user("reviewer1"), self._user("reviewer2")
        self.caller, self.staffing = self._user("followup1"), self._user("staffing1")
        self.last: Ticket | None = None
        self.before: Ticket | None = None
        self.shown: dict[int, int] = {}

    def _user(self, username: str) -> User:
        return User.objects.get(username=username)

    # --- how a matter comes in

    @transaction.atomic
    def walk(self, index: int, row: dict[str, str]) -> None:
        """Bring one line of appeals.csv to the point its road names; whole or not at all, and only once."""
        road = row["road"]
        known = Appeal.objects.filter(source_number=source_number(index)).first()
        if known is not None:
            self.last = appeals.ticket_of(known) or self.last
            return
        moment = self._start(index, road)
        region = self.regions.get((row["county"], row["township"])) or self.regions.get(("", row["county"]))
        matter = channels.Matter(
            text=row["text"],
            title=row["title"],
            kind=row["kind"],
            urgency=row["urgency"],
            region=region,
            place=row["place"],
            category=self._category(row, region, moment.at),
        )
        person = channels.Person(
            name=f"{'王李张刘陈'[index % 5]}{'女士' if index % 2 else '先生'}",
            phone=f"1{(38, 39, 59, 86, 77)[index % 5]}{79700000 + index * 137:08d}"[:11],
            hide_from_unit=index % 3 == 0,
            preferred_time="18:00 以后" if index % 4 == 0 else "",
        )
        channel = self.channels.get(row["channel"]) or self.channels["mini-program"]
        branch = BRANCHES.get(road)
        if branch is not None:
            self._branch(index, branch, channel, matter, person, moment)
        elif channel.is_machine or road in {"intake", "need_info"}:
            self._by_machine(index, row, channel, matter, person, moment)
        else:
            attach = self.last.pk if road == "same" and self.last else None
            decision = Decision("attach" if attach else "accept", ticket_id=attach)
            taken = channels.take_call(
                channel=channel,
                matter=matter,
                person=person,
                decision=decision,
                draft_key=source_number(index),
                by=self.agent,
                at=moment.at,
            )
            self._go_on(road, taken.appeal, moment)

    def _start(self, index: int, road: str) -> Moment:
        days = STARTED_DAYS_AGO.get(road)
        if days is None:
            return Moment(self.now - (index % 7 + 1) * 11 * MINUTE, self.now)
        day = timezone.localdate(self.now) - timedelta(days=days + index % 3)
        start = datetime.combine(day, time(9, (index * 13) % 60), tzinfo=timezone.get_current_timezone())
        return Moment(min(start, self.now - 30 * MINUTE), self.now)

    def _category(self, row: dict[str, str], region: Region | None, at: datetime) -> Category:
        found = responsibility.suggest(
            text=f"{row['title']}\n{row['text']}", category=None, region=region, kind=row["kind"], at=at
        )
        return found[0].item.category if found else Category.objects.filter(level=3).order_by("code")[0]

    def _branch(
        self, index: int, branch: tuple[str, str, str], channel: Channel, matter, person, moment: Moment
    ) -> None:
        act, choice, told = branch
        channels.take_call(
            channel=channel,
            matter=matter,
            person=person,
            decision=Decision(act, told=told, choice=choice),
            draft_key=source_number(index),
            by=self.agent,
            at=moment.at,
        )

    def _by_machine(self, index: int, row, channel: Channel, matter, person, moment: Moment) -> None:
        registered = channels.register_appeal(
            channel=channel, matter=matter, person=person, source_number=source_number(index), by=None, at=moment.at
        )
        road = row["road"]
        if road == "intake":
            return
        if road == "need_info":
            channels.need_info(
                appeal_id=registered.appeal.pk,
                told="请说明在哪条路、哪个路口，车牌号是多少，方便拍照更好。",
                by=self.dispatcher,
                at=moment.after(0.3),
            )
            return
        attach = self.last.pk if road == "same" and self.last else None
        channels.accept_appeal(
            appeal_id=registered.appeal.pk, ticket_id=attach, by=self.dispatcher, at=moment.after(0.2)
        )
        self._go_on(road, registered.appeal, moment)

    # --- what becomes of it

    def _go_on(self, road: str, appeal, moment: Moment) -> None:
        if road == "same":
            return
        self.before, self.last = self.last, appeals.ticket_of(appeal)
        ROADS[road](self, self.last, appeal, moment)

    def dispatch(self, ticket: Ticket, moment: Moment) -> Assignment:
        """By itself where the item is switched on and nothing speaks against it, else by the dispatcher."""
        if dispatch_by_itself(ticket_id=ticket.pk, at=moment.after(0.02)):
            return Assignment.objects.get(ticket=ticket)
        ticket = Ticket.objects.select_related("proposed_unit", "proposed_item").get(pk=ticket.pk)
        unit = ticket.proposed_unit or self.centre_of(ticket.region)
        event = tickets.dispatch_ticket(
            ticket_id=ticket.pk, unit=unit, item=ticket.proposed_item, by=self.dispatcher, at=moment.after(0.3)
        )
        return event.assignment

    def give(self, ticket: Ticket, code: str, moment: Moment) -> Assignment:
        """A second dispatch, to the unit of this code."""
        unit = Unit.objects.get(code=code)
        event = tickets.dispatch_ticket(
            ticket_id=ticket.pk, unit=unit, item=None, by=self.dispatcher, at=moment.after(0.5)
        )
        return event.assignment

    def centre_of(self, region: Region | None) -> Unit:
        county = region.parent if region is not None and region.level == "township" else region
        return Unit.objects.get(kind=Unit.Kind.COUNTY_CENTRE, region=county)

    def sign(self, assignment: Assignment, moment: Moment, hours: float = 1.5) -> None:
        staff = self.people.of(assignment.unit)
        tickets.sign_assignment(
            assignment_id=assignment.pk, handler=staff["handler"], by=staff["liaison"], at=moment.after(hours)
        )

    def take_up(self, ticket: Ticket, moment: Moment) -> Assignment:
        """Dispatch and sign; a county centre passes on to whoever the list expects. Returns the part that works."""
        lead = self.dispatch(ticket, moment)
        self.sign(lead, moment)
        below = self.receiver(lead)
        if below is None:
            return lead
        child = self.pass_down(lead, below, moment)
        self.sign(child, moment, 1)
        return child

    def receiver(self, lead: Assignment) -> Unit | None:
        """The county's department whose work the item is; None where the lead does it itself."""
        if lead.unit.kind != Unit.Kind.COUNTY_CENTRE or lead.item is None:
            return None
        own = Unit.objects.filter(parent=lead.unit, kind=Unit.Kind.COUNTY_DEPARTMENT)
        return own.filter(function=lead.item.county_function).order_by("code").first()

    def refuse(self, part: Assignment, reason: str, moment: Moment, hours: float = 2) -> ReturnRequest:
        """The unit's liaison wants to be rid of it."""
        tickets.request_return(
            assignment_id=part.pk,
            ground="not_our_duty",
            reason=reason,
            by=self.people.of(part.unit)["liaison"],
            at=moment.after(hours),
        )
        return ReturnRequest.objects.get(assignment=part, decision=Verdict.PENDING)

    def pass_down(self, lead: Assignment, unit: Unit, moment: Moment) -> Assignment:
        event = tickets.pass_down(
            assignment_id=lead.pk,
            unit=unit,
            item=lead.item,
            by=self.people.of(lead.unit)["liaison"],
            at=moment.after(0.5),
        )
        return event.assignment

    def contact(self, part: Assignment, appeal, moment: Moment) -> None:
        channels.record_contact(
            appeal_id=appeal.pk,
            assignment_id=part.pk,
            way="phone",
            reached=True,
            summary="已电话联系，说明处理办法，约定到现场核实。",
            by=self.people.of(part.unit)["handler"],
            at=moment.after(2),
        )

    def visit(self, part: Assignment, moment: Moment, *, after: int = 0) -> None:
        """``after``: seed of the second picture, when it is an old one."""
        at = moment.after(5)
        handler = self.people.of(part.unit)["handler"]
        seeds = (part.pk * 2, after or part.pk * 2 + 1)
        pictures = [store_file(upload=photo(seed, at - 15 * MINUTE), by=handler, at=at) for seed in seeds]
        self.shown[part.unit_id] = seeds[1]
        tickets.record_onsite(
            assignment_id=part.pk,
            found="现场情况与反映一致，已当场要求整改并拍照留存。",
            place=part.ticket.place or part.ticket.region.name,
            visited_at=at - 20 * MINUTE,
            before=pictures[:1],
            after=pictures[1:],
            by=handler,
            at=at,
        )

    def work(self, ticket: Ticket, appeal, moment: Moment) -> Assignment:
        part = self.take_up(ticket, moment)
        self.contact(part, appeal, moment)
        return part

    def submit(self, ticket: Ticket, part: Assignment, moment: Moment, resolved: str = "yes") -> None:
        if part.item is not None and part.item.onsite_required and not ticket.onsite_records.exists():
            self.visit(part, moment)
        tickets.submit_result(
            assignment_id=part.pk,
            resolved=resolved,
            claim=Claim.TRUE if ticket.kind in CHECKED_KINDS else "",
            public_text=PUBLIC.format(title=ticket.title, unit=part.unit.name),
            internal_text="已现场处置，照片附后。",
            unresolved_reason="" if resolved == "yes" else "需要列入下一年度改造计划，先采取临时措施。",
            standard_met=True,
            by=self.people.of(part.unit)["handler"],
            at=moment.after(20),
        )

    def approve(self, ticket: Ticket, moment: Moment, until: str = "") -> None:
        """Pass the approvals one after another; stop before the step named ``until``."""
        while (
            step := Approval.objects.filter(ticket=ticket, state=ApprovalState.PENDING).select_related("unit").first()
        ):
            if step.step == until:
                return
            by = self.reviewer if step.step == "city" else self.people.of(step.unit)["head"]
            tickets.approve(approval_id=step.pk, by=by, at=moment.after(1.5))

    def finish(self, ticket: Ticket, appeal, moment: Moment) -> None:
        part = self.work(ticket, appeal, moment)
        self.submit(ticket, part, moment)
        self.approve(ticket, moment)

    def call_back(self, ticket: Ticket, moment: Moment, **answer: str) -> None:
        moment.next_day(10)
        for follow_up in FollowUp.objects.filter(ticket=ticket, state="waiting").order_by("pk"):
            at = moment.after(0.2)
            evaluation.take_number(follow_up_id=follow_up.pk, by=self.caller, at=at)
            evaluation.record_attempt(follow_up_id=follow_up.pk, result="answered", by=self.caller, at=at, **answer)

    def dissatisfied(self, ticket: Ticket, appeal, moment: Moment) -> None:
        self.finish(ticket, appeal, moment)
        self.call_back(
            ticket,
            moment,
            resolved="no",
            satisfaction="dissatisfied",
            ground="not_true",
            words="停了三天又恢复了，和答复说的不一样。",
        )


def source_number(index: int) -> str:
    """By which an interrupted loading knows what it has done."""
    return f"{SOURCE}{index:04d}"


def photo(seed: int, taken_at: datetime) -> SimpleUploadedFile:
    """Soft patches as a camera would have written them: real bytes, nobody's place."""
    dice = random.Random(seed)  # noqa: S311 -- a picture, no secret
    patches = Image.frombytes("RGB", (8, 6), dice.randbytes(8 * 6 * 3))
    exif = Image.Exif()
    exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = f"{local(taken_at):%Y:%m:%d %H:%M:%S}"
    content = io.BytesIO()
    patches.resize((320, 240), Image.Resampling.BICUBIC).save(content, "JPEG", exif=exif)
    return SimpleUploadedFile(f"现场{seed}.jpg", content.getvalue(), "image/jpeg")


BRANCHES = {
    # road: act at the desk, choice, what the caller was told
    "answered": ("answer", "", "已按政策告知办理条件、所需材料和办理地点，对方表示清楚。"),
    "transferred": ("transfer", "110", "有人要轻生，已三方通话转 110。"),
    "legal": ("redirect", "discipline", "属纪检监察受理范围，已告知来电人向纪检监察机关反映的办法。"),
    "explained": ("explain", "privacy", "他人住址和电话属个人隐私，依法不能提供，已向来电人解释。"),
    "police": ("police", "", "劝导无效，已记录并移交公安机关。"),
}
