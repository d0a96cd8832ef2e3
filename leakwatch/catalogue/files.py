"""Files of an asset as JSON: what `asset fingerprint` prints and catalogue lines hold. Pure."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from leakwatch.errors import HeaderError, InputError
from leakwatch.headers.stored import from_text
from leakwatch.model.asset import PIECE_DIGEST_BYTES, AssetFile, PieceTable
from leakwatch.pieces import LENGTHS

_MAX_NUMBER = 2**63
_MAX_PATH = 4096
_DIGESTS = {"sha256": 32, "sha1": 20, "md5": 16, "git_blob": 20, "ed2k": 16, "pieces_root": 32}
_TEXTS = ("local_path", "variant")

Wrong = Callable[[str, str], InputError]
"""The error about a field, from its name and what was expected."""


def file_json(file: AssetFile) -> dict[str, Any]:
    """One file's prints as JSON: digests in lower-case hex, tables in base64, what is absent left out."""
    told: dict[str, Any] = {"path": file.path, "size_bytes": file.size_bytes}
    for name in _DIGESTS:
        digest = getattr(file, name)
        if digest:
            told[name] = digest.hex()
    told |= {"local_path": file.local_path, "mtime_ns": file.mtime_ns}
    told |= {"header": file.header, "variant": file.variant, "differs": [list(one) for one in file.differs]}
    told["tables"] = [
        {"piece_length": one.piece_length, "first": one.first, "sha1": base64.b64encode(one.digests).decode()}
        for one in file.tables
    ]
    return {name: value for name, value in told.items() if value not in (None, [])}


def file_from_json(told: Any, file: str = "", line: int = 0) -> AssetFile:
    """One file from its JSON. Raises: InputError naming the field."""

    def wrong(field: str, expected: str) -> InputError:
        return InputError(expected, file=file, line=line, field=field)

    if not isinstance(told, dict) or not isinstance(told.get("path"), str) or not told["path"]:
        raise InputError("a file needs a path", file=file, line=line)
    if len(told["path"]) > _MAX_PATH:
        message = f"a path of {len(told['path'])} characters, where {_MAX_PATH} are taken"
        raise wrong("path", message)
    values: dict[str, Any] = {"path": told["path"]}
    size = told.get("size_bytes")
    if size is not None and not _is_number(size):
        raise wrong("size_bytes", "not a number of bytes")
    for name, length in _DIGESTS.items():
        digest = told.get(name)
        if digest is None:
            continue
        try:
            values[name] = bytes.fromhex(digest)
        except (ValueError, TypeError) as error:
            raise wrong(name, "not hex") from error
        if len(values[name]) != length and not (name == "ed2k" and len(values[name]) == 2 * length):
            raise wrong(name, f"expected {2 * length} hex digits")
    values |= {name: told[name] for name in _TEXTS if isinstance(told.get(name), str)}
    if isinstance(told.get("mtime_ns"), int) and abs(told["mtime_ns"]) < _MAX_NUMBER:
        values["mtime_ns"] = told["mtime_ns"]
    values |= {"header": _header(told.get("header"), wrong), "differs": _differs(told.get("differs"), wrong)}
    return AssetFile(size_bytes=size, tables=_tables(told.get("tables"), wrong), **values)


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _MAX_NUMBER


def _header(told: Any, wrong: Wrong) -> str | None:
    """A header print, kept as the text that it is; what is no such print is the importer's mistake."""
    if told is None:
        return None
    if not isinstance(told, str):
        raise wrong("header", "not a header print")
    try:
        from_text(told)
    except HeaderError as error:
        raise wrong("header", error.message) from error
    return told


def _differs(told: Any, wrong: Wrong) -> tuple[tuple[int, int], ...]:
    pairs = told or []
    if not isinstance(pairs, list) or not all(
        isinstance(one, list) and len(one) == 2 and all(map(_is_number, one)) and one[0] < one[1]
        for one in pairs
    ):
        raise wrong("differs", "expected pairs of bytes, from and to")
    return tuple((one[0], one[1]) for one in pairs)


def _tables(told: Any, wrong: Wrong) -> tuple[PieceTable, ...]:
    """Piece tables. Their lengths are powers of two from 16 KiB to 64 MiB, their digests whole ones."""
    if not isinstance(told or [], list):
        raise wrong("tables", "expected a list")
    found: list[PieceTable] = []
    for one in told or []:
        if (
            not isinstance(one, dict)
            or one.get("piece_length") not in LENGTHS
            or not _is_number(one.get("first"))
        ):
            raise wrong("tables", "expected piece_length, first and sha1")
        try:
            digests = base64.b64decode(one.get("sha1", ""), validate=True)
        except (ValueError, TypeError) as error:
            raise wrong("tables", "sha1 is not base64") from error
        if len(digests) % PIECE_DIGEST_BYTES:
            raise wrong("tables", "sha1 is not a row of 20-byte digests")
        found.append(PieceTable(one["piece_length"], one["first"], digests))
    return tuple(found)
