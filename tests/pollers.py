"""What tests of polling share: a site that is a paged feed on loopback, polled by hand with the real door and database."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher
from leakwatch.crawl.vault import FileVault
from leakwatch.limited.reading import parsed
from leakwatch.matching.index import build_index
from leakwatch.model.route import Routing
from leakwatch.model.site import CoverageWindow, SiteState
from leakwatch.pipeline import Brain
from leakwatch.polling import Polled, SiteConfig, poll
from leakwatch.service import load_rules, load_weights
from leakwatch.sources import feed
from leakwatch.sources._kind import Page, Payload, PolledKind, Request
from leakwatch.store.repository import SqlRepository

from .daemons import Web

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def back(site: feed.FeedSite, payload: Payload, page: Page) -> Request | None:
    """The page behind `/feed/N` is `/feed/N+1`; behind an empty one there is none."""
    before, _, number = payload.url.rpartition("/")
    return Request(url=f"{before}/{int(number) + 1}") if page.observations else None


PAGED = replace(feed.KIND, back=back, is_markup=False)
"""A feed with pages, read in this process: `tests/limited` is about the others."""


class Here:
    """Reads pages in this process: their limits have tests of their own."""

    async def read(self, kind: PolledKind, payload: Payload) -> Page:
        """What a page holds."""
        return parsed(kind, payload)


@dataclass
class Clock:
    """A clock that is set by hand."""

    at: datetime = NOON

    def now(self) -> datetime:
        """The time."""
        return self.at


@dataclass
class Poller:
    """One site, its server, and what polls have left in the database."""

    web: Web
    repository: SqlRepository
    vault: FileVault
    fetcher: HttpFetcher
    brain: Brain
    site: SiteConfig
    kind: PolledKind = PAGED
    clock: Clock = field(default_factory=Clock)
    shown: list[tuple[str, datetime | None]] = field(default_factory=list[tuple[str, datetime | None]])
    per_page: int = 5
    announced: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])

    def post(self, *names: str, every: timedelta = timedelta(minutes=1), dated: bool = True) -> None:
        """Show new items, the last the newest."""
        for name in names:
            self.clock.at += every
            self.shown.insert(0, (name, self.clock.at if dated else None))

    def show(self, pages: int = 50) -> None:
        """Lay the items out on the server's pages, newest first."""
        self.web.pages = {f"/feed/{number}": (200, _rss([]), {}) for number in range(1, pages + 1)}
        for number in range(1, pages + 1):
            some = self.shown[(number - 1) * self.per_page : number * self.per_page]
            self.web.pages[f"/feed/{number}"] = (200, _rss(some), {})

    async def state(self) -> SiteState:
        """The site's row."""
        async with self.repository.reading() as work:
            found = await work.sites.get(self.site.name)
        assert found
        return found

    async def windows(self) -> list[CoverageWindow]:
        """The coverage windows, newest first."""
        async with self.repository.reading() as work:
            return await work.sites.windows(self.site.name)

    async def poll(self, **changes: Any) -> Polled:
        """Poll once, a minute later."""
        self.clock.at += timedelta(minutes=1)
        site = replace(self.site, **changes)
        state = await self.state()

        async def announce(alerts: int, proofs: int) -> None:
            self.announced.append((alerts, proofs))

        desk = (self.brain, self.repository, self.vault, self.fetcher, Here(), self.clock)
        return await poll(
            site,
            self.kind,
            state,
            *desk,
            lambda: False,
            lambda one, at: at + timedelta(seconds=one.every),
            announce,
        )


def _rss(items: list[tuple[str, datetime | None]]) -> str:
    told = "".join(
        f"<item><guid>{name}</guid><title>{name}</title><link>https://index.example/{name}</link>"
        + (f"<pubDate>{format_datetime(at)}</pubDate>" if at else "")
        + "</item>"
        for name, at in items
    )
    return f'<rss version="2.0"><channel><title>t</title>{told}</channel></rss>'


@asynccontextmanager
async def polling(tmp_path: Path, web: Web, repository: SqlRepository) -> AsyncIterator[Poller]:
    """A site that is polled by hand."""
    site = SiteConfig(
        name="index", kind="feed", settings=feed.FeedSite(url=f"{web.url}/feed/1"), min_interval_s=0.0
    )
    clock = Clock()
    brain = Brain(build_index([]), load_weights(), load_rules(None), Routing())
    settings = DoorSettings(contact="mailto:test@leakwatch.invalid", allow_hosts=frozenset({"127.0.0.1"}))
    async with HttpFetcher(settings, secret=lambda _: "", clock=clock) as fetcher:
        async with repository.writing() as work:
            await work.sites.sync([(site.name, site.kind, site.host)], NOON)
        yield Poller(web, repository, FileVault(tmp_path / "vault"), fetcher, brain, site, clock=clock)
