"""Connections whose every step ends with the call's deadline, however slowly the other side drips."""

from __future__ import annotations

import select
import socket
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


class _UnixStream(httpcore.NetworkStream):
    """A socket in the file system. httpcore's own way to one forgets the socket where nobody listens."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        """What came. Raises: httpcore.ReadTimeout, httpcore.ReadError."""
        try:
            self._line.settimeout(_left_s(httpcore.ReadTimeout))
            return self._line.recv(max_bytes)
        except TimeoutError:
            raise httpcore.ReadTimeout from None
        except OSError as error:
            raise httpcore.ReadError from error

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        """Send it all. Raises: httpcore.WriteTimeout, httpcore.WriteError."""
        try:
            self._line.settimeout(_left_s(httpcore.WriteTimeout))
            self._line.sendall(buffer)
        except TimeoutError:
            raise httpcore.WriteTimeout from None
        except OSError as error:
            raise httpcore.WriteError from error

    def close(self) -> None:
        """Hang up."""
        self._line.close()

    def get_extra_info(self, info: str) -> Any:
        """Whether something came: on an idle connection that is the other side hanging up."""
        if info != "is_readable":
            return None
        poll = select.poll()
        poll.register(self._line, select.POLLIN)
        return bool(poll.poll(0))


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
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,  # noqa: ARG002
    ) -> httpcore.NetworkStream:
        """Raises: httpcore.ConnectTimeout, httpcore.ConnectError."""
        left = _left_s(httpcore.ConnectTimeout)
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            line.settimeout(left)
            line.connect(path)
        except OSError as error:
            line.close()
            is_late = isinstance(error, TimeoutError)
            raise (httpcore.ConnectTimeout if is_late else httpcore.ConnectError) from error
        return _UnixStream(line)
