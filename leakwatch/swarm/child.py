"""The process that holds the libtorrent session: it fetches info dictionaries and can do nothing else.

    python -m leakwatch.swarm.child DESCRIPTOR PARENT SETTINGS

It looks up peers in the DHT read-only and never announces; dials them; takes the metadata; forgets the
torrent at once. Each rule is held twice: no payload by `upload_mode` and `default_dont_download`, addresses by
`Wall` and by libtorrent's filter, files by a removed folder and a file size limit of zero. Which flags really
hold was measured by a seeder's counters (research/bittorrent.md §1, §5); `tests/swarm` measures it again.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import libtorrent as lt

from leakwatch.errors import SwarmError
from leakwatch.swarm.metadata import (
    HEADER_BYTES,
    Answer,
    Ask,
    SwarmSettings,
    body_length,
    frame_limit,
    read_ask,
)
from leakwatch.swarm.process import confine
from leakwatch.swarm.wall import SPECIAL, Wall
from leakwatch.torrent.infohash import Infohashes

MAX_MEMORY_BYTES = 2 * 2**30
MAX_DESCRIPTORS = 1024
MAX_DIALLED = 200
_POLL_S = 0.05
_ASK_AGAIN_S = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Waits between DHT look-ups of one torrent; the last repeats, the first ones find a DHT just joining."""
_BLOCKED, _ADMITTED = 1, 0

_QUIET = {
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_ip_notifier": False,
    "webtorrent_stun_server": "",
    "enable_incoming_tcp": False,
    "enable_incoming_utp": False,
    "enable_outgoing_utp": False,
    "anonymous_mode": True,
    "ssrf_mitigation": True,
    "allow_idna": False,
    "dht_read_only": True,
    "dht_privacy_lookups": True,
    "dht_upload_rate_limit": 64_000,
    "no_connect_privileged_ports": True,
    "optimistic_disk_retry": 2**30,
    "metadata_token_limit": 2_000_000,
    "connections_limit": 400,
    "connection_speed": 100,
    "peer_connect_timeout": 8,
    "min_reconnect_time": 15,
    "alert_queue_size": 20_000,
    "aio_threads": 1,
    "hashing_threads": 1,
    "alert_mask": lt.alert_category.status | lt.alert_category.error | lt.alert_category.dht_operation,
}
# A loopback world has few nodes, in one network: they answer faster than strangers may, and a look-up that
# hides its target from all but the nearest nodes often ends before it has met them.
_LOOPBACK_WORLD = {
    "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False,
    "dht_prefer_verified_node_ids": False,
    "dht_enforce_node_id": False,
    "dht_ignore_dark_internet": False,
    "dht_block_ratelimit": 100_000,
    "dht_privacy_lookups": False,
    "no_connect_privileged_ports": False,
}
# By assignment: what is not named is cleared, also `auto_managed` (it would lift `upload_mode` after a while)
# and `paused`. Without `apply_ip_filter` the session's filter would not hold for this torrent.
_FLAGS = (
    lt.torrent_flags.upload_mode
    | lt.torrent_flags.default_dont_download
    | lt.torrent_flags.apply_ip_filter
    | lt.torrent_flags.duplicate_is_error
    | lt.torrent_flags.disable_dht
    | lt.torrent_flags.disable_lsd
    | lt.torrent_flags.disable_pex
)


def as_filter(wall: Wall) -> lt.ip_filter:
    """The wall's rules for libtorrent, which applies them to peers and to DHT nodes."""
    rules = lt.ip_filter()
    for networks, access in ((SPECIAL, _BLOCKED), (wall.allowed, _ADMITTED)):
        for network in networks:
            rules.add_rule(str(network[0]), str(network[-1]), access)
    return rules


def open_session(settings: SwarmSettings) -> lt.session:
    """A session that accepts nothing, announces nothing and asks nobody who was not named."""
    has_dht = bool(settings.dht_bootstrap)
    chosen: dict[str, bool | int | str] = {
        "listen_interfaces": settings.listen if has_dht else "",
        "enable_dht": has_dht,
        "dht_bootstrap_nodes": ",".join(settings.dht_bootstrap),
        "max_metadata_size": settings.max_metadata_bytes,
    }
    relaxed = _LOOPBACK_WORLD if settings.allow_networks else {}
    params = lt.session_params()
    params.settings = cast("lt.settings_pack", {**_QUIET, **relaxed, **chosen})
    session = lt.session(params)
    session.set_ip_filter(as_filter(Wall(settings.allow_networks)))
    return session


