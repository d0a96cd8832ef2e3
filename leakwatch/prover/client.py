"""The daemon's side of a prover: a `Hasher` that asks the machine where the files are.

Whatever goes wrong there, pieces are None, and whoever asks by `noting` is told that nobody could be asked.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Protocol, TypeVar

import httpcore
import structlog

from leakwatch.errors import LeakwatchError, SourceError, WireError
from leakwatch.model.asset import AssetFile
from leakwatch.proof import Away, Hashed, Hasher, Piece
from leakwatch.prover.limits import (
    MAX_BODY_BYTES,
    MAX_FILES,
    MAX_PIECE_BYTES,
    MIN_BYTES,
    is_within,
    refusal,
)
from leakwatch.prover.network import DeadlineBackend, until
from leakwatch.prover.settings import ProverSettings
from leakwatch.prover.wire import HASH_PATH, KNOWN_PATH, ask_hash, ask_known, read_hash, read_known

_KEPT_S = 300.0
_MAX_KEPT = 100_000
_REST_S = 10.0
"""How long a prover that failed is left alone; one proof asks it hundreds of times."""
_IDLE_S = 4.0  # below the 5 s after which uvicorn hangs up
_MAX_CONNECTIONS = 4
_LEAST_WAIT_S, _MAX_ATTEMPTS = 0.05, 1000
_BROKEN = (httpcore.NetworkError, httpcore.ProtocolError, httpcore.UnsupportedProtocol, OSError, ValueError)
T = TypeVar("T")
_log = structlog.get_logger()


class Provers(Protocol):
    """What names provers: the configuration."""

    @property
    def provers(self) -> tuple[ProverSettings, ...]:
        """In the order in which they are asked."""
        ...


def prover_hashers(config: Provers) -> tuple[ProverHasher, ...]:
    """A hasher for each prover of the configuration; nobody is contacted yet. Raises: ConfigError."""
    return tuple(ProverHasher(one) for one in config.provers)


@dataclass(slots=True)
class _Rest:
    """Until when a prover is left alone, and what it failed by."""

    until: float = 0.0
    reason: str = ""


class ProverHasher:
    """Asks one prover. May be used by several threads at once; `failures` counts what went wrong, by reason."""

    def __init__(self, settings: ProverSettings) -> None:
        settings.check()
        self._settings = settings
        self._pool = httpcore.ConnectionPool(
            ssl_context=settings.tls(),
            max_connections=_MAX_CONNECTIONS,
            keepalive_expiry=_IDLE_S,
            uds=str(settings.socket) if settings.socket else None,
            network_backend=DeadlineBackend(),
        )
        self._kept: dict[tuple[bytes | None, int | None], tuple[float, bool]] = {}
        self._rest = _Rest()
        self._away: Away | None = None
        self._ahead: Iterator[AssetFile] = iter(())
        self.failures: Counter[str] = Counter()

    def noting(self, away: Away, files: Sequence[AssetFile] = ()) -> Hasher:
        """The same prover, its connections and what it said shared, for one proof of these files."""
        noting = copy(self)
        noting._away, noting._ahead = away, iter(files)  # noqa: SLF001  a copy of our own
        return noting

    def close(self) -> None:
        """Hang up."""
        self._pool.close()

    def known(self, file: AssetFile, piece_length: int, start: int) -> Sequence[range]:
        """All of a file that the prover has, but for a last piece too short to be asked for."""
        size = file.size_bytes or 0
        if not _is_named(file):
            return ()
        ranges = _askable(size, piece_length, start)
        return ranges if ranges and self._has(file) else ()

    def hash(self, pieces: Sequence[Piece]) -> Sequence[Hashed | None]:
        """Each piece as the prover hashed it, in as few requests as its limits allow."""
        found: list[Hashed | None] = [None] * len(pieces)
        ends_at = time.monotonic() + self._settings.deadline_s
        places = [place for place, piece in enumerate(pieces) if _is_askable(piece)]
        for group in _groups(pieces, places):
            asked = [pieces[place] for place in group]
            answer = self._answer(HASH_PATH, ask_hash(asked), ends_at, lambda raw, a=asked: read_hash(raw, a))
            if answer is None:
                break
            for place, hashed in zip(group, answer, strict=True):
                found[place] = hashed
        return found

    def _has(self, file: AssetFile) -> bool:
        """What it said of a file; where it said nothing yet, the files that come next are asked for beside it."""
        said = self._said(file)
        if said is not None:
            return said
        asked = {_key(file): file}
        for one in self._ahead:
            if _is_named(one) and self._said(one) is None:
                asked.setdefault(_key(one), one)
            if len(asked) == MAX_FILES:
                break
        ends_at, body = time.monotonic() + self._settings.deadline_s, ask_known(list(asked.values()))
        answer = self._answer(KNOWN_PATH, body, ends_at, lambda raw: read_known(raw, len(asked)))
        if answer is None:
            return False
        if len(self._kept) >= _MAX_KEPT:
            self._kept.clear()
        kept_until = time.monotonic() + _KEPT_S
        self._kept.update((key, (kept_until, known)) for key, known in zip(asked, answer, strict=True))
        return answer[0]

    def _said(self, file: AssetFile) -> bool | None:
        kept_until, is_known = self._kept.get(_key(file), (0.0, False))
        return is_known if time.monotonic() < kept_until else None

    def _answer(self, path: str, body: bytes, ends_at: float, read: Callable[[bytes], T]) -> T | None:
        """What was answered, or None where it went wrong, which is counted and logged."""
        if time.monotonic() < self._rest.until:
            self._note(self._rest.reason)
            return None
        try:
            with until(ends_at):
                return read(self._asked(path, body, ends_at))
        except LeakwatchError as error:
            self._fail(error.message)
        except httpcore.TimeoutException:
            self._fail("no answer in time")
        except _BROKEN as error:
            self._fail(f"no connection ({type(error).__name__})")
        return None

    def _fail(self, reason: str) -> None:
        self.failures[reason] += 1
        self._rest.until, self._rest.reason = time.monotonic() + _REST_S, reason
        self._note(reason)
        _log.warning(
            "prover_failed", prover=self._settings.name, reason=reason, failures=self.failures.total()
        )

    def _note(self, reason: str) -> None:
        if self._away is not None:
            self._away(f"the prover {self._settings.name!r} could not be asked: {reason}")

    def _asked(self, path: str, body: bytes, ends_at: float) -> bytes:
        """The body of the answer. A prover that asks for patience gets it while there is time."""
        for _ in range(_MAX_ATTEMPTS):
            status, retry_after, raw = self._request(path, body)
            if status == 200:
                return raw
            if status != 429:
                raise SourceError(_WHY.get(status, f"status {status}"))
            wait_s = _seconds(retry_after)
            if time.monotonic() + wait_s >= ends_at:
                break
            time.sleep(wait_s)
        raise SourceError("too busy for the deadline")

    def _request(self, path: str, body: bytes) -> tuple[int, bytes, bytes]:
        headers: dict[bytes | str, bytes | str] = {
            "Authorization": f"Bearer {self._settings.token.reveal()}",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
        }
        timeouts = {"pool": self._settings.deadline_s}
        with self._pool.stream(
            "POST",
            self._settings.base + path,
            headers=headers,
            content=body,
            extensions={"timeout": timeouts},
        ) as response:
            raw = bytearray()
            for step in response.iter_stream():
                raw += step
                if len(raw) > MAX_BODY_BYTES:
                    raise WireError("the answer is too large")
            told = {name.lower(): value for name, value in response.headers}
            return response.status, told.get(b"retry-after", b""), bytes(raw)


_WHY = {
    400: "it refused the question",
    401: "it refused the token",
    404: "nothing there answers as a prover",
    503: "too many connections to it",
}


def _askable(size: int, piece_length: int, start: int) -> tuple[range, ...]:
    """A file as far as its pieces may be asked for: all, or all but a short tail, or nothing."""
    if size <= piece_length:
        return (range(size),)
    if not MIN_BYTES <= piece_length <= MAX_PIECE_BYTES:
        return ()
    tail = (size - start) % piece_length
    return (range(size - tail),) if tail < MIN_BYTES else (range(size),)


def _key(file: AssetFile) -> tuple[bytes | None, int | None]:
    return file.sha256, file.size_bytes


def _is_named(file: AssetFile) -> bool:
    return bool(file.sha256 and file.size_bytes)


def _is_askable(piece: Piece) -> bool:
    named = all(part.file is None or _is_named(part.file) for part in piece)
    return named and any(part.file for part in piece) and refusal(piece) is None


def _groups(pieces: Sequence[Piece], places: Sequence[int]) -> Iterator[list[int]]:
    """The places of pieces, in groups that one request may ask for."""
    group: list[int] = []
    for place in places:
        if group and not is_within([pieces[one] for one in (*group, place)]):
            yield group
            group = []
        group.append(place)
    if group:
        yield group


def _seconds(retry_after: bytes) -> float:
    """What a 429 asks for; without a number that is one, a second."""
    return max(_LEAST_WAIT_S, float(retry_after)) if retry_after.isdigit() and len(retry_after) < 7 else 1.0
