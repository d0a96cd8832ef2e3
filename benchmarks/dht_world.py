"""A DHT of libtorrent nodes on loopback that know thousands of torrents, most of whose peers are dead.

    python benchmarks/dht_world.py [--nodes N] [--torrents N] [--watched N] [--dead SHARE] [--interval S]

Speaks as `loopback.serve` does: the first line has bootstrap nodes and torrents; `counts` are what libtorrent
counted over all nodes: packets and queries received, announces received since the world was ready (there must be
none: its own were made before), block requests heard and payload given. Torrents have no payload on disk: they
serve metadata. Dead peers are announced at addresses where nobody listens, or where nobody ever says a word.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import socket
import time
from collections.abc import Iterator, Sequence

import libtorrent as lt
from announcer import Announcement, Endpoint, announce_all
from dht_content import Made, others, watched
from loopback import DHT, counters, serve

from leakwatch.demo.swarm import loopback_session

_READY_DEADLINE_S = 90.0
_DEAD_ADDRESSES = 50
_FRIENDS = 20
_COUNTED = (
    "dht.dht_messages_in", "dht.dht_messages_out", "dht.dht_bytes_in", "dht.dht_get_peers_in",
    "dht.dht_find_node_in", "dht.dht_sample_infohashes_in", "dht.dht_announce_peer_in",
    "ses.num_incoming_request", "ses.num_incoming_interested", "net.sent_payload_bytes",
    "peer.incoming_connections",
)  # fmt: skip
_SETTINGS = {
    **DHT, "dht_max_torrents": 20_000, "connections_limit": 2000, "listen_queue_size": 200,
    "enable_incoming_utp": False, "enable_outgoing_utp": False, "peer_timeout": 20,
}  # fmt: skip
_SERVED = (
    lt.torrent_flags.seed_mode
    | lt.torrent_flags.no_verify_files
    | lt.torrent_flags.disable_dht  # the announcer announces
    | lt.torrent_flags.disable_lsd
    | lt.torrent_flags.disable_pex
)


def node_address(number: int) -> str:
    """Each node has a /24 of its own."""
    return f"127.{40 + number // 200}.{number % 200 + 1}.1"


def dead_address(number: int) -> str:
    """Where announced peers are not."""
    return f"127.60.{number + 1}.1"


class Nodes:
    """The DHT: sessions that know one another, each of them also a seeder."""

    def __init__(self, count: int, interval_s: int) -> None:
        with socket.create_server((node_address(0), 0)) as probe:
            port = int(probe.getsockname()[1])
        more = {**_SETTINGS, "dht_sample_infohashes_interval": interval_s}
        self.sessions = [loopback_session(node_address(n), port, **more) for n in range(count)]
        self.endpoints: list[Endpoint] = [(node_address(n), port) for n in range(count)]
        self._introduce(random.Random(count))

    def _introduce(self, chance: random.Random) -> None:
        """Each node to some others, until each knows most. Raises: TimeoutError."""
        count, ends = len(self.sessions), time.monotonic() + _READY_DEADLINE_S
        enough = min(count - 1, 8) if count < 20 else count * 8 // 10
        while any(counters([one], ["dht.dht_nodes"])["dht.dht_nodes"] < enough for one in self.sessions):
            if time.monotonic() > ends:
                raise TimeoutError("the nodes do not get to know one another")
            for number, session in enumerate(self.sessions):
                for other in chance.sample(range(count), min(_FRIENDS, count)):
                    if other != number:
                        session.add_dht_node(self.endpoints[other])
            time.sleep(0.5)

    def seed(self, torrents: Sequence[Made]) -> list[Endpoint]:
        """Spread the torrents over the nodes; returns where each is."""
        for number, torrent in enumerate(torrents):
            params = lt.load_torrent_buffer(torrent.metainfo)
            params.save_path, params.flags = "nowhere", _SERVED
            self.sessions[number % len(self.sessions)].async_add_torrent(params)
        while sum(len(session.get_torrents()) for session in self.sessions) < len(torrents):
            time.sleep(0.1)
        return [self.endpoints[number % len(self.sessions)] for number in range(len(torrents))]


def dead_peers(torrents: int, share: float, port: int, chance: random.Random) -> Iterator[list[Endpoint]]:
    """Dead peers for each torrent, whole numbers that keep the share overall."""
    each, due = share / (1 - share), 0.0
    for _ in range(torrents):
        due += each
        places = chance.sample(range(_DEAD_ADDRESSES), int(due))
        due -= len(places)
        yield [(dead_address(place), port) for place in places]


def silent_listeners(port: int) -> list[socket.socket]:
    """Every other dead address takes connections and never says a word; the rest refuse."""
    return [socket.create_server((dead_address(n), port), backlog=4000) for n in range(0, _DEAD_ADDRESSES, 2)]


def main() -> None:
    """Build the world and serve."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--nodes", type=int, default=100)
    parser.add_argument("--torrents", type=int, default=5000)
    parser.add_argument("--watched", type=int, default=200)
    parser.add_argument("--dead", type=float, default=0.6, help="share of the announced peers")
    parser.add_argument(
        "--interval", type=int, default=0, help="seconds between samples, as nodes ask for (BEP 51)"
    )
    options = parser.parse_args()
    started = time.monotonic()
    nodes = Nodes(options.nodes, options.interval)
    torrents = [*watched(options.watched), *others(options.torrents - options.watched)]
    random.Random(2).shuffle(torrents)
    port = nodes.endpoints[0][1]  # free there too, so that worlds beside one another do not meet
    silent = silent_listeners(port)
    places = nodes.seed(torrents)
    dead = dead_peers(len(torrents), options.dead, port, random.Random(3))
    announcements = [
        Announcement(torrent.v1, peer)
        for torrent, place, gone in zip(torrents, places, dead, strict=True)
        for peer in (*gone, place)
    ]
    told = asyncio.run(announce_all(announcements, nodes.endpoints)) if announcements else 0
    before = counters(nodes.sessions, _COUNTED)

    def counts() -> dict[str, int]:
        now = counters(nodes.sessions, _COUNTED)
        now["announces"] = now["dht.dht_announce_peer_in"] - before["dht.dht_announce_peer_in"]
        return now

    ready = {
        "bootstrap": ["{}:{}".format(*endpoint) for endpoint in nodes.endpoints[:2]],
        "torrents": [
            {"v1": torrent.v1.hex(), "peer": place, "asset": torrent.asset}
            for torrent, place in zip(torrents, places, strict=True)
        ],
        "peers": len(announcements),
        "dead": len(announcements) - len(torrents),
        "silent_addresses": len(silent),
        "own_announces": told,
        "own_announces_counted": before["dht.dht_announce_peer_in"],
        "built_s": round(time.monotonic() - started, 1),
    }
    serve(ready, {"counts": counts})


if __name__ == "__main__":
    main()
