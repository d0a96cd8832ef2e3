"""Which files are an asset's: files and folders to single files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from leakwatch.errors import InputError


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
