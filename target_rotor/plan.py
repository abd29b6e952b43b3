"""What a run would send and what it refuses, known before its first request. No I/O."""

from __future__ import annotations

import hashlib
import typing as t
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import msgspec

from paged_rest.wording import counted
from target_rotor.fields import digits, read_fields

if t.TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# A day's quota is a tenth of it: more can never be sent, and all of it is kept in memory.
MOST_ROWS = 10_000
# Columns of the outbox.
HASH = "_payload_hash"
AMBIGUOUS = "_is_ambiguous"

_MOST_NAMED = 10
_encode = msgspec.json.Encoder(decimal_format="number", order="sorted").encode


@dataclass
class Wish:
    """A row of the input.

    Attributes:
        stream: `leads` or `customers`.
        number: Its place among the rows of its stream, from 1.
        sent: What is sent, by the API's names of fields.
        wrong: Why it is not sent: the name of a field, or `row`, and what is wrong with it.
        hash: Tells what it asks for from anything else.
        same_as: Whether an earlier row asks for the very same, so that this one is not sent.
    """

    stream: str
    number: int
    sent: Mapping[str, t.Any]
    wrong: dict[str, str]
    hash: str
    same_as: bool = False

    @property
    def body(self) -> bytes:
        """What is sent, as JSON."""
        return _encode(self.sent)

    @property
    def may_create(self) -> bool:
        """Whether Rotor makes a new row if it finds none that fits."""
        return "id" not in self.sent

    @property
    def is_sent(self) -> bool:
        """Whether it is to be sent."""
        return not self.wrong and not self.same_as


def wish(
    stream: str, number: int, record: Mapping[str, t.Any], *, match: str, write_nulls: bool
) -> Wish:
    """Return what a record asks for.

    Args:
        stream: `leads` or `customers`.
        number: Its place among the records of its stream, from 1.
        record: The record.
        match: Setting of that name.
        write_nulls: Setting of that name.
    """
    sent, wrong = read_fields(stream, record, write_nulls=write_nulls)
    if record.get(AMBIGUOUS) is True:
        wrong["row"] = "is one of several that are meant"
    keys = ("id",) if match == "id" else ("id", "phone", "email")
    if not any(sent.get(key) for key in keys) and not set(keys) & wrong.keys():
        wrong["row"] = f"has no {' and no '.join(keys)}"
    elif not wrong and not sent.keys() - {"id"}:
        wrong["row"] = "asks for nothing"
    given = record.get(HASH)
    made = given if isinstance(given, str) and given else _hash(stream, sent)
    return Wish(stream, number, sent, wrong, made)


def _hash(stream: str, sent: Mapping[str, t.Any]) -> str:
    return hashlib.md5(stream.encode() + _encode(sent), usedforsecurity=False).hexdigest()


@dataclass(frozen=True)
class Caps:
    """How much a run may do at most."""

    max_writes: int
    max_creates: int
    request_budget: int


@dataclass
class Plan:
    """All rows of a run.

    Attributes:
        wishes: The rows, in the order of the input.
    """

    wishes: list[Wish] = field(default_factory=list)

    def refuse_rows_of_one_key(self) -> None:
        """Send rows that ask for the same once, and refuse those that contradict each other."""
        of_key: dict[tuple[str, str, str], list[Wish]] = defaultdict(list)
        for found in self.wishes:
            for key in _keys(found):
                of_key[key].append(found)
        for (_, name, _), rows in of_key.items():
            if len({row.hash for row in rows}) > 1:
                for row in rows:
                    row.wrong.setdefault(name, "is that of another row too")
            else:
                for row in rows[1:]:
                    row.same_as = True

    @property
    def sent(self) -> list[Wish]:
        """The rows that are sent."""
        return [row for row in self.wishes if row.is_sent]

    @property
    def refused(self) -> list[Wish]:
        """The rows that are not, as something is wrong with them."""
        return [row for row in self.wishes if row.wrong]

    def too_much(self, caps: Caps) -> Iterator[str]:
        """Yield a sentence for each cap that the rows are over."""
        sent = len(self.sent)
        creating = sum(row.may_create for row in self.sent)
        if sent > caps.max_writes:
            yield f"{rows_of(sent)} to send, and max_writes is {caps.max_writes:,}"
        if creating > caps.max_creates:
            yield (
                f"Rotor may create {rows_of(creating)}, as so many have no id, and max_creates is "
                f"{caps.max_creates:,}"
            )
        if sent > caps.request_budget:
            yield (
                f"{sent:,} requests to make, and request_budget is {caps.request_budget:,}: "
                "the API allows a key 1,000 a day, and the tap needs some of them unless "
                "target-rotor has a key of its own"
            )

    def lines(self) -> Iterator[str]:
        """Yield what would happen to the rows, by stream and field, without any value."""
        for stream in dict.fromkeys(row.stream for row in self.wishes):
            yield from _about(stream, [row for row in self.wishes if row.stream == stream])


def _keys(row: Wish) -> Iterable[tuple[str, str, str]]:
    """Yield each thing by which Rotor may find the row that is asked for."""
    if row.wrong:
        return
    if not row.may_create:
        yield row.stream, "id", row.sent["id"]
        return
    if phone := row.sent.get("phone"):
        yield row.stream, "phone", digits(phone)
    if email := row.sent.get("email"):
        yield row.stream, "email", email.casefold()


def _about(stream: str, rows: Sequence[Wish]) -> Iterator[str]:
    sent = [row for row in rows if row.is_sent]
    creating = sum(row.may_create for row in sent)
    kinds = [(len(sent) - creating, "update"), (creating, "update or create")]
    what = ", ".join(f"{count:,} {kind}" for count, kind in kinds if count)
    yield f"{stream}: {rows_of(len(sent))} would be sent{f': {what}' if what else ''}"
    fields = Counter(name for row in sent for name in row.sent if name != "id")
    if fields:
        yield f"{stream}: fields: {', '.join(f'{name} {n:,}' for name, n in fields.most_common())}"
    refused: dict[str, list[int]] = defaultdict(list)
    for row in rows:
        for name, why in row.wrong.items():
            refused[f"{name} {why}"].append(row.number)
    for why, numbers in refused.items():
        yield f"{stream}: {rows_of(len(numbers))} would be refused: {why} ({_named(numbers)})"
    if same := sum(row.same_as for row in rows):
        yield f"{stream}: {rows_of(same)} would be left out, as another asks for the very same"


def rows_of(number: int) -> str:
    """Return a number of rows in words."""
    return counted(number, "row")


def _named(numbers: Sequence[int]) -> str:
    shown = ", ".join(f"{number:,}" for number in numbers[:_MOST_NAMED])
    more = len(numbers) - _MOST_NAMED
    return f"row {shown}" + (f" and {more:,} more" if more > 0 else "")
