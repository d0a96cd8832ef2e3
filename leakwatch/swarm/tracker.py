"""What is known of a tracker: its address, the counts it gives, and the closed list of what goes wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from leakwatch.display import clean
from leakwatch.errors import SwarmError
from leakwatch.model.swarm import MAX_PEERS

MAX_COMPLETED = 2**31 - 1
"""What a column of whole numbers holds in PostgreSQL; no torrent ever had so many downloads."""
_MAX_URL = 2000
_MAX_SAID = 80
_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]{0,20})://(?P<authority>[^/?#\\]*)", re.IGNORECASE)
_AUTHORITY = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9_.-]{1,253})(?::(?P<port>[0-9]{1,5}))?")

PROBLEMS: Mapping[str, str] = {
    "unscrapable": "this tracker cannot be scraped",
    "silent": "the tracker did not answer in time",
    "unreachable": "the tracker cannot be reached",
    "broken": "the tracker gave no complete answer within our limits",
    "unasked": "the tracker sent only packets that answer no question of ours",
    "garbage": "the tracker's answer cannot be read",
    "length": "the tracker's answer has the wrong length",
    "counts": "the tracker's counts are not possible ones",
    "status": "the tracker answered with an HTTP status other than 200",
    "refused": "the tracker refused us",
    "inward": "the tracker, or where it sends us, is not at a public address",
    "said": "the tracker reports an error",
}
"""Why there are no counts: a closed list; a tracker's own words follow only after `said`, cleaned and short."""


@dataclass(frozen=True, slots=True)
class Counts:
    """How many peers of a swarm a tracker knows, and how many downloads were completed since it knows it."""

    seeders: int
    leechers: int
    completed: int


@dataclass(frozen=True, slots=True)
class Tracker:
    """A tracker's address, taken apart. `port` is 0 where the URL has none."""

    url: str
    scheme: str
    host: str
    port: int


def read_tracker(text: str) -> Tracker:
    """Take a tracker's URL apart. Raises: SwarmError if it is not one; the message does not repeat it."""
    found = _URL.match(text) if len(text) <= _MAX_URL else None
    authority = _AUTHORITY.fullmatch(found["authority"]) if found else None
    if found is None or authority is None:
        raise SwarmError("the tracker's address cannot be read")
    host = authority["host"].strip("[]").lower()
    return Tracker(text, found["scheme"].lower(), host, int(authority["port"] or 0))


def problem(kind: str, host: str, said: bytes = b"") -> SwarmError:
    """The error for one of `PROBLEMS`, with the tracker's host."""
    words = clean(said[: 4 * _MAX_SAID].decode("utf-8", "replace"), _MAX_SAID)
    error = SwarmError(f"{clean(host, 100)}: {PROBLEMS[kind]}" + (f": {words}" if words else ""))
    error.permanent = kind == "unscrapable"
    return error


def checked_counts(seeders: object, leechers: object, completed: object, host: str) -> Counts:
    """The counts, if they can be true. Raises: SwarmError."""
    match seeders, leechers, completed:
        case int(), int(), int():
            are_possible = 0 <= seeders <= MAX_PEERS and 0 <= leechers <= MAX_PEERS
            if are_possible and 0 <= completed <= MAX_COMPLETED:
                return Counts(seeders, leechers, completed)
        case _:
            pass
    raise problem("counts", host)
