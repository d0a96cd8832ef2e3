"""One capture as WARC 1.1 records: request, response and metadata, each a gzip member of its own.

Captures laid end to end are one valid .warc.gz. The same capture always gives the same bytes. A body that was kept
before is not repeated: a `revisit` record says where it stands. What came by another way than HTTP is a `resource`.
Source: WARC 1.1 (iipc.github.io/warc-specifications), §5 and §6.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from typing import Any
from urllib.parse import quote, urlsplit

from warcio.recordbuilder import RecordBuilder
from warcio.statusandheaders import StatusAndHeaders
from warcio.utils import Digester
from warcio.warcwriter import WARCWriter

from leakwatch.model.evidence import Capture
from leakwatch.sources._kind import Exchange, Payload

_NAMESPACE = uuid.UUID("6f8c7c1e-3d0b-5d0a-9a53-1f6f1f0b7e11")
_OF_THE_WIRE = frozenset({"content-encoding", "content-length", "transfer-encoding"})
"""Headers about how the body was sent. It is kept decoded, so they are kept under another name."""
_ORIGINAL = "x-archive-orig-"
_SAFE = "!#$%&'()*+,/:;=?@[]~"


class _Writer(WARCWriter):
    """Writes records whose digests are SHA-256."""

    @staticmethod
    def _create_digester() -> Digester:
        return Digester("sha256")


class _Verbatim(StatusAndHeaders):
    """A head that is written as it came: bytes stand for themselves (latin-1), and nothing is re-encoded."""

    def compute_headers_buffer(self, header_filter: object = None) -> None:  # noqa: ARG002 - warcio's form
        first = f"{self.protocol} {self.statusline}"
        lines = [first, *(f"{name}: {value}" for name, value in self.headers), "", ""]
        self.headers_buff = "\r\n".join(lines).encode("latin-1", "replace")


@dataclass(frozen=True, slots=True)
class _Of:
    """What all records of one capture have in common."""

    url: str
    at: datetime
    key: str

    def headers(self, kind: str, **more: str) -> dict[str, str]:
        told = {"WARC-Record-ID": self.ident(kind), "WARC-Date": date_of(self.at)}
        return told | {f"WARC-{name.replace('_', '-')}": value for name, value in more.items() if value}

    def ident(self, kind: str) -> str:
        return f"<urn:uuid:{uuid.uuid5(_NAMESPACE, f'{self.key}|{kind}')}>"


def date_of(at: datetime) -> str:
    """A time as WARC writes it, to the microsecond."""
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def records(payload: Payload, site: str, parser: str, earlier: Capture | None = None) -> bytes:
    """The records of one capture. `earlier` is one of the same body."""
    digest = hashlib.sha256(payload.body).hexdigest()
    of = _Of(
        quote(payload.url, safe=_SAFE),
        payload.fetched_at,
        f"{site}|{payload.url}|{payload.fetched_at}|{digest}",
    )
    out = BytesIO()
    writer = _Writer(out, gzip=True, warc_version="1.1")
    if payload.exchange is None:
        record = writer.create_warc_record(
            of.url,
            "resource",
            payload=BytesIO(payload.body),
            length=len(payload.body),
            warc_content_type=payload.headers.get("content-type", "application/octet-stream"),
            warc_headers_dict=of.headers("resource"),
        )
        writer.write_record(record)
    else:
        _exchange(writer, of, payload, payload.exchange, earlier)
    told = {"site": site, "parser": parser, "sha256": digest, "captured": date_of(payload.fetched_at)}
    _metadata(writer, of, "resource" if payload.exchange is None else "response", _told(told, payload))
    return out.getvalue()


def made_records(
    data: bytes, page: Capture, at: datetime, kind: str, told: Iterable[tuple[str, str]], *, view: str
) -> bytes:
    """What was made of a page, as a `resource` beside the page's own response, and what is told of how it was made."""
    digest = hashlib.sha256(data).hexdigest()
    seen = quote(page.url, safe=_SAFE)
    response = _Of(seen, page.captured_at, f"{page.site}|{page.url}|{page.captured_at}|{page.digest}")
    of = _Of(f"urn:{view}:{seen}", at, f"{page.site}|{page.url}|{at}|{digest}")
    out = BytesIO()
    writer = _Writer(out, gzip=True, warc_version="1.1")
    record = writer.create_warc_record(
        of.url,
        "resource",
        payload=BytesIO(data),
        length=len(data),
        warc_content_type=kind,
        warc_headers_dict=of.headers("resource", Concurrent_To=response.ident("response")),
    )
    writer.write_record(record)
    _metadata(writer, of, "resource", iter(told))
    return out.getvalue()


