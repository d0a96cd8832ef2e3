"""`dht`: torrents that somebody in the DHT has. It is listened to, not polled; an item is one info dictionary.

History
2026-11  first version: name, files and sizes of the info dictionary; a torrent file is read as what it holds
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from leakwatch.errors import LayoutChanged
from leakwatch.model.observation import Observation
from leakwatch.sources._kind import Page, Payload, StreamKind
from leakwatch.sources._torrents import read_torrent, torrent_page
from leakwatch.torrent.infohash import Infohashes, InfohashV1, SwarmKey
from leakwatch.torrent.magnet import Magnet
from leakwatch.torrent.metainfo import TorrentInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class DhtSite:
    """Settings of the DHT: the packets sent at most in a second, and nodes to begin with as host:port."""

    packets_per_s: int = 100
    bootstrap: tuple[str, ...] = ()


def parse(payload: Payload) -> Page:
    """One torrent as one observation.

    The body is an info dictionary, or a whole torrent file where the request's state names no `infohash`.
    Raises: LayoutChanged if it is neither, or not the torrent of the `infohash` that was asked for.
    """
    return page_of(read_torrent(payload), payload)


def page_of(info: TorrentInfo, payload: Payload) -> Page:
    """The observation of a torrent that was read elsewhere: a stranger's bytes can take long to read.

    Raises: LayoutChanged if it is not the torrent of the `infohash` that was asked for.
    """
    asked = payload.request.state.get("infohash")
    if asked and asked not in {key.hex() for key in info.infohashes.swarm_keys}:
        raise LayoutChanged("the info dictionary is not that of the infohash that was asked for")
    return torrent_page(info, payload)


def heard(key: SwarmKey, site: str, at: datetime) -> Observation:
    """A swarm of which nothing is known but that it is there: nobody may be asked what it holds."""
    infohashes = Infohashes(v1=InfohashV1(bytes(key)))
    return Observation(
        site=site,
        native_id=key.hex(),
        title=key.hex(),
        fetched_at=at,
        magnet=str(Magnet(infohashes)),
        infohash_v1=key.hex(),
    )


KIND = StreamKind(name="dht", settings=DhtSite, parse=parse)
