"""A real swarm on loopback: a small DHT, one seeder, and more when told so. Runs as a process of its own.

    python -m leakwatch.demo.swarm PARENT_FOLDER TORRENT_NAME v1|v2|hybrid PIECE_LENGTH

The first line on stdout is the swarm as JSON, once the seeder can be found through the DHT. Then each line on
stdin is a question, answered by one line: `join N` (more seeders come until there are N; how many the DHT then
knows), `uploaded` (payload bytes that the seeders have given away), `strangers` (peers other than the seeders
that announced themselves), `control` (payload bytes that a plain client gets from the first seeder). The end of
stdin ends the process.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import cast

import libtorrent as lt

from leakwatch.errors import SwarmError
from leakwatch.torrent.bencode import Value, encode

NODES = 8
MOST_SEEDERS = 8
_CONTROL_ADDRESS = "127.0.100.1"
_READY_DEADLINE_S = 30.0
_JOIN_DEADLINE_S = 10.0
_CONTROL_DEADLINE_S = 10.0
_ASK_EVERY_S = 0.3
_LISTEN_DEADLINE_S = 2.0
_PORT_ATTEMPTS = 5
_FEWEST_NEIGHBOURS = 5
_BLOCKED = 1
_DHT_ALERTS = lt.alert_category.dht | lt.alert_category.dht_operation

_LOOPBACK_ONLY = {
    "enable_lsd": False,
    "enable_upnp": False,
    "enable_natpmp": False,
    "enable_ip_notifier": False,
    "dht_bootstrap_nodes": "",
    "webtorrent_stun_server": "",
    "max_retry_port_bind": 0,
    "allow_multiple_connections_per_ip": True,
    "aio_threads": 1,
    "hashing_threads": 1,
    "enable_dht": False,
}
# The defaults suit the Internet: 5 packets a second from one address, then silence for five minutes.
_DHT = {
    "enable_dht": True,
    "dht_restrict_routing_ips": False,
    "dht_restrict_search_ips": False,
    "dht_prefer_verified_node_ids": False,
    "dht_ignore_dark_internet": False,
    "dht_upload_rate_limit": 100_000_000,
    "dht_block_ratelimit": 100_000,
    "dht_announce_interval": 15,
}


def node_address(place: int) -> str:
    """Where a DHT node listens. Each has a /24 of its own: clients distrust several nodes in one."""
    return f"127.0.{place + 1}.1"


def seeder_address(place: int) -> str:
    """Where a seeder listens. Each has an address of its own: BEP 33 counts peers behind one address once."""
    return f"127.0.{place + 101}.1"


SEEDER_ADDRESS = seeder_address(0)
"""Where the first seeder listens."""


def loopback_session(
    address: str, port: int = 0, alerts: int = 0, **settings: bool | int | str
) -> lt.session:
    """A session that listens on one loopback address and may talk to nothing but loopback."""
    params = lt.session_params()
    listen = {"listen_interfaces": f"{address}:{port}", "alert_mask": alerts}
    params.settings = cast("lt.settings_pack", {**_LOOPBACK_ONLY, **listen, **settings})
    session = lt.session(params)
    others = lt.ip_filter()
    others.add_rule("0.0.0.0", "126.255.255.255", _BLOCKED)  # noqa: S104 - the start of a range
    others.add_rule("128.0.0.0", "255.255.255.255", _BLOCKED)
    session.set_ip_filter(others)
    return session


def build_torrent(content: Path, kind: str, piece_length: int) -> bytes:
    """The torrent file of a folder."""
    versions = {"v1": lt.create_torrent.v1_only, "v2": lt.create_torrent.v2_only, "hybrid": 0}
    torrent = lt.create_torrent(lt.list_files(str(content)), piece_length, versions[kind])
    lt.set_piece_hashes(torrent, str(content.parent))
    return encode(cast("Value", torrent.generate()))


class LoopbackDht:
    """A few DHT nodes that know one another, all on one port."""

    def __init__(self) -> None:
        self.port, self.nodes = self._listen()
        for place, node in enumerate(self.nodes):
            self.introduce(node, without=place)

    @property
    def endpoints(self) -> list[tuple[str, int]]:
        """Where the nodes listen."""
        return [(node_address(place), self.port) for place in range(NODES)]

    def introduce(self, session: lt.session, without: int = -1) -> None:
        """Tell a session of every node but one."""
        for place, endpoint in enumerate(self.endpoints):
            if place != without:
                session.add_dht_node(endpoint)

    def peers(
        self, keys: list[lt.sha1_hash], enough: int, deadline_s: float
    ) -> dict[str, set[tuple[str, int]]]:
        """Ask the DHT for the peers of some swarms until each has `enough`, or the time is up."""
        witness = self.nodes[NODES // 2]
        found: dict[str, set[tuple[str, int]]] = {str(key): set() for key in keys}
        ends, asked = time.monotonic() + deadline_s, 0.0
        while time.monotonic() < ends and any(len(peers) < enough for peers in found.values()):
            if time.monotonic() - asked > _ASK_EVERY_S:
                asked = time.monotonic()
                for key in keys:
                    witness.dht_get_peers(key)
            witness.wait_for_alert(100)
            for alert in witness.pop_alerts():
                if isinstance(alert, lt.dht_get_peers_reply_alert):
                    found.setdefault(str(alert.info_hash), set()).update(alert.peers())
        return found

    def _listen(self) -> tuple[int, list[lt.session]]:
        """Sessions on a port that is free on every node's address."""
        for _ in range(_PORT_ATTEMPTS):
            with socket.create_server((node_address(0), 0)) as probe:
                port = int(probe.getsockname()[1])
            nodes = [
                loopback_session(node_address(place), port, _DHT_ALERTS, **_DHT) for place in range(NODES)
            ]
            ends = time.monotonic() + _LISTEN_DEADLINE_S
            while time.monotonic() < ends:
                if all(node.listen_port() == port for node in nodes):
                    return port, nodes
                time.sleep(0.01)
        raise SwarmError("no port is free on all addresses of the loopback DHT")


