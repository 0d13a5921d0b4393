"""A bench for each test, on a home that is made once and copied."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cancellation.bench import Bench, make_template
from tests.cancellation.world import World


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("template") / "desk.sqlite3"
    make_template(file)
    return file


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def bench(template: Path, tmp_path: Path, world: World) -> Iterator[Bench]:
    made = Bench(template, tmp_path, world)
    yield made
    made.close()
