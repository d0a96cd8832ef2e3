"""One capture as WARC records: what stands in them, and that another program can read them."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from warcio.archiveiterator import ArchiveIterator

from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher
from leakwatch.evidence.keeping import request_json, request_of
from leakwatch.evidence.warc import records
from leakwatch.model.evidence import Capture
from leakwatch.sources._kind import CredentialRef, Exchange, Payload, Request

from ..daemons import Web  # noqa: TID252 - tests are no package that could be named
from ..pollers import Clock  # noqa: TID252

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
EXCHANGE = Exchange(
    method="GET",
    sent=(("accept", "*/*"), ("authorization", "***")),
    reason="OK",
    headers=(("Content-Type", "text/html"), ("Set-Cookie", "a=1"), ("Content-Encoding", "gzip")),
    redirects=((301, "http://a.example/", "http://b.example/x"),),
    server="192.0.2.7",
)


def payload(body: bytes = b"<p>hello\x00", exchange: Exchange | None = EXCHANGE) -> Payload:
    """An answer."""
    return Payload(
        request=Request(url="http://a.example/", credential=CredentialRef("key")),
        url="http://b.example/x?q=1",
        status=200,
        headers={"content-type": "text/html"},
        body=body,
        fetched_at=NOON,
        exchange=exchange,
    )


def read(data: bytes) -> list[tuple[Any, bytes]]:
    """All records with their bodies; a wrong digest is an error."""
    return [(one, one.raw_stream.read()) for one in ArchiveIterator(BytesIO(data), check_digests="raise")]


def test_request_response_and_metadata() -> None:
    """A capture is a response, its request and metadata, with the headers in order and nothing of the wire's coding."""
    (response, body), (request, _), (about, told) = read(records(payload(), "site", "feed/1"))
    kinds = [one.rec_headers.get_header("WARC-Type") for one in (response, request, about)]
    assert kinds == ["response", "request", "metadata"]
    assert response.rec_headers.protocol == "WARC/1.1"
    assert response.rec_headers.get_header("WARC-IP-Address") == "192.0.2.7"
    assert response.http_headers.headers == [
        ("Content-Type", "text/html"),
        ("Set-Cookie", "a=1"),
        ("x-archive-orig-Content-Encoding", "gzip"),
        ("content-length", "9"),
    ]
    assert body == b"<p>hello\x00"
    assert request.http_headers.get_header("authorization") == "***"
    assert request.http_headers.statusline == "/x?q=1 HTTP/1.1"
    lines = told.decode().split("\r\n")
    assert f"sha256: {hashlib.sha256(body).hexdigest()}" in lines
    assert "redirect: 301 http://a.example/ http://b.example/x" in lines
    assert "credential: the secret named key" in lines


def test_same_capture_same_bytes_and_end_to_end() -> None:
    """The same capture gives the same bytes; captures laid end to end are one archive that warcio's own check accepts."""
    one, other = records(payload(), "site", "feed/1"), records(payload(b"", None), "dht", "dht/1")
    assert one == records(payload(), "site", "feed/1")
    assert [record.rec_type for record, _ in read(one + other)] == [
        "response",
        "request",
        "metadata",
        "resource",
        "metadata",
    ]


def test_checked_by_another_program(tmp_path: Path) -> None:
    """`warcio check` finds nothing wrong, and names a changed byte."""
    file = tmp_path / "a.warc.gz"
    file.write_bytes(records(payload(), "site", "feed/1"))
    check = [sys.executable, "-m", "warcio.cli", "check", str(file)]
    assert subprocess.run(check, capture_output=True).returncode == 0


def test_unchanged_body_is_not_repeated() -> None:
    """What was kept before is a revisit, which says where it stands."""
    earlier = Capture(
        digest="d",
        warc="w",
        site="site",
        url="http://b.example/x?q=1",
        status=200,
        headers={},
        captured_at=NOON,
        parser="feed/1",
    )
    (again, body), *_ = read(records(payload(b"long" * 1000), "site", "feed/1", earlier))
    assert (again.rec_type, body) == ("revisit", b"")
    assert again.rec_headers.get_header("WARC-Refers-To-Date") == "2026-11-20T12:00:00.000000Z"
    assert again.rec_headers.get_header("WARC-Profile").endswith("1.1/revisit/identical-payload-digest")


@given(
    st.binary(max_size=300),
    st.lists(st.tuples(st.text("abcX-", min_size=1), st.text(max_size=40)), max_size=5),
    st.text(max_size=60),
)
def test_any_answer_is_kept_as_it_came(body: bytes, headers: list[tuple[str, str]], url: str) -> None:
    """Whatever a server says can be kept and read again with its digests, and breaks into no other record."""
    told = tuple((name, value.replace("\r", "").replace("\n", "")) for name, value in headers)
    exchange = Exchange(method="GET", sent=(), headers=told, redirects=((302, url, url),))
    made = Payload(
        request=Request(url=url),
        url=f"http://x.example/{url}",
        status=200,
        headers={},
        body=body,
        fetched_at=NOON,
        exchange=exchange,
    )
    found = read(records(made, "site", "feed/1"))
    assert [one.rec_type for one, _ in found] == ["response", "request", "metadata"]
    assert found[0][1] == body


@pytest.mark.parametrize(
    "request_",
    [
        Request(url="http://a.example/x"),
        Request(
            url="http://a.example/x",
            form={"a": "b"},
            headers={"accept": "x"},
            credential=CredentialRef("k"),
            token_url="http://a.example/t",
            query_credential=("key", CredentialRef("k")),
            state={"step": 1},
            verbatim=True,
        ),
    ],
)
def test_request_comes_back(request_: Request) -> None:
    """A request that is stored can be asked again; one that is too long keeps its address."""
    assert request_of(request_json(request_)) == request_
    assert request_json(Request(url="u", state={"known": "x" * 20_000})) == {"url": "u"}


async def test_the_door_tells_how_an_answer_came(web: Web) -> None:
    """The real door keeps the status line, the headers and the redirects; the secrets are stars, also in the record."""
    web.pages["/old"] = (302, "", {"Location": "/new?key=s3cret"})
    web.pages["/new"] = (200, "your key is s3cret", {"X-Echo": "s3cret", "Content-Type": "text/plain"})
    settings = DoorSettings(contact="mailto:test@leakwatch.invalid", allow_hosts=frozenset({"127.0.0.1"}))
    async with HttpFetcher(settings, secret=lambda _: "s3cret", clock=Clock()) as fetcher:
        key = CredentialRef("k")
        got = await fetcher.fetch(
            Request(url=f"{web.url}/old", credential=key, query_credential=("key", key))
        )
    exchange = got.exchange
    assert exchange
    assert (exchange.reason, exchange.server) == ("X", "127.0.0.1")
    assert exchange.redirects == ((302, f"{web.url}/old", f"{web.url}/new"),)
    assert ("authorization", "***") in exchange.sent
    assert ("X-Echo", "***") in exchange.headers
    kept = records(got, "site", "feed/1")
    assert b"s3cret" not in b"".join(
        body + repr(one.http_headers).encode() + repr(one.rec_headers).encode() for one, body in read(kept)
    )