class Seeder:
    """One peer that has the content."""

    def __init__(self, content: Path, torrent: bytes, place: int = 0) -> None:
        self.session = loopback_session(seeder_address(place), **_DHT)
        self._address = seeder_address(place)
        self._torrent = torrent
        params = lt.load_torrent_buffer(torrent)
        params.save_path = str(content.parent)
        params.flags |= lt.torrent_flags.seed_mode
        params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
        self._handle = self.session.add_torrent(params)

    @property
    def hashes(self) -> lt.info_hash_t:
        """The torrent's infohashes."""
        return self._handle.info_hashes()

    @property
    def swarm_keys(self) -> list[lt.sha1_hash]:
        """What the DHT knows the torrent by: v1, truncated v2, or both."""
        keys = [self.hashes.v1] if self.hashes.has_v1() else []
        return keys + ([lt.sha1_hash(self.hashes.v2.to_bytes()[:20])] if self.hashes.has_v2() else [])

    @property
    def endpoint(self) -> tuple[str, int]:
        """Where the seeder listens."""
        return self._address, self.session.listen_port()

    @property
    def uploaded_bytes(self) -> int:
        """Payload given away, over all torrents of the session."""
        return sum(handle.status().total_payload_upload for handle in self.session.get_torrents())

    def announce(self) -> None:
        """Tell the DHT now."""
        self._handle.force_dht_announce()

    def control(self) -> int:
        """Payload bytes that an ordinary client gets within some seconds: the counter can rise."""
        before = self.uploaded_bytes
        with tempfile.TemporaryDirectory(prefix="leakwatch-control-") as folder:
            client = loopback_session(_CONTROL_ADDRESS)
            params = lt.load_torrent_buffer(self._torrent)
            params.save_path = folder
            handle = client.add_torrent(params)
            ends = time.monotonic() + _CONTROL_DEADLINE_S
            while time.monotonic() < ends and not handle.status().is_seeding:
                handle.connect_peer(self.endpoint)
                time.sleep(0.1)
            client.remove_torrent(handle)
            got = self.uploaded_bytes - before
            del handle, client  # waits for what is still being written: the folder goes next
            return got


class Swarm:
    """Everybody who has the content, and the DHT that knows of them."""

    def __init__(self, dht: LoopbackDht, content: Path, torrent: bytes) -> None:
        self._dht, self._content, self._torrent = dht, content, torrent
        self._seeders: list[Seeder] = []

    @property
    def first(self) -> Seeder:
        """The seeder that was there from the beginning."""
        return self._seeders[0]

    @property
    def uploaded_bytes(self) -> int:
        """Payload that the seeders have given away, all together."""
        return sum(seeder.uploaded_bytes for seeder in self._seeders)

    def join(self, total: int, deadline_s: float = _JOIN_DEADLINE_S) -> int:
        """More seeders come until there are so many, up to eight; answers how many of them the DHT knows."""
        for place in range(len(self._seeders), min(total, MOST_SEEDERS)):
            self._seeders.append(Seeder(self._content, self._torrent, place))
            self._dht.introduce(self._seeders[-1].session)
        ours, known = {seeder.endpoint for seeder in self._seeders}, 0
        ends = time.monotonic() + deadline_s
        while known < len(ours) and time.monotonic() < ends:
            for seeder in self._seeders:
                seeder.announce()
            found = self._dht.peers(self.first.swarm_keys, enough=len(ours), deadline_s=0.5)
            known = min(len(peers & ours) for peers in found.values())
        return known

    def strangers(self) -> int:
        """How many peers other than the seeders announced themselves."""
        ours = {seeder.endpoint for seeder in self._seeders}
        found = self._dht.peers(self.first.swarm_keys, enough=len(ours) + 1, deadline_s=2.0)
        return len({peer for peers in found.values() for peer in peers} - ours)

    def words(self) -> dict[str, object]:
        """The swarm as its user must know it."""
        hashes = self.first.hashes
        return {
            "v1": str(hashes.v1) if hashes.has_v1() else "",
            "v2": str(hashes.v2) if hashes.has_v2() else "",
            "bootstrap": "{}:{}".format(*self._dht.endpoints[0]),
            "seeder": "{}:{}".format(*self.first.endpoint),
        }


def ready_swarm(swarm: Swarm) -> dict[str, object]:
    """The swarm in words, once its one seeder can be found. Raises: SwarmError if it never can."""
    if not swarm.join(1, _READY_DEADLINE_S):
        raise SwarmError("the seeder cannot be found through the loopback DHT")
    return swarm.words()


def answers(swarm: Swarm) -> Iterator[dict[str, object]]:
    """One answer for each question on stdin."""
    for line in sys.stdin:
        match line.split():
            case ["join", total]:
                yield {"join": swarm.join(int(total))}
            case ["uploaded"]:
                yield {"uploaded": swarm.uploaded_bytes}
            case ["strangers"]:
                yield {"strangers": swarm.strangers()}
            case ["control"]:
                yield {"control": swarm.first.control()}
            case _:
                yield {}


def main(arguments: list[str]) -> None:
    """Run the swarm until stdin ends."""
    folder, name, kind, piece_length = arguments
    content = Path(folder) / name
    swarm = Swarm(LoopbackDht(), content, build_torrent(content, kind, int(piece_length)))
    for answer in chain([ready_swarm(swarm)], answers(swarm)):
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    # Sessions wait some seconds for trackers that do not exist; nothing here needs an orderly end.
    os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])
