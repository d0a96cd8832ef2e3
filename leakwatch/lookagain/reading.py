"""The text of a page for people: as it is now, as a look has kept it, and what of it changes by itself."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from leakwatch.errors import SourceError, StoreError
from leakwatch.lookagain.desk import LookDesk
from leakwatch.lookagain.edits import Item, Line, lines_of
from leakwatch.lookagain.seeing import Pages, Seen, compare_text, links_of
from leakwatch.model.evidence import Look
from leakwatch.model.observation import Observation
from leakwatch.sources._kind import Payload, Request
from leakwatch.sources._readable import READABLE

BASE, PAGE = "again+1m", "page"
"""The step of the look a minute after the first one that saw a page; and what `read` says in the detail of such looks."""
APART = timedelta(minutes=1)
_PAIR = timedelta(minutes=5)
"""Looks further apart than this do not tell what changes by itself: there was time for an edit."""


async def with_text(
    seen: Seen, item: Observation, payload: Payload, there: Sequence[Look], desk: LookDesk
) -> Seen:
    """What a page that is there says, against what it said when the last look saw it."""
    known = Item.of(item, links_of(item), desk.brain.hosts)
    now = await _lines(payload, known, desk)
    if now is None:
        return seen
    kept = [one for one in there if one.detail.get("read") == PAGE and one.detail.get("evidence")]
    if not kept:
        return await asyncio.to_thread(compare_text, seen, Pages(now))
    before = await _kept_lines(kept[-1], known, desk)
    first, second = (
        [await _kept_lines(one, known, desk) for one in kept[:2]] if _is_pair(kept) else (None, None)
    )
    pair = (first, second) if first is not None and second is not None else None
    return await asyncio.to_thread(compare_text, seen, Pages(now, before, pair))


def _is_pair(kept: Sequence[Look]) -> bool:
    done = [one.done_at for one in kept[:2] if one.done_at]
    return len(done) == 2 and done[1] - done[0] <= _PAIR


async def _kept_lines(look: Look, item: Item, desk: LookDesk) -> list[Line] | None:
    """The lines of a page that a look has kept; None where it is not kept any more."""
    digest = str(look.detail["evidence"])
    async with desk.repository.reading() as work:
        capture = await work.evidence.first(digest, look.site)
    if capture is None:
        return None
    try:
        body = await asyncio.to_thread(desk.vault.get, digest)
    except StoreError:
        return None
    payload = Payload(
        request=Request(url=capture.url),
        url=capture.url,
        status=capture.status,
        headers=capture.headers,
        body=body,
        fetched_at=capture.captured_at,
    )
    return await _lines(payload, item, desk)


async def _lines(payload: Payload, item: Item, desk: LookDesk) -> list[Line] | None:
    """The lines of a page; None where it has no text that can be read."""
    try:
        page = await desk.reader.read(READABLE, payload)
    except SourceError:
        return None
    return lines_of(page.observations[0], item)
