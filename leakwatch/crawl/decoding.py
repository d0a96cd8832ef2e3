"""Answers as they come over the wire: failures in our words, bodies read within bounds.

httpx's own transport resolves names by itself and its decoders inflate without bound (1 GiB from 1.6 KB), so
this hands httpx the raw stream of httpcore and inflates it in steps, counting bytes, ratio and pace.
Source: research/security.md §1, §4, T5 and T9; RFC 1952.
"""

from __future__ import annotations

import ssl
import zlib
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpcore
import httpx

from leakwatch.errors import Failure, FetchFailed

MIB = 1024 * 1024
_STEP_BYTES = 64 * 1024
_GZIP_WINDOW = 31  # 15 bits of window, plus 16: a gzip header and checksum, nothing else
_GZIP_MAGIC = b"\x1f\x8b"
_PLAIN = frozenset({"", "identity"})
_GZIP = frozenset({"gzip", "x-gzip"})
_KEEP_ALIVE_S = 4.0  # Below the 5 s after which Node.js, Apache and uvicorn hang up.
_KEPT_CONNECTIONS, _MAX_CONNECTIONS = 20, 100


@dataclass(frozen=True, slots=True)
class BodyLimits:
    """What one body may cost.

    Units: bytes, bytes per second, seconds; `ratio` is decoded over raw bytes, asked from 1 MiB decoded on.
    """

    raw_bytes: int = 8 * MIB
    decoded_bytes: int = 32 * MIB
    ratio: int = 200
    min_bytes_per_s: int = 1024
    grace_s: float = 10.0


class BodyRefused(FetchFailed):
    """The body passes a limit of ours or is not what its headers say."""

    failure = Failure.BODY


class BoundedBody:
    """Collects one body, decoding it as it comes. Every error is a `BodyRefused` that names the host."""

    def __init__(self, host: str, coding: str, limits: BodyLimits) -> None:
        coding = coding.strip().lower()
        if coding not in _PLAIN | _GZIP:
            raise BodyRefused(
                f"{host}: the body has a content coding that was not asked for; only gzip is read"
            )
        self._host, self._limits = host, limits
        self._compressed = coding in _GZIP
        self._inflate = zlib.decompressobj(_GZIP_WINDOW)
        self._body = bytearray()
        self.raw_bytes = 0

    def feed(self, chunk: bytes) -> None:
        """Take bytes from the wire. Raises: FetchFailed at the first limit that is passed."""
        self.raw_bytes += len(chunk)
        if self.raw_bytes > self._limits.raw_bytes:
            raise BodyRefused(f"{self._host}: the body is longer than {self._limits.raw_bytes} bytes")
        if not self._compressed:
            self._body += chunk
            return
        while chunk:
            chunk = self._step(chunk)

    def finish(self) -> bytes:
        """The whole body. Raises: FetchFailed if the gzip stream was cut, or holds another one."""
        if not self._compressed or not self.raw_bytes:
            return bytes(self._body)
        if not self._inflate.eof:
            raise BodyRefused(f"{self._host}: the gzip stream ends too early")
        if self._body.startswith(_GZIP_MAGIC):
            raise BodyRefused(f"{self._host}: the body is compressed twice; only one layer is read")
        return bytes(self._body)

    def _step(self, chunk: bytes) -> bytes:
        """Inflate at most one step and answer what is left of the chunk."""
        if self._inflate.eof:
            raise BodyRefused(f"{self._host}: bytes follow the end of the gzip stream")
        try:
            self._body += self._inflate.decompress(chunk, _STEP_BYTES)
        except zlib.error:
            raise BodyRefused(f"{self._host}: the body is not the gzip stream it claims to be") from None
        size, limits = len(self._body), self._limits
        if size > limits.decoded_bytes:
            raise BodyRefused(f"{self._host}: the body inflates to more than {limits.decoded_bytes} bytes")
        if size > MIB and size > limits.ratio * self.raw_bytes:
            raise BodyRefused(f"{self._host}: the body inflates more than {limits.ratio} times")
        return self._inflate.unused_data or self._inflate.unconsumed_tail


async def read_body(
    chunks: AsyncIterator[bytes], host: str, coding: str, limits: BodyLimits, now: Callable[[], float]
) -> bytes:
    """Read a raw stream to its end within its limits.

    Units:  `now` answers seconds of a monotonic clock.
    Raises: FetchFailed at the first limit that is passed, or if the stream is not what its coding says.
    """
    body = BoundedBody(host, coding, limits)
    began = now()
    async for chunk in chunks:
        body.feed(chunk)
        passed = now() - began
        if passed > limits.grace_s and body.raw_bytes < limits.min_bytes_per_s * passed:
            raise BodyRefused(
                f"{host}: the body comes more slowly than {limits.min_bytes_per_s} bytes per second"
            )
    return body.finish()


async def read_start(chunks: AsyncIterator[bytes], limit_bytes: int = 64 * 1024) -> bytes:
    """The first bytes of a raw stream; what follows is left unread."""
    start = bytearray()
    async for chunk in chunks:
        start += chunk[: limit_bytes - len(start)]
        if len(start) >= limit_bytes:
            break
    return bytes(start)


