"""One file of an asset, read once, to its prints."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from io import FileIO

from leakwatch.assetfiles.walking import Found
from leakwatch.errors import HeaderError, InputError
from leakwatch.fingerprints import Fingerprinter
from leakwatch.headers.prints import print_of
from leakwatch.headers.reader import HeaderKeeper
from leakwatch.headers.stored import to_text
from leakwatch.model.asset import AssetFile
from leakwatch.pieces import STEP_BYTES, WINDOW_COST


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which prints are made besides those that cost next to nothing.

    Units:  `table_bytes` is what the piece tables of one file may take; `also` names prints of `fingerprints.ALSO`.
    """

    table_bytes: int = 2 * WINDOW_COST
    also: frozenset[str] = frozenset()


DEFAULT = Wanted()


def fingerprint(
    found: Found, progress: Callable[[int], None], wanted: Wanted = DEFAULT, threads: int = 2
) -> AssetFile:
    """Read a file once and compute its prints, on one or two `threads`; `progress` is told the bytes of each step.

    Of weights (safetensors, GGUF) the header is kept meanwhile, 100 MB at most, and its print is made.
    Raises: InputError if it cannot be read, or changed or vanished while it was read.
    """
    keeper = HeaderKeeper()
    try:
        with found.local.open("rb", buffering=0) as file:
            before = os.fstat(file.fileno())
            printer = Fingerprinter(
                _second_core() if threads > 1 else None,
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
