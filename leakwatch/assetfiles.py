"""An owner's files on this machine: walked, read once, and read again in part when a torrent is to be proved."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from leakwatch.catalogue import file_from_json, file_json
from leakwatch.errors import InputError
from leakwatch.fingerprints import Fingerprinter
from leakwatch.model.asset import AssetFile

CHUNK = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Found:
    """A file to fingerprint: its path inside the asset, and where it lies."""

    path: str
    local: Path


def walk(paths: Iterable[Path]) -> Iterator[Found]:
    """Files and folders to single files, in order of name.

    Inside a folder paths are relative to it; where several paths are given, they begin with the folder's name.
    Symbolic links and what is no regular file are passed over. Raises: InputError for a path that is not there,
    or where two files would have one path.
    """
    tops = list(paths)
    seen: dict[str, Path] = {}
    for top in tops:
        for found in _found_in(top, under=top.resolve().name + "/" if len(tops) > 1 else ""):
            if found.path in seen:
                raise InputError(f"has the same path as {seen[found.path]}", file=str(found.local))
            seen[found.path] = found.local
            yield found


def _found_in(top: Path, under: str) -> Iterator[Found]:
    if top.is_file():
        yield Found(top.name, top.resolve())
    elif top.is_dir():
        for found in _walk_folder(top):
            yield Found(under + found.path, found.local)
    else:
        raise InputError("no such file or folder", file=str(top))


def _walk_folder(top: Path) -> Iterator[Found]:
    def refused(error: OSError) -> None:
        raise InputError(f"cannot be read: {error.strerror}", file=str(error.filename))

    for folder, names, files in os.walk(top, onerror=refused):
        names.sort()
        for name in sorted(files):
            local = Path(folder, name)
            if local.is_file() and not local.is_symlink():
                yield Found(local.relative_to(top).as_posix(), local.resolve())


def fingerprint(found: Found, progress: Callable[[int], None]) -> AssetFile:
    """Read a file once and compute its prints; `progress` is told the bytes read, step by step.

    Raises: InputError if it cannot be read, or changed or vanished while it was read.
    """
    printer = Fingerprinter(_second_core())
    buffer = bytearray(CHUNK)
    view = memoryview(buffer)
    try:
        with found.local.open("rb", buffering=0) as file:
            before = os.fstat(file.fileno())
            while count := file.readinto(buffer):
                printer.update(view[:count])
                progress(count)
        after = found.local.stat()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(found.local)) from error
    prints = printer.finish()
    same = (before.st_size, before.st_mtime_ns, before.st_ino) == (
        after.st_size,
        after.st_mtime_ns,
        after.st_ino,
    )
    if not same or prints.size_bytes != before.st_size:
        raise InputError("changed while it was read; nothing of it was stored", file=str(found.local))
    return AssetFile(
        path=found.path,
        size_bytes=prints.size_bytes,
        sha256=prints.sha256,
        sha1=prints.sha1,
        pieces_root=prints.pieces_root,
        local_path=str(found.local),
        mtime_ns=before.st_mtime_ns,
    )


@lru_cache(maxsize=1)
def _second_core() -> Executor:
    """A thread that hashes beside the reading one: hashlib lets go of the interpreter's lock."""
    return ThreadPoolExecutor(1, thread_name_prefix="fingerprint")


def read_range(file: AssetFile, start: int, length: int) -> bytes | None:
    """Bytes of an asset's file, or None if it is not on this machine or no longer the file that was read."""
    if file.local_path is None or start < 0:
        return None
    try:
        with open(file.local_path, "rb", buffering=0) as opened:  # noqa: PTH123
            status = os.fstat(opened.fileno())
            if status.st_size != file.size_bytes or (
                file.mtime_ns is not None and status.st_mtime_ns != file.mtime_ns
            ):
                return None
            data = os.pread(opened.fileno(), length, start)
            while data and len(data) < length:
                more = os.pread(opened.fileno(), length - len(data), start + len(data))
                if not more:
                    break
                data += more
            return data
    except OSError:
        return None


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

    def get(self, found: Found) -> AssetFile | None:
        """The prints of a file that has not changed since, or None."""
        try:
            status = found.local.stat()
        except OSError:
            return None
        known = self._known.get((str(found.local), status.st_size, status.st_mtime_ns))
        return replace(known, path=found.path) if known else None

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


def default_cache() -> Path:
    """Where prints are cached unless told otherwise: the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "leakwatch" / "prints.jsonl"
