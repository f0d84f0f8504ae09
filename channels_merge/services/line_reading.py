"""What a line sent, read and checked. Pure: bytes in, dataclasses out; nothing is written here."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils.dateparse import parse_datetime
from django.utils.timezone import is_aware

from channels_merge.identity import normal_phone
from channels_merge.services.contacts import Person
from channels_merge.states import FirstCalled, LineEvent, ParkedFor, Satisfaction, TransferOutcome
from hotline.dates import SHANGHAI
from hotline.errors import DomainError
from hotline.typed import clean
from tickets.states import Kind, Resolved, Urgency

LONGEST_BODY: Final = 200_000
LONGEST_ID: Final = 80
DEEPEST: Final = 60


class CannotTakeIn(DomainError):
    """The message cannot be taken in as it is; `why` says what kind of mending it asks for."""

    def __init__(self, why: ParkedFor, sentence: str) -> None:
        super().__init__(sentence)
        self.why = why


@dataclass(frozen=True)
class Envelope:
    message_id: str
    event: str
    number: str
    sent_at: datetime | None
    data: Mapping[str, Any]


@dataclass(frozen=True)
class SentAppeal:
    """A new matter as the line describes it. Codes are the line's own."""

    text: str
    title: str
    kind: str
    urgency: str
    place: str
    subject: str
    is_enterprise: bool
    wants_follow_up: bool
    category_code: str
    category_name: str
    region_code: str
    region_name: str
    occurred_at: datetime | None
    due_at: datetime | None
    first_called: str
    three_party: bool
    person: Person


@dataclass(frozen=True)
class SentRating:
    satisfaction: str
    resolved: str
    ground: str
    words: str


