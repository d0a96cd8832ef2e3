"""`dht`: torrents that somebody in the DHT has. It is listened to, not polled; an item is one info dictionary.

History
2026-11  first version: name, files and sizes of the info dictionary; a torrent file is read as what it holds
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from leakwatch.errors import LayoutChanged, WireError
from leakwatch.model.observation import Observation, ObservedFile
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Page, Payload, StreamKind, site_name
from leakwatch.torrent.bencode import decode
from leakwatch.torrent.infohash import Infohashes, InfohashV1, SwarmKey
from leakwatch.torrent.magnet import Magnet
from leakwatch.torrent.metainfo import TorrentInfo, parse_info, parse_torrent

_MAX_FILES = 20_000
_MAX_NAME = 2000


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
    try:
        info = parse_info(_raw_info(payload))
    except (WireError, *fields.UNREADABLE) as error:
        told = error.message if isinstance(error, WireError) else type(error).__name__
        raise LayoutChanged(f"expected an info dictionary: {told}") from error
    return page_of(info, payload)


def page_of(info: TorrentInfo, payload: Payload) -> Page:
    """The observation of a torrent that was read elsewhere: a stranger's bytes can take long to read.

    Raises: LayoutChanged if it is not the torrent of the `infohash` that was asked for.
    """
    asked = payload.request.state.get("infohash")
    if asked and asked not in {key.hex() for key in info.infohashes.swarm_keys}:
        raise LayoutChanged("the info dictionary is not that of the infohash that was asked for")
    return _page(info, payload)


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


def _raw_info(payload: Payload) -> bytes:
    """The info dictionary's bytes.

    What came from a swarm is one, whatever it looks like: with an `info` inside it, it could pass for another torrent.
    """
    if payload.request.state.get("infohash"):
        return payload.body
    top = decode(payload.body).value
    if isinstance(top, dict) and b"piece length" not in top and isinstance(top.get(b"info"), dict):
        return parse_torrent(payload.body).raw_info
    return payload.body


def _page(info: TorrentInfo, payload: Payload) -> Page:
    v1, v2 = info.infohashes.v1, info.infohashes.v2
    files = [file for file in info.files if not file.is_pad]
    observation = Observation(
        site=site_name(payload),
        native_id=(v1 or v2 or b"").hex(),
        title=info.name[:_MAX_NAME],
        fetched_at=payload.fetched_at,
        size_bytes=info.size_bytes,
        magnet=str(Magnet(info.infohashes)),
        infohash_v1=v1.hex() if v1 else None,
        infohash_v2=v2.hex() if v2 else None,
        files=tuple(
            ObservedFile(
                path=file.path[:_MAX_NAME],
                size_bytes=file.size_bytes,
                pieces_root=file.pieces_root.hex() if file.pieces_root else None,
            )
            for file in files[:_MAX_FILES]
        ),
    )
    more = len(files) - _MAX_FILES
    return Page(
        observations=(observation,), incomplete=f"{more} of {len(files)} files left out" if more > 0 else ""
    )


KIND = StreamKind(name="dht", settings=DhtSite, parse=parse)