def add_torrent(
    session: lt.session, infohashes: Infohashes, peers: Sequence[tuple[str, int]], folder: str
) -> lt.torrent_handle:
    """Add a torrent of which only infohashes and peers are known: it can fetch metadata and nothing else.

    Raises: RuntimeError if the session has it already.
    """
    params = lt.add_torrent_params()
    params.info_hashes = _info_hashes(infohashes)
    params.flags = _FLAGS
    params.save_path = folder
    params.peers = list(peers)  # dialled at once; `connect_peer` waits for the session's next second
    return session.add_torrent(params)


def _info_hashes(infohashes: Infohashes) -> lt.info_hash_t:
    v1, v2 = infohashes.v1, infohashes.v2
    if v1 and v2:
        return lt.info_hash_t(lt.sha1_hash(bytes(v1)), lt.sha256_hash(bytes(v2)))
    return lt.info_hash_t(lt.sha1_hash(bytes(v1)) if v1 else lt.sha256_hash(bytes(v2 or b"")))


@dataclass(slots=True)
class _Fetch:
    """One torrent that is looked for. It is added to the session once there is a peer to ask, not before."""

    number: int
    infohashes: Infohashes
    keys: tuple[lt.sha1_hash, ...]
    ends: float
    handle: lt.torrent_handle | None = None
    next_look: float = 0.0
    looks: int = 0
    dialled: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])
    was_refused: bool = False

    @property
    def problem(self) -> str:
        """Why there is no metadata when the time is up."""
        if self.was_refused:
            return "refused"
        return "silent" if self.dialled else "nobody"


