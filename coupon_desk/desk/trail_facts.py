"""Everything that an entry of the trail says, as named texts in the words of the window: for the details, and to be copied."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from coupon_desk.cancellation.operation import OperationKind, OperationState, StepName, StepState
from coupon_desk.clock import from_text
from coupon_desk.desk.speech import Speech
from coupon_desk.desk.step_list import STATE_WORDS
from coupon_desk.desk.trail_body import Fact, said
from coupon_desk.desk.trail_words import as_it_is, outcome, reason, role_in_words
from coupon_desk.words import Message, msg, time_of_day

if TYPE_CHECKING:
    from coupon_desk.app.trail_reading import TrailLine
    from coupon_desk.trail.entry import Entry

ARROW: Final = "→"


def facts(line: TrailLine, speech: Speech) -> tuple[tuple[Fact, ...], ...]:
    """Who and when, on what, with which result, and what proves it: four groups; what has nothing to say is left out."""
    groups = (_who(line, speech), _on_what(line, speech), _result(line.entry, speech), _proof(line.entry, speech))
    return tuple(tuple(fact for fact in group if fact.value) for group in groups)


def as_text(line: TrailLine, speech: Speech) -> str:
    """All of it as lines of text."""
    everything = [fact for group in facts(line, speech) for fact in group]
    everything += said(line.entry, speech)
    return "\n".join(f"{fact.name}: {fact.value}" for fact in everything)


def _who(line: TrailLine, speech: Speech) -> Iterator[Fact]:
    fields = line.entry.fields
    say = speech.say
    yield Fact(say(msg("When")), _moment(line.moment, speech))
    logged = _read_moment(fields.logged_at)
    if logged is not None and logged != line.moment:
        yield Fact(say(msg("Written down")), _moment(logged, speech))
    if fields.clock_offset is not None:
        yield Fact(say(msg("Clock")), say(_offset(fields.clock_offset)))
    yield Fact(say(msg("Operator")), _person(line.actor_name, fields.actor) or say(msg("The program itself")))
    yield Fact(say(msg("Role")), say(role_in_words(fields.role)) if fields.role else "")
    yield Fact(say(msg("Approved by")), _person(line.approver_name, fields.approver))
    yield Fact(say(msg("Desk")), fields.desk)
    yield Fact(say(msg("System user")), fields.os_user or "")
    yield Fact(say(msg("Program version")), fields.app or "")


def _on_what(line: TrailLine, speech: Speech) -> Iterator[Fact]:
    fields = line.entry.fields
    say = speech.say
    yield Fact(say(msg("Coupon")), line.code or "", is_exact=True)
    yield Fact(say(msg("Customer")), line.customer_name or "")
    yield Fact(say(msg("Stands for the customer")), fields.customer or "", is_exact=True)
    yield Fact(say(msg("Operation")), fields.operation or "", is_exact=True)
    yield Fact(say(msg("Step")), say(StepName(fields.step).label) if fields.step in set(StepName) else fields.step or "")
    yield Fact(say(msg("Code of the action")), fields.action, is_exact=True)


def _result(entry: Entry, speech: Speech) -> Iterator[Fact]:
    say = speech.say
    became, because = outcome(entry), reason(entry)
    yield Fact(say(msg("Result")), say(became.word) if became else "")
    yield Fact(say(msg("Reason")), say(because) if because else "")
    yield Fact(say(msg("Points")), "" if entry.fields.points is None else speech.number(entry.fields.points))
    for name, before, after in changes(entry):
        yield Fact(say(name), f"{say(before)} {ARROW} {say(after)}" if before != after else say(after))
    yield Fact(say(msg("Request ids")), "\n".join(entry.fields.request_ids), is_exact=True)


def _proof(entry: Entry, speech: Speech) -> Iterator[Fact]:
    say = speech.say
    yield Fact(
        say(msg("Entry")), say(msg("{sequence}, written in form {version}", sequence=entry.sequence, version=entry.version))
    )
    yield Fact(say(msg("Hash")), entry.hash, is_exact=True)
    yield Fact(say(msg("Hash of the entry before")), entry.previous, is_exact=True)


def changes(entry: Entry) -> tuple[tuple[Message, Message, Message], ...]:
    """What changed: its name, what it was before and what it is after."""
    before, after = entry.fields.before or {}, entry.fields.after or {}
    names = tuple(dict.fromkeys((*before, *after)))
    return tuple(
        (_CHANGED.get(name) or as_it_is(name), _state(before, name), _state(after, name))
        for name in names
        if before.get(name) is not None or after.get(name) is not None
    )


_CHANGED: Final = {"state": msg("State"), "kind": msg("Kind"), "role": msg("Role")}
_NOTHING: Final = msg("nothing")


def _state(values: Mapping[str, Any], name: str) -> Message:
    value = values.get(name)
    if value is None:
        return _NOTHING
    if name == "state" and value in set(StepState):
        return STATE_WORDS[StepState(value)]
    if name == "state" and value in set(OperationState):
        return OperationState(value).label
    if name == "kind" and value in set(OperationKind):
        return OperationKind(value).label
    return role_in_words(value) if name == "role" else as_it_is(str(value))


def _person(name: str | None, login: str | None) -> str:
    return f"{name} ({login})" if name and login else login or ""


def _moment(moment: datetime | None, speech: Speech) -> str:
    return "" if moment is None else f"{speech.day(moment)} {time_of_day(moment)}"


def _read_moment(text: str | None) -> datetime | None:
    try:
        return from_text(text) if text else None
    except ValueError:
        return None


def _offset(seconds: float) -> Message:
    written = f"{abs(seconds):.1f}"
    if seconds < 0:
        return msg("{seconds} s ahead of the remote clock", seconds=written)
    return msg("{seconds} s behind the remote clock", seconds=written)
