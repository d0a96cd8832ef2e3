"""A torrent's info dictionary as an observation, for every kind that meets whole torrents."""

from __future__ import annotations

from leakwatch.errors import LayoutChanged, WireError
from leakwatch.model.observation import Observation, ObservedFile
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Page, Payload, site_name
from leakwatch.torrent.bencode import decode
from leakwatch.torrent.magnet import Magnet
from leakwatch.torrent.metainfo import TorrentInfo, parse_info, parse_torrent

_MAX_FILES = 20_000
_MAX_NAME = 2000


def read_torrent(payload: Payload) -> TorrentInfo:
    """The torrent of a payload: an info dictionary, or a whole torrent file where the state names no `infohash`.

    Raises: LayoutChanged if it is neither.
    """
    try:
        return parse_info(_raw_info(payload))
    except (WireError, *fields.UNREADABLE) as error:
        told = error.message if isinstance(error, WireError) else type(error).__name__
        raise LayoutChanged(f"expected an info dictionary: {told}") from error


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


def torrent_page(info: TorrentInfo, payload: Payload) -> Page:
    """One torrent as one observation, known by its infohash."""
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
