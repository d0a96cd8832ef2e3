"""Catalogue files line by line: assets, prints, or sha256sum output. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from leakwatch.catalogue.assets import asset_from_json
from leakwatch.catalogue.files import file_from_json
from leakwatch.errors import InputError
from leakwatch.model.asset import Asset, AssetFile

_SUM = re.compile(r"\\?([0-9a-fA-F]{64}) [ *](.+)\Z")
_HALF_PAIR = re.compile(r"\\u[dD][89a-fA-F]")


@dataclass(frozen=True, slots=True)
class Imported:
    """What a file held: whole assets, or files that still want a title."""

    assets: tuple[Asset, ...] = ()
    files: tuple[AssetFile, ...] = ()


def parse_catalogue(text: str, file: str = "") -> Imported:
    """Read a catalogue, prints, or sha256sum output; which of them, every line says for itself.

    Raises: InputError with file, line and field; nothing is imported then.
    """
    assets: dict[str, tuple[int, Asset]] = {}
    files: dict[tuple[str, str | None], AssetFile] = {}
    for number, line in _lines(text):
        told = _line(line, file, number)
        if isinstance(told, AssetFile):
            key = told.path, told.variant
            if key in files and files[key] != told:
                raise InputError(f"the path {told.path!r} stands here twice", file=file, line=number)
            files[key] = told
        elif told.id in assets:
            raise InputError(
                f"the id {told.id!r} was used in line {assets[told.id][0]}",
                file=file,
                line=number,
                field="id",
            )
        else:
            assets[told.id] = (number, told)
    if assets and files:
        raise InputError("asset lines and file lines are mixed", file=file)
    return Imported(tuple(asset for _, asset in assets.values()), tuple(files.values()))


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.removeprefix("\ufeff").split("\n"), 1):
        if line.strip():
            yield number, line.rstrip("\r")


def _line(line: str, file: str, number: int) -> Asset | AssetFile:
    if not line.lstrip().startswith("{"):
        found = _SUM.match(line)
        if not found:
            raise InputError("neither a JSON object nor a line of sha256sum", file=file, line=number)
        return AssetFile(path=found[2], sha256=bytes.fromhex(found[1]))
    try:
        told = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"broken JSON: {error}", file=file, line=number) from error
    if _HALF_PAIR.search(line) and not is_text(json.dumps(told, ensure_ascii=False)):
        raise InputError("half a surrogate pair, which is no character", file=file, line=number)
    if "title" in told or "id" in told:
        return asset_from_json(told, file, number)
    return file_from_json(told, file, number)


def is_text(text: str) -> bool:
    """Whether it can be written as UTF-8; a file's name with other bytes in it cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
