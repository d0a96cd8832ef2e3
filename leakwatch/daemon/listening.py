"""The streams: each is listened to until the end, and anew when something ends it."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

import structlog

from leakwatch.config import Config
from leakwatch.crawl.fetcher import HttpFetcher
from leakwatch.daemon.guard import Guard
from leakwatch.pipeline import Brain
from leakwatch.polling import SiteConfig
from leakwatch.ports import Swarm
from leakwatch.sources.dht import DhtSite
from leakwatch.sources.inbox import InboxSite
from leakwatch.streaming import Surroundings, SwarmSide, watch_dht, watch_inbox, watched_keys
from leakwatch.swarm.identity import stable_node_id
from leakwatch.torrent.infohash import SwarmKey

log = structlog.get_logger()

_AGAIN_S = (5, 30, 60, 300, 900)


@dataclass(slots=True)
class Listening:
    """Who listens to what."""

    config: Config
    around: Surroundings
    fetcher: HttpFetcher
    swarm: Swarm | None
    brain: Callable[[], Awaitable[Brain]]
    guard: Guard
    _tasks: dict[str, tuple[SiteConfig, asyncio.Task[None]]] = field(
        default_factory=dict[str, tuple[SiteConfig, "asyncio.Task[None]"]]
    )

    async def to(self, sites: Iterable[SiteConfig]) -> None:
        """Listen to these from now on, and to no others; one that has not changed is not disturbed."""
        wanted = {site.name: site for site in sites}
        ended = [name for name, (site, _) in self._tasks.items() if wanted.get(name) != site]
        tasks = [self._tasks.pop(name)[1] for name in ended]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for name, site in wanted.items():
            if name not in self._tasks:
                self._tasks[name] = (site, asyncio.create_task(self._listen(site)))

    async def _listen(self, site: SiteConfig) -> None:
        """Listen to a stream until the end; what ends it before is told, and it begins anew, later each time."""
        if isinstance(site.settings, DhtSite) and self.swarm is None:
            log.error(
                "stream_not_started", site=site.name, error="the swarm is switched off: set swarm.enabled"
            )
            return
        for wait_s in itertools.chain(_AGAIN_S, itertools.repeat(_AGAIN_S[-1])):
            told = {"site": site.name, "again_in_s": wait_s}
            async with self.guard.over("stream", site.name, ("stream_ended", "stream_crashed"), **told):
                await self._stream(site)
            await asyncio.sleep(wait_s)

    async def _stream(self, site: SiteConfig) -> None:
        if isinstance(site.settings, InboxSite):
            folder = self.config.file.parent / site.settings.folder
            await watch_inbox(site.name, folder, site.settings, self.around, self.fetcher)
        elif self.swarm is not None:
            side = SwarmSide(swarm=self.swarm, watched=self._watched)
            own_id = stable_node_id(self.config.data_dir)
            await watch_dht(site.name, site.settings, self.config.swarm_settings, own_id, self.around, side)

    async def _watched(self) -> frozenset[SwarmKey]:
        return await watched_keys(await self.brain(), self.around.repository)
