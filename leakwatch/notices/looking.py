"""One look at one address of a notice, through the door: gone, still up, moved, or unclear."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from urllib.parse import unquote, urlsplit

from leakwatch.errors import Refused, SourceError
from leakwatch.model.manner import Manner
from leakwatch.notices.wording import host_of, one_line, real_url
from leakwatch.ports import Fetcher
from leakwatch.sources._kind import Payload, Request

_GONE = (404, 410)
_LEGAL = 451


class Seen(StrEnum):
    """What came of one look."""

    GONE = "gone"
    UP = "up"
    MOVED = "moved"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What one address showed, and why that is thought; `to` is where it moved."""

    url: str
    seen: Seen
    why: str
    to: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How the door asks a host: the manner, the least pause, and the configured sites that the host may be."""

    manner: Manner
    min_interval_s: float
    named_by: frozenset[str]


class Ways(Protocol):
    """Says how the host of an address is asked."""

    def __call__(self, url: str, /) -> Way:
        """The way to the host of this address."""
        ...


async def look(url: str, fetcher: Fetcher, ways: Ways) -> Look:
    """Ask for one address, at the host's pace and as its robots.txt allows.

    404, 410 and 451 say that it is gone. A refusal, a front page, and a failure say nothing. Of an address that leads
    into a page (#…) only the page is asked for.
    """
    way = ways(url)
    request = Request(url=url.partition("#")[0], named_by=way.named_by)
    try:
        payload = await fetcher.fetch(request, min_interval_s=way.min_interval_s, manner=way.manner)
    except Refused as error:
        if error.status == _LEGAL:
            return Look(url=url, seen=Seen.GONE, why="the host answers 451: taken down for legal reasons")
        return Look(url=url, seen=Seen.UNCLEAR, why=one_line(error.message, 200))
    except SourceError as error:
        return Look(url=url, seen=Seen.UNCLEAR, why=one_line(error.message, 200))
    return judge(url, payload)


def judge(url: str, payload: Payload) -> Look:
    """What an answer says of the address. Pure."""
    if payload.status in _GONE:
        return Look(url=url, seen=Seen.GONE, why=f"the host answers {payload.status}")
    asked, got = _place(url), _place(payload.url)
    if asked == got:
        return Look(url=url, seen=Seen.UP, why=f"the host answers {payload.status}")
    if got[1] == "/" or "login" in got[1].lower() or "signin" in got[1].lower():
        return Look(url=url, seen=Seen.UNCLEAR, why="it leads to the front page, or to a login")
    return Look(url=url, seen=Seen.MOVED, why="it leads to another address", to=real_url(payload.url))


def _place(url: str) -> tuple[str, str, str]:
    parts = urlsplit(real_url(url))
    return host_of(url), unquote(parts.path).rstrip("/") or "/", parts.query
