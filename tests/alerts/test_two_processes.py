"""Two daemons, each a process of its own, on one PostgreSQL: all is told once, and one that is killed leaves nothing undone."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from leakwatch.model.alert import DeliveryState
from leakwatch.model.asset import Asset, AssetId
from leakwatch.service import add_asset
from leakwatch.store.repository import SqlRepository
from leakwatch.store.tables import outbox

from ..daemons import Web, configured, site, until  # noqa: TID252 - tests are no package that could be named

DYING = Path(__file__).parents[2] / "benchmarks" / "dying.py"
WORKS = (
    *("Tideglass Meridian", "Northwind Halcyon", "Umbral Cartography", "Verdigris Pavilion"),
    *("Saltmarsh Observatory", "Kestrel Antiphon", "Ochre Labyrinth", "Quillon Estuary"),
)
on_postgresql = [
    pytest.mark.postgres,
    pytest.mark.parametrize("repository", ["postgresql"], indirect=True),
]
pytestmark = on_postgresql


@dataclass
class Pair:
    """The processes, the site that both read, and what both channels were told."""

    folder: Path
    web: Web
    repository: SqlRepository
    shown: int = 0
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)

    async def start(self, die_at: str = "") -> asyncio.subprocess.Process:
        """One more daemon, with a data folder of its own, which kills itself at a step if one is named."""
        folder = self.folder / f"daemon{len(self.processes)}"
        folder.mkdir()
        url = self.repository.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        more = f'[[channels]]\nname = "slack"\nkind = "slack"\nurl = "{self.web.url}/slack"\n'
        more += '[[routes]]\nchannels = ["slack"]\ngroup_interval = "0s"\n'
        told = f'[store]\nurl = "{url}"\n{site("index", f"{self.web.url}/rss")}'
        configured(folder, self.web, told, more)
        with (folder / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, str(DYING), "run", "-c", str(folder / "leakwatch.toml")),
                env=os.environ | {"DIE_AT": die_at},
                stdout=log,
                stderr=log,
                cwd=folder,
            )
        self.processes.append(process)
        return process

    async def show(self) -> None:
        """One more leak on the site."""
        self.shown += 1
        self.web.feed(
            "/rss", *((str(n), WORKS[n], f"magnet:?xt=urn:btih:{n:040x}") for n in range(self.shown))
        )

    async def polls(self) -> int:
        """How often the site was read by either."""
        async with self.repository.reading() as work:
            return len(await work.sites.windows("index", 10_000))

    async def sent(self) -> int:
        """How many alerts are settled as sent."""
        async with self.repository.reading() as work:
            return len(await work.outbox.list([DeliveryState.SENT], 1000))

    def told(self) -> tuple[Counter[str], Counter[str]]:
        """How often each delivery arrived: of the webhook by its id, of Slack by the work that it names."""
        hook = Counter(headers["webhook-id"] for headers, _ in self.web.posted if "webhook-id" in headers)
        texts = [str(body) for headers, body in self.web.posted if "webhook-id" not in headers]
        return hook, Counter(work for text in texts for work in WORKS if work in text)


@pytest.fixture
async def pair(tmp_path: Path, web: Web, repository: SqlRepository) -> AsyncIterator[Pair]:
    """The works are known, the site is empty, no daemon runs yet; those that run are ended."""
    for title in WORKS:
        ident = AssetId(title.split(maxsplit=1)[0].lower())
        await add_asset(Asset(id=ident, title=title, critical=True), repository, datetime.now(UTC))
    made = Pair(tmp_path, web, repository)
    web.feed("/rss")
    yield made
    for process in made.processes:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
    for process in made.processes:
        await asyncio.wait_for(process.wait(), 30)


@asynccontextmanager
async def both(pair: Pair, die_at: str = "") -> AsyncIterator[asyncio.subprocess.Process]:
    """Both at work; answers the one that may kill itself."""
    first = await pair.start(die_at)
    second = await pair.start()
    await until(lambda: _is_read(pair, 4), 40)
    yield first
    assert second.returncode is None


async def _is_read(pair: Pair, times: int) -> bool:
    return await pair.polls() >= times


async def test_what_two_processes_see_is_told_once(pair: Pair) -> None:
    """Both read the site; each of five leaks is one finding, and one message on each channel."""
    async with both(pair) as first:
        for number in range(1, 6):
            await pair.show()
            await until(lambda wanted=2 * number: _has_sent(pair, wanted), 20)  # type: ignore[misc]
        before = await pair.polls()
        await until(lambda: _is_read(pair, before + 6), 20)
        assert first.returncode is None
    hook, slack = pair.told()
    assert (sorted(hook.values()), slack) == ([1] * 5, Counter(WORKS[:5]))


async def _has_sent(pair: Pair, wanted: int) -> bool:
    return await pair.sent() >= wanted


@pytest.mark.parametrize(
    "die_at",
    ["commit of take_page, before:1", "commit of _next, after:1", "post to hook, after:1"],
)
async def test_one_is_killed_and_the_other_goes_on(pair: Pair, die_at: str) -> None:
    """Whatever one died in is done by the other when the lease is over: under the same id, and nothing else twice."""
    async with both(pair, die_at) as first:
        while first.returncode is None and pair.shown < len(WORKS):
            await pair.show()
            await _patient(first, 3.0)
        is_there = first.returncode is not None
        if not is_there:  # the other one did it all
            first.kill()
        assert await first.wait() == -signal.SIGKILL
        if pair.shown < len(WORKS):
            await pair.show()
        await until(lambda: _is_done_but_leased(pair), 30)
        await asyncio.sleep(2)  # who lives has sent what it took, and takes nothing of the other's
        leased = await _leased(pair)
        assert len(leased) <= 2, "one on each channel"
        assert all(until_ > datetime.now(UTC) for until_ in leased), (
            "nobody takes it before the lease is over"
        )
        async with pair.repository.engine.begin() as connection:  # two minutes pass
            over = sa.update(outbox).where(outbox.c.lease_until.is_not(None))
            await connection.execute(over.values(lease_until=datetime.now(UTC) - timedelta(seconds=1)))
        await until(lambda: _has_sent(pair, 2 * pair.shown), 30)
    hook, slack = pair.told()
    assert len(hook) == pair.shown, "each has one id, however often it came"
    assert set(slack) == set(WORKS[: pair.shown])
    twice = [*hook.values(), *slack.values()]
    again = sum(twice) - len(twice)
    assert (is_there and die_at.startswith("post")) <= again <= len(leased), "only what may have arrived"


async def _patient(process: asyncio.subprocess.Process, seconds: float) -> None:
    try:
        await asyncio.wait_for(process.wait(), seconds)
    except TimeoutError:
        return


async def _leased(pair: Pair) -> list[datetime]:
    async with pair.repository.engine.connect() as connection:
        query = sa.select(outbox.c.lease_until).where(outbox.c.state == DeliveryState.LEASED.value)
        return list((await connection.execute(query)).scalars())


async def _is_done_but_leased(pair: Pair) -> bool:
    return await pair.sent() + len(await _leased(pair)) >= 2 * pair.shown
