"""A database that the release before part 5 has filled, brought up and watched on by the real daemon, on both databases.

tests/data/released_0009.sql was written by that release's own daemon, killed while it had something in every state: of
nine cases (one proved by a hub's digest, one with two sightings and confirmed by a person, one judged false) five
messages were sent, one was put off by a 503, one cut off after its request, one on the wire, two not tried yet.
"""

from __future__ import annotations

import asyncio
import json
import re
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.ext.asyncio import create_async_engine

from leakwatch.config import Config, load_config
from leakwatch.model.finding import FindingId, State, Verdict
from leakwatch.service import list_findings, show_finding
from leakwatch.store.engine import async_url
from leakwatch.store.migrate import _config, current, newest, upgrade

from .daemons import Web, configured, polled, site, until, watching

DUMP = Path(__file__).parent / "data" / "released_0009.sql"
ENDED = datetime(2026, 11, 29, 5, 58, 21, tzinfo=UTC)
"""When that daemon was killed."""
_TIME = re.compile(r"'(2026-11-2\d \d\d:\d\d:\d\d\.\d{6})'")
PROVED, CONFIRMED, FALSE = "LW-6BCNSBWPW7P", "LW-BIHIRWIOJJ3", "LW-JIJBGPVXOHD"


def dump(ended: datetime) -> str:
    """The database as SQL, as if the daemon had been killed at this time."""
    ahead = ended - ENDED

    def moved(found: re.Match[str]) -> str:
        at = datetime.fromisoformat(found[1]) + ahead
        return f"'{at.strftime('%Y-%m-%d %H:%M:%S.%f')}'"

    return _TIME.sub(moved, DUMP.read_text("utf-8"))


def in_sqlite(file: Path, ended: datetime) -> None:
    """The database as it was."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(file) as connection:
        connection.executescript(dump(ended))
    connection.close()


async def in_postgresql(url: str, ended: datetime, folder: Path) -> None:
    """The same rows in the tables that the release made there: its revisions, in its order."""
    await asyncio.to_thread(command.upgrade, _config(url), "0007")
    in_sqlite(folder / "rows.db", ended)
    rows = sqlite3.connect(folder / "rows.db")
    rows.row_factory = sqlite3.Row
    engine = create_async_engine(async_url(url))
    async with engine.begin() as connection:
        for column in ("released_by TEXT", "released_at TIMESTAMP WITH TIME ZONE"):
            await connection.execute(sa.text(f"ALTER TABLE asset ADD COLUMN {column}"))
        await connection.execute(sa.text("UPDATE alembic_version SET version_num = '0009'"))
        tables = sa.MetaData()
        await connection.run_sync(tables.reflect)
        for table in tables.sorted_tables:
            if table.name == "alembic_version":
                continue
            await connection.execute(sa.delete(table))
            found = [_typed(table, dict(one)) for one in rows.execute(f'SELECT * FROM "{table.name}"')]
            if found:
                await connection.execute(sa.insert(table), found)
            if "id" in table.c and isinstance(table.c.id.type, sa.BigInteger | sa.Integer):
                last = f"setval(pg_get_serial_sequence('{table.name}', 'id'), (SELECT max(id) FROM {table.name}))"
                await connection.execute(sa.text(f"SELECT {last}"))
    await engine.dispose()
    rows.close()


def _typed(table: sa.Table, row: dict[str, Any]) -> dict[str, Any]:
    """A row of SQLite as PostgreSQL's driver takes it."""
    for name, value in row.items():
        kind = table.c[name].type
        if value is None:
            continue
        if isinstance(kind, sa.DateTime):
            row[name] = datetime.fromisoformat(value).replace(tzinfo=UTC)
        elif isinstance(kind, sa.Boolean):
            row[name] = bool(value)
        elif isinstance(kind, sa.JSON):
            row[name] = json.loads(value)
    return row


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def config(request: pytest.FixtureRequest, tmp_path: Path, web: Web) -> AsyncIterator[Config]:
    """A configuration whose database the release before has filled until five seconds ago."""
    ended = datetime.now(UTC) - timedelta(seconds=5)
    sites = site("index", f"{web.url}/rss") + site("mirror", f"{web.url}/mirror")
    made = configured(tmp_path, web, sites)
    if request.param == "sqlite":
        in_sqlite(made.data_dir / "leakwatch.db", ended)
        yield made
        return
    server = request.getfixturevalue("postgres_url")
    admin = create_async_engine(async_url(server), isolation_level="AUTOCOMMIT")
    name = f"released_{abs(hash(request.node.nodeid))}"
    async with admin.connect() as connection:
        await connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
    url = sa.make_url(server).set(database=name).render_as_string(hide_password=False)
    await in_postgresql(url, ended, tmp_path)
    with made.file.open("a") as file:
        file.write(f'\n[store]\nurl = "{url}"\n')
    yield load_config(made.file)
    async with admin.connect() as connection:
        await connection.execute(sa.text(f'DROP DATABASE "{name}" WITH (FORCE)'))
    await admin.dispose()


