"""Pages that change by nature: recorded items, drawn anew for every poll, with ids and times of their own."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from leakwatch.errors import LeakwatchError
from leakwatch.model.observation import Observation
from leakwatch.sources import KINDS
from leakwatch.sources._kind import Payload, PolledKind

_ITEM = re.compile(rb"<item\b.*?</item\s*>", re.DOTALL)
_DATE = re.compile(rb"(<pubDate[^>]*>)[^<]*(</pubDate>)")
_ID = re.compile(rb"(<guid[^>]*>(?:<!\[CDATA\[)?)([^<\]]*)")
_LINK = re.compile(rb"(<link>(?:<!\[CDATA\[)?)([^<\]]*)")
_TITLE = re.compile(rb"(<title>(?:<!\[CDATA\[)?)([^<\]]*)")
_MARKUP = re.compile(r"<[^>]*>")
_FEWEST = 5
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


Documents = Mapping[str, bytes]
"""What a site answers by path; the answer of the path `*` is that of every other."""

_NEVER_CHANGED = "/api/v1/access_token"


@dataclass(frozen=True, slots=True)
class Site:
    """A site that shows other items in every poll: how a page of it is made, and how it is configured."""

    name: str
    kind: PolledKind
    page: Callable[[random.Random, datetime], Documents]
    settings: Callable[[str], Any]
    requests: int = 1


def changed(documents: Documents, change: Callable[[bytes], bytes]) -> Documents:
    """All that a site answers, after a change of its layout."""
    return {path: body if path == _NEVER_CHANGED else change(body) for path, body in documents.items()}


def largest(documents: Documents) -> bytes:
    """The answer of which a change is drawn: the listing, or one of the pages behind it."""
    return max(documents.values(), key=len)


def answer(documents: Documents, path: str) -> bytes | None:
    """What a site answers to a path; None for one that it has not."""
    return documents.get(path, documents.get("*"))


def observed(site: Site, documents: Documents, at: datetime) -> tuple[Observation, ...]:
    """What a kind reads of a site in one poll, or an error instead of what it refuses; without the door."""
    base = "https://index.example"
    queue = list(site.kind.start(site.settings(base), {}))
    seen: list[Observation] = []
    while queue:
        request = queue.pop(0)
        body = answer(documents, unquote(urlsplit(request.url).path))
        payload = Payload(
            request=request,
            url=request.url,
            status=200 if body is not None else 404,
            headers={},
            body=body or b"",
            fetched_at=at,
        )
        try:
            page = site.kind.parse(payload)
        except LeakwatchError:
            continue
        seen += page.observations
        queue += page.next_requests[: site.requests]
    return tuple(seen)


def told(seen: Sequence[Observation]) -> list[Observation]:
    """What was read, but of texts only which words are in them: how they are marked up, or escaped once, may change."""
    return [
        replace(one, text=" ".join(sorted(unescape(_MARKUP.sub(" ", one.text or "")).split())))
        for one in seen
    ]


def recorded(folder: Path) -> list[Site]:
    """Every recorded answer with items of which a kind reads five or more; Torznab where it has Torznab's attributes."""
    found: list[Site] = []
    for file in sorted(folder.rglob("*.xml")):
        body = file.read_bytes()
        items = _ITEM.findall(body)
        if len(items) < _FEWEST:
            continue
        is_torznab = b"<torznab:attr" in body or b"<newznab:attr" in body
        kind = KINDS["torznab" if is_torznab else "feed"]
        assert isinstance(kind, PolledKind)
        start, end = body.index(items[0]), body.rindex(items[-1]) + len(items[-1])
        page = partial(_recorded_page, body[:start], tuple(items), body[end:])
        made = Site(f"{kind.name}:{file.stem}", kind, page, partial(_settings, kind))
        if len(observed(made, {"*": body}, NOON)) == len(items):
            found.append(made)
    return found


def _settings(kind: PolledKind, url: str) -> Any:
    return kind.settings(url=f"{url}/api")


def _recorded_page(
    head: bytes, items: tuple[bytes, ...], tail: bytes, rng: random.Random, at: datetime
) -> Documents:
    """A page as the site might show it: between 60 and 100 % of a full page, newest first."""
    full = min(max(len(items), 20), 60)
    size = rng.randint(round(0.6 * full), full)
    drawn = [rng.choice(items) for _ in range(size)]
    times = sorted((at - timedelta(minutes=rng.expovariate(1 / 300)) for _ in drawn), reverse=True)
    told = [_renewed(item, rng, time) for item, time in zip(drawn, times, strict=True)]
    return {"*": head + b"\n".join(told) + tail}


def _renewed(item: bytes, rng: random.Random, at: datetime) -> bytes:
    """A recorded item as a new one: another id and address, its own time, a number behind its title."""
    number = f"{rng.randrange(10**6):06d}".encode()
    item = _DATE.sub(rb"\g<1>" + format_datetime(at).encode() + rb"\g<2>", item, count=1)
    for pattern in (_ID, _LINK):
        item = pattern.sub(lambda found: found[1] + _numbered(found[2], number), item, count=1)
    return _TITLE.sub(lambda found: found[1] + found[2] + b" " + number, item, count=1)


def _numbered(told: bytes, number: bytes) -> bytes:
    """An id or address with other last digits; a magnet stays as it is."""
    if told.startswith(b"magnet:"):
        return told
    return re.sub(rb"\d{1,6}(?=\D*$)", number, told) if re.search(rb"\d", told) else told + number
