"""Pages that change by nature: recorded items, drawn anew for every poll, with ids and times of their own."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

from leakwatch.errors import LeakwatchError
from leakwatch.model.observation import Observation
from leakwatch.sources import KINDS
from leakwatch.sources._kind import Payload, PolledKind, Request

_ITEM = re.compile(rb"<item\b.*?</item\s*>", re.DOTALL)
_DATE = re.compile(rb"(<pubDate[^>]*>)[^<]*(</pubDate>)")
_ID = re.compile(rb"(<guid[^>]*>(?:<!\[CDATA\[)?)([^<\]]*)")
_LINK = re.compile(rb"(<link>(?:<!\[CDATA\[)?)([^<\]]*)")
_TITLE = re.compile(rb"(<title>(?:<!\[CDATA\[)?)([^<\]]*)")
_FEWEST = 5
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Site:
    """A recorded answer taken apart: what stands before its items, the items, and what stands behind."""

    name: str
    kind: PolledKind
    head: bytes
    items: tuple[bytes, ...]
    tail: bytes

    def page(self, rng: random.Random, at: datetime) -> bytes:
        """A page as the site might show it: between 60 and 100 % of a full page, newest first."""
        full = min(max(len(self.items), 20), 60)
        size = rng.randint(round(0.6 * full), full)
        drawn = [rng.choice(self.items) for _ in range(size)]
        times = sorted((at - timedelta(minutes=rng.expovariate(1 / 300)) for _ in drawn), reverse=True)
        told = [_renewed(item, rng, time) for item, time in zip(drawn, times, strict=True)]
        return self.head + b"\n".join(told) + self.tail


def sites(folder: Path) -> list[Site]:
    """Every recorded answer with items of which a kind reads five or more; Torznab where that kind reads more of it."""
    found: list[Site] = []
    for file in sorted(folder.rglob("*.xml")):
        body = file.read_bytes()
        items = _ITEM.findall(body)
        if len(items) < _FEWEST:
            continue
        kinds = (
            [KINDS["torznab"]] if b"<torznab:attr" in body or b"<newznab:attr" in body else [KINDS["feed"]]
        )
        for kind in kinds:
            if isinstance(kind, PolledKind) and len(observed(kind, body)) == len(items):
                start, end = body.index(items[0]), body.rindex(items[-1]) + len(items[-1])
                found.append(Site(f"{kind.name}:{file.stem}", kind, body[:start], tuple(items), body[end:]))
    return found


def observed(kind: PolledKind, body: bytes, at: datetime = NOON) -> tuple[Observation, ...]:
    """What a kind reads in a body; nothing where it refuses it."""
    url = "https://index.example/api"
    payload = Payload(request=Request(url=url), url=url, status=200, headers={}, body=body, fetched_at=at)
    try:
        return kind.parse(payload).observations
    except LeakwatchError:
        return ()


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
