"""Builds the daemon from the configuration, runs it, and closes everything in reverse order."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import structlog

from leakwatch.alerts import notifier_for
from leakwatch.config import Config
from leakwatch.crawl.fetcher import HttpFetcher
from leakwatch.crawl.vault import FileVault
from leakwatch.daemon.brains import Brains, priors_of
from leakwatch.daemon.changes import Changes, stamp_of
from leakwatch.daemon.daemon import Daemon
from leakwatch.daemon.schedule import Schedule
from leakwatch.drilling import SITE
from leakwatch.errors import ConfigError
from leakwatch.jobs import Jobs
from leakwatch.limited.pages import PageReader
from leakwatch.parts import open_counter, open_prover
from leakwatch.persons import open_authors
from leakwatch.service import load_hosts, load_rules, load_weights
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository
from leakwatch.swarm.outcomes import OutcomeLog
from leakwatch.swarm.session import SwarmSession

log = structlog.get_logger()


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        """Now, aware, in UTC."""
        return datetime.now(UTC)


@asynccontextmanager
async def running(config: Config) -> AsyncGenerator[Daemon]:
    """Everything that a daemon needs, opened in order and closed in reverse.

    Raises: ConfigError if another daemon uses the data folder.
    """
    changes = Changes(stamp_of(config))
    config.data_dir.mkdir(parents=True, exist_ok=True)
    async with contextlib.AsyncExitStack() as stack:
        repository = SqlRepository.open(config.store_url)
        stack.push_async_callback(repository.close)
        if repository.is_embedded:
            stack.enter_context(_only_one(config.data_dir / "daemon.lock"))
        await upgrade(config.store_url)
        clock = SystemClock()
        vault = FileVault(config.data_dir / "evidence", config.evidence.min_free_bytes)
        fetcher = await stack.enter_async_context(
            HttpFetcher(config.door, secret=config.secret, clock=clock, at_once=config.daemon.concurrency)
        )
        reader = PageReader()
        stack.push_async_callback(reader.aclose)
        swarm, outcomes = None, OutcomeLog()
        if config.swarm.enabled:
            swarm = SwarmSession(config.swarm_settings)
            outcomes = OutcomeLog(swarm.outcomes)
            stack.push_async_callback(swarm.aclose)
        jobs, counter = Jobs(), await open_counter(config, repository, fetcher, clock, stack)
        notifiers = {one.name: notifier_for(one, fetcher, clock) for one in config.channels}
        sites = {site.name: site for site in config.sites if site.enabled and not site.is_stream}
        daemon = Daemon(
            config=config,
            repository=repository,
            vault=vault,
            fetcher=fetcher,
            reader=reader,
            prover=open_prover(config, repository, vault, fetcher, swarm, clock, stack),
            counter=counter,
            notifiers=notifiers,
            brains=Brains(
                repository=repository,
                fetcher=fetcher,
                weights=load_weights(),
                pack=load_rules(config.rules_dir, {site.name: site.kind for site in config.sites}),
                routing=config.routing,
                hosts=load_hosts(),
                authors=open_authors(config.privacy.authors, config.data_dir),
                priors=priors_of(config.sites),
                draws=config.evidence.screenshot,
            ),
            clock=clock,
            jobs=jobs,
            schedule=Schedule(repository, jobs, sites, notifiers, counter is not None, outcomes, clock),
            outcomes=outcomes,
            changes=changes,
            sites=sites,
            streams=tuple(site for site in config.sites if site.enabled and site.is_stream),
        )
        async with repository.writing() as work:
            await work.sites.sync(
                [SITE, *((s.name, s.kind, s.host) for s in (*daemon.sites.values(), *daemon.streams))],
                clock.now(),
            )
            released = await work.outbox.release_leases(clock.now()) if repository.is_embedded else 0
        if released:
            log.warning("leases_released", alerts=released)
        yield daemon


@contextlib.contextmanager
def _only_one(path: Path):  # noqa: ANN202
    """A lock on the data folder for as long as the daemon lives, however it dies."""
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise ConfigError(f"another leakwatch daemon uses {path.parent}; stop it first") from error
        file.write(str(os.getpid()))
        file.flush()
        yield


async def run_daemon(config: Config, *, once: bool) -> frozenset[str]:
    """The command `run`: until SIGTERM or SIGINT, or through everything once; answers the sites that failed."""
    async with running(config) as daemon:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, daemon.stopping.set)
        if not once:
            await daemon.run()
            return frozenset()
        working, stopped = asyncio.create_task(daemon.run_once()), asyncio.create_task(daemon.stopping.wait())
        await asyncio.wait({working, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for task in (working, stopped):
            if not task.done():
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task
        return frozenset(daemon.crawler.failed)
