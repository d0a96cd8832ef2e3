"""Counts from an HTTP tracker, asked through the daemon's one door.

Source: BEP 48, "Tracker Protocol Extension: Scrape".
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from urllib.parse import quote_from_bytes

from leakwatch.errors import AddressRefused, BencodeError, Refused, SourceError
from leakwatch.ports import Fetcher
from leakwatch.sources._kind import Request
from leakwatch.swarm.tracker import Counts, Tracker, checked_counts, problem
from leakwatch.torrent.bencode import Value, decode
from leakwatch.torrent.infohash import SwarmKey

MAX_URL = 2000
"""Characters; longer ones are refused here and there."""
_ANNOUNCE, _SCRAPE = "announce", "scrape"


def scrape_url(tracker: Tracker) -> str:
    """Where an HTTP tracker is scraped: the text after its URL's last slash must begin with `announce`.

    Raises: SwarmError where it does not: such a tracker cannot be scraped.
    Source: BEP 48, "Scrape URL convention"; the slash may also be one in the query.
    """
    start, slash, last = tracker.url.partition("#")[0].rpartition("/")
    if tracker.scheme not in ("http", "https") or not last.startswith(_ANNOUNCE):
        raise problem("unscrapable", tracker.host)
    return start + slash + _SCRAPE + last.removeprefix(_ANNOUNCE)


async def scrape_http(
    tracker: Tracker,
    keys: Sequence[SwarmKey],
    fetcher: Fetcher,
    deadline_s: float,
    min_interval_s: float,
    named_by: frozenset[str] | None = frozenset(),
) -> dict[SwarmKey, Counts]:
    """Ask an HTTP tracker for the counts of some swarms; those that it does not know are absent.

    The deadline is that of each request; `named_by` is as in `Request`: by default only public hosts are asked.
    Raises: SwarmError.
    """
    base = scrape_url(tracker)
    found: dict[SwarmKey, Counts] = {}
    for url, some in _requests(base, keys):
        request = Request(url=url, high_ports=True, named_by=named_by)
        try:
            async with asyncio.timeout(min_interval_s + deadline_s):
                body = await _get(request, tracker.host, fetcher, min_interval_s)
        except TimeoutError as error:
            raise problem("silent", tracker.host) from error
        found |= read_scrape(body, some, tracker.host)
    return found


def read_scrape(body: bytes, asked: Sequence[SwarmKey], host: str) -> dict[SwarmKey, Counts]:
    """The counts in a tracker's answer of the swarms that were asked for.

    Trackers in the wild write keys in any order, leave out `downloaded`, and take the bytes of a key for text.
    Raises: SwarmError.
    """
    try:
        told = decode(body).value
    except BencodeError as error:
        raise problem("garbage", host) from error
    match told:
        case {b"failure reason": bytes(reason)} | {b"failure_reason": bytes(reason)}:
            raise problem("said", host, reason)
        case {b"files": dict(files)}:
            spelt = {key: key if key in files else _as_text(key) for key in asked}
            return {key: _counts(files[name], host) for key, name in spelt.items() if name in files}
        case _:
            raise problem("garbage", host)


def _as_text(key: SwarmKey) -> bytes:
    """A key as trackers in JavaScript write it that encode each of its bytes as a character in UTF-8.

    Source: the npm package bittorrent-tracker 11.2.3 with bencode 4.0.1, by its answers.
    """
    return key.decode("latin-1").encode()


def _counts(told: Value, host: str) -> Counts:
    if not isinstance(told, dict):
        raise problem("garbage", host)
    completed = told.get(b"downloaded", 0)
    return checked_counts(told.get(b"complete"), told.get(b"incomplete"), completed, host)


def _requests(base: str, keys: Sequence[SwarmKey]) -> Iterator[tuple[str, Sequence[SwarmKey]]]:
    """URLs of a sane length, each with the swarms that it asks for."""
    start = base + ("&" if "?" in base else "?")
    pairs = ["info_hash=" + quote_from_bytes(key, safe="") for key in keys]
    first, length = 0, len(start)
    for place, pair in enumerate(pairs):
        if place > first and length + len(pair) > MAX_URL:
            yield start + "&".join(pairs[first:place]), keys[first:place]
            first, length = place, len(start)
        length += len(pair) + 1
    yield start + "&".join(pairs[first:]), keys[first:]


async def _get(request: Request, host: str, fetcher: Fetcher, min_interval_s: float) -> bytes:
    """The answer's body. The door's own words stay in the error's cause: they may name addresses."""
    try:
        payload = await fetcher.fetch(request, min_interval_s=min_interval_s)
    except AddressRefused as error:
        raise problem("inward", host) from error
    except Refused as error:
        raise problem("refused", host) from error
    except SourceError as error:
        raise problem("broken", host) from error
    if payload.status != 200:
        raise problem("status", host)
    return payload.body
