"""No sequence of actions gives points without right, within limit or with a second person: at one desk, or at two that race.

`python -m tests.cancellation.limit_mutants` takes each safeguard away and tells whether this finds it.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.cancellation.limited_shop import make_template
from tests.cancellation.people_at_desks import TEMPLATE, People, PeopleOfTwoDesks, PeopleOverPostgres
from tests.surroundings.central_database import CentralDatabase

ORDINARY = settings(
    max_examples=5,
    stateful_step_count=25,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module", autouse=True)
def _home(tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("limits") / "desk.sqlite3"
    make_template(file)
    TEMPLATE[:] = [file]


@pytest.mark.parametrize("people", [People, PeopleOfTwoDesks])
def test_no_order_of_actions_gives_points_that_must_not_be_given(people: type[People]) -> None:
    run_state_machine_as_test(people, settings=ORDINARY)


def test_nor_does_any_over_the_real_central_database(centre: CentralDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    desks = tuple(centre.open(name) for name in PeopleOverPostgres.names)
    monkeypatch.setattr(PeopleOverPostgres, "centrals", desks)
    run_state_machine_as_test(PeopleOverPostgres, settings=settings(ORDINARY, max_examples=2))
