"""The trail of every desk: each entry after the one before it, in batches, once; and found by what auditors look for."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from coupon_desk.central.place import Central
from coupon_desk.central.refusals import ChainFlaw, ChainRefused
from coupon_desk.errors import RemoteRefused, RemoteUnavailable
from tests.surroundings.central_database import CentralDatabase
from tests.surroundings.tool import wait_until

INSERT = text(
    "INSERT INTO coupon_desk.entries (desk, sequence, version, previous, entry, hash) "
    "SELECT 'Ginza', * FROM unnest(CAST(:sequences AS bigint[]), CAST(:versions AS integer[]), CAST(:before AS text[]), "
    "CAST(:entries AS text[]), CAST(:hashes AS text[])) ON CONFLICT (desk, sequence) DO NOTHING"
)


def digest(sequence: int) -> str:
    return f"{sequence:064x}"


def ship(central: Central, sequences: range, *, entry: str = '{"action":"x"}', branch: int = 0) -> int:
    """Store a batch; how many were new. `branch` makes it another history."""
    with central.transaction() as connection:
        return connection.execute(
            INSERT,
            {
                "sequences": list(sequences),
                "versions": [2 for _ in sequences],
                "before": [digest(sequence - 1 + branch) if sequence > 1 else "0" * 64 for sequence in sequences],
                "entries": [entry for _ in sequences],
                "hashes": [digest(sequence + branch) for sequence in sequences],
            },
        ).rowcount


def test_batches_follow_each_other_and_a_batch_that_is_sent_twice_is_stored_once(centre: CentralDatabase) -> None:
    central = centre.open("Ginza")
    assert ship(central, range(1, 1001)) == 1000
    assert ship(central, range(1, 1001)) == 0
    assert ship(central, range(501, 1501)) == 500
    assert centre.ask("SELECT count(*), max(sequence) FROM coupon_desk.entries") == [(1500, 1500)]


@pytest.mark.parametrize(
    ("sequences", "branch", "flaw", "at"),
    [
        (range(12, 15), 0, ChainFlaw.GAP, 12),
        (range(11, 15), 1000, ChainFlaw.FORK, 11),
        (range(5, 15), 1000, ChainFlaw.FORK, 11),
    ],
)
def test_a_gap_and_a_fork_are_refused_whole_and_named(
    centre: CentralDatabase, sequences: range, branch: int, flaw: ChainFlaw, at: int
) -> None:
    central = centre.open("Ginza")
    ship(central, range(1, 11))
    with pytest.raises(ChainRefused) as refused:
        ship(central, sequences, branch=branch)
    assert (refused.value.flaw, refused.value.sequence) == (flaw, at)
    assert refused.value.todo is not None
    assert centre.ask("SELECT count(*) FROM coupon_desk.entries") == [(10,)]


def test_an_entry_of_a_number_that_is_taken_is_told_as_such(centre: CentralDatabase) -> None:
    central = centre.open("Ginza")
    ship(central, range(1, 4))
    with pytest.raises(ChainRefused) as refused, central.connection() as connection:
        connection.execute(
            text(
                "INSERT INTO coupon_desk.entries (desk, sequence, version, previous, entry, hash) "
                "VALUES ('Ginza', 3, 2, :before, '{}', :hash)"
            ),
            {"before": digest(2), "hash": "e" * 64},
        )
    assert refused.value.flaw is ChainFlaw.TWICE


def test_two_programs_that_ship_the_same_trail_at_once_store_it_once_and_whole(centre: CentralDatabase) -> None:
    central, start = centre.open("Ginza"), threading.Barrier(4)

    def ship_all(_: int) -> int:
        new = 0
        for first in range(1, 401, 20):
            start.wait(timeout=30)
            new += ship(central, range(first, first + 20))
        return new

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(ship_all, range(4))) == 400
    assert centre.ask("SELECT count(*), min(sequence), max(sequence) FROM coupon_desk.entries") == [(400, 1, 400)]


def test_what_auditors_look_for_is_what_the_entry_says(centre: CentralDatabase) -> None:
    central = centre.open("Ginza")
    said = {
        "action": "points.sent",
        "actor": "aiko",
        "at": "2026-11-23T01:02:03.000004Z",
        "operation": "op-1",
        "step": "return_points",
        "result": "done",
        "coupon": "ab" * 16,
        "customer": None,
        "body": {"text": '取り消し \\ " \u2028', "action": "not this one"},
    }
    entry = json.dumps(said, ensure_ascii=False)
    ship(central, range(1, 2), entry=entry)
    columns = ("action", "actor", "at", "operation", "step", "result", "coupon", "customer", "entry")
    (row,) = centre.ask(f"SELECT {', '.join(columns)} FROM coupon_desk.entries")
    assert dict(zip(columns, row, strict=True)) == {**{name: said[name] for name in columns[:-1]}, "entry": entry}


def test_an_escaped_zero_character_stays_as_it_was_written(centre: CentralDatabase) -> None:
    """PostgreSQL's text can't hold the character itself; RFC 8785 always escapes it."""
    central = centre.open("Ginza")
    entry = r'{"action":"x","actor":"a\u0000b","step":"a\\u0000b","body":{"note":"\u0000"}}'
    ship(central, range(1, 2), entry=entry)
    assert centre.ask("SELECT entry, action, actor FROM coupon_desk.entries") == [(entry, "x", "a\ufffdb")]


def test_what_is_no_entry_is_refused_as_such(centre: CentralDatabase) -> None:
    with pytest.raises(RemoteRefused):
        ship(centre.open("Ginza"), range(1, 2), entry="{")


def test_the_chain_is_followed_by_index_also_in_a_session_that_began_with_an_empty_table(centre: CentralDatabase) -> None:
    """The plan that is made for a table that is known to be empty would otherwise look through all of it for every entry."""
    central = centre.open("Ginza")
    centre.ask("VACUUM ANALYZE coupon_desk.entries")
    with central.transaction(seconds=60) as connection:
        for first in range(1, 3001, 100):
            sequences = range(first, first + 100)
            connection.execute(
                INSERT,
                {
                    "sequences": list(sequences),
                    "versions": [2 for _ in sequences],
                    "before": [digest(sequence - 1) if sequence > 1 else "0" * 64 for sequence in sequences],
                    "entries": ["{}" for _ in sequences],
                    "hashes": [digest(sequence) for sequence in sequences],
                },
            )
        scans = connection.execute(text("SELECT pg_stat_get_xact_numscans('coupon_desk.entries'::regclass)")).scalar_one()
    assert scans == 0


def test_a_quick_shutdown_cuts_what_is_under_way(centre: CentralDatabase) -> None:
    central = centre.open("Ginza")

    def sleep() -> None:
        with central.connection() as connection:
            connection.execute(text("SELECT pg_sleep(4)"))

    with ThreadPoolExecutor(1) as pool:
        asked = pool.submit(sleep)
        wait_until(
            lambda: (
                centre.ask("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = %s", centre.name) != []
            ),
            "the statement is under way",
        )
        central.abort()
        with pytest.raises(RemoteUnavailable):
            asked.result(timeout=2)
    assert central.own_desk() == "Ginza", "what is asked afterwards is answered"