class Child:
    """Serves one parent over one socket until it hangs up."""

    def __init__(self, channel: socket.socket, settings: SwarmSettings) -> None:
        self._channel, self._settings = channel, settings
        self._wall = Wall(settings.allow_networks)
        self._folder = str(Path.cwd())
        self._session = open_session(settings)
        # A socketpair, not an eventfd: libtorrent writes single bytes.
        self._bell, self._ringer = socket.socketpair()
        self._bell.settimeout(0)
        self._session.set_alert_fd(self._ringer.fileno())
        self._fetches: dict[int, _Fetch] = {}
        self._received = bytearray()
        self._has_dht_answered = False
        self._heard_at = time.monotonic()
        """When the DHT last answered, or nobody was asking it."""

    def run(self) -> None:
        """Work until the parent hangs up. Raises: SwarmError if it sends what is not a message."""
        self._send(Answer(0))
        while True:
            wait = _POLL_S if self._fetches else None
            ready, _, _ = select.select([self._channel, self._bell], [], [], wait)
            if self._channel in ready and not self._read():
                return
            if self._bell in ready:
                self._bell.recv(4096)
            for alert in self._session.pop_alerts():
                self._hear(alert)
            for fetch in list(self._fetches.values()):
                self._advance(fetch)
            self._rebuild_if_stalled()

    def _rebuild_if_stalled(self) -> None:
        """A session whose look-ups nobody answers any more is given up for a new one; the fetches go on in it."""
        if not self._fetches or not self._settings.dht_bootstrap:
            self._heard_at = time.monotonic()
        if time.monotonic() - self._heard_at < self._settings.stall_s:
            return
        for fetch in self._fetches.values():
            if fetch.handle is not None:
                self._session.remove_torrent(fetch.handle)
            fetch.handle, fetch.looks, fetch.next_look = None, 0, 0.0
            fetch.dialled.clear()
        self._session = open_session(self._settings)
        self._session.set_alert_fd(self._ringer.fileno())
        self._has_dht_answered = False
        self._heard_at = time.monotonic()
        self._send(Answer(0, problem="stalled"))

    def _read(self) -> bool:
        data = self._channel.recv(2**16)
        self._received += data
        while len(self._received) >= HEADER_BYTES:
            header = bytes(self._received[:HEADER_BYTES])
            end = HEADER_BYTES + body_length(header, frame_limit(self._settings.max_metadata_bytes))
            if len(self._received) < end:
                break
            body = bytes(self._received[HEADER_BYTES:end])
            del self._received[:end]
            self._obey(read_ask(body))
        return bool(data)

    def _obey(self, ask: Ask) -> None:
        if ask.infohashes is None:
            self._drop(ask.number)
            return
        peers = [peer for peer in ask.peers if self._wall.admits(*peer)]
        if not peers and not self._settings.dht_bootstrap:
            self._send(Answer(ask.number, problem="nowhere"))
            return
        keys = tuple(lt.sha1_hash(bytes(key)) for key in ask.infohashes.swarm_keys)
        fetch = _Fetch(ask.number, ask.infohashes, keys, time.monotonic() + ask.deadline_s)
        self._fetches[ask.number] = fetch
        self._dial(fetch, peers)

    def _advance(self, fetch: _Fetch) -> None:
        """Look in the DHT again when it is time; give up when the time is over."""
        now = time.monotonic()
        if now >= fetch.ends:
            self._finish(fetch, Answer(fetch.number, problem=fetch.problem))
        elif self._settings.dht_bootstrap and now >= fetch.next_look:
            fetch.next_look = now + _ASK_AGAIN_S[min(fetch.looks, len(_ASK_AGAIN_S) - 1)]
            fetch.looks += 1
            if not self._has_dht_answered:  # its nodes may have had no address yet, or been away
                self._join()
            for key in fetch.keys:
                self._session.dht_get_peers(key)

    def _join(self) -> None:
        for node in self._settings.dht_bootstrap:
            host, _, port = node.rpartition(":")
            self._session.add_dht_node((host.strip("[]"), int(port)))

    def _hear(self, alert: lt.alert) -> None:
        match alert:
            case lt.dht_get_peers_reply_alert():
                self._has_dht_answered = True
                self._heard_at = time.monotonic()
                for fetch in list(self._fetches.values()):
                    if alert.info_hash in fetch.keys:
                        self._dial(fetch, alert.peers())
            case lt.metadata_received_alert() | lt.metadata_failed_alert() | lt.torrent_error_alert():
                for fetch in list(self._fetches.values()):
                    if fetch.handle is not None and fetch.handle == alert.handle:
                        self._hear_of(fetch, fetch.handle, alert)
            case _:
                pass

    def _hear_of(self, fetch: _Fetch, handle: lt.torrent_handle, alert: lt.alert) -> None:
        if isinstance(alert, lt.metadata_received_alert):
            info = handle.torrent_file()
            raw = info.info_section() if info else b""
            too_large = len(raw) > self._settings.max_metadata_bytes
            answer = Answer(fetch.number, b"" if too_large else raw, "too_large" if too_large else "")
            self._finish(fetch, answer if raw else Answer(fetch.number, problem="refused"))
        elif isinstance(alert, lt.metadata_failed_alert):
            fetch.was_refused = True  # another peer may still give the right one
        else:
            self._finish(fetch, Answer(fetch.number, problem="refused"))

    def _dial(self, fetch: _Fetch, peers: Sequence[tuple[str, int]]) -> None:
        """Dial those that may be dialled and were not yet."""
        fresh = [
            peer for peer in dict.fromkeys(peers) if peer not in fetch.dialled and self._wall.admits(*peer)
        ]
        fresh = fresh[: MAX_DIALLED - len(fetch.dialled)]
        fetch.dialled.update(fresh)
        if fetch.handle is not None:
            for peer in fresh:
                fetch.handle.connect_peer(peer)
        elif fresh:
            try:
                fetch.handle = add_torrent(self._session, fetch.infohashes, fresh, self._folder)
            except RuntimeError:
                self._finish(fetch, Answer(fetch.number, problem="refused"))

    def _finish(self, fetch: _Fetch, answer: Answer) -> None:
        self._drop(fetch.number)
        self._send(answer)

    def _drop(self, number: int) -> None:
        fetch = self._fetches.pop(number, None)
        if fetch and fetch.handle is not None:
            self._session.remove_torrent(fetch.handle)

    def _send(self, answer: Answer) -> None:
        self._channel.sendall(answer.frame())


def main(arguments: Sequence[str]) -> None:
    """Serve the parent at the other end of a descriptor, then vanish."""
    descriptor, parent, settings = arguments
    confine(int(parent), memory_bytes=MAX_MEMORY_BYTES, descriptors=MAX_DESCRIPTORS)
    with socket.socket(fileno=int(descriptor)) as channel:
        try:
            Child(channel, SwarmSettings.from_json(settings)).run()
        except (SwarmError, OSError):
            os._exit(1)
    os._exit(0)  # without the seconds that a session takes to say goodbye: nobody knows that we were there


if __name__ == "__main__":
    main(sys.argv[1:])
