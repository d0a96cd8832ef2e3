"""Evidence bytes on disk, addressed by their SHA-256. Names from outside never touch a path."""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from pathlib import Path

from leakwatch.errors import StoreError

_DIGEST = re.compile(r"[0-9a-f]{64}\Z")


class FileVault:
    """A folder of files named by their own digest. Writing is durable before `put` returns."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: bytes) -> str:
        """Store bytes; answers their SHA-256 in hex. The same bytes are kept once."""
        digest = hashlib.sha256(data).hexdigest()
        target = self._path(digest)
        if target.exists():
            return digest
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=target.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            Path(temporary).replace(target)
        except OSError as error:
            Path(temporary).unlink(missing_ok=True)
            raise StoreError(f"evidence cannot be written to {self._folder}: {error.strerror}") from error
        self._sync_folder(target.parent)
        return digest

    def get(self, digest: str) -> bytes:
        """Read bytes back. Raises: StoreError if they are missing or no longer have this digest."""
        try:
            data = self._path(digest).read_bytes()
        except OSError as error:
            raise StoreError(f"evidence {digest} is missing") from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise StoreError(f"evidence {digest} was changed on disk")
        return data

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