def shown(web: Web, *numbers: int) -> None:
    """The index with the posts that the release has seen, and more."""
    web.feed("/rss", *((str(one), "Tideglass 70B", f"magnet:?xt=urn:btih:{one:040x}") for one in numbers))
    web.feed("/mirror", ("m1", "what I found", f"magnet:?xt=urn:btih:{1:040x}"))


async def test_everything_is_still_there(config: Config, web: Web) -> None:
    """All cases, sightings, verdicts, states and events are as they were, and every table of this release is there."""
    assert await current(config.store_url) == "0009"
    await upgrade(config.store_url)
    assert await current(config.store_url) == newest()
    shown(web, 1, 2, 3, 5, 6, 7, 8, 9)
    async with watching(config) as daemon:
        found = {one.id: one for one in await list_findings(daemon.repository)}
        assert len(found) == 9
        assert found[FindingId(PROVED)].verdict is Verdict.PROVED
        confirmed = await show_finding(CONFIRMED, daemon.repository)
        assert (confirmed.finding.state, confirmed.finding.sightings) == (State.CONFIRMED, 2)
        assert found[FindingId(FALSE)].state is State.FALSE_POSITIVE
        assert [one.kind.value for one in confirmed.events] == ["opened", "sighted", "state_changed"]
        assert confirmed.events[-1].detail["actor"] == "robin"
        assert sum(one.sightings for one in found.values()) == 10
        async with daemon.repository.reading() as work:
            assert len(await work.findings.due_proofs(datetime.now(UTC) + timedelta(days=1))) <= 8
            assert len(await work.sites.all()) >= 2


async def test_what_waited_is_told_once(config: Config, web: Web) -> None:
    """What was put off, doubtful, on the wire or not tried is told once and nothing that was told is; then life goes on."""
    shown(web, 1, 2, 3, 5, 6, 7, 8, 9)
    async with watching(config) as daemon:
        await hurry(config)
        await until(lambda: len(web.posted) >= 5, 60)
        await polled(daemon, "index", 3)
        told = Counter(str(body["data"]["finding"]) for _, body in web.posted)
        assert set(told.values()) == {1}
        assert len(told) == 5
        assert not {PROVED, CONFIRMED, FALSE} & set(told)
        shown(web, 1, 2, 3, 5, 6, 7, 8, 9, 10)
        await until(lambda: len(web.posted) == 6)
        web.feed("/mirror", ("m2", "and this", f"magnet:?xt=urn:btih:{10:040x}"))
        await until(lambda: len(web.posted) == 7)
        assert web.posted[5][1]["data"]["finding"] == web.posted[6][1]["data"]["finding"]
        web.feed(
            "/mirror",
            ("m3", "again", f"magnet:?xt=urn:btih:{2:040x}"),
            ("m4", "twice", f"magnet:?xt=urn:btih:{3:040x}"),
        )
        await polled(daemon, "mirror", 3)
    async with watching(config) as daemon:
        await polled(daemon, "index", 2)
        assert len(await list_findings(daemon.repository)) == 10
    assert len({headers["webhook-id"] for headers, _ in web.posted}) == len(web.posted)


async def hurry(config: Config) -> None:
    """Let the leases and pauses of the killed daemon be over: nobody waits two minutes, or an hour, for them here."""
    engine = create_async_engine(async_url(config.store_url))
    past = datetime.now(UTC) - timedelta(seconds=1)
    told = past if "postgresql" in config.store_url else past.replace(tzinfo=None)
    async with engine.begin() as connection:
        await connection.execute(
            sa.text(
                "UPDATE outbox SET due_at = :at, lease_until = CASE WHEN lease_until IS NULL THEN NULL ELSE :at END"
                " WHERE state <> 'sent'"
            ).bindparams(sa.bindparam("at", told, sa.DateTime(timezone="postgresql" in config.store_url)))
        )
    await engine.dispose()
