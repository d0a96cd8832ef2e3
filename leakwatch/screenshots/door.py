"""What a page that is drawn may have: images and styles that the door fetches, few and small, and nothing else."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field, replace
from time import monotonic
from urllib.parse import urlsplit

from leakwatch.errors import ConfigError, SourceError
from leakwatch.model.manner import Manner
from leakwatch.polling import SiteConfig
from leakwatch.ports import Fetcher
from leakwatch.sources._kind import Request

_MOST, _MOST_BYTES, _AT_ONCE = 30, 5 * 2**20, 4
_SECONDS = 12.0
"""After so long nothing more is fetched: the page is drawn with what has come."""
_ELSEWHERE_S = 1.0
_STATUS = 200


@dataclass(slots=True)
class Extras:
    """What one page has asked for and got, through the door, at its pace and within its limits."""

    site: SiteConfig
    fetcher: Fetcher
    had: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    refused: int = 0
    _asked: int = 0
    _bytes: int = 0
    _began: float = field(default_factory=monotonic)
    _places: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(_AT_ONCE))

    async def get(self, url: str) -> tuple[str, bytes] | None:
        """Content type and bytes of an image or a style sheet, or None."""
        had = await self._get(url) if url.startswith(("http://", "https://")) else None
        self.refused += had is None
        return had

    async def _get(self, url: str) -> tuple[str, bytes] | None:
        self._asked += 1
        if self._asked > _MOST:
            return None
        async with self._places:
            left_s = _SECONDS - (monotonic() - self._began)
            if left_s <= 0 or self._bytes >= _MOST_BYTES:
                return None
            try:
                async with asyncio.timeout(left_s):
                    return await self._fetched(url)
            except (SourceError, ConfigError, TimeoutError):
                return None

    async def _fetched(self, url: str) -> tuple[str, bytes] | None:
        asked = Request(url=url.partition("#")[0], named_by=frozenset({self.site.host}))
        manner, pause_s = self._way(url)
        payload = await self.fetcher.fetch(asked, min_interval_s=pause_s, manner=manner)
        kind = payload.headers.get("content-type", "").partition(";")[0].strip().lower()
        self._bytes += len(payload.body)
        is_fit = kind == "text/css" or kind.startswith("image/")
        if payload.status != _STATUS or not is_fit or self._bytes > _MOST_BYTES:
            return None
        self.had.append((payload.url, hashlib.sha256(payload.body).hexdigest()))
        return payload.headers["content-type"], payload.body

    def _way(self, url: str) -> tuple[Manner, float]:
        """The site's own host as the site is asked; others slowly, by the same proxy. All obey robots.txt."""
        if urlsplit(url).netloc.lower() == self.site.host:
            manner = replace(self.site.manner(url), site="", mirrors=(), robots=self.site.robots == "obey")
            return manner, self.site.min_interval_s
        return Manner(robots=True, home=url, proxy=self.site.proxy), _ELSEWHERE_S
