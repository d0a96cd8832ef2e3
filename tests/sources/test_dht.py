"""The kind `dht`: whatever bytes a swarm gives, one observation or an error of ours, within bounds."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.errors import LayoutChanged
from leakwatch.extract.links import locate
from leakwatch.model.observation import LocatorKind, storable
from leakwatch.sources._kind import Page, Payload, Request
from leakwatch.sources.dht import heard, parse
from leakwatch.torrent.bencode import Value, encode
from leakwatch.torrent.infohash import SwarmKey

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
KEYS = st.sampled_from([b"name", b"length", b"files", b"piece length", b"pieces", b"info", b"meta version"])
VALUES = st.recursive(
    st.integers(-3, 2**50) | st.binary(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS | st.binary(max_size=4), inner),
)


def read(body: bytes, infohash: str | None = None) -> Page:
    """The page of one item."""
    state = {"site": "s"} | ({"infohash": infohash} if infohash else {})
    request = Request(url="magnet:", state=state)
    return parse(Payload(request=request, url="magnet:", status=200, headers={}, body=body, fetched_at=NOON))


def info(**more: Value) -> bytes:
    """A small info dictionary."""
    fields: dict[bytes, Value] = {
        b"name": b"n",
        b"piece length": 16384,
        b"pieces": bytes(20),
        b"length": 5,
    }
    fields |= {name.replace("_", " ").encode(): value for name, value in more.items()}
    return encode(fields)


@given(st.binary(max_size=300) | st.dictionaries(KEYS, VALUES).map(encode))
def test_any_bytes_are_a_page_or_an_error(body: bytes) -> None:
    """Any bytes give one observation that can be stored, or LayoutChanged."""
    for infohash in (None, hashlib.sha1(body, usedforsecurity=False).hexdigest()):
        try:
            (seen,) = read(body, infohash).observations
        except LayoutChanged:
            continue
        assert storable(locate(seen)).content_digest
        assert infohash in (None, seen.infohash_v1)


@given(st.binary(min_size=1, max_size=60), st.integers(1, 16384))
def test_name_and_size_come_through(name: bytes, size: int) -> None:
    """The name is shown as text and the size to the byte, for any name that is not all NUL."""
    body = info(name=name, length=size)
    if not name.strip(b"\0"):
        with pytest.raises(LayoutChanged, match="no name"):
            read(body)
        return
    (seen,) = read(body).observations
    assert (seen.title, seen.size_bytes) == (name.decode("utf-8", "replace"), size)
    assert seen.native_id == hashlib.sha1(body, usedforsecurity=False).hexdigest()


def test_files_are_bounded_and_the_page_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of more files than are kept the first are, and the page tells how many were left out."""
    monkeypatch.setattr("leakwatch.sources._torrents._MAX_FILES", 3)
    files: list[Value] = [{b"path": [b"%d" % number], b"length": 1} for number in range(5)]
    body = encode({b"name": b"n", b"piece length": 16384, b"pieces": bytes(20), b"files": files})
    page = read(body)
    assert [one.path for one in page.observations[0].files] == ["n/0", "n/1", "n/2"]
    assert page.observations[0].size_bytes == 5
    assert page.incomplete == "2 of 5 files left out"


def test_names_are_bounded() -> None:
    """A name of a megabyte is cut."""
    (seen,) = read(info(name=b"x" * 2**20)).observations
    assert len(seen.title) == len(seen.files[0].path) == 2000


def test_a_swarm_that_was_heard_of_is_its_infohash() -> None:
    """What was only heard of has a locator and says nothing else."""
    key = SwarmKey(bytes(range(20)))
    seen = locate(heard(key, "s", NOON))
    (locator,) = seen.locators
    assert locator.kind is LocatorKind.MAGNET
    assert locator.infohashes
    assert locator.infohashes.swarm_keys == (key,)
    assert (seen.title, seen.native_id, seen.size_bytes, seen.files) == (key.hex(), key.hex(), None, ())
