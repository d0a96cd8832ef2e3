"""Tries an address politely: a bounded number of requests through the door, robots.txt obeyed, one kind after another."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from urllib.parse import urljoin, urlsplit

from leakwatch.display import clean
from leakwatch.errors import ConfigError, LayoutChanged, Refused, SourceError
from leakwatch.model.manner import Manner
from leakwatch.model.observation import Observation
from leakwatch.polling import SiteConfig
from leakwatch.ports import Fetcher, Reader
from leakwatch.probing.guessing import Guess, Guesses, by_address, by_nodeinfo, by_page
from leakwatch.sources import KINDS
from leakwatch.sources._kind import Page, Payload, PolledKind, Request
from leakwatch.sources._refusals import check, explained

MAX_REQUESTS = 14
"""Requests for one address in all, those for robots.txt apart."""
_MAX_OF_KIND, _ENOUGH = 5, 30
_GONE = (404, 410)

Configured = Callable[[Guess], SiteConfig]
"""Makes a site of a guess, as the configuration would. Raises: ConfigError."""


@dataclass(frozen=True, slots=True)
class Means:
    """What a probe works with: the door, and who reads what came through it."""

    fetcher: Fetcher
    reader: Reader
    pace_s: float = 1.0


@dataclass(frozen=True, slots=True)
class Tried:
    """One thing that was tried, and how it ended."""

    what: str
    told: str


@dataclass(slots=True)
class Probed:
    """What became of an address: a site with what it shows, or the error that ended it."""

    url: str
    site: SiteConfig | None = None
    guess: Guess | None = None
    seen: list[Observation] = field(default_factory=list[Observation])
    first_page: int = 0
    requests: int = 0
    incomplete: str = ""
    error: SourceError | None = None
    tried: list[Tried] = field(default_factory=list[Tried])
    is_page: bool = False
    moved_to: str = ""
    first: Payload | None = None

    @property
    def works(self) -> bool:
        """Whether a kind can read it."""
        return self.site is not None and self.error is None


async def probe_site(site: SiteConfig, door: Means) -> Probed:
    """Read a site as its first poll would, only less of it. Raises: ConfigError for a stream."""
    probed = Probed(site.settings.url if not site.is_stream else site.kind, site=site)
    try:
        await _read(site, probed, door)
    except SourceError as error:
        probed.error = error
    return probed


async def probe_url(url: str, configured: Configured, door: Means) -> Probed:
    """Find out what an address is. The first kind that shows items wins, then the first that can be read at all."""
    probed = Probed(url)
    known = by_address(url)
    try:
        if known:
            await _first_that_works([known], probed, configured, door)
            return probed
        payload = probed.first = await _fetch(url, probed, door)
        if urlsplit(payload.url).netloc != urlsplit(url).netloc:
            probed.moved_to = payload.url
        told = by_page(payload)
        probed.is_page = told.is_page
        await _all(told, payload.url, probed, configured, door)
        if probed.site is None:
            raise LayoutChanged(told.problem or "it is a page without a feed, of no program that is known")
    except SourceError as error:
        probed.error = error
    return probed


async def _all(told: Guesses, url: str, probed: Probed, configured: Configured, door: Means) -> None:
    """What the page suggests, then what the server says that it runs, then the feeds that the page names."""
    if await _first_that_works(told.kinds, probed, configured, door):
        return
    if told.is_page and not told.kinds:
        guess = await _nodeinfo(url, probed, door)
        if guess and await _first_that_works([guess], probed, configured, door):
            return
    feeds = [Guess("feed", {"url": feed}, "the page names it") for feed in told.feeds]
    await _first_that_works(feeds, probed, configured, door)


async def _first_that_works(
    guesses: list[Guess] | tuple[Guess, ...], probed: Probed, configured: Configured, door: Means
) -> bool:
    """Try one guess after another; what failed is told. Raises: SourceError if it was the only one."""
    for guess in guesses:
        if probed.requests >= MAX_REQUESTS:
            break
        try:
            site = configured(guess)
            await _read(site, probed, door)
        except (SourceError, ConfigError) as error:
            probed.tried.append(Tried(guess.kind, clean(error.message, 200)))
            if len(guesses) == 1 and isinstance(error, SourceError):
                probed.guess = guess
                raise
            continue
        probed.site, probed.guess = site, guess
        return True
    return False


async def _read(site: SiteConfig, probed: Probed, door: Means) -> None:
    """Some pages of a site. Raises: SourceError if not even the first can be read."""
    kind = KINDS[site.kind]
    if not isinstance(kind, PolledKind):
        raise ConfigError(
            f"{site.name} is a stream: it is listened to, not asked; `leakwatch run` shows what it hears"
        )
    queue, asked, seen = deque(kind.start(site.settings, {})), 0, list[Observation]()
    first_page = 0
    while queue and asked < _MAX_OF_KIND and probed.requests < MAX_REQUESTS and len(seen) < _ENOUGH:
        request, asked = queue.popleft(), asked + 1
        try:
            page = await _page(request, site, kind, probed, door)
        except SourceError as error:
            of_item = isinstance(error, Refused) and error.is_of_item
            if asked == 1 or not of_item:
                raise
            probed.tried.append(Tried(request.url, clean(error.message, 200)))
            continue
        seen += page.observations
        first_page = first_page or len(page.observations)
        probed.incomplete = probed.incomplete or page.incomplete
        queue.extend(page.next_requests)
    probed.seen, probed.first_page = seen, first_page


async def _page(request: Request, site: SiteConfig, kind: PolledKind, probed: Probed, door: Means) -> Page:
    asked = replace(request, state={**request.state, "site": site.name})
    if probed.first is not None and request.url == probed.url:
        payload = replace(probed.first, request=asked)  # it was read already to see what it is
    else:
        probed.requests += 1
        payload = await door.fetcher.fetch(asked, min_interval_s=site.min_interval_s, manner=site.manner())
    check(payload)
    try:
        page = await door.reader.read(kind, payload)
    except SourceError as error:
        raise explained(payload, error, is_only_page=False) from error
    if not page.observations and not page.next_requests and not kind.empty_is_normal:
        raise LayoutChanged(f"nothing was found on {payload.url}, where there is always something")
    return page


async def _fetch(url: str, probed: Probed, door: Means) -> Payload:
    """One page that must be there. Raises: SourceError, also for a challenge, a login or an empty page."""
    payload = await _asked(url, probed, door)
    if payload.status in _GONE:
        raise explained(payload, LayoutChanged(f"{url}: HTTP {payload.status}"), is_only_page=True)
    return payload


async def _asked(url: str, probed: Probed, door: Means) -> Payload:
    """One page as it is, there or not."""
    probed.requests += 1
    payload = await door.fetcher.fetch(
        Request(url=url), min_interval_s=door.pace_s, manner=Manner(robots=True)
    )
    check(payload)
    return payload


async def _nodeinfo(url: str, probed: Probed, door: Means) -> Guess | None:
    """What the server says that it runs, in two requests; most are none of the fediverse and answer the first with 404."""
    try:
        first = await _asked(urljoin(url, "/.well-known/nodeinfo"), probed, door)
        if first.status in _GONE:
            probed.tried.append(Tried("nodeinfo", "none: it is no server of the fediverse"))
            return None
        index = first.json()
        links = index.get("links") if isinstance(index, dict) else None
        last = links[-1] if isinstance(links, list) and links else None
        address = last.get("href") if isinstance(last, dict) else None
        if not isinstance(address, str) or urlsplit(address).netloc != urlsplit(url).netloc:
            return None
        return by_nodeinfo(url, (await _fetch(address, probed, door)).json())
    except (SourceError, ValueError) as error:
        probed.tried.append(Tried("nodeinfo", clean(str(error), 200)))
        return None