def _told(told: dict[str, str], payload: Payload) -> Iterator[tuple[str, str]]:
    yield from told.items()
    yield "asked", payload.request.url
    if payload.request.credential:
        yield "credential", f"the secret named {payload.request.credential}"
    for status, url, to in payload.exchange.redirects if payload.exchange else ():
        yield "redirect", f"{status} {url} {to}"


def _exchange(
    writer: _Writer, of: _Of, payload: Payload, exchange: Exchange, earlier: Capture | None
) -> None:
    answer = _Verbatim(
        f"{payload.status} {exchange.reason}".strip(),
        list(_kept_headers(payload, exchange)),
        protocol=exchange.version,
    )
    told = of.headers("response", IP_Address=exchange.server)
    if earlier is None:
        body = BytesIO(payload.body)
        record = writer.create_warc_record(
            of.url,
            "response",
            payload=body,
            length=len(payload.body),
            http_headers=answer,
            warc_headers_dict=told,
        )
    else:
        digester = Digester("sha256")
        digester.update(payload.body)
        refers = (earlier.url, date_of(earlier.captured_at))
        record = writer.create_revisit_record(
            of.url, str(digester), *refers, http_headers=answer, warc_headers_dict=told
        )
        record.rec_headers.replace_header("WARC-Profile", RecordBuilder.REVISIT_PROFILE_1_1)
    writer.write_record(record)
    _request(writer, of, exchange)


def _kept_headers(payload: Payload, exchange: Exchange) -> Iterator[tuple[str, str]]:
    for name, value in exchange.headers:
        yield (_ORIGINAL + name if name.lower() in _OF_THE_WIRE else name), value
    yield "content-length", str(len(payload.body))


def _request(writer: _Writer, of: _Of, exchange: Exchange) -> None:
    parts = urlsplit(of.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    line = f"{exchange.method} {target} HTTP/1.1"
    asked = _Verbatim(line, [("host", parts.netloc), *exchange.sent], is_http_request=True)
    body = exchange.sent_body.encode("latin-1")
    record = writer.create_warc_record(
        of.url,
        "request",
        payload=BytesIO(body),
        length=len(body),
        http_headers=asked,
        warc_headers_dict=of.headers("request", Concurrent_To=of.ident("response")),
    )
    writer.write_record(record)


def _metadata(writer: _Writer, of: _Of, main: str, told: Iterator[tuple[str, str]]) -> None:
    lines = "".join(f"{name}: {_line(value)}\r\n" for name, value in told).encode()
    record = writer.create_warc_record(
        of.url,
        "metadata",
        payload=BytesIO(lines),
        length=len(lines),
        warc_content_type="application/warc-fields",
        warc_headers_dict=of.headers("metadata", Concurrent_To=of.ident(main)),
    )
    writer.write_record(record)


def _line(value: str) -> str:
    return value.replace("\r", " ").replace("\n", " ").encode("utf-8", "replace").decode()


def headers_of(payload: Payload) -> Mapping[str, Any]:
    """What is told of an answer's headers beside its record: none that names us."""
    kept = ("content-type", "content-length", "date", "etag", "last-modified", "server", "content-encoding")
    return {name: value for name, value in payload.headers.items() if name in kept}
