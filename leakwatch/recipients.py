"""Copies of an asset that were given to recipients: what each has of its own, and where it differs.

Only what differs from the common copy is registered, with the ranges in which it does: those are the pieces
that can tell whose copy a torrent carries.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from leakwatch.catalogue import is_text, with_files
from leakwatch.errors import InputError
from leakwatch.model.asset import Asset, AssetFile, AssetId, PieceTable
from leakwatch.pieces import BLOCK_BYTES, LENGTHS, STEP_BYTES
from leakwatch.ports import Repository

MAX_RANGES = 1000
_MAX_NAME = 200


@dataclass(frozen=True, slots=True)
class Registered:
    """What came of registering a recipient's copy: his own files, and how many are the common ones."""

    asset: Asset
    own: tuple[AssetFile, ...]
    common: int


async def add_variant(
    asset: AssetId, recipient: str, files: Sequence[AssetFile], repository: Repository, at: datetime
) -> Registered:
    """Register the copy of an asset that a recipient was given; what it shares with the common one is passed over.

    Raises: InputError if there is no such asset, or the copy is the common one in every byte.
    """
    name = recipient.strip()
    if not name or len(name) > _MAX_NAME or not name.isprintable() or not is_text(name):
        raise InputError(f"a recipient is named by 1 to {_MAX_NAME} printable characters")
    async with repository.writing() as work:
        known = await work.catalogue.get(asset)
        if known is None:
            raise InputError(f"no asset {asset!r}; add the common copy first, without --variant")
        common = await work.catalogue.with_tables(
            [file for file in known.files if file.variant is None], LENGTHS[0]
        )
        own = [
            replace(file, path=path, variant=name, differs=_differing(base, file))
            for file in files
            for path, base in [_counterpart(file, files, common)]
            if base is None or base.sha256 != file.sha256
        ]
        if not own:
            raise InputError(f"this copy is the common one in every byte: nothing tells that {name!r} has it")
        changed = with_files(known, tuple(own))
        await work.catalogue.save(changed, at)
    return Registered(changed, tuple(own), len(files) - len(own))


def _counterpart(
    file: AssetFile, files: Sequence[AssetFile], common: Sequence[AssetFile]
) -> tuple[str, AssetFile | None]:
    """The common copy of a file: the one of its path, else the only one there is, else the only one of its size."""
    by_path = {one.path: one for one in common}
    if file.path in by_path:
        return file.path, by_path[file.path]
    if len(files) == len(common) == 1:
        return common[0].path, common[0]
    same = [one for one in common if one.size_bytes == file.size_bytes]
    return (same[0].path, same[0]) if len(same) == 1 else (file.path, None)


def _differing(common: AssetFile | None, own: AssetFile) -> tuple[tuple[int, int], ...]:
    """Ranges in which two copies differ, to the block of 16 KiB; nothing where that cannot be said."""
    if common is None:
        return ()
    blocks = _by_bytes(common, own)
    if blocks is None:
        blocks = _by_tables(common, own)
    if not blocks:
        return ()
    size = own.size_bytes or 0
    return tuple((start, min(end, size)) for start, end in _coarse(list(_runs(blocks))) if start < size)


def _by_bytes(common: AssetFile, own: AssetFile) -> list[int] | None:
    """The numbers of the blocks that differ, or None if one of the files is not on this machine."""
    if common.local_path is None or own.local_path is None:
        return None
    found: list[int] = []
    try:
        with Path(common.local_path).open("rb") as first, Path(own.local_path).open("rb") as second:
            start = 0
            while True:
                ours, theirs = first.read(STEP_BYTES), second.read(STEP_BYTES)
                if not ours and not theirs:
                    return found
                if ours != theirs:
                    found += [start // BLOCK_BYTES + place for place in _blocks(ours, theirs)]
                start += STEP_BYTES
    except OSError:
        return None


def _blocks(ours: bytes, theirs: bytes) -> Iterator[int]:
    longest = max(len(ours), len(theirs))
    for place, start in enumerate(range(0, longest, BLOCK_BYTES)):
        if ours[start : start + BLOCK_BYTES] != theirs[start : start + BLOCK_BYTES]:
            yield place


def _by_tables(common: AssetFile, own: AssetFile) -> list[int] | None:
    """By the hashes of blocks, if both tables cover their whole file."""
    ours, theirs = _whole_table(common), _whole_table(own)
    if ours is None or theirs is None:
        return None
    return [
        place for place in range(max(len(ours), len(theirs))) if ours.digest(place) != theirs.digest(place)
    ]


def _whole_table(file: AssetFile) -> PieceTable | None:
    blocks = -(-(file.size_bytes or 0) // BLOCK_BYTES)
    wanted = (one for one in file.tables if one.piece_length == BLOCK_BYTES and len(one) == blocks)
    return next(wanted, None)


def _runs(blocks: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Blocks one after the other as one range of bytes."""
    start = before = blocks[0]
    for block in blocks[1:]:
        if block != before + 1:
            yield start * BLOCK_BYTES, (before + 1) * BLOCK_BYTES
            start = block
        before = block
    yield start * BLOCK_BYTES, (before + 1) * BLOCK_BYTES


def _coarse(ranges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """At most a thousand ranges: neighbours are joined, and what lies between counts as differing."""
    step = -(-len(ranges) // MAX_RANGES)
    return [(some[0][0], some[-1][1]) for some in (ranges[i : i + step] for i in range(0, len(ranges), step))]
