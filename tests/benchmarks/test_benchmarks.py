"""The parts of the benchmarks that decide what is right: a wrong judge would call anything right."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from pathlib import Path

import libtorrent as lt
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import announcer
import dht_world
import flatness
import loopback
import makers
import negatives
import torrent_tools

from leakwatch.model.finding import Verdict
from leakwatch.torrent.metainfo import parse_torrent

SIZES = {"a.nfo": 1000, makers.TARGET: 50_000, "z.txt": 10}


def info_of(sizes: dict[str, int], piece_length: int) -> dict[bytes, object]:
    """A v1 info dictionary as a decoder gives it."""
    files = [{b"length": size, b"path": [path.encode()]} for path, size in sizes.items()]
    count = -(-sum(sizes.values()) // piece_length)
    return {b"files": files, b"piece length": piece_length, b"pieces": bytes(20 * count)}


@pytest.mark.parametrize(
    ("piece_length", "start", "end", "count"),
    [(16_384, 0, 50_000, 2), (16_384, 0, 17_000, 0), (1000, 0, 50_000, 50), (60_000, 0, 50_000, 0)],
)
def test_whole_pieces_are_counted(piece_length: int, start: int, end: int, count: int) -> None:
    """Only pieces that hold nothing but the range count."""
    assert makers.whole_pieces(info_of(SIZES, piece_length), start, end) == count


def test_short_last_piece_counts() -> None:
    """The last piece of a torrent may be shorter, and counts where its file ends the torrent."""
    sizes = {"a.nfo": 1000, makers.TARGET: 50_000}
    assert makers.whole_pieces(info_of(sizes, 16_384), 0, 50_000) == 3


def test_expectation_follows_from_the_case(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing shared is refuted if there are enough pieces, else open; one whole piece shared is proof."""
    case = makers.Case("x", {makers.TARGET: bytes(50_000)})
    assert makers.expected(case, lt.bencode({b"info": info_of(SIZES, 1000)})) is Verdict.UNPROVED
    with monkeypatch.context() as patched:
        patched.setattr(makers, "SIZE", 50_000)
        assert makers.expected(case, lt.bencode({b"info": info_of(SIZES, 1000)})) is Verdict.REFUTED
        assert makers.expected(case, lt.bencode({b"info": info_of(SIZES, 16_384)})) is Verdict.UNPROVED
    shared = makers.Case("x", {makers.TARGET: bytes(50_000)}, ((0, 20_000),))
    assert makers.expected(shared, lt.bencode({b"info": info_of(SIZES, 16_384)})) is Verdict.UNPROVED
    assert makers.expected(shared, lt.bencode({b"info": info_of(SIZES, 1000)})) is Verdict.PROVED


@pytest.mark.parametrize("pads", ["", "bep47", "bitcomet"])
def test_hand_made_torrents_agree_with_libtorrent(pads: str, tmp_path: Path) -> None:
    """What is laid out by hand loads in libtorrent, file for file, and in our own reader."""
    content = tmp_path / "release"
    content.mkdir()
    for number, size in enumerate((5000, 100_000, 7)):
        (content / f"{number}.bin").write_bytes(os.urandom(size))
    made = torrent_tools.by_hand(content, 20_000, pads)
    info = parse_torrent(made).info
    assert info
    layout = lt.load_torrent_buffer(made).ti.layout()
    assert layout.num_pieces() * 20 == len(info.pieces)
    real = [file.size_bytes for file in info.files if not file.is_pad]
    assert real == [7, 100_000, 5000]
    assert any(file.is_pad for file in info.files) == bool(pads)
    assert all((file.offset or 0) % 20_000 == 0 for file in info.files if not file.is_pad) == bool(pads)


@pytest.fixture
def half_zeros(tmp_path: Path) -> Path:
    """The asset of the negatives."""
    local = tmp_path / "asset.bin"
    local.write_bytes(negatives.asset_bytes())
    return local


BORDERS = "the asset's constants, no random"


def test_negatives_are_seen_if_they_are_proved(half_zeros: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the guard against constant pieces the bench reports false proofs; with it there are none of them."""
    told = negatives.tried(half_zeros, range(14))
    verdicts = {verdict for (kind, verdict) in told if not kind.startswith("control") and kind != BORDERS}
    assert verdicts <= {"refuted", "unproved"}
    assert told["control: the asset", "proved"] == 1
    monkeypatch.setattr("leakwatch.assetfiles.hashing.is_informative", lambda _data: True)
    told = negatives.tried(half_zeros, range(14))
    assert any(verdict == "proved" for kind, verdict in told if kind == "zeros")


def test_border_of_two_constants_proves_nothing(half_zeros: Path) -> None:
    """A torrent that has the asset's constants and patterns, and no byte of its noise, is not proved."""
    told = negatives.tried(half_zeros, range(6, 100, 7))
    assert {verdict for (kind, verdict) in told if kind == BORDERS} <= {"refuted", "unproved"}


def test_dead_peers_keep_their_share() -> None:
    """Over many torrents the share of dead peers is what was asked for."""
    dead = [len(peers) for peers in dht_world.dead_peers(1000, 0.6, 6881, random.Random(1))]
    assert sum(dead) / (sum(dead) + 1000) == pytest.approx(0.6, abs=0.001)


def test_announced_peers_are_found() -> None:
    """Peers that the announcer announced are those that the nodes name, and the nodes count each announcement."""
    nodes = dht_world.Nodes(8, 0)
    key = os.urandom(20)
    peers = [("127.61.1.1", 1111), ("127.61.2.1", 2222)]
    told = asyncio.run(
        announcer.announce_all([announcer.Announcement(key, peer) for peer in peers], nodes.endpoints)
    )
    counted = loopback.counters(nodes.sessions, ["dht.dht_announce_peer_in"])
    assert counted["dht.dht_announce_peer_in"] == told == 16


def test_slope_is_of_the_memory() -> None:
    """A process that grows by a MiB a minute has a slope of 1024 KiB per minute."""
    cost = loopback.Cost(0, 0, 0)
    samples = [flatness.Sample(10.0 * n, cost, cost, 0) for n in range(12)]
    assert flatness.slope(samples, [n * 2**20 // 6 for n in range(12)]) == pytest.approx(1024, rel=1e-3)
    assert flatness.slope(samples, [2**20] * 12) == 0
