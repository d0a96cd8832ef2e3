"""Finds `rules/` and `alembic/`, in a checkout and in an installed wheel alike."""

from __future__ import annotations

from pathlib import Path

from leakwatch.errors import ConfigError

_PACKAGE = Path(__file__).resolve().parent


def data_folder(name: str) -> Path:
    """The folder `rules` or `alembic`: under `_data` in a wheel, beside the package in a checkout."""
    for folder in (_PACKAGE / "_data" / name, _PACKAGE.parent / name):
        if folder.is_dir():
            return folder
    raise ConfigError(f"the installation is incomplete: no {name} folder; install leakwatch again")
