"""An operation as a person reads it in the terminal."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from coupon_desk.cancellation.operation import Operation, OperationKind, OperationState, Step, StepState
from coupon_desk.cli.output import Output
from coupon_desk.cli.tables import Cell, Colour, Row
from coupon_desk.errors import ExitStatus
from coupon_desk.words import Message, msg, write

if TYPE_CHECKING:
    from coupon_desk.app.approvals import WaitingRequest
    from coupon_desk.cancellation.work import Observer

STEP_WORDS: Final = {
    StepState.PENDING: (msg("to do"), Colour.FAINT),
    StepState.RUNNING: (msg("in progress"), Colour.WARNING),
    StepState.DONE: (msg("done"), Colour.GOOD),
    StepState.UNKNOWN: (msg("unknown"), Colour.BAD),
    StepState.DELAYED: (msg("later"), Colour.WARNING),
    StepState.REFUSED: (msg("refused"), Colour.BAD),
    StepState.SKIPPED: (msg("not needed"), Colour.FAINT),
}

STATE_COLOURS: Final = {
    OperationState.AWAITING_APPROVAL: Colour.WARNING,
    OperationState.RUNNING: Colour.WARNING,
    OperationState.COMPLETED: Colour.GOOD,
    OperationState.REFUSED: Colour.BAD,
    OperationState.NEEDS_ATTENTION: Colour.BAD,
}


def tell_operation(output: Output, operation: Operation, receipt: str | None = None) -> None:
    """Everything about one operation: how it ended and why, each step, what to do next."""
    output.line(f"{operation.code}  {output.words(operation.state.label)}", STATE_COLOURS[operation.state])
    for message in _result(operation):
        output.say(message)
    output.table(tuple(_step_row(output, step) for step in operation.steps))
    facts = [
        (msg("Reference"), operation.reference),
        (msg("Operation"), operation.id),
        *([(msg("Receipt"), receipt)] if receipt else []),
    ]
    output.table(tuple((output.words(name), value) for name, value in facts))


def tell_not_begun(output: Output, typed: str, why: str) -> None:
    """A code for which nothing was begun, and why."""
    output.line(f"{typed}  {output.words(OperationState.REFUSED.label)}", Colour.BAD)
    output.line(why)


def step_by_step(output: Output) -> Observer:
    """An observer that tells each step once as it comes to stand."""
    known: dict[tuple[str, str], StepState] = {}

    def observe(operation: Operation) -> None:
        for step in operation.steps:
            place = (operation.id, step.name.value)
            if known.get(place) is not step.state and step.state not in {StepState.PENDING, StepState.SKIPPED}:
                known[place] = step.state
                word = output.words(STEP_WORDS[step.state][0])
                output.progress(f"{operation.code}  {output.words(step.name.label)}: {word}")

    return observe


def tell_operations(output: Output, operations: tuple[Operation, ...]) -> None:
    """A table of operations."""
    if not operations:
        output.say(msg("None."))
        return
    heads = (msg("Operation"), msg("Code"), msg("Kind"), msg("State"), msg("Points"), msg("Operator"), msg("Opened"))
    rows: tuple[Row, ...] = tuple(
        (
            operation.id,
            operation.code.text,
            output.words(operation.kind.label),
            Cell(output.words(operation.state.label), STATE_COLOURS[operation.state]),
            write(int(operation.points_returned), output.language),
            operation.operator.name,
            when(output, operation.opened_at),
        )
        for operation in operations
    )
    output.table(rows, heads, right=frozenset({4}))


def tell_waiting(output: Output, waiting: tuple[WaitingRequest, ...]) -> None:
    """A table of what waits for a second person: who asks for what, why it waits, and until when."""
    if not waiting:
        output.say(msg("None."))
        return
    heads = (
        msg("Operation"),
        msg("Code"),
        msg("Kind"),
        msg("Points"),
        msg("Operator"),
        msg("Desk"),
        msg("Until"),
        msg("Why a second person"),
    )
    rows: tuple[Row, ...] = tuple(
        (
            one.operation,
            one.shown_as,
            output.words(one.kind.label),
            write(one.points, output.language),
            one.requester_name or one.requester,
            one.desk,
            when(output, one.expires_at),
            " ".join(output.words(why) for why in one.why),
        )
        for one in waiting
    )
    output.table(rows, heads, right=frozenset({3}))


def when(output: Output, at: datetime | None) -> str:
    """A moment as the reader writes it; nothing for none."""
    return write(at, output.language) if at is not None else ""


def _result(operation: Operation) -> list[Message]:
    match operation.state:
        case OperationState.COMPLETED:
            told = [_completed(operation)]
            if operation.attention is not None:
                told.append(operation.attention)
            if operation.next_action is not None:
                told.append(operation.next_action)
            return told
        case OperationState.REFUSED:
            whys = dict.fromkeys(finding.message for finding in operation.refused)
            told = [msg("– {why}", why=why) for why in whys]
            if operation.proposal is not None:
                told.insert(0, operation.proposal.why)
            return [*told, msg("Nothing was done.")] if operation.exit_status is ExitStatus.REFUSED else told
        case OperationState.AWAITING_APPROVAL:
            return [
                *(msg("– {why}", why=why) for why in operation.approval_needed),
                msg("Another person approves it with “coupon-desk approvals approve {operation}”.", operation=operation.id),
            ]
        case OperationState.NEEDS_ATTENTION:
            return [message for message in (operation.attention, operation.next_action) if message is not None]
        case OperationState.RUNNING:
            return [msg("Not finished. “coupon-desk resume” goes on with it; nothing is done twice.")]


def _completed(operation: Operation) -> Message:
    if operation.kind is OperationKind.INVALIDATE:
        return msg("The code is dead. No points were returned.")
    if operation.balance_before is None or operation.balance_after is None:
        return msg("{points} points were returned.", points=int(operation.points_returned))
    return msg(
        "{points} points were returned: balance {before} → {after}.",
        points=int(operation.points_returned),
        before=operation.balance_before,
        after=operation.balance_after,
    )


def _step_row(output: Output, step: Step) -> Row:
    word, colour = STEP_WORDS[step.state]
    detail = output.words(step.detail) if step.detail is not None else ""
    tells_when = step.detail is not None and any(isinstance(value, datetime) for _, value in step.detail.values)
    if step.due_at is not None and not step.state.is_settled and not tells_when:
        due = msg("goes on at {at}", at=step.due_at)
        detail = f"{detail} ({output.words(due)})".strip()
    return (f"  {output.words(step.name.label)}", Cell(output.words(word), colour), detail)
