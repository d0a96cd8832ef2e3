"""Where a prover listens: a socket in the file system for its owner alone, or TCP with TLS."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import stat
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import h11
import uvicorn
from starlette.applications import Starlette
from uvicorn.protocols.http.h11_impl import H11Protocol

from leakwatch.errors import ConfigError
from leakwatch.prover.settings import is_loopback

_MAX_CONNECTIONS = 64
_DRAIN_S = 5
_MAX_HEADER_BYTES = 16 * 1024
_HEADER_S = 10.0
_OWNER_ONLY = 0o177
_NO_TLS = (
    "without --certificate and --key only a loopback address is listened on: the token and the hashes would "
    "go over the network for anybody to read"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where to listen: `socket`, or `host` and `port` (0: any free one), with TLS if there is a certificate."""

    socket: Path | None = None
    host: str = ""
    port: int = 0
    certificate: Path | None = None
    key: Path | None = None

    def check(self) -> None:
        """Raises: ConfigError for a place where nobody should listen."""
        if (self.socket is None) == (not self.host):
            raise ConfigError("give either --socket or --listen")
        if (self.certificate is None) != (self.key is None):
            raise ConfigError("--certificate and --key go together")
        if self.socket is not None and self.certificate is not None:
            raise ConfigError("a socket in the file system needs no certificate")
        if self.socket is None and self.certificate is None and not is_loopback(self.host):
            raise ConfigError(_NO_TLS, field="--listen")


def serve(app: Starlette, place: Place, started: Callable[[str], None]) -> None:
    """Answer until SIGTERM or SIGINT; `started` is told the address once connections are taken.

    Raises: ConfigError if the place or the certificate cannot be used.
    """
    place.check()
    config = _config(app, place)
    listener = _listener(place)
    try:
        # uvicorn ends in order and then raises the signal again, which would end the process with it
        signal.signal(signal.SIGTERM, _ended)
        signal.signal(signal.SIGINT, _ended)
        started(_shown(listener, place))
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        listener.close()
        if place.socket is not None:
            place.socket.unlink(missing_ok=True)


def _ended(_number: int, _frame: object) -> None:
    """The signal that ended the server was obeyed already."""


class _Prompt(H11Protocol):
    """uvicorn's HTTP/1.1, which hangs up on a request whose head is begun and not ended in time.

    uvicorn bounds idle connections only: a few that drip would keep everybody else out.
    """

    _late: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """The head of the first request is due."""
        super().connection_made(transport)
        self._expect()

    def data_received(self, data: bytes) -> None:
        """The head is whole, or still due; later bytes do not put it off."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE:
            self._expect()
        else:
            self._forget()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nothing is due any more."""
        self._forget()
        super().connection_lost(exc)

    def _expect(self) -> None:
        if self._late is None:
            self._late = self.loop.call_later(_HEADER_S, self.transport.abort)

    def _forget(self) -> None:
        if self._late is not None:
            self._late.cancel()
            self._late = None


def _config(app: Starlette, place: Place) -> uvicorn.Config:
    config = uvicorn.Config(
        app,
        http=_Prompt,
        ws="none",
        lifespan="off",
        loop="asyncio",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_MAX_CONNECTIONS,
        timeout_graceful_shutdown=_DRAIN_S,
        h11_max_incomplete_event_size=_MAX_HEADER_BYTES,
        ssl_certfile=place.certificate,
        ssl_keyfile=place.key,
    )
    try:
        config.load()
    except OSError as error:  # what the ssl module raises is one of these
        reason = error.strerror or "not a certificate and its key in PEM"
        raise ConfigError(f"the certificate or its key cannot be used: {reason}") from error
    return config


def _listener(place: Place) -> socket.socket:
    try:
        if place.socket is not None:
            return _in_file_system(place.socket)
        family = socket.AF_INET6 if ":" in place.host else socket.AF_INET
        return socket.create_server((place.host, place.port), family=family)
    except OSError as error:
        where = place.socket or f"{place.host}:{place.port}"
        raise ConfigError(f"cannot listen on {where}: {error.strerror or error}") from error


def _in_file_system(path: Path) -> socket.socket:
    """A socket with mode 0600 from its first moment; one that a killed prover left behind is taken away."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _clear(path)
        before = os.umask(_OWNER_ONLY)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
        listener.listen(_MAX_CONNECTIONS)
    except OSError:
        listener.close()
        raise
    return listener


def _clear(path: Path) -> None:
    """Take away a socket on which nobody listens; anything else makes the bind fail, as it should."""
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(path.lstat().st_mode):
            return
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            try:
                probe.connect(str(path))
            except ConnectionRefusedError:
                path.unlink()


def _shown(listener: socket.socket, place: Place) -> str:
    if place.socket is not None:
        return str(place.socket)
    host, port = listener.getsockname()[:2]
    return f"{'https' if place.certificate else 'http'}://{f'[{host}]' if ':' in host else host}:{port}"
