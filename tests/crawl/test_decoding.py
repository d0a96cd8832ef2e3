"""Bodies within bounds: research/security.md T5 as far as it needs no server, and the pace of a dripping one."""

from __future__ import annotations

import gzip
import random
import tracemalloc
import zlib
from collections.abc import AsyncGenerator
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.crawl.decoding import MIB, BodyLimits, BoundedBody, Trace, read_body, read_start
from leakwatch.errors import FetchFailed

ONE_GIB_BLOCKS = 1024


def inflate(data: bytes, coding: str = "gzip", limits: BodyLimits | None = None, step: int = 65536) -> bytes:
    """Feed a body in steps, as a socket does."""
    body = BoundedBody("a.test", coding, limits or BodyLimits())
    for start in range(0, len(data), step):
        body.feed(data[start : start + step])
    return body.finish()


def repeated_gzip(block: bytes, times: int) -> bytes:
    """A gzip stream of one block many times over, made without compressing all of it."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    piece = deflate.compress(block) + deflate.flush(zlib.Z_FULL_FLUSH)
    checksum = 0
    for _ in range(min(times, 64)):
        checksum = zlib.crc32(block, checksum)
    end = checksum.to_bytes(4, "little") + (len(block) * times % 2**32).to_bytes(4, "little")
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + piece * times + b"\x03\x00" + end


async def dripping(seconds: list[float], piece: bytes, times: int) -> AsyncGenerator[bytes]:
    """Pieces, one every so many seconds of a clock kept in the list."""
    for _ in range(times):
        seconds[0] += seconds[1]
        yield piece


@pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 131072, 3 * MIB, 8 * MIB])
@pytest.mark.parametrize("step", [1024, 65536, 2**30])
def test_gzip_body_is_read_whole(size: int, step: int) -> None:
    """A body of any size comes out as it went in, however the wire cuts it."""
    plain = random.Random(size).randbytes(min(size, 4096)) * max(1, size // 4096)
    for coding, data in (
        ("gzip", gzip.compress(plain)),
        ("X-GZIP ", gzip.compress(plain)),
        ("identity", plain),
    ):
        limits = BodyLimits(raw_bytes=16 * MIB, ratio=10**6)
        assert inflate(data, coding, limits, step) == plain


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=5000), st.integers(min_value=1, max_value=300))
def test_gzip_round_trip(plain: bytes, step: int) -> None:
    """Any bytes survive gzip and steps of any size, unless they look like gzip themselves."""
    if plain.startswith(b"\x1f\x8b"):
        return
    assert inflate(gzip.compress(plain), step=step) == plain


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.booleans(), st.integers(min_value=0, max_value=40))
def test_any_bytes_are_a_body_or_a_failure(data: bytes, real: bool, flip: int) -> None:
    """Any bytes that claim to be gzip give a body or a FetchFailed, nothing else."""
    if real:
        packed = bytearray(gzip.compress(data))
        packed[flip % len(packed)] ^= 1 + flip
        data = bytes(packed)
    with suppress(FetchFailed):
        assert isinstance(inflate(data, step=7), bytes)


PACKED = gzip.compress(b"x" * 1000, mtime=0)
BROKEN = {
    "cut in the checksum": (PACKED[:-1], "ends too early"),
    "cut in the data": (PACKED[:20], "ends too early"),
    "cut in the head": (b"\x1f\x8b", "ends too early"),
    "plain text": (b"plain text", "not the gzip stream"),
    "deflate": (zlib.compress(b"deflate"), "not the gzip stream"),
    "lying length": (PACKED[:-4] + bytes(4), "not the gzip stream"),
    "lying checksum": (PACKED[:-8] + bytes(8), "not the gzip stream"),
    "junk": (PACKED + b"junk", "bytes follow"),
    "zero": (PACKED + b"\x00", "bytes follow"),
    "second member": (PACKED + PACKED, "bytes follow"),
    "two layers": (gzip.compress(PACKED, mtime=0), "compressed twice"),
}


@pytest.mark.parametrize("kind", BROKEN)
@pytest.mark.parametrize("step", [1, 7, 65536])
def test_broken_gzip_is_refused(kind: str, step: int) -> None:
    """A cut, lying, continued, foreign or doubly packed stream is refused with its own words."""
    data, words = BROKEN[kind]
    with pytest.raises(FetchFailed, match=words):
        inflate(data, step=step)


@pytest.mark.parametrize(
    "coding", ["br", "zstd", "deflate", "compress", "gzip, gzip", "gzip,br", "identity, gzip", "x"]
)
def test_other_codings_are_refused(coding: str) -> None:
    """A coding that was not asked for is refused, not passed on as it is."""
    with pytest.raises(FetchFailed, match="not asked for"):
        BoundedBody("a.test", coding, BodyLimits())


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (bytes(MIB), "inflates more than 200 times"),
        (random.Random(1).randbytes(8192) + bytes(MIB - 8192), "inflates to more than 33554432 bytes"),
    ],
    ids=["zeros", "under the ratio"],
)
def test_bomb_of_one_gibibyte_stops_early(block: bytes, words: str) -> None:
    """A gzip bomb of 1 GiB is stopped by its ratio or its size, within 64 MiB of memory."""
    bomb = repeated_gzip(block, ONE_GIB_BLOCKS)
    tracemalloc.start()
    try:
        with pytest.raises(FetchFailed, match=words):
            inflate(bomb)
        assert tracemalloc.get_traced_memory()[1] < 64 * MIB
    finally:
        tracemalloc.stop()


def test_well_packed_page_is_not_a_bomb() -> None:
    """A long page that packs well, but less than the ratio, and a short one that packs better, are read."""
    listing = b"".join(b"<tr><td>%d</td><td>release-%d.mkv</td></tr>" % (n, n * 7919) for n in range(60000))
    assert inflate(gzip.compress(listing)) == listing
    assert inflate(gzip.compress(bytes(MIB))) == bytes(MIB)


def test_caps_hold_to_the_byte() -> None:
    """A body as long as the cap is read, one byte more is refused, on the wire and decoded."""
    limits = BodyLimits(raw_bytes=1000, decoded_bytes=70000)
    assert len(inflate(bytes(1000), "", limits)) == 1000
    with pytest.raises(FetchFailed, match="longer than 1000 bytes"):
        inflate(bytes(1001), "", limits)
    assert len(inflate(gzip.compress(bytes(70000)), "gzip", limits)) == 70000
    with pytest.raises(FetchFailed, match="more than 70000 bytes"):
        inflate(gzip.compress(bytes(70001)), "gzip", limits)


@pytest.mark.parametrize(
    ("interval_s", "piece", "fails"), [(0.5, b"x", True), (0.5, bytes(1024), False), (9, b"x", True)]
)
async def test_dripping_body_is_cut(interval_s: float, piece: bytes, fails: bool) -> None:
    """A body slower than 1 KiB/s after ten seconds is given up, a faster one is read however long it takes."""
    seconds = [0.0, interval_s]
    reading = read_body(dripping(seconds, piece, 100), "a.test", "", BodyLimits(), lambda: seconds[0])
    if not fails:
        assert len(await reading) == 100 * 1024
        return
    with pytest.raises(FetchFailed, match="more slowly than 1024"):
        await reading
    assert seconds[0] <= 19


async def test_start_of_a_stream_is_cut() -> None:
    """Only the first bytes of a long stream are kept, and the rest is not waited for."""
    seconds = [0.0, 1.0]
    assert await read_start(dripping(seconds, b"abc", 100), 10) == b"abcabcabca"
    assert seconds[0] == 4.0
    assert await read_start(dripping(seconds, b"abc", 2), 10) == b"abcabc"


async def test_trace_knows_what_may_have_arrived() -> None:
    """A request may have arrived once its last part began to be written: the body, or the headers without one."""
    trace = Trace()
    assert not trace.connected_anew
    assert not trace.may_have_arrived(has_body=False)
    for name in ("connection.connect_tcp.started", "http11.send_request_headers.started"):
        await trace(name, {})
    assert trace.connected_anew
    assert trace.may_have_arrived(has_body=False)
    assert not trace.may_have_arrived(has_body=True)
    await trace("http11.send_request_body.started", {})
    assert trace.may_have_arrived(has_body=True)