def read_json(body: bytes) -> Any:
    """JSON in UTF-8 to the letter of the standard. Raises CannotTakeIn, also for a name that an object has twice: one of the two
    would be lost and nobody could say which.
    """
    try:
        read = json.loads(body.decode("utf-8-sig"), object_pairs_hook=_each_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as exc:
        raise CannotTakeIn(ParkedFor.NOT_READ, "内容不是正确的 JSON。") from exc
    if is_deep(read):
        raise CannotTakeIn(ParkedFor.NOT_READ, f"内容一层套一层，超过 {DEEPEST} 层。")
    return read


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        twice = next(name for index, (name, _) in enumerate(pairs) if name in dict(pairs[:index]))
        raise CannotTakeIn(ParkedFor.NOT_READ, f"字段 {clean(twice)[:40]} 写了两次，不知道以哪个为准。")
    return made


def _no_number(word: str) -> None:
    raise ValueError(word)


def is_deep(value: Any) -> bool:
    """Whether lists and objects stand in one another further down than anything sensible, and than can be written again."""
    level = [value]
    for _ in range(DEEPEST):
        inner = [one.values() if isinstance(one, dict) else one for one in level if isinstance(one, (dict, list))]
        level = [one for values in inner for one in values]
    return bool(level)


def open_envelope(body: bytes) -> Envelope:
    """Raises CannotTakeIn for what is no JSON object or lacks number or kind."""
    if len(body) > LONGEST_BODY:
        raise CannotTakeIn(ParkedFor.NOT_READ, f"内容有 {len(body)} 个字节，最多 {LONGEST_BODY} 个。")
    read = read_json(body)
    if not isinstance(read, dict):
        raise CannotTakeIn(ParkedFor.NOT_READ, "内容不是 JSON 对象。")
    fields = Fields(read)
    envelope = Envelope(
        message_id=fields.text("message_id", LONGEST_ID, required=True),
        event=fields.choice("event", LineEvent, required=True),
        number=fields.text("number", LONGEST_ID, required=True),
        sent_at=fields.moment("sent_at"),
        data=fields.mapping("data"),
    )
    fields.nothing_else()
    return envelope


def peek(body: bytes) -> dict[str, str]:
    """Whatever can be made out of it for lists: `message_id`, `event`, `number` and the codes, "" where there is none."""
    try:
        read = read_json(body) if len(body) <= LONGEST_BODY else None
    except CannotTakeIn:
        read = None
    outer = read if isinstance(read, dict) else {}
    data = outer.get("data") if isinstance(outer.get("data"), dict) else {}
    seen = {name: _plain(outer.get(name))[:LONGEST_ID] for name in ("message_id", "event", "number")}
    seen |= {name: _plain(data.get(name))[:60] for name in ("category_code", "region_code")}
    if seen["event"] not in LineEvent.values:
        seen["event"] = LineEvent.UNKNOWN
    return seen


def read_appeal(envelope: Envelope) -> SentAppeal:
    fields = Fields(envelope.data)
    sent = SentAppeal(
        text=fields.text("text", 10_000, required=True),
        title=fields.text("title", 100),
        kind=fields.choice("kind", Kind),
        urgency=fields.choice("urgency", Urgency) or Urgency.NORMAL,
        place=fields.text("place", 200),
        subject=fields.text("subject", 100),
        is_enterprise=fields.yes("is_enterprise"),
        wants_follow_up=fields.yes("wants_follow_up", otherwise=True),
        category_code=fields.text("category_code", 60),
        category_name=fields.text("category_name", 100),
        region_code=fields.text("region_code", 60),
        region_name=fields.text("region_name", 100),
        occurred_at=fields.moment("occurred_at"),
        due_at=fields.moment("due_at"),
        first_called=fields.choice("first_called", FirstCalled),
        three_party=fields.yes("three_party"),
        person=Person(
            name=fields.text("name", 40),
            phone=fields.phone("phone"),
            id_number=fields.text("id_number", 18),
            account=fields.text("account", 80),
            hide_from_unit=fields.yes("hide_from_unit", otherwise=True),
            is_anonymous=fields.yes("is_anonymous"),
        ),
    )
    fields.nothing_else()
    return sent


def read_words(envelope: Envelope, *, required: bool) -> str:
    """The `text` of a supplement, an urge or a withdrawal."""
    fields = Fields(envelope.data)
    words = fields.text("text", 2000, required=required)
    fields.nothing_else()
    return words


def read_rating(envelope: Envelope) -> SentRating:
    fields = Fields(envelope.data)
    rating = SentRating(
        satisfaction=fields.choice("satisfaction", Satisfaction, required=True),
        resolved=fields.choice("resolved", Resolved, required=True),
        ground=fields.text("ground", 20),
        words=fields.text("text", 500),
    )
    fields.nothing_else()
    return rating


def read_outcome(envelope: Envelope) -> tuple[str, str]:
    """(taken or declined, note) of a matter that we gave to the line or back to it."""
    fields = Fields(envelope.data)
    found = fields.choice("outcome", TransferOutcome, required=True), fields.text("text", 200)
    fields.nothing_else()
    return found


def read_acknowledged(envelope: Envelope) -> str:
    """The id of the message of ours that has arrived."""
    fields = Fields(envelope.data)
    found = fields.text("message_id", 40, required=True)
    fields.nothing_else()
    return found


class Fields:
    """Fields of a JSON object or of a row of a sheet, each by its shape. What is wrong raises CannotTakeIn with its name."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self._left = dict(given)

    def text(self, name: str, most: int, *, required: bool = False) -> str:
        value = self._left.pop(name, None)
        if isinstance(value, (dict, list)):
            raise _wrong(f"{name} 应为文字。")
        text = clean(_plain(value))
        if required and not text:
            raise _wrong(f"缺少 {name}。")
        if len(text) > most:
            raise _wrong(f"{name} 最多 {most} 个字，现在有 {len(text)} 个。")
        return text

    def phone(self, name: str) -> str:
        try:
            return normal_phone(self.text(name, 20))
        except DomainError as exc:
            raise CannotTakeIn(ParkedFor.NOT_COMPLETE, str(exc)) from exc

    def choice(self, name: str, choices: Any, *, required: bool = False) -> str:
        """The code, or the Chinese word for it: both are understood."""
        said = self.text(name, 40, required=required)
        by_word = {str(label): value for value, label in choices.choices}
        value = by_word.get(said, said)
        if value and value not in choices.values:
            raise _wrong(f"{name}“{said}”不在可选范围内：{'、'.join(filter(None, choices.values))}。")
        return str(value)

    def yes(self, name: str, *, otherwise: bool = False) -> bool:
        value = self._left.pop(name, None)
        said = value if isinstance(value, bool) else _YES_OR_NO.get(clean(_plain(value)).lower())
        if said is None and clean(_plain(value)):
            raise _wrong(f"{name}“{_plain(value)[:20]}”应为 true 或 false。")
        return otherwise if said is None else said

    def moment(self, name: str) -> datetime | None:
        """ISO 8601 or `2026-11-10 09:30:00`; without a zone it is Chinese time."""
        said = self.text(name, 40)
        if not said:
            return None
        try:
            read = parse_datetime(said.replace("/", "-"))
            read = read and (read if is_aware(read) else read.replace(tzinfo=SHANGHAI)).astimezone(SHANGHAI)
        except (ValueError, OverflowError):
            read = None
        if read is None or not 2000 <= read.year <= 2100:
            raise _wrong(f"{name}“{said}”不是时间，应如 2026-11-10T09:30:00+08:00。")
        return read

    def mapping(self, name: str) -> Mapping[str, Any]:
        value = self._left.pop(name, None)
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise _wrong(f"{name} 应为 JSON 对象。")
        return value

    def nothing_else(self) -> None:
        """A field that nobody reads may be the one that matters: it is not passed over."""
        unknown = sorted(map(str, self._left))
        if unknown:
            raise _wrong(f"没有这个字段：{'、'.join(unknown)[:80]}。")


_YES_OR_NO: Final = {
    "true": True,
    "1": True,
    "是": True,
    "有": True,
    "false": False,
    "0": False,
    "否": False,
    "无": False,
}


def _plain(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _wrong(sentence: str) -> CannotTakeIn:
    return CannotTakeIn(ParkedFor.NOT_COMPLETE, sentence)


def mapped(fields: Mapping[str, str], find: Callable[[str], Any]) -> dict[str, Any]:
    """A message of ours out of something of theirs: `find` gives the value of a path or heading of theirs, None if missing.

    `fields`: ours → theirs, `data.text` for what stands in `data`; a value with `=` before it is taken as it stands.
    """
    made: dict[str, Any] = {"event": LineEvent.APPEAL.value, "data": {}}
    for ours, theirs in fields.items():
        value = theirs[1:] if theirs.startswith("=") else find(theirs)
        if value is None or value == "":
            continue
        outer, _, inner = ours.partition(".")
        if inner:
            made["data"][inner] = value
        else:
            made[outer] = value
    return made


MESSAGE_FIELDS: Final = ("message_id", "number", "event", "sent_at")
APPEAL_FIELDS: Final = (
    "text", "title", "kind", "urgency", "place", "subject", "is_enterprise", "wants_follow_up", "category_code",
    "category_name", "region_code", "region_name", "occurred_at", "due_at", "first_called", "three_party", "name",
    "phone", "id_number", "account", "hide_from_unit", "is_anonymous",
)  # fmt: skip
MAPPABLE: Final = (*MESSAGE_FIELDS, *(f"data.{name}" for name in APPEAL_FIELDS))
