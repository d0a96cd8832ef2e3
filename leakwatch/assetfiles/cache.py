"""Prints that were made before, kept so that an interrupted run can go on."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

from leakwatch.assetfiles.reading import DEFAULT, Wanted
from leakwatch.assetfiles.walking import Found
from leakwatch.catalogue import file_from_json, file_json
from leakwatch.errors import InputError
from leakwatch.model.asset import AssetFile
from leakwatch.pieces import LENGTHS, NOTHING, filled_lengths, windows


class PrintCache:
    """Prints of files read before, by place, size and time of change: what lets an interrupted run go on."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._known: dict[tuple[str | None, int | None, int | None], AssetFile] = {}
        text = file.read_text("utf-8", errors="replace") if file is not None and file.exists() else ""
        self._is_torn = bool(text) and not text.endswith("\n")
        for line in text.splitlines():
            self._remember(line)

    def _remember(self, line: str) -> None:
        """A line cut off by a crash, or otherwise broken, is passed over: its file is simply read again."""
        try:
            file = file_from_json(json.loads(line))
        except (ValueError, RecursionError, InputError):
            return
        self._known[file.local_path, file.size_bytes, file.mtime_ns] = file

    def get(self, found: Found, wanted: Wanted = DEFAULT) -> AssetFile | None:
        """The prints of a file that has not changed since, or None where it did, or other prints are wanted."""
        try:
            status = found.local.stat()
        except OSError:
            return None
        known = self._known.get((str(found.local), status.st_size, status.st_mtime_ns))
        return replace(known, path=found.path) if known and _has(known, wanted) else None

    def put(self, file: AssetFile) -> None:
        """Keep the prints of one file, at once and durably."""
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a", encoding="utf-8") as out:
            out.write("\n" * self._is_torn + json.dumps(file_json(file)) + "\n")
            out.flush()
            os.fsync(out.fileno())
        self._is_torn = False


def _has(file: AssetFile, wanted: Wanted) -> bool:
    """Whether prints made earlier are all that is wanted now."""
    covered = windows(file.size_bytes or 0, wanted.table_bytes)
    shortest = [(table.first, len(table)) for table in file.tables if table.piece_length == LENGTHS[0]]
    wanted_tables = [(one.start // LENGTHS[0], -(-len(one) // LENGTHS[0])) for one in covered]
    filled = [table for table in file.tables if table.piece_length in filled_lengths(file.size_bytes or 0)]
    return (
        file.git_blob is not None
        and shortest == wanted_tables
        and all(len(table) > 1 or table.digests == NOTHING for table in filled)
        and all(getattr(file, one) for one in wanted.also)
    )


def default_cache() -> Path:
    """Where prints are cached unless told otherwise: the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "leakwatch" / "prints.jsonl"
