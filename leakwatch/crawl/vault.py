"""Evidence bytes on disk, addressed by their SHA-256. Names from outside never touch a path."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Lock
from time import time

from leakwatch.errors import NoRoom, StoreError
from leakwatch.evidence.room import GRACE_S, Kept

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")
_TEMPORARY = "tmp"


class FileVault:
    """A folder of files named by their own digest. Writing is durable before `put` returns.

    Nothing is put where less than `least_free` bytes would be left on the disk: the rest is for the database, so that
    alerts still go. One process puts and drops; others may read.
    """

    def __init__(self, folder: Path, least_free: int = 0, now: Callable[[], float] = time) -> None:
        self._folder, self._least_free, self._now = folder, least_free, now
        self._changing = Lock()

    def put(self, data: bytes) -> str:
        """Store bytes; answers their SHA-256 in hex. The same bytes are kept once. Raises: NoRoom, StoreError."""
        digest = hashlib.sha256(data).hexdigest()
        target = self._path(digest)
        with self._changing:
            if target.exists():
                os.utime(
                    target, (self._now(), self._now())
                )  # it is wanted anew, and must not be dropped just now
                return digest
        self.check_room(len(data))
        temporary = ""
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=target.parent, prefix=_TEMPORARY)
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(target)
            self._sync_folder(target.parent)
        except OSError as error:
            if temporary:
                Path(temporary).unlink(missing_ok=True)
            raise NoRoom(f"evidence cannot be written to {self._folder}: {error.strerror}") from error
        return digest

    def check_room(self, more: int = 0) -> None:
        """Raises: NoRoom if so many bytes more would leave less than there must be."""
        there = self._folder if self._folder.exists() else self._folder.parent
        free = shutil.disk_usage(there).free if there.exists() else self._least_free + more
        if free - more < self._least_free:
            raise NoRoom(
                f"evidence cannot be kept: {free // 2**20} MiB are free at {self._folder}, and "
                f"{self._least_free // 2**20} MiB must stay free (evidence.min_free_bytes)"
            )

    def has_room(self) -> bool:
        """Whether anything can be put."""
        try:
            self.check_room()
        except NoRoom:
            return False
        return True

    def get(self, digest: str) -> bytes:
        """Read bytes back. Raises: StoreError if they are missing or no longer have this digest."""
        try:
            data = self._path(digest).read_bytes()
        except OSError as error:
            raise StoreError(f"evidence {digest} is missing") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise StoreError(f"evidence {digest} was changed on disk")
        return data

    def files(self) -> Iterator[Kept]:
        """Everything that is kept. What a crash left half written is removed on the way."""
        for folder in sorted(self._folder.glob("[0-9a-f][0-9a-f]")):
            for file in folder.iterdir():
                try:
                    told = file.stat()
                    if _DIGEST.match(file.name):
                        yield Kept(file.name, told.st_size, told.st_mtime)
                    elif file.name.startswith(_TEMPORARY) and self._now() - told.st_mtime > GRACE_S:
                        file.unlink()
                except FileNotFoundError:
                    continue  # it was dropped, or took its name, in the meantime

    def drop(self, digest: str) -> bool:
        """Throw bytes away; false if they were put again within the last hour, or are not there."""
        target = self._path(digest)
        with self._changing:
            if not target.exists() or self._now() - target.stat().st_mtime < GRACE_S:
                return False
            target.unlink()
            return True

    def _path(self, digest: str) -> Path:
        if not _DIGEST.match(digest):
            raise StoreError(f"not a digest: {digest[:80]!r}")
        return self._folder / digest[:2] / digest

    @staticmethod
    def _sync_folder(folder: Path) -> None:
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
