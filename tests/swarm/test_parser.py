"""Hostile torrents are read aside: the same facts as reading them here, and an end to whatever takes too long."""

from __future__ import annotations

import hashlib
import os
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from leakwatch.errors import MetainfoError, SwarmError
from leakwatch.swarm.parser import MetainfoParser
from leakwatch.torrent.bencode import encode
from leakwatch.torrent.metainfo import parse_info, parse_torrent

INFO = encode(
    {
        b"files": [
            {b"length": 70_000, b"path": [b"a", b"\xff\xfe.bin"]},
            {b"length": 5, b"path": [b"..", b"x"]},
        ],
        b"name": b"w",
        b"piece length": 65536,
        b"pieces": random.Random(1).randbytes(40),
    }
)


def here(read: Callable[[], Any]) -> Any:
    """What reading in this process gives: a value, or the error's text."""
    try:
        return read()
    except MetainfoError as error:
        return error.message[:500]


async def aside(read: Awaitable[Any]) -> Any:
    """What reading aside gives: a value, or the error's text."""
    try:
        return await read
    except MetainfoError as error:
        return error.message


@pytest.fixture
async def parser() -> AsyncIterator[MetainfoParser]:
    """A reader that is ended after the test."""
    made = MetainfoParser()
    yield made
    await made.aclose()


async def test_it_says_what_reading_here_says(parser: MetainfoParser) -> None:
    """Raw names, sizes, offsets, pieces and infohashes come back as they are."""
    assert await parser.info(INFO) == parse_info(INFO)
    assert await parser.raw_info(b"d8:announce3:udp4:info" + INFO + b"e") == INFO


async def test_recorded_torrents(parser: MetainfoParser, shared_data: Path) -> None:
    """Every recorded torrent, valid and hostile, is read or refused as it is here."""
    files = sorted((shared_data / "torrents").rglob("*.torrent"))
    assert files
    for file in files:
        data = file.read_bytes()
        raw = here(lambda data=data: parse_torrent(data).raw_info)
        assert await aside(parser.raw_info(data)) == raw
        if isinstance(raw, bytes):
            assert await aside(parser.info(raw)) == here(lambda raw=raw: parse_info(raw))


async def test_broken_bytes_are_named(parser: MetainfoParser) -> None:
    """What is no torrent is an error, and the next one is read by the same process."""
    with pytest.raises(MetainfoError, match="not a torrent"):
        await parser.raw_info(b"<html>")
    before = parser.worker.child
    assert await parser.info(INFO) == parse_info(INFO)
    assert parser.worker.child is before


async def test_stuck_reader_is_ended(parser: MetainfoParser) -> None:
    """A reader that does not answer is ended in time; the torrent is not to blame, and the next finds a new one."""
    await parser.info(INFO)
    child = parser.worker.child
    assert child is not None
    os.kill(child.process.pid, signal.SIGSTOP)
    parser.worker.wait_s = 0.5
    with pytest.raises(SwarmError, match="did not answer in time"):
        await parser.info(INFO)
    parser.worker.wait_s = 60
    assert (await parser.info(INFO)).infohashes.v1 == hashlib.sha1(INFO).digest()
    assert child.process.returncode == -signal.SIGKILL


async def test_reader_that_died_idle_costs_no_torrent(parser: MetainfoParser) -> None:
    """A reader that died of itself is replaced, and the torrent at hand is read as if nothing had been."""
    await parser.info(INFO)
    child = parser.worker.child
    assert child is not None
    os.kill(child.process.pid, signal.SIGKILL)
    await child.process.wait()
    assert await parser.info(INFO) == parse_info(INFO)


async def test_torrent_that_takes_too_long_is_to_blame() -> None:
    """A torrent that uses up its processor time is refused for good, and the next one is read."""
    files = b"".join(b"d6:lengthi1e4:pathl6:%06dee" % number for number in range(370_000))
    pieces = bytes(20 * -(-370_000 // 65536))
    hostile = b"d5:filesl%se4:name1:x12:piece lengthi65536e6:pieces%d:%se" % (files, len(pieces), pieces)
    parser = MetainfoParser(seconds=1)
    parser.worker.wait_s = 120  # however busy this machine is
    try:
        with pytest.raises(MetainfoError, match="takes longer"):
            await parser.info(hostile)
        assert await parser.info(INFO) == parse_info(INFO)
    finally:
        await parser.aclose()


async def test_torrent_that_kills_two_readers_is_to_blame(
    parser: MetainfoParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A torrent that ends a reader which had just come up is refused; nothing is asked a third time."""
    start, children = parser.worker.start, list[Any]()

    async def dies_when_asked() -> Any:
        child = await start()
        children.append(child)
        os.kill(child.process.pid, signal.SIGSEGV)
        return child

    monkeypatch.setattr(parser.worker, "start", dies_when_asked)
    with pytest.raises(MetainfoError, match="ends every process"):
        await parser.info(INFO)
    assert [child.process.returncode for child in children] == [-signal.SIGSEGV] * 2


async def test_reader_that_cannot_start_blames_no_torrent(
    parser: MetainfoParser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that ends before it is up, as in a broken installation, is our fault: the torrent is judged later."""
    monkeypatch.setattr(parser.worker, "program", ("-c", "raise SystemExit(1)"))
    with pytest.raises(SwarmError, match="does not come up"):
        await parser.info(INFO)
    monkeypatch.undo()
    assert await parser.info(INFO) == parse_info(INFO)
