"""Follow-ups that must not be lost: those that wait for a later poll, and pages that have more than may wait.

The cursor stands before such a page. Each poll does some of its follow-ups and remembers them by a mark, until the
rest finds room; then the cursor moves. So a page of thousands is worked off, a bounded part of it in each poll.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from leakwatch.sources._kind import CredentialRef, Request

KEPT, STANDING = "_kept", "_standing"
MAX_KEPT = 1000
"""Requests that a site's state holds for its next polls."""
MAX_DONE = 10_000
"""Follow-ups of one page that are remembered as done. What it has beyond that, and that may wait, is left out."""


@dataclass(frozen=True, slots=True)
class Keeping:
    """What comes of a page's follow-ups: those that wait for the next polls, in all, and those to ask for now.

    `waiting` found no room, so the cursor must not move past their items, and a page that was kept itself is read again;
    `lost` found none either, and are given up.
    """

    kept: dict[str, Request]
    now: tuple[Request, ...]
    waiting: int = 0
    lost: int = 0


def keep(
    requests: Iterable[Request], answered: str, kept: Mapping[str, Request], done: Collection[str]
) -> Keeping:
    """What comes of the follow-ups of the page that `answered` this address; `done` are marks of those done before."""
    onward = tuple(one for one in requests if not (one.keep and done and mark(one) in done))
    there = {url: one for url, one in kept.items() if url != answered}
    told = {one.url: one for one in onward if one.keep}
    new = [url for url in told if url not in there]
    room = max(0, MAX_KEPT - len(there))
    left_out = max(0, len(new) - room)
    if left_out:  # by lot, so that none is left out each time
        new = random.sample(new, room)
    taken = frozenset(new)
    now = tuple(one for one in onward if kept.get(one.url) != one)  # else it waits there already
    there |= {url: one for url, one in told.items() if url in there or url in taken}
    if left_out and len(done) >= MAX_DONE:
        return Keeping(there, tuple(one for one in now if not one.keep or one.url in there), lost=left_out)
    again = {answered: kept[answered]} if left_out and answered in kept else {}
    return Keeping(there | again, now, waiting=left_out)


def mark(request: Request) -> str:
    """Tells a follow-up, with all that its page says of it, from others."""
    told = [request.url, dict(request.form or {}), dict(request.state)]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:10]


def standing_of(cursor: Mapping[str, Any], pages: Collection[str]) -> dict[str, set[str]]:
    """The pages of this poll that the cursor stands before, with the marks of what is done of them."""
    return {url: set(marks) for url, marks in (cursor.get(STANDING) or {}).items() if url in pages}


def restored(url: str, told: Mapping[str, Any]) -> Request:
    """A request from what is kept of it."""
    credential, pair = told.get("credential"), told.get("query_credential")
    return Request(
        url=url,
        form=told.get("form"),
        headers=told.get("headers", {}),
        credential=CredentialRef(credential) if credential else None,
        token_url=told.get("token_url"),
        query_credential=(pair[0], CredentialRef(pair[1])) if pair else None,
        state=told.get("state", {}),
        verbatim=told.get("verbatim", False),
        keep=True,
    )


def kept_json(
    requests: Mapping[str, Request], attempts: Mapping[str, int], standing: Mapping[str, Collection[str]]
) -> dict[str, Any]:
    """What stands in a site's cursor for its next polls."""
    kept = {
        url: {
            "headers": dict(one.headers),
            "credential": one.credential,
            **({"form": dict(one.form)} if one.form is not None else {}),
            **({"token_url": one.token_url} if one.token_url else {}),
            **({"query_credential": list(one.query_credential)} if one.query_credential else {}),
            **({"verbatim": True} if one.verbatim else {}),
            "state": dict(one.state),
            "attempts": attempts.get(url, 0),
        }
        for url, one in requests.items()
    }
    stood = {url: sorted(marks) for url, marks in standing.items()}
    return {KEPT: kept or None, STANDING: stood or None}
