"""Connections whose every step ends with the call's deadline, however slowly the other side drips."""

from __future__ import annotations

import ssl
import time
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpcore

_ends_at: ContextVar[float] = ContextVar("prover_ends_at")


@contextmanager
def until(ends_at: float) -> Generator[None]:
    """Bound what this thread does on such connections; a time of the monotonic clock."""
    token = _ends_at.set(ends_at)
    try:
        yield
    finally:
        _ends_at.reset(token)


def _left_s(error: type[Exception]) -> float:
    left = _ends_at.get() - time.monotonic()
    if left <= 0:
        raise error
    return left


class _Stream(httpcore.NetworkStream):
    """httpcore bounds each read; a peer that sends a byte before each bound would never end."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        """What came. Raises: httpcore.ReadTimeout."""
        return self._inner.read(max_bytes, _left_s(httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        """Send it all. Raises: httpcore.WriteTimeout."""
        self._inner.write(buffer, _left_s(httpcore.WriteTimeout))

    def close(self) -> None:
        """Hang up."""
        self._inner.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """Shake hands. Raises: httpcore.ConnectTimeout, httpcore.ConnectError."""
        try:
            left = _left_s(httpcore.ConnectTimeout)
        except httpcore.ConnectTimeout:
            self.close()  # httpcore has no other hold of it yet
            raise
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        """What httpcore asks of a connection: whether it is TLS, whether something came."""
        return self._inner.get_extra_info(info)


class DeadlineBackend(httpcore.NetworkBackend):
    """Connects as httpcore does; everything on the connection must happen inside `until`."""

    def __init__(self) -> None:
        self._dial = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ARG002
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Raises: httpcore.ConnectTimeout, httpcore.ConnectError."""
        left = _left_s(httpcore.ConnectTimeout)
        return _Stream(self._dial.connect_tcp(host, port, left, local_address, socket_options))

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ARG002
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Raises: httpcore.ConnectTimeout, httpcore.ConnectError."""
        left = _left_s(httpcore.ConnectTimeout)
        return _Stream(self._dial.connect_unix_socket(path, left, socket_options))
