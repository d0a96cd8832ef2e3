"""The key of the pseudonyms: a file in the data folder that nobody else may read, made when it is first needed."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from leakwatch.errors import StoreError
from leakwatch.privacy import Authors, AuthorsMode

KEY_FILE = "authors.key"
_BYTES = 32


def open_authors(mode: AuthorsMode, folder: Path) -> Authors:
    """How authors are kept, with the key where one is needed. Raises: StoreError."""
    return Authors(mode, _key(folder / KEY_FILE)) if mode == "pseudonym" else Authors(mode)


def _key(path: Path) -> bytes:
    try:
        _make(path)
        told = path.read_text("ascii").strip()
        if path.stat().st_mode & 0o077:
            raise StoreError(f"{path} can be read by others; run: chmod 600 {path}")
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"the key of the pseudonyms {path} cannot be read or made: {error}") from error
    try:
        key = bytes.fromhex(told)
    except ValueError:
        key = b""
    if len(key) != _BYTES:
        raise StoreError(f"{path} is damaged: expected {2 * _BYTES} hex digits; restore it from a backup")
    return key


def _make(path: Path) -> None:
    """Write a new key beside the place and link it there, so that no half-written one is ever read, nor two made."""
    if path.exists():
        return
    fresh = path.with_name(f"{path.name}.{secrets.token_hex(8)}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_hex(_BYTES) + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(fresh, path)
    except FileExistsError:
        pass  # another process was first; its key counts
    finally:
        fresh.unlink(missing_ok=True)
