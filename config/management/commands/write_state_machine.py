"""docs/state-machine.md, drawn from the machines that run. tests/architecture/test_state_machine.py sees that it is current."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db.models import Model
from django_fsm import Transition

from channels_merge.models import Appeal, Channel
from tickets import rights
from tickets.models import Assignment, Ticket
from tickets.rights import Right

DOCUMENT = settings.BASE_DIR / "docs" / "state-machine.md"
DRAWN_FROM = 5
"""An act with more states than this on one side would cover the picture: it stands in the table only."""

HEAD = """# State machines

Written by `python3 run.py manage write_state_machine` from the `@transition` methods; do not edit. A test compares.

How to read the tables: *who* is a permission and a standing, both of which must hold (`tickets/rights.py`); *only if* is a
condition of the row itself (`tickets/guards.py`). *Ground* is the clause that asks for the act: an article of 赣市改字〔2025〕10号
("order"), a section of 国办函〔2025〕66号, or, where neither speaks of it, our own design ("design"). The system itself (sweeps,
receivers) has every right. Acts that start or end in more than five states are left out of the pictures.
"""


@dataclass(frozen=True)
class Machine:
    model: type[Model]
    title: str
    words: str
    grounds: dict[str, str]
    """Method → the clause that asks for it."""
    who: str = ""
    """Of a machine whose transitions carry no right of their own."""


RETURNS = "66号（五）派单异议审核"

TICKET = Machine(
    model=Ticket,
    title="Ticket 工单",
    words="One matter to be handled. It follows the chain of its lead; what co-units do never moves it.",
    grounds={
        "ask_information": "design",
        "give_information": "design",
        "dispatch": "order 8: 严格按照职责清单确定责任主体",
        "answer_by_centre": "order 15: 业务咨询快速解答",
        "refer_to_ruling": "order 8: 职能交叉、权属不明",
        "sign": "order 8: 主责办理人员为在编人员",
        "recall": "design: the centre's own mistake, not counted as a return",
        "request_return": RETURNS,
        "refuse_return": RETURNS,
        "grant_return": RETURNS,
        "dispute_return": RETURNS + "; counted as a return, whomever the ruling names",
        "rule_first_handler": "order 8: 首办负责",
        "change_first_handler": "order 8: 有异议的商 12345 热线管理中心协调解决",
        "rule_not_government": "66号（二）: 告知法定途径",
        "submit_result": "order 10: a result, not 形式办结",
        "pass_review": "order 10",
        "send_back": "order 10",
        "defer": "design: 挂账, reviewed every 90 days",
        "resume": "design",
        "conclude_deferred": "design: what cannot be done is explained",
        "redo": "order 10: 发回主责单位重办",
        "close": "design: after every caller's follow-up; order 11: not while 督办 holds it",
        "close_as_withdrawn": "design: proposed when the last caller withdraws, decided by a person",
        "reopen": "order 9, 10: 评议、核查 after closing",
        "merge": "order 13: 重复诉求并单处理",
        "unmerge": "order 13",
        "void": "design: registered by mistake",
        "restore": "design",
    },
)
ASSIGNMENT = Machine(
    model=Assignment,
    title="Assignment 承办",
    words="One unit's part in a ticket: lead, co-unit, superior or copy, given by the city centre or by a county's.",
    grounds={
        "sign": "order 8: 主责办理人员为在编人员",
        "request_return": RETURNS,
        "refuse_return": RETURNS,
        "take_back": "design: return granted, recalled, ruled elsewhere, taken back by the county, withdrawn",
        "submit": "order 10",
        "accept": "order 10",
        "work_again": "order 10: sent back, 重办, reopened",
        "hand_over": "design: units and people change; what is not late runs on",
    },
)
APPEAL = Machine(
    model=Appeal,
    title="Appeal 诉求",
    words="One person, one channel, one matter. Five ways end it at intake; an accepted one hangs on a ticket. The rights are "
    "`channels_merge.use_desk` 接听并登记诉求 and `channels_merge.accept_appeal` 受理诉求; citizens give information and "
    "withdraw by themselves too, with the query code.",
    grounds={
        "accept": "order 1, 2: one hotline takes it in",
        "ask_information": "design",
        "give_information": "design",
        "answer": "order 15: 业务咨询快速解答",
        "transfer": "66号（二）: 紧急热线",
        "send_back": "design: not a matter of this city; 国办发〔2022〕12号: 先接到的登记受理",
        "take_back": "design: the emergency line, or the line that sent it, declined",
        "redirect": "66号（二）: 告知法定途径",
        "explain": "66号（二）",
        "hand_to_police": "66号（二）",
        "withdraw": "design: the citizen's wish",
    },
    who="`use_desk` or `accept_appeal`",
)
FILING = "order 2: 确需保留和新增的，报市12345热线管理中心备案"
CHANNEL = Machine(
    model=Channel,
    title="Channel 渠道",
    words="One way in. None new without filing; what existed is filed with its evidence and ends on its day unless it is kept; "
    "what is kept is filed again each year. Appeals of a cancelled one are taken in and counted.",
    grounds={
        "file": FILING,
        "approve": FILING,
        "refuse": FILING,
        "confirm": "order 2: 已经设立的; its evidence is looked at",
        "put_in_use": FILING,
        "keep": FILING,
        "end": "order 2: 已经设立的，逐步取消",
        "cancel": "order 2; by the daily task when the day comes, or by the manager",
    },
    who="`propose_channel` of its unit, or `manage_channels`; decisions and cancelling by `manage_channels` only, never by "
    "whoever filed",
)
MACHINES = (TICKET, ASSIGNMENT, APPEAL, CHANNEL)

STANDINGS = {
    rights.at_the_centre: "at the city centre",
    rights.with_a_part: "at the centre, or of a unit with a part in it",
    rights.of_its_unit: "of the unit whose part it is",
    rights.of_its_lead: "of the lead whose part it is",
    rights.of_its_co_unit: "of the co-unit or superior whose part it is",
    rights.of_its_doing_unit: "of the unit whose part it is, copies excepted",
    rights.of_request_decider: "of whoever gave the part, never the asker",
    rights.of_approval_unit: "of the unit whose step it is, never the submitter; the city's step: `review_completion` 审核办结",
    rights.above_its_unit: "at the city centre, or of the county above the unit; no unit hands over its own",
}


class Command(BaseCommand):
    help = "Write docs/state-machine.md from the machines."

    def handle(self, *args, **options):
        DOCUMENT.write_text(document(), encoding="utf-8")
        self.stdout.write(f"已写入 {DOCUMENT.relative_to(settings.BASE_DIR)}。")


def document() -> str:
    return "\n".join([HEAD, *(chapter(machine) for machine in MACHINES)])


def chapter(machine: Machine) -> str:
    acts = acts_of(machine.model)
    return "\n".join(
        [
            f"## {machine.title}\n",
            f"{machine.words}\n",
            "```mermaid",
            "stateDiagram-v2",
            *picture(machine.model, acts),
            "```\n",
            "| method | from | to | who | only if | ground |",
            "|---|---|---|---|---|---|",
            *(row(machine, name, steps) for name, steps in acts.items()),
            "",
        ]
    )


def acts_of(model: type[Model]) -> dict[str, list[Transition]]:
    """Method → its steps, one for each state it starts in; methods as the class defines them, states as the field does."""
    order = states_of(model)
    steps = sorted(
        model._meta.get_field("state").get_all_transitions(model),
        key=lambda step: (list(vars(model)).index(step.name), order.index(step.source)),
    )
    return {name: list(group) for name, group in groupby(steps, key=lambda step: step.name)}


def states_of(model: type[Model]) -> list[str]:
    return [str(value) for value, _ in model._meta.get_field("state").choices]


def targets(step: Transition, order: list[str]) -> list[str]:
    return sorted(map(str, getattr(step.target, "allowed_states", [step.target])), key=order.index)


def picture(model: type[Model], acts: dict[str, list[Transition]]) -> Iterator[str]:
    field, order = model._meta.get_field("state"), states_of(model)
    yield from (f'    state "{label}" as {value}' for value, label in field.choices)
    yield f"    [*] --> {field.default}"
    arrows: dict[tuple[str, str], list[str]] = {}
    for name, steps in acts.items():
        if len(steps) > DRAWN_FROM or len(targets(steps[0], order)) > DRAWN_FROM:
            continue
        for step in steps:
            for target in targets(step, order):
                arrows.setdefault((step.source, target), []).append(name)
    yield from (f"    {source} --> {target} : {', '.join(names)}" for (source, target), names in arrows.items())


def row(machine: Machine, name: str, steps: list[Transition]) -> str:
    labels = dict(machine.model._meta.get_field("state").choices)
    sources = "、".join(labels[step.source] for step in steps)
    goes_to = "、".join(labels[target] for target in targets(steps[0], list(labels)))
    only_if = ", ".join(check.__name__.replace("_", " ") for check in steps[0].conditions)
    who = machine.who or who_may(steps[0].permission)
    return f"| `{name}` | {sources} | {goes_to} | {who} | {only_if} | {machine.grounds[name]} |"


def who_may(right: Right | None) -> str:
    if right is None:
        return "follows from an act on the ticket"
    labels = dict(Ticket._meta.permissions)
    code = right.permission.removeprefix("tickets.")
    return f"`{code}` {labels[code]}; {STANDINGS[right.standing]}"
