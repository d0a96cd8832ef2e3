"""What a prover answers over HTTP: digests and truths about the owner's files, to whoever has the token."""

from __future__ import annotations

import asyncio
import hmac
import math
import os
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import structlog
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from leakwatch.errors import WireError
from leakwatch.model.asset import AssetFile
from leakwatch.proof import Hashed, Hasher, Part, Piece
from leakwatch.prover.edges import Edges
from leakwatch.prover.limits import MAX_BODY_BYTES, cost
from leakwatch.prover.pace import Pace
from leakwatch.prover.wire import (
    HASH_PATH,
    KNOWN_PATH,
    read_ask_hash,
    read_ask_known,
    tell_error,
    tell_hash,
    tell_known,
)
from leakwatch.secret import Secret

_REFUSED_S = 0.3
"""How long a wrong token waits for its answer."""
_BODY_S = 20.0
_MAX_THREADS = 4
_log = structlog.get_logger()

Answer = Callable[[bytes], Awaitable[Response]]


class Shelf:
    """The owner's files by SHA-256 and size. What changed since it was fingerprinted is as if it were not there."""

    def __init__(self, files: Iterable[AssetFile], hasher: Hasher) -> None:
        self._hasher = hasher
        self._files: defaultdict[tuple[bytes | None, int | None], list[AssetFile]] = defaultdict(list)
        for file in files:
            self._files[file.sha256, file.size_bytes].append(file)

    def find(self, file: AssetFile) -> AssetFile | None:
        """The file as it lies here; the same bytes may lie in several places."""
        here = self._files.get((file.sha256, file.size_bytes), ())
        return next((one for one in here if self._hasher.known(one, one.size_bytes or 0, 0)), None)

    def has(self, files: Iterable[AssetFile]) -> list[bool]:
        """Which of some files are here, empty ones left out."""
        return [self.find(file) is not None for file in files]

    def names(self, piece: Piece) -> bool:
        """Whether all files of a piece are on the shelf, changed or not."""
        return all((part.file.sha256, part.file.size_bytes) in self._files for part in piece if part.file)

    def hash(self, piece: Piece) -> Hashed | None:
        """One piece's hash, or None if one of its files is not here or can no longer be read as it was."""
        parts: list[Part] = []
        for part in piece:
            found = self.find(part.file) if part.file else None
            if part.file and not found:
                return None
            parts.append(replace(part, file=found))
        return self._hasher.hash([tuple(parts)])[0]


class Answers:
    """The two questions that a prover answers. Counts are logged, never which ranges of which files."""

    def __init__(self, shelf: Shelf, pace: Pace) -> None:
        self._shelf, self._pace, self._edges = shelf, pace, Edges()
        self._threads = ThreadPoolExecutor(
            min(_MAX_THREADS, os.cpu_count() or 1), thread_name_prefix="prover"
        )

    async def known(self, raw: bytes) -> Response:
        """Which files are here. Raises: WireError."""
        files = read_ask_known(raw)
        loop = asyncio.get_running_loop()
        known = await loop.run_in_executor(self._threads, self._shelf.has, files)
        _log.info("files_asked", files=len(known), known=sum(known))
        return _json(tell_known(known))

    async def hash(self, raw: bytes) -> Response:
        """The hashes of some pieces, at the pace that was set; none of those that would tell bytes. Raises: WireError."""
        pieces = read_ask_hash(raw)
        wait_s = self._pace.take(sum(map(cost, pieces)), time.monotonic())
        if wait_s:
            _log.info("pace_kept", pieces=len(pieces), wait_s=round(wait_s, 3))
            return _json(tell_error("too fast"), 429, {"Retry-After": str(math.ceil(wait_s))})
        begun, loop = time.monotonic(), asyncio.get_running_loop()
        allowed = [self._shelf.names(piece) and self._edges.take(piece) for piece in pieces]
        work = [
            loop.run_in_executor(self._threads, self._shelf.hash, piece)
            for piece, is_allowed in zip(pieces, allowed, strict=True)
            if is_allowed
        ]
        found = iter(await asyncio.gather(*work))
        hashed = [next(found) if is_allowed else None for is_allowed in allowed]
        _log.info(
            "pieces_hashed",
            pieces=len(pieces),
            absent=hashed.count(None),
            read_bytes=sum(one.read_bytes for one in hashed if one),
            duration_s=round(time.monotonic() - begun, 3),
        )
        return _json(tell_hash(hashed))


def make_app(files: Iterable[AssetFile], hasher: Hasher, token: Secret, bytes_per_s: float) -> Starlette:
    """The prover of these files; `hasher` reads them where they lie."""
    answers = Answers(Shelf(files, hasher), Pace(bytes_per_s, time.monotonic()))
    routes = [
        Route(HASH_PATH, _guarded(answers.hash, token), methods=["POST"]),
        Route(KNOWN_PATH, _guarded(answers.known, token), methods=["POST"]),
    ]
    return Starlette(routes=routes)


def _guarded(answer: Answer, token: Secret) -> Callable[[Request], Awaitable[Response]]:
    """The token before anything is read, then a bounded body, then the answer or the reason why there is none."""
    expected = f"Bearer {token.reveal()}".encode()

    async def endpoint(request: Request) -> Response:
        told = request.headers.get("authorization", "").encode("utf-8", "replace")
        if not hmac.compare_digest(told, expected):
            _log.warning("token_refused")
            await asyncio.sleep(_REFUSED_S)
            return _json(tell_error("missing or wrong token"), 401, {"WWW-Authenticate": "Bearer"})
        try:
            return await answer(await _body(request))
        except WireError as error:
            _log.warning("question_refused", reason=error.message)
            return _json(tell_error(error.message), 400)
        except ClientDisconnect:
            return _json(tell_error("the connection broke"), 400)

    return endpoint


async def _body(request: Request) -> bytes:
    """The whole body. Raises: WireError if it is too large or takes too long, ClientDisconnect."""
    body = bytearray()
    try:
        async with asyncio.timeout(_BODY_S):
            async for step in request.stream():
                body += step
                if len(body) > MAX_BODY_BYTES:
                    raise WireError(f"the body has more than {MAX_BODY_BYTES} bytes")
    except TimeoutError:
        raise WireError("the body did not come in time") from None
    return bytes(body)


def _json(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(body, status, headers, "application/json")
