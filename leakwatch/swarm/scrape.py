"""How many peers a tracker knows of a swarm. Nothing is announced: a scrape does not make us a peer.

The counts of several trackers are of the same peers for the most part: take the largest, never the sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from leakwatch.errors import SwarmError
from leakwatch.ports import Fetcher
from leakwatch.swarm.hosts import Resolve, system_resolve
from leakwatch.swarm.scrape_http import scrape_http
from leakwatch.swarm.scrape_udp import scrape_udp
from leakwatch.swarm.tracker import Counts, problem, read_tracker
from leakwatch.swarm.wall import Wall
from leakwatch.torrent.infohash import SwarmKey

__all__ = ["Counts", "scrape"]


async def scrape(
    tracker: str,
    keys: Sequence[SwarmKey],
    *,
    fetcher: Fetcher,
    wall: Wall,
    resolve: Resolve = system_resolve,
    deadline_s: float = 15.0,
    min_interval_s: float = 1.0,
) -> Mapping[SwarmKey, Counts]:
    """What a tracker knows of some swarms. One that an HTTP tracker does not know is absent, UDP says zeros.

    `wall` holds for UDP and has `low_ports=TRACKER_PORTS`; HTTP goes through `fetcher` and its own rules. A post names
    trackers, so the hosts that the door may reach besides public ones count only where the wall allows networks, too.
    Units:  `deadline_s` is for all of a UDP scrape and for each HTTP request, which holds some 25 swarms;
    `min_interval_s` lies between two HTTP requests to one host.
    Raises: SwarmError with one of `tracker.PROBLEMS`; of WebTorrent's trackers (`wss`), for there is no scrape.
    """
    where = read_tracker(tracker)
    asked = list(dict.fromkeys(keys))
    if any(len(key) != 20 for key in asked):
        raise SwarmError("a swarm is known by 20 bytes: cut a v2 infohash to its swarm key")
    match where.scheme:
        case "udp":
            return await scrape_udp(where, asked, wall, resolve, deadline_s) if asked else {}
        case "http" | "https":
            named_by = None if wall.allowed else frozenset[str]()
            told = (where, asked, fetcher, deadline_s, min_interval_s, named_by)
            return await scrape_http(*told) if asked else {}
        case _:
            raise problem("unscrapable", where.host)
