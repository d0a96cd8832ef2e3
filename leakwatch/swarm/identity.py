"""Our node id in the DHT: made once and kept, so that the nodes meet one visitor and not a crowd.

It is that of sampling and counting. Libtorrent takes none that it is given (docs/sources/dht.md).

Source: BEP 51, "one node id per address".
"""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from leakwatch.errors import ConfigError
from leakwatch.swarm.krpc import ID_BYTES

NAME = "dht.id"


def stable_node_id(folder: Path) -> bytes:
    """The 20 bytes kept in a folder, made at the first call. Raises: ConfigError if they cannot be kept or read."""
    path = folder / NAME
    try:
        with suppress(FileNotFoundError):
            return _checked(path.read_bytes(), path)
        return _made(path)
    except OSError as error:
        raise ConfigError(f"the DHT's node id cannot be kept in {path}: {error.strerror}") from error


def _checked(ident: bytes, path: Path) -> bytes:
    if len(ident) != ID_BYTES:
        raise ConfigError(f"{path} holds no node id of {ID_BYTES} bytes; remove it and another is made")
    return ident


def _made(path: Path) -> bytes:
    """Write a new one aside and move it into place: a crash leaves none or a whole one."""
    ident, aside = secrets.token_bytes(ID_BYTES), path.with_suffix(".new")
    aside.unlink(missing_ok=True)
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(ident)
        file.flush()
        os.fsync(file.fileno())
    aside.replace(path)
    return ident