def inflated_start(start: bytes, coding: str) -> bytes:
    """What can be read of the first raw bytes of a body; nothing where they are not what the coding says."""
    if coding.strip().lower() not in _GZIP:
        return start
    try:
        return zlib.decompressobj(_GZIP_WINDOW).decompress(start, _STEP_BYTES)
    except zlib.error:
        return b""


class ConnectionBroken(FetchFailed):
    """The connection broke or spoke no HTTP; on a kept connection that may only mean that it was stale."""


@dataclass(slots=True)
class Trace:
    """The steps that httpcore took for a request: its extension `trace`. `sent` is called when its headers have gone out."""

    sent: Callable[[], None] | None = None
    events: set[str] = field(default_factory=set[str])

    async def __call__(self, name: str, info: Mapping[str, object]) -> None:  # noqa: ARG002 - httpcore's form
        """Note one step."""
        self.events.add(name)
        if self.sent and name == "http11.send_request_headers.complete":
            self.sent()

    @property
    def connected_anew(self) -> bool:
        """Whether a connection was opened for it, instead of a kept one being used."""
        return "connection.connect_tcp.started" in self.events

    def may_have_arrived(self, *, has_body: bool) -> bool:
        """Whether the server may hold all of it: headers are written first, then the body, if any."""
        return f"http11.send_request_{'body' if has_body else 'headers'}.started" in self.events


class RawTransport(httpx.AsyncBaseTransport):
    """Puts httpx on top of an httpcore pool with our backend: no HTTP/2, decoding or retries, no proxy but a given one.

    Units: seconds, for a connection with its TLS, and for any one read or write.
    """

    def __init__(
        self,
        backend: httpcore.AsyncNetworkBackend,
        tls: ssl.SSLContext,
        *,
        keep_alive: bool,
        connect_s: float,
        read_s: float,
        proxy: httpcore.Proxy | None = None,
    ) -> None:
        self._timeouts = {"connect": connect_s, "read": read_s, "write": read_s, "pool": None}
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls,
            network_backend=backend,
            max_connections=_MAX_CONNECTIONS,
            max_keepalive_connections=_KEPT_CONNECTIONS if keep_alive else 0,
            keepalive_expiry=_KEEP_ALIVE_S,
            proxy=proxy,
        )

    async def send(
        self, method: str, url: httpx.URL, fields: Mapping[str, str], trace: Trace, body: bytes = b""
    ) -> httpx.Response:
        """Send a request and wait for the headers of its answer. Raises: AddressRefused, FetchFailed."""
        headers = [
            (name.encode("utf-8", "replace"), value.encode("utf-8", "replace"))
            for name, value in fields.items()
        ]
        extensions = {"timeout": self._timeouts, "trace": trace}
        request = httpx.Request(method, url, headers=headers, content=body, extensions=extensions)
        return await self.handle_async_request(request)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request of httpx to httpcore. Raises: AddressRefused, FetchFailed."""
        url, host = request.url, request.url.netloc.decode("ascii")
        wire_url = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        wire = httpcore.Request(
            request.method,
            wire_url,
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _in_our_words(host):
            answer = await self._pool.handle_async_request(wire)
        told = {name: answer.extensions.get(name, b"") for name in ("http_version", "reason_phrase")}
        told["server"] = _server(answer)  # now: a connection that is closed tells no address
        stream = _RawStream(answer, host)
        return httpx.Response(answer.status, headers=answer.headers, stream=stream, extensions=told)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._pool.aclose()


def _server(answer: httpcore.Response) -> bytes:
    """The address that answered, without its port."""
    stream = answer.extensions.get("network_stream")
    address = stream.get_extra_info("server_addr") if stream is not None else None
    return str(address[0]).encode() if address else b""


class _RawStream(httpx.AsyncByteStream):
    def __init__(self, answer: httpcore.Response, host: str) -> None:
        self._answer, self._host = answer, host

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _in_our_words(self._host):
            async for chunk in self._answer.aiter_stream():
                yield chunk

    async def aclose(self) -> None:
        await self._answer.aclose()


@contextmanager
def _in_our_words(host: str) -> Generator[None]:
    """Turn httpcore's failures into ours. Its texts may quote headers and are dropped, except for TLS."""
    try:
        yield
    except httpcore.ConnectError as error:
        told = f"{host}: no secure connection ({str(error) or 'the server hung up'})"
        raise FetchFailed(told, failure=Failure.TLS) from None
    except httpcore.TimeoutException as error:
        told = f"{host}: no answer in time ({type(error).__name__})"
        raise FetchFailed(told, failure=Failure.TIMEOUT) from None
    except httpcore.ProxyError:
        raise FetchFailed(f"{host}: the proxy makes no connection to it, or wants another login") from None
    except httpcore.LocalProtocolError:
        raise FetchFailed(f"{host}: the request cannot be written as HTTP; correct its headers") from None
    except (httpcore.ProtocolError, httpcore.NetworkError, OSError) as error:
        raise ConnectionBroken(
            f"{host}: the answer broke off or is not HTTP ({type(error).__name__})"
        ) from None
