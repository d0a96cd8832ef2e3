"""The database as the ports know it: transactions, and what can be asked in one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from leakwatch.errors import StoreError
from leakwatch.model.channel import ChannelHealth
from leakwatch.store.announcements import SqlAnnouncements
from leakwatch.store.audit import SqlAudit
from leakwatch.store.cases import SqlCases
from leakwatch.store.catalogue import SqlCatalogue
from leakwatch.store.channels import SqlChannels
from leakwatch.store.clock import SqlClock
from leakwatch.store.engine import READ_ONLY, open_engine
from leakwatch.store.evidence import SqlEvidence
from leakwatch.store.findings import SqlFindings
from leakwatch.store.lines import SqlLines
from leakwatch.store.looks import SqlLooks
from leakwatch.store.notices import SqlNotices
from leakwatch.store.outbox import SqlOutbox
from leakwatch.store.persons import SqlPersons
from leakwatch.store.retention import SqlRetention
from leakwatch.store.screenshots import SqlScreenshots
from leakwatch.store.silences import SqlSilences, SqlStandings
from leakwatch.store.sites import SqlSites
from leakwatch.store.stamps import SqlStamps
from leakwatch.store.swarms import SqlSwarms

_A_LITTLE = 2**16


@dataclass(frozen=True, slots=True)
class SqlWork:
    """One transaction."""

    catalogue: SqlCatalogue
    sites: SqlSites
    findings: SqlFindings
    outbox: SqlOutbox
    swarms: SqlSwarms
    audit: SqlAudit
    announcements: SqlAnnouncements
    silences: SqlSilences
    standings: SqlStandings
    evidence: SqlEvidence
    looks: SqlLooks
    screenshots: SqlScreenshots
    stamps: SqlStamps
    cases: SqlCases
    channels: SqlChannels
    notices: SqlNotices
    lines: SqlLines
    retention: SqlRetention
    persons: SqlPersons
    clock: SqlClock


class SqlRepository:
    """SQLite or PostgreSQL. On SQLite one write transaction at a time, so that none waits inside the database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self._one_writer = asyncio.Lock() if engine.dialect.name == "sqlite" else None

    @classmethod
    def open(cls, url: str) -> SqlRepository:
        """A repository for an address such as sqlite:///leakwatch.db or postgresql://user@host/name."""
        return cls(open_engine(url))

    @property
    def is_embedded(self) -> bool:
        """Whether this process is the only daemon on the database."""
        return self._one_writer is not None

    async def close(self) -> None:
        """Close all connections."""
        await self.engine.dispose()

    @asynccontextmanager
    async def reading(self) -> AsyncGenerator[SqlWork]:
        """A transaction that only reads."""
        async with self._connected() as opened:
            connection = await opened.execution_options(**{READ_ONLY: True})
            try:
                yield _work(connection)
            except DBAPIError as error:
                raise _store_error(error) from error

    @asynccontextmanager
    async def writing(self) -> AsyncGenerator[SqlWork]:
        """A transaction that commits at the end of the block, or leaves no trace if it raises."""
        if self._one_writer is None:
            async with self._begin() as work:
                yield work
            return
        async with self._one_writer, self._begin() as work:
            yield work

    async def try_writing(self) -> None:
        """Write a little, and take it back. Raises: StoreError if the database takes nothing."""
        name = "leakwatch:try"
        async with self.writing() as work:
            await work.channels.keep(ChannelHealth(name=name, because="x" * _A_LITTLE))
        async with self.writing() as work:
            await work.channels.forget(name)

    @asynccontextmanager
    async def _begin(self) -> AsyncGenerator[SqlWork]:
        try:
            async with self._connected() as connection, connection.begin():
                yield _work(connection)
        except DBAPIError as error:
            raise _store_error(error) from error

    @asynccontextmanager
    async def _connected(self) -> AsyncGenerator[AsyncConnection]:
        """A connection. Raises: StoreError if the database cannot be reached; what goes wrong in the block is another matter."""
        async with AsyncExitStack() as stack:
            try:
                connection = await stack.enter_async_context(self.engine.connect())
            except OSError as error:
                raise StoreError(f"the database cannot be reached: {error}") from error
            yield connection


def _work(connection: AsyncConnection) -> SqlWork:
    return SqlWork(
        SqlCatalogue(connection),
        SqlSites(connection),
        SqlFindings(connection),
        SqlOutbox(connection),
        SqlSwarms(connection),
        SqlAudit(connection),
        SqlAnnouncements(connection),
        SqlSilences(connection),
        SqlStandings(connection),
        SqlEvidence(connection),
        SqlLooks(connection),
        SqlScreenshots(connection),
        SqlStamps(connection),
        SqlCases(connection),
        SqlChannels(connection),
        SqlNotices(connection),
        SqlLines(connection),
        SqlRetention(connection),
        SqlPersons(connection),
        SqlClock(connection),
    )


def _store_error(error: DBAPIError) -> StoreError:
    told = str(error.orig)
    hint = "; run: leakwatch db upgrade" if "no such table" in told or "does not exist" in told else ""
    return StoreError(f"the database refused: {told.splitlines()[0]}{hint}")
