"""A small campaign, and the test of the test: with any one safeguard taken out, the campaign notices.

The whole campaign is `make campaign`; what it promises is in docs/exactly-once.md.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from coupon_desk.training.faults import FaultKind
from tests.faults.bench import Bench
from tests.faults.mutants import SAFEGUARDS
from tests.faults.one_run import Run
from tests.faults.plan import SETTLE_SECONDS, Breaks, Event, Kills, Moment, Place, Plan, drawn
from tests.faults.promises import Broken

SEEDS = range(1, 41)
TRIES = 8
"""Two desks race: which of them is faster is not planned."""

LOST_ADD = Breaks("add", 1, FaultKind.LOST_ANSWER)
RACE = Plan(1, desks=2, latency_seconds=0.01)
TEMPTING = {
    "claim": (RACE, Broken.DOUBLE),
    "compare": (Plan(1, moments=(Moment("WriteRecord", 1, Event.RECORD_EDITED),)), Broken.WRONG),
    "first-search": (Plan(1, moments=(Moment("DeactivateDiscount", 1, Event.RETURN_BY_HAND),)), Broken.DOUBLE),
    "search-after-unknown": (Plan(1, breaks=(LOST_ADD,)), Broken.DOUBLE),
    "second-look": (Plan(1, breaks=(LOST_ADD,), history_lag_seconds=40), Broken.DOUBLE),
    "write-before-act": (Plan(1, kills=(Kills("mail.content", 1, Place.AFTER),)), Broken.MAILED_TWICE),
    "settle": (
        Plan(1, moments=(Moment("DeactivateDiscount", 1, Event.PAYMENT_BEGINS),), payment_seconds=SETTLE_SECONDS - 1),
        Broken.WRONG,
    ),
    "used-meanwhile": (Plan(1, moments=(Moment("DeactivateDiscount", 1, Event.REDEEM),)), Broken.WRONG),
}
"""For each safeguard a run that goes wrong without it, and how."""


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with Bench() as made:
        yield made


@pytest.mark.parametrize("seed", SEEDS)
def test_a_broken_run_keeps_every_promise(bench: Bench, seed: int) -> None:
    outcome = Run(bench, drawn(seed)).carry_out()
    assert not outcome.violations, f"make campaign SEED={seed} RUNS=1: {outcome.violations}"


@pytest.mark.parametrize("safeguard", TEMPTING)
def test_with_every_safeguard_the_tempting_run_goes_well(bench: Bench, safeguard: str) -> None:
    plan, _ = TEMPTING[safeguard]
    assert not Run(bench, plan).carry_out().violations


@pytest.mark.parametrize("safeguard", SAFEGUARDS)
def test_a_safeguard_taken_out_is_noticed(bench: Bench, safeguard: str) -> None:
    plan, expected = TEMPTING[safeguard]
    noticed: set[Broken] = set()
    tries = 0
    while expected not in noticed and tries < TRIES:
        tries += 1
        noticed.update(violation.broken for violation in Run(bench, plan, safeguard).carry_out().violations)
    assert expected in noticed, f"without {safeguard} {tries} runs showed nothing but {noticed}"


def test_the_same_seed_breaks_the_same_things(bench: Bench) -> None:
    plan = Plan(6, processes_in_trouble=3, fault_share=0.05, kill_at_write_share=0.1, mishap_share=0.05)
    first, second = (Run(bench, plan).carry_out() for _ in range(2))
    assert first.replays_exactly
    assert first.faults
    assert first.mishaps
    assert first == second
