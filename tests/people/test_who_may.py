"""Every role and every action, through the engine and through the command line, held against the one table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from unittest.mock import MagicMock

import click
import pytest

from coupon_desk.cancellation.operation import Operation, OperationState
from coupon_desk.cli.program import program
from coupon_desk.errors import ConfigurationError, DeskError, ExitStatus, NotPermitted
from coupon_desk.people.roles import Right, Role
from coupon_desk.words import Language, say
from tests.people.who_may import ROLES, WITHOUT_AN_OPERATOR, Cell, May, cells, every_cell
from tests.people.who_may_bench import COMMANDS, ENGINE, HIDES, NOTE, PIN, Bench, open_bench
from tests.surroundings.cleanliness import no_new_threads

ENDS_OTHERWISE: Final[dict[str, type[DeskError]]] = {
    "explain an alarm": ConfigurationError,
    "share somebody": NotPermitted,
    "change the configuration": NotPermitted,
}
"""What a permitted action meets in this home all the same: there is no alarm, no centre, and it is a training shop's."""

STATUSES: Final = {
    "explain an alarm": {2},
    "share somebody": {3},
    "change the configuration": {3},
    "central status": {2},
    "central ship": {2},
    "central verify": {2},
    "resume": {0, 3, 4},
    "sort many": {3, 4},
    "show a bulk": {3, 4},
}
"""How the calls of those who may end; 0 where nothing is said."""


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with no_new_threads(), open_bench(tmp_path_factory.mktemp("who-may")) as opened:
        yield opened


@pytest.fixture(autouse=True)
def leftovers() -> None:
    """The threads of the bench live as long as it does; that they end with it is looked at there."""


def test_the_table_has_a_row_for_every_right_and_every_role() -> None:
    assert {cell.right for cell in every_cell()} == set(Right)
    assert set(ROLES) == set(Role)
    assert len({(cell.action, cell.role) for cell in every_cell()}) == len(every_cell())


def test_each_row_is_tried_where_it_says() -> None:
    assert set(ENGINE) == {cell.action for cell in every_cell() if "engine" in cell.where}
    assert set(COMMANDS) == {cell.action for cell in every_cell() if "cli" in cell.where}


@pytest.mark.parametrize("cell", cells("engine"), ids=str)
def test_the_engine_does_what_the_table_says(bench: Bench, cell: Cell) -> None:
    since, login = bench.desk.trail.head().sequence, bench.who(cell).login
    found, error = _tried(bench, cell)
    entries = bench.refusals(since, login)
    if cell.may is May.NO:
        assert isinstance(error, NotPermitted)
        assert error.exit_status is ExitStatus.REFUSED
        assert [(entry.body["right"], entry.body["why"]) for entry in entries] == [(cell.right.value, "missing")]
        for language in Language:
            assert say(cell.role.label, language) in say(error.what, language)
        return
    assert entries == []
    assert (type(error) if error else None) is ENDS_OTHERWISE.get(cell.action), error
    assert error is not None or found is cell.may


@pytest.mark.parametrize("cell", cells("cli"), ids=str)
def test_the_command_line_does_what_the_table_says(bench: Bench, cell: Cell) -> None:
    words, login = COMMANDS[cell.action](bench, cell), bench.who(cell).login
    since = bench.desk.trail.head().sequence
    # The engine was asked in both languages already: here each role hears one of them.
    language = Language.JA if cell.role in {Role.CLERK, Role.AUDITOR} else Language.EN
    ended = bench.call(login, *words, "--language", language.value, stdin=f"{PIN}\n")
    refused = [entry.body["right"] for entry in bench.refusals(since, login)]
    if cell.may is May.NO:
        assert (ended.status, refused) == (3, [cell.right.value])
        role = say(cell.role.label, language)
        expected = f"Your role ({role}) may not " if language is Language.EN else role
        assert expected in ended.out + ended.err
        return
    assert refused == []
    assert ended.status in ({4} if cell.may is May.ASK else STATUSES.get(cell.action, {0})), ended.err
    assert cell.may is not May.HIDDEN or "•••" in ended.out
    bench.take_back(login, NOTE)


def test_every_command_is_in_the_table_or_says_why_it_asks_for_nobody() -> None:
    anything = MagicMock()
    tried = [" ".join(map(str, words(anything, anything))) for words in COMMANDS.values()]
    named = {path for path in _commands(program) if any(f"{words} ".startswith(f"{path} ") for words in tried)}
    assert set(_commands(program)) - named == set(WITHOUT_AN_OPERATOR)


def _tried(bench: Bench, cell: Cell) -> tuple[May | None, DeskError | None]:
    """What came of it, or the error in which it ended."""
    try:
        result = ENGINE[cell.action](bench, cell)
    except DeskError as error:
        return None, error
    if result is HIDES:
        return May.HIDDEN, None
    if isinstance(result, Operation) and result.state is OperationState.AWAITING_APPROVAL:
        return May.ASK, None
    return May.YES, None


def _commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[str]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, (*path, name))
        else:
            yield " ".join((*path, name))
