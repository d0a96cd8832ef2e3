"""The process that holds the libtorrent session: it fetches info dictionaries and can do nothing else.

    python -m leakwatch.swarm.child DESCRIPTOR PARENT SETTINGS

It looks up peers in the DHT read-only and never announces; dials them; takes the metadata; forgets the
torrent at once. Files are held off twice: by a removed folder and by a file size limit of zero.
"""

from __future__ import annotations

import os
import select
import socket
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import libtorrent as lt

from leakwatch.errors import SwarmError
from leakwatch.limited.process import confine
from leakwatch.swarm.frames import Answer, Ask, Frames, read_ask
from leakwatch.swarm.metadata import SwarmSettings
from leakwatch.swarm.quiet import add_torrent, open_session, swarm_keys
from leakwatch.swarm.wall import Wall
from leakwatch.torrent.infohash import Infohashes

MAX_MEMORY_BYTES = 2 * 2**30
MAX_DESCRIPTORS = 1024
MAX_DIALLED = 200
_POLL_S = 0.05
_UNSENT_BYTES = 2**18
_ASK_AGAIN_S = (0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Waits between DHT look-ups of one torrent; the last repeats, the first ones find a DHT just joining."""
_LOOKS_AT_STATISTICS = 10
"""In the time after which a silent session is given up."""
_IS_DUPLICATE = 19
"""Libtorrent's error of both torrents where both halves of a hybrid were asked for and one has brought the metadata:
a `torrent_conflict_alert` follows, which has what both want."""


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
        self._by_key: dict[bytes, _Fetch] = {}
        """By each swarm key; the daemon asks for no key twice at a time."""
        self._by_handle: dict[lt.torrent_handle, _Fetch] = {}
        self._frames = Frames(settings.max_metadata_bytes)
        self._unsent = bytearray()
        self._has_dht_answered = False
        self._packets = 0
        """That the DHT had sent to this session when it was last asked for its statistics."""
        self._heard_at = self._asked_at = time.monotonic()
        """When there was first word of that many, or of somebody who asks; and when the statistics were asked for."""

    def run(self) -> None:
        """Work until the parent hangs up. Raises: SwarmError if it sends what is not a message."""
        self._send(Answer(0))
        self._flush()
        next_round = 0.0
        while True:
            wait = max(0.0, next_round - time.monotonic()) if self._fetches else None
            ready, _, _ = select.select([self._channel, self._bell], [], [], wait)
            if self._channel in ready and not self._read():
                return
            if self._bell in ready:
                self._bell.recv(4096)
                for alert in self._session.pop_alerts():
                    self._hear(alert)
            if time.monotonic() >= next_round:
                for fetch in list(self._fetches.values()):
                    self._advance(fetch)
                self._rebuild_if_stalled()
                next_round = time.monotonic() + _POLL_S
            self._flush()

    def _rebuild_if_stalled(self) -> None:
        """A session to which no node of the DHT sends a packet any more is given up for a new one.

        The fetches go on in it, with the peers they know. A look-up that finds no peer says nothing at all, so it is
        packets that count: a torrent that nobody has is no silence.
        """
        now = time.monotonic()
        if not self._fetches or not self._settings.dht_bootstrap:
            return
        if now - self._asked_at >= self._settings.stall_s / _LOOKS_AT_STATISTICS:
            self._asked_at = now
            self._session.post_session_stats()
        if now - self._heard_at < self._settings.stall_s:
            return
        for fetch in self._fetches.values():
            if fetch.handle is not None:
                self._session.remove_torrent(fetch.handle)
            fetch.handle, fetch.looks, fetch.next_look = None, 0, 0.0
        self._by_handle.clear()
        self._session = open_session(self._settings)
        self._session.set_alert_fd(self._ringer.fileno())
        self._has_dht_answered, self._packets, self._heard_at = False, 0, now
        self._send(Answer(0, problem="stalled"))

    def _read(self) -> bool:
        data = self._channel.recv(2**16)
        for body in self._frames.cut(data):
            self._obey(read_ask(body))
        return bool(data)

    def _obey(self, ask: Ask) -> None:
        if ask.infohashes is None:
            self._drop(ask.number)
            return
        keys = ask.infohashes.swarm_keys
        if not self._by_key.keys().isdisjoint(keys):
            raise SwarmError("a torrent was asked for that is being looked for")
        hashes = tuple(lt.sha1_hash(bytes(key)) for key in keys)
        if not self._fetches:
            self._heard_at = time.monotonic()
        fetch = _Fetch(ask.number, ask.infohashes, hashes, time.monotonic() + ask.deadline_s)
        self._fetches[ask.number] = fetch
        self._by_key.update(dict.fromkeys(keys, fetch))
        self._dial(fetch, ask.peers)
        if not fetch.dialled and not self._settings.dht_bootstrap:
            self._finish(fetch, Answer(ask.number, problem="nowhere"))
        else:
            self._advance(fetch)

    def _advance(self, fetch: _Fetch) -> None:
        """Look in the DHT again when it is time; give up when the time is over."""
        now = time.monotonic()
        if now >= fetch.ends:
            self._finish(fetch, Answer(fetch.number, problem=fetch.problem))
            return
        if fetch.handle is None and fetch.dialled:
            self._add(fetch, list(fetch.dialled))
        if self._settings.dht_bootstrap and now >= fetch.next_look:
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
                if fetch := self._by_key.get(alert.info_hash.to_bytes()):
                    self._dial(fetch, alert.peers())
            case lt.metadata_received_alert():
                if fetch := self._by_handle.get(alert.handle):
                    self._give(alert.handle.torrent_file(), fetch)
            case lt.torrent_conflict_alert():
                self._give(alert.metadata)
            case lt.session_stats_alert():
                if (packets := alert.values["dht.dht_messages_in"]) > self._packets:
                    self._packets, self._heard_at = packets, time.monotonic()
            case lt.metadata_failed_alert():
                if fetch := self._by_handle.get(alert.handle):
                    fetch.was_refused = True  # another peer may still give the right one
            case lt.torrent_error_alert() if alert.error.value() != _IS_DUPLICATE:
                if fetch := self._by_handle.get(alert.handle):
                    self._finish(fetch, Answer(fetch.number, problem="refused"))
            case _:
                pass

    def _give(self, info: lt.torrent_info | None, asked: _Fetch | None = None) -> None:
        """Answer everyone who wants this torrent, by whichever key."""
        raw = info.info_section() if info else b""
        if asked and not raw:
            self._finish(asked, Answer(asked.number, problem="refused"))
        is_too_large = len(raw) > self._settings.max_metadata_bytes
        for key in swarm_keys(info.info_hashes()) if info and raw else ():
            if fetch := self._by_key.get(key):
                answer = (
                    Answer(fetch.number, problem="too_large") if is_too_large else Answer(fetch.number, raw)
                )
                self._finish(fetch, answer)

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
            self._add(fetch, fresh)

    def _add(self, fetch: _Fetch, peers: Sequence[tuple[str, int]]) -> None:
        """Have it asked for; a hybrid whose other half has just brought the metadata is there still, and later not."""
        with suppress(RuntimeError):
            fetch.handle = add_torrent(self._session, fetch.infohashes, peers, self._folder)
            self._by_handle[fetch.handle] = fetch

    def _finish(self, fetch: _Fetch, answer: Answer) -> None:
        self._drop(fetch.number)
        self._send(answer)

    def _drop(self, number: int) -> None:
        fetch = self._fetches.pop(number, None)
        if fetch is None:
            return
        for key in fetch.infohashes.swarm_keys:
            del self._by_key[key]
        if fetch.handle is not None:
            del self._by_handle[fetch.handle]
            self._session.remove_torrent(fetch.handle)

    def _send(self, answer: Answer) -> None:
        self._unsent += answer.frame()
        if len(self._unsent) > _UNSENT_BYTES:
            self._flush()

    def _flush(self) -> None:
        """Send what this turn has brought, at once: each write wakes the parent."""
        if self._unsent:
            self._channel.sendall(self._unsent)
            self._unsent.clear()


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
