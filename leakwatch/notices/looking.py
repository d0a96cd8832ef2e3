"""One look at one address of a notice, through the door: gone, still up, moved, says that it is gone, or unclear."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol
from urllib.parse import unquote, urlsplit

from leakwatch.errors import Refused, SourceError
from leakwatch.model.manner import Manner
from leakwatch.notices.wording import host_of, one_line, real_url
from leakwatch.ports import Fetcher
from leakwatch.sources import _refusals
from leakwatch.sources._kind import Payload, Request

_GONE = (404, 410)
_LEGAL = 451
_HEAD, _PAGE = 64 * 1024, 4 * 1024 * 1024
_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{0,300})</title", re.IGNORECASE)
_SAYS_GONE = re.compile(
    r"\b404\b|\b410\b|not found|no longer (?:available|exists)|does ?n[o']t exist|(?:been|was|were|is) (?:removed|deleted"
    r"|disabled|taken down)|unavailable|\bdmca\b|copyright (?:claim|infringement|violation)|invalid (?:link|file)",
    re.IGNORECASE,
)
_LOGIN = re.compile(r"^\W*(?:log|sign) ?-?(?:in|on)\b", re.IGNORECASE)
_ERROR_PATH = re.compile(
    r"(?:^|[/_-])(?:404|410|error|not-?_?found|removed|deleted|dmca)(?:[/_.-]|$)", re.IGNORECASE
)
_LOGIN_PATH = re.compile(r"(?:^|/)(?:users?[/_-])?(?:log-?_?in|sign-?_?in|sso|auth|session)\b", re.IGNORECASE)


class Seen(StrEnum):
    """What came of one look."""

    GONE = "gone"
    UP = "up"
    MOVED = "moved"
    SAYS_GONE = "says_gone"
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


async def look(url: str, fetcher: Fetcher, ways: Ways, marks: Sequence[str] = ()) -> Look:
    """Ask for one address, at the host's pace and as its robots.txt allows.

    404, 410 and 451 say that it is gone. A refusal, a front page, and a failure say nothing. Of an address that leads
    into a page (#…) only the page is asked for. `marks` are texts in lower case that only a page has which is up.
    """
    way = ways(url)
    request = Request(url=url.partition("#")[0], named_by=way.named_by)
    try:
        payload = await fetcher.fetch(request, min_interval_s=way.min_interval_s, manner=way.manner)
        _refusals.check(payload)
    except Refused as error:
        if error.status == _LEGAL:
            return Look(url=url, seen=Seen.GONE, why="the host answers 451: taken down for legal reasons")
        return Look(url=url, seen=Seen.UNCLEAR, why=one_line(error.message, 200))
    except SourceError as error:
        return Look(url=url, seen=Seen.UNCLEAR, why=one_line(error.message, 200))
    return judge(url, payload, marks)


def judge(url: str, payload: Payload, marks: Sequence[str] = ()) -> Look:
    """What an answer says of the address. Pure.

    One of:
    - the host's status says that it is gone
    - the page still names what the finding is about: it is up, whatever its title says
    - it leads to the front page or a login, or is one: that says nothing
    - its title says that it is gone, or it leads to an error page: a person must look, for whoever posts may write a title
    - it is up, there or elsewhere
    """
    if payload.status in _GONE:
        return Look(url=url, seen=Seen.GONE, why=f"the host answers {payload.status}")
    asked, got, title = _place(url), _place(payload.url), _title(payload.body)
    is_there = asked == got
    text = payload.body[:_PAGE].lower()
    if any(one.encode() in text for one in marks):
        return _up(url, payload, is_there=is_there, why="the page names what the finding is about")
    if not is_there and (got[1] == "/" or _LOGIN_PATH.search(got[1])):
        return Look(url=url, seen=Seen.UNCLEAR, why="it leads to the front page, or to a login")
    if _LOGIN.search(title):
        return Look(url=url, seen=Seen.UNCLEAR, why="it asks for a login")
    if _SAYS_GONE.search(title) or (not is_there and _ERROR_PATH.search(got[1])):
        why = f"the host answers {payload.status}, and the page says that it is gone: {title or got[1]}"
        return Look(url=url, seen=Seen.SAYS_GONE, why=one_line(why, 200))
    return _up(url, payload, is_there=is_there, why=f"the host answers {payload.status}")


def _up(url: str, payload: Payload, *, is_there: bool, why: str) -> Look:
    if is_there:
        return Look(url=url, seen=Seen.UP, why=why)
    return Look(url=url, seen=Seen.MOVED, why="it leads to another address", to=real_url(payload.url))


def _title(body: bytes) -> str:
    found = _TITLE.search(body[:_HEAD])
    return " ".join(found[1].decode("utf-8", "replace").split()) if found else ""


def _place(url: str) -> tuple[str, str, str]:
    parts = urlsplit(real_url(url))
    return host_of(url), unquote(parts.path).rstrip("/") or "/", parts.query
