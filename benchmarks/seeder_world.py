"""A seeder with real payload on disk, and a small DHT that knows it. Runs as a process of its own.

    python benchmarks/seeder_world.py FOLDER COUNT MIB

Speaks as `loopback.serve` does. An index beside the seeder offers each `.torrent` file by HTTP. `uploaded` is the payload given away per torrent, in the order of the torrents,
and the block requests that were heard, whether they were served or not.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import libtorrent as lt
from loopback import DHT, counters, serve

from leakwatch.demo.swarm import SEEDER_ADDRESS, LoopbackDht, loopback_session

KINDS = {"v1": lt.create_torrent.v1_only, "v2": lt.create_torrent.v2_only, "hybrid": 0}
LENGTHS = (2**14, 2**16, 2**18, 2**20, 2**22)
MIB = 2**20
_READY_DEADLINE_S = 120.0
_REQUESTS = "ses.num_incoming_request"


def write_payload(file: Path, size: int, *, is_sparse: bool) -> None:
    """Random bytes, or a hole with random bytes in every fourth MiB."""
    with file.open("wb") as out:
        out.truncate(size)
        for start in range(0, size, 4 * MIB if is_sparse else MIB):
            out.seek(start)
            out.write(os.urandom(min(MIB, size - start)))


def make(folder: Path, number: int, size: int) -> tuple[str, bytes]:
    """One release on disk, its kind and its torrent file. A v2 torrent of one file would lose its folder."""
    kind = list(KINDS)[number % 3]
    content = folder / f"release-{number}"
    content.mkdir()
    write_payload(content / "weights.bin", size, is_sparse=number % 2 == 1)
    (content / "readme.txt").write_bytes(random.Random(number).randbytes(5000))
    length = LENGTHS[number // 3 % len(LENGTHS)]
    made = lt.create_torrent(lt.list_files(str(content)), length, KINDS[kind])
    lt.set_piece_hashes(made, str(folder))
    return kind, lt.bencode(made.generate())


def seed(session: lt.session, folder: Path, metainfo: bytes) -> lt.torrent_handle:
    """Offer a release that is on disk."""
    params = lt.load_torrent_buffer(metainfo)
    params.save_path = str(folder)
    params.flags |= lt.torrent_flags.seed_mode
    params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
    return session.add_torrent(params)


def keys_of(handle: lt.torrent_handle) -> list[lt.sha1_hash]:
    """What the DHT knows a torrent by."""
    hashes = handle.info_hashes()
    v1 = [hashes.v1] if hashes.has_v1() else []
    return v1 + ([lt.sha1_hash(hashes.v2.to_bytes()[:20])] if hashes.has_v2() else [])


def announce(dht: LoopbackDht, session: lt.session, handles: list[lt.torrent_handle]) -> None:
    """Announce until the DHT names the seeder for all of them. Raises: TimeoutError."""
    endpoint = (SEEDER_ADDRESS, session.listen_port())
    missing = {str(key): handle for handle in handles for key in keys_of(handle)}
    dht.introduce(session)
    ends = time.monotonic() + _READY_DEADLINE_S
    while missing:
        if time.monotonic() > ends:
            raise TimeoutError(f"{len(missing)} torrents cannot be found")
        for handle in missing.values():
            handle.force_dht_announce()
        keys = [key for handle in missing.values() for key in keys_of(handle)]
        found = dht.peers(keys, enough=1, deadline_s=3)
        missing = {key: handle for key, handle in missing.items() if endpoint not in found.get(key, ())}


class _Quiet(SimpleHTTPRequestHandler):
    def log_request(self, *_: object) -> None:
        """Not a line for each request."""


def serve_index(folder: Path, metainfos: list[bytes]) -> list[str]:
    """Offer torrent files as an index does; their addresses."""
    index = folder / "index"
    index.mkdir()
    for number, metainfo in enumerate(metainfos):
        (index / f"{number}.torrent").write_bytes(metainfo)
    server = ThreadingHTTPServer((SEEDER_ADDRESS, 0), partial(_Quiet, directory=str(index)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return [f"http://{SEEDER_ADDRESS}:{server.server_port}/{n}.torrent" for n in range(len(metainfos))]


def main(arguments: list[str]) -> None:
    """Write, seed, announce, serve."""
    folder, count, mib = Path(arguments[0]), int(arguments[1]), int(arguments[2])
    dht = LoopbackDht()
    session = loopback_session(SEEDER_ADDRESS, 0, **DHT, connections_limit=2000, listen_queue_size=500)
    made = [make(folder, number, mib * MIB) for number in range(count)]
    handles = [seed(session, folder, metainfo) for _, metainfo in made]
    announce(dht, session, handles)
    urls = serve_index(folder, [metainfo for _, metainfo in made])
    torrents = []
    for (kind, _), handle, url in zip(made, handles, urls, strict=True):
        hashes = handle.info_hashes()
        v1, v2 = str(hashes.v1) if hashes.has_v1() else "", str(hashes.v2) if hashes.has_v2() else ""
        torrents.append({"kind": kind, "v1": v1, "v2": v2, "url": url})

    def uploaded() -> dict[str, object]:
        given = [handle.status().total_payload_upload for handle in handles]
        return {"uploaded": given, "requests": counters([session], [_REQUESTS])[_REQUESTS]}

    told = {
        "torrents": torrents,
        "bootstrap": ["{}:{}".format(*endpoint) for endpoint in dht.endpoints[:2]],
        "seeder": [SEEDER_ADDRESS, session.listen_port()],
    }
    serve(told, {"uploaded": uploaded})


if __name__ == "__main__":
    main(sys.argv[1:])
