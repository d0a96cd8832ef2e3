"""The other addresses of a site, as its operator lists them: the next is tried where one cannot be reached."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit, urlunsplit

import structlog

from leakwatch.model.manner import Manner

log = structlog.get_logger()


class Mirrors:
    """Which address of each site worked last. Only the configuration's addresses are ever chosen."""

    def __init__(self) -> None:
        self._working: dict[str, str] = {}

    def addresses(self, url: str, manner: Manner) -> list[str]:
        """The URL at each address of its site, the one that worked last first; itself alone where it has no mirrors."""
        family = [origin_of(one) for one in (manner.home, *manner.mirrors) if one]
        if not manner.mirrors or origin_of(url) not in family:
            return [url]
        first = self._working.get(family[0], family[0])
        return list(dict.fromkeys(moved(url, one) for one in _from(family, first)))

    def works(self, url: str, manner: Manner) -> None:
        """Remember the address that answered, and tell when it is another one than before."""
        if not manner.mirrors:
            return
        home, at = origin_of(manner.home), origin_of(url)
        if at != self._working.get(home, home):
            log.warning("mirror_used", site=manner.site, home=home, mirror=at)
        self._working[home] = at


def origin_of(url: str) -> str:
    """Scheme, host and port, as the URL writes them, in lower case."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}".lower()


def moved(url: str, origin: str) -> str:
    """The URL at another origin."""
    scheme, _, host = origin.partition("://")
    return urlunsplit(urlsplit(url)._replace(scheme=scheme, netloc=host))


def _from(family: list[str], first: str) -> Iterator[str]:
    yield first
    yield from (one for one in family if one != first)
