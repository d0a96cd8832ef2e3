"""Metadata by bare libtorrent, nothing around it: what the product's child and daemon are compared with.

    python benchmarks/bare_fetch.py TORRENTS_JSON

The file has `bootstrap` and `torrents`. Speaks as `loopback.serve` does: `dht` fetches the watched ones with peers
from the DHT, `named` all of them from their named peers. Same number in flight as the product; no checks of
hashes, no deadlines, no protocol, no second process.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import libtorrent as lt
from loopback import DHT, serve

from leakwatch.demo.swarm import loopback_session
from leakwatch.swarm.session import MAX_IN_FLIGHT

_ADDRESS = "127.252.1.1"
_ASK_AGAIN_S = 1.0
_DEADLINE_S = 60.0
_FLAGS = (
    lt.torrent_flags.upload_mode
    | lt.torrent_flags.default_dont_download
    | lt.torrent_flags.apply_ip_filter
    | lt.torrent_flags.disable_dht
)
_SETTINGS = {
    "enable_outgoing_utp": False, "enable_incoming_utp": False, "connections_limit": 400, "connection_speed": 100,
    "alert_queue_size": 20_000, "peer_connect_timeout": 8, "dht_read_only": True,
}  # fmt: skip


class Fetcher:
    """One session, and a window of torrents in it."""

    def __init__(self, bootstrap: list[str]) -> None:
        mask = lt.alert_category.status | lt.alert_category.error | lt.alert_category.dht_operation
        self._session = loopback_session(_ADDRESS, 0, mask, **DHT, **_SETTINGS)
        for node in bootstrap:
            host, _, port = node.rpartition(":")
            self._session.add_dht_node((host, int(port)))
        self._looked_for: dict[lt.sha1_hash, float] = {}
        self._added: dict[lt.sha1_hash, tuple[lt.torrent_handle, set[tuple[str, int]]]] = {}
        self._got = self._bytes = 0

    def run(self, torrents: list[dict[str, Any]], *, by_dht: bool) -> dict[str, float]:
        """Fetch them all, or as many as come in time."""
        self._got = self._bytes = 0
        started, work = time.monotonic(), iter(torrents)
        while time.monotonic() - started < _DEADLINE_S:
            self._fill(work, by_dht=by_dht)
            if not self._looked_for and not self._added:
                break
            self._session.wait_for_alert(50)
            for alert in self._session.pop_alerts():
                self._hear(alert)
            self._ask_again()
        for handle, _ in self._added.values():
            self._session.remove_torrent(handle)
        self._added.clear()
        self._looked_for.clear()
        return {"got": self._got, "bytes": self._bytes, "took_s": time.monotonic() - started}

    def _fill(self, work: Iterator[dict[str, Any]], *, by_dht: bool) -> None:
        while len(self._looked_for.keys() | self._added.keys()) < MAX_IN_FLIGHT:
            torrent = next(work, None)
            if torrent is None:
                return
            key = lt.sha1_hash(bytes.fromhex(torrent["v1"]))
            if by_dht:
                self._looked_for[key] = time.monotonic()
                self._session.dht_get_peers(key)
            else:
                self._dial(key, [(torrent["peer"][0], torrent["peer"][1])])

    def _dial(self, key: lt.sha1_hash, peers: list[tuple[str, int]]) -> None:
        if key not in self._added:
            params = lt.add_torrent_params()
            params.info_hashes, params.flags = lt.info_hash_t(key), _FLAGS
            params.save_path, params.peers = "nowhere", peers
            self._added[key] = (self._session.add_torrent(params), set(peers))
            return
        handle, dialled = self._added[key]
        for peer in peers:
            if peer not in dialled:
                dialled.add(peer)
                handle.connect_peer(peer)

    def _hear(self, alert: lt.alert) -> None:
        match alert:
            case lt.dht_get_peers_reply_alert():
                peers = alert.peers()
                if peers and alert.info_hash in self._looked_for:
                    # a copy: what an alert holds dies with it
                    self._dial(lt.sha1_hash(alert.info_hash.to_bytes()), peers)
            case lt.metadata_received_alert():
                info = alert.handle.torrent_file()
                self._bytes += len(info.info_section()) if info else 0
                self._got += 1
                key = alert.handle.info_hashes().v1
                self._session.remove_torrent(alert.handle)
                self._added.pop(key, None)
                self._looked_for.pop(key, None)
            case _:
                pass

    def _ask_again(self) -> None:
        now = time.monotonic()
        for key, asked in self._looked_for.items():
            if now - asked > _ASK_AGAIN_S:
                self._looked_for[key] = now
                self._session.dht_get_peers(key)


def main() -> None:
    """Serve the benchmark."""
    told = cast("dict[str, Any]", json.loads(Path(sys.argv[1]).read_text()))
    torrents: list[dict[str, Any]] = told["torrents"]
    watched = [torrent for torrent in torrents if torrent["asset"] is not None]
    fetcher = Fetcher(told["bootstrap"])
    fetcher.run(watched[:1], by_dht=True)  # the session is up and knows the DHT
    serve(
        {},
        {
            "dht": lambda: fetcher.run(watched, by_dht=True),
            "named": lambda: fetcher.run(torrents, by_dht=False),
        },
    )


if __name__ == "__main__":
    main()
