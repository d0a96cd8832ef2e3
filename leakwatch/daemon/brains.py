"""What pages are held against, built anew when the catalogue or the configuration has changed."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import structlog

from leakwatch.crawl.fetcher import HttpFetcher
from leakwatch.crawl.silence import Silence
from leakwatch.extract.hosts import Hosts
from leakwatch.matching.index import build_index
from leakwatch.matching.weights import Weights
from leakwatch.model.asset import Asset, QueryMode
from leakwatch.model.route import Routing
from leakwatch.pipeline import Brain
from leakwatch.polling import SiteConfig
from leakwatch.ports import Repository
from leakwatch.privacy import Authors
from leakwatch.rulepack.schema import RulePack

log = structlog.get_logger()


@dataclass(slots=True)
class Brains:
    """The present brain. The door is told with it which names may not leave this machine."""

    repository: Repository
    fetcher: HttpFetcher
    weights: Weights
    pack: RulePack
    routing: Routing
    hosts: Hosts
    authors: Authors
    priors: Mapping[str, float]
    draws: bool = False
    _brain: tuple[int, Brain] | None = None
    _indexing: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def get(self, version: int | None = None) -> Brain:
        """The catalogue as an index. `version` is what the catalogue is at, where that is known."""
        if self._brain is not None and self._brain[0] == version:
            return self._brain[1]
        async with self._indexing:
            async with self.repository.reading() as work:
                version = await work.catalogue.version()
                is_new = self._brain is None or self._brain[0] != version
                assets = await work.catalogue.all() if is_new else []
            if self._brain is None or is_new:
                index = await asyncio.to_thread(build_index, assets)  # seconds for a large catalogue
                self.fetcher.silence = await asyncio.to_thread(_silence, assets)
                told = (self.weights, self.pack, self.routing, self.hosts, self.priors)
                self._brain = (version, Brain(index, *told, self.authors, self.draws))
                log.info("catalogue_loaded", assets=len(index.assets), names=len(index.book.names))
            return self._brain[1]

    def take(self, sites: Iterable[SiteConfig], pack: RulePack) -> None:
        """Go by these sites' priors and these rules from now on."""
        self.priors, self.pack, self._brain = priors_of(sites), pack, None


def priors_of(sites: Iterable[SiteConfig]) -> dict[str, float]:
    """What each site alone says for or against a match, in bits."""
    return {site.name: site.prior_bits for site in sites}


def _silence(assets: list[Asset]) -> Silence:
    """The names that may not leave this machine: all under embargo, but those that somebody let be sent."""
    silent = [one for one in assets if one.embargoed and one.asked_as is not QueryMode.DIRECT]
    return Silence.about((name, one.shown_name) for one in silent for name in one.names)
