"""An owner's files on this machine: walked, read once, and read again in part when a torrent is to be proved."""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import lru_cache
from io import FileIO
from pathlib import Path

from leakwatch.catalogue import file_from_json, file_json
from leakwatch.errors import HeaderError, InputError
from leakwatch.fingerprints import Fingerprinter
from leakwatch.headers.prints import print_of
from leakwatch.headers.reader import HeaderKeeper
from leakwatch.headers.stored import to_text
from leakwatch.model.asset import AssetFile
from leakwatch.pieces import LENGTHS, STEP_BYTES, WINDOW_COST, is_informative, windows
from leakwatch.proof import Away, Hashed, Part, Piece


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


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which prints are made besides those that cost next to nothing.

    Units:  `table_bytes` is what the piece tables of one file may take; `also` names prints of `fingerprints.ALSO`.
    """

    table_bytes: int = 2 * WINDOW_COST
    also: frozenset[str] = frozenset()


DEFAULT = Wanted()


def fingerprint(found: Found, progress: Callable[[int], None], wanted: Wanted = DEFAULT) -> AssetFile:
    """Read a file once and compute its prints; `progress` is told the bytes read, step by step.

    Of weights (safetensors, GGUF) the header is kept meanwhile, 100 MB at most, and its print is made.
    Raises: InputError if it cannot be read, or changed or vanished while it was read.
    """
    keeper = HeaderKeeper()
    try:
        with found.local.open("rb", buffering=0) as file:
            before = os.fstat(file.fileno())
            printer = Fingerprinter(
                _second_core(),
                size_bytes=before.st_size,
                table_bytes=wanted.table_bytes,
                also=wanted.also,
            )
            for step in _steps(file):
                keeper.update(step)
                printer.update(step)
                progress(len(step))
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
        md5=prints.md5,
        git_blob=prints.git_blob,
        ed2k=prints.ed2k,
        pieces_root=prints.pieces_root,
        local_path=str(found.local),
        mtime_ns=before.st_mtime_ns,
        header=_header_text(keeper),
        tables=prints.tables,
    )


def _header_text(keeper: HeaderKeeper) -> str | None:
    """The print of a weights file's header; a broken header is the file's own affair, and simply gives none."""
    try:
        header = keeper.finish()
        return to_text(print_of(header)) if header else None
    except HeaderError:
        return None


def _steps(file: FileIO) -> Iterator[memoryview]:
    """The file in full steps, however little one read gives; each is valid until the next is asked for."""
    buffer = bytearray(STEP_BYTES)
    view = memoryview(buffer)
    filled = 0
    while count := file.readinto(view[filled:]):
        filled += count
        if filled == STEP_BYTES:
            yield view
            filled = 0
    if filled:
        yield view[:filled]


@lru_cache(maxsize=1)
def _second_core() -> Executor:
    """A thread that hashes beside the reading one: hashlib lets go of the interpreter's lock."""
    return ThreadPoolExecutor(1, thread_name_prefix="fingerprint")


class LocalHasher:
    """Hashes pieces from the asset's own files, where they lie on this machine unchanged since they were read.

    `away` is told of a file that is not where it was read, as of a disk that is not mounted.
    """

    def __init__(self, away: Away | None = None) -> None:
        self._away = away

    def known(self, file: AssetFile, piece_length: int, start: int) -> Sequence[range]:  # noqa: ARG002
        """All of a file that is here."""
        try:
            descriptor = _opened(file)
        except OSError:
            self._note()
            return ()
        if descriptor is None:
            return ()
        os.close(descriptor)
        return (range(file.size_bytes or 0),)

    def hash(self, pieces: Sequence[Piece]) -> Sequence[Hashed | None]:
        """Each piece, read a few MiB at a time."""
        return [self._hash(piece) for piece in pieces]

    def _hash(self, piece: Piece) -> Hashed | None:
        try:
            return _hash_local(piece)
        except OSError:
            self._note()
            return None

    def _note(self) -> None:
        if self._away is not None:
            self._away("a file of the asset could not be read where it lay")


def _hash_local(piece: Piece) -> Hashed | None:
    """The hash, or None if the bytes are no longer those that were read. Raises: OSError if they cannot be read."""
    digest = hashlib.sha1(usedforsecurity=False)
    informative = [_hash_part(part, digest.update) for part in piece]
    if None in informative:
        return None
    read = sum(part.length for part in piece if part.file is not None)
    return Hashed(digest.digest(), tuple(bool(one) for one in informative), read)


def _hash_part(part: Part, update: Callable[[bytes], None]) -> bool | None:
    """Whether the bytes say anything; None if they are not to be had. Raises: OSError."""
    if part.file is None:
        for start in range(0, part.length, STEP_BYTES):
            update(bytes(min(STEP_BYTES, part.length - start)))
        return False
    descriptor = _opened(part.file) if part.start >= 0 else None
    if descriptor is None:
        return None
    is_telling, end = False, part.start + part.length
    try:
        for start in range(part.start, end, STEP_BYTES):
            data = os.pread(descriptor, min(STEP_BYTES, end - start), start)
            if len(data) != min(STEP_BYTES, end - start):
                return None
            update(data)
            is_telling = is_telling or is_informative(data)
    finally:
        os.close(descriptor)
    return is_telling


def _opened(file: AssetFile) -> int | None:
    """A descriptor of an asset's file; None if it never was on this machine, or is no longer the file that was read.

    Raises: OSError if it cannot be opened.
    """
    if file.local_path is None:
        return None
    descriptor = os.open(file.local_path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    try:
        status = os.fstat(descriptor)
    except BaseException:
        os.close(descriptor)
        raise
    changed = file.mtime_ns is not None and status.st_mtime_ns != file.mtime_ns
    if changed or status.st_size != file.size_bytes or not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        return None
    return descriptor


def _has(file: AssetFile, wanted: Wanted) -> bool:
    """Whether prints made earlier are all that is wanted now."""
    covered = windows(file.size_bytes or 0, wanted.table_bytes)
    shortest = [(table.first, len(table)) for table in file.tables if table.piece_length == LENGTHS[0]]
    wanted_tables = [(one.start // LENGTHS[0], -(-len(one) // LENGTHS[0])) for one in covered]
    return (
        file.git_blob is not None
        and shortest == wanted_tables
        and all(getattr(file, one) for one in wanted.also)
    )


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


def default_cache() -> Path:
    """Where prints are cached unless told otherwise: the user's cache folder."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "leakwatch" / "prints.jsonl"
