"""A company's database server, and the central database on it as its desks reach it over the network."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.central.server import Server, company_server
from tests.surroundings.central_database import CentralDatabase, central_database


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with company_server(tmp_path_factory.mktemp("authority")) as running:
        yield running


@pytest.fixture
def company(server: Server) -> Iterator[CentralDatabase]:
    """A prepared central database on that server."""
    with central_database(server.folder, server.port) as database:
        yield database
