"""What is said between prover and daemon, as JSON; files go by SHA-256 and size, never by name or place.

`/v1/known`  {"files": [[sha256, size], …]} -> {"known": [true, …]}
`/v1/hash`   {"files": [[sha256, size], …], "pieces": [[[file, start, length], …], …]}, a part of zeros has the
             file null -> {"pieces": [[sha1, [informative, …]] or null, …]}; null: not to be had here

Digests are lower-case hex; `file` is a place in `files`. Errors are {"error": reason}.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from leakwatch.errors import WireError
from leakwatch.model.asset import AssetFile
from leakwatch.proof import Hashed, Part, Piece
from leakwatch.prover.limits import MAX_FILES, MAX_PIECES, MAX_REQUEST_PARTS, is_within, refusal

HASH_PATH, KNOWN_PATH = "/v1/hash", "/v1/known"
_SHA1 = re.compile(r"[0-9a-f]{40}\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_MAX_NUMBER = 2**63


def ask_known(files: Sequence[AssetFile]) -> bytes:
    """The question which of some files the prover has; each must have a size and a SHA-256."""
    return _dumped({"files": [_named(file) for file in files]})


def read_ask_known(raw: bytes) -> tuple[AssetFile, ...]:
    """The files asked for. Raises: WireError saying what is wrong."""
    return _files(_object(raw, {"files"}))


def tell_known(known: Sequence[bool]) -> bytes:
    """The answer to it."""
    return _dumped({"known": list(known)})


def read_known(raw: bytes, count: int) -> tuple[bool, ...]:
    """The answer for so many files. Raises: WireError."""
    known = _object(raw, {"known"})["known"]
    if not isinstance(known, list) or len(known) != count or not all(isinstance(one, bool) for one in known):
        raise WireError("expected a truth for each file")
    return tuple(known)


def ask_hash(pieces: Sequence[Piece]) -> bytes:
    """The question for some pieces' hashes."""
    places: dict[tuple[Any, ...], int] = {}
    told = [
        [
            [
                None if part.file is None else places.setdefault(tuple(_named(part.file)), len(places)),
                part.start,
                part.length,
            ]
            for part in piece
        ]
        for piece in pieces
    ]
    return _dumped({"files": [list(one) for one in places], "pieces": told})


def read_ask_hash(raw: bytes) -> tuple[Piece, ...]:
    """The pieces asked for, all of which may be hashed. Raises: WireError saying what is wrong."""
    told = _object(raw, {"files", "pieces"})
    files = _files(told, MAX_REQUEST_PARTS)
    if not isinstance(told["pieces"], list) or len(told["pieces"]) > MAX_PIECES:
        raise WireError(f"pieces: expected a list of at most {MAX_PIECES}")
    pieces = tuple(_piece(one, files) for one in told["pieces"])
    for number, piece in enumerate(pieces):
        reason = refusal(piece)
        if reason:
            raise WireError(f"pieces[{number}]: {reason}")
    if not is_within(pieces):
        raise WireError("too many parts or bytes in one request")
    return pieces


def tell_hash(hashed: Sequence[Hashed | None]) -> bytes:
    """The answer to it: digests and truths, and nothing that was read."""
    told = [one and [one.digest.hex(), list(one.informative)] for one in hashed]
    return _dumped({"pieces": told})


def read_hash(raw: bytes, pieces: Sequence[Piece]) -> list[Hashed | None]:
    """The answer for these pieces. Raises: WireError."""
    told = _object(raw, {"pieces"})["pieces"]
    if not isinstance(told, list) or len(told) != len(pieces):
        raise WireError("expected an answer for each piece")
    return [_hashed(one, piece) for one, piece in zip(told, pieces, strict=True)]


def tell_error(reason: str) -> bytes:
    """What went wrong, for a person."""
    return _dumped({"error": reason})


def _hashed(told: Any, piece: Piece) -> Hashed | None:
    if told is None:
        return None
    if not isinstance(told, list) or len(told) != 2 or not _is_digest(told[0], _SHA1):
        raise WireError("expected a SHA-1 and what is informative, or null")
    if not isinstance(told[1], list) or len(told[1]) != len(piece):
        raise WireError("expected a truth for each part")
    if not all(isinstance(one, bool) for one in told[1]):
        raise WireError("expected true or false")
    informative = tuple(one and part.file is not None for one, part in zip(told[1], piece, strict=True))
    read = sum(part.length for part in piece if part.file is not None)
    return Hashed(bytes.fromhex(told[0]), informative, read)


def _piece(told: Any, files: Sequence[AssetFile]) -> Piece:
    if not isinstance(told, list) or not all(isinstance(one, list) and len(one) == 3 for one in told):
        raise WireError("a piece is a list of parts [file, start, length]")
    return tuple(_part(one, files) for one in told)


def _part(told: list[Any], files: Sequence[AssetFile]) -> Part:
    place, start, length = told
    if not _is_number(start) or not _is_number(length):
        raise WireError("start and length are numbers of bytes")
    if place is None:
        return Part(None, 0, length)
    if not _is_number(place) or place >= len(files):
        raise WireError("a part names a file by its place in `files`")
    return Part(files[place], start, length)


def _files(told: dict[str, Any], limit: int = MAX_FILES) -> tuple[AssetFile, ...]:
    files = told["files"]
    if not isinstance(files, list) or len(files) > limit:
        raise WireError(f"files: expected a list of at most {limit}")
    return tuple(_file(one) for one in files)


def _file(told: Any) -> AssetFile:
    is_pair = isinstance(told, list) and len(told) == 2
    if not is_pair or not _is_digest(told[0], _SHA256) or not _is_number(told[1]):
        raise WireError("a file is [sha256, size_bytes]")
    return AssetFile(path="", sha256=bytes.fromhex(told[0]), size_bytes=told[1])


def _named(file: AssetFile) -> list[Any]:
    return [file.sha256.hex() if file.sha256 else None, file.size_bytes]


def _object(raw: bytes, keys: set[str]) -> dict[str, Any]:
    try:
        told = json.loads(raw.decode("utf-8"), parse_constant=_no_number)
    except (ValueError, RecursionError):
        raise WireError("the body is not JSON") from None
    if not isinstance(told, dict) or told.keys() != keys:
        raise WireError(f"expected an object with {' and '.join(sorted(keys))}")
    return told


def _no_number(name: str) -> float:
    raise ValueError(name)


def _is_digest(told: Any, form: re.Pattern[str]) -> bool:
    return isinstance(told, str) and form.match(told) is not None


def _is_number(told: Any) -> bool:
    return isinstance(told, int) and not isinstance(told, bool) and 0 <= told < _MAX_NUMBER


def _dumped(told: dict[str, Any]) -> bytes:
    return json.dumps(told, separators=(",", ":")).encode()
