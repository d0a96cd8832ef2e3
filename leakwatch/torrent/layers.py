"""Piece layers (BEP 52): the hashes of a file's pieces, which a v2 torrent carries beside its info dictionary.

They are not covered by the infohash; each is good only if it hashes to the root that the info dictionary gives.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from leakwatch.torrent.bencode import Value
from leakwatch.torrent.infohash import PiecesRoot
from leakwatch.torrent.tree import BLOCK_BYTES, fold, height_of

NODE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Layers:
    """The layers that hash to their roots, and what is wrong with others."""

    rows: Mapping[PiecesRoot, bytes] = field(default_factory=dict[PiecesRoot, bytes])
    problems: tuple[str, ...] = ()


def read_layers(value: Value | None, roots: Mapping[PiecesRoot, int], piece_length: int) -> Layers:
    """Read `piece layers` for files of these roots and sizes; a layer that is missing is no fault.

    Files of one piece or less have none: their root says it all.
    """
    if value is None:
        return Layers()
    if not isinstance(value, dict):
        return Layers(problems=("the piece layers are no dictionary",))
    rows: dict[PiecesRoot, bytes] = {}
    problems: dict[str, None] = {}
    if not value.keys() <= roots.keys():
        problems["a piece layer belongs to no file"] = None
    for root, size in roots.items():
        layer = value.get(root)
        if layer is None or size <= piece_length:
            continue
        if not isinstance(layer, bytes) or len(layer) != -(-size // piece_length) * NODE_BYTES:
            problems["a piece layer has the wrong length"] = None
        elif layer_root(layer, piece_length) != root:
            problems["a piece layer does not hash to its root"] = None
        else:
            rows[root] = layer
    return Layers(rows, tuple(problems))


def layer_root(layer: bytes, piece_length: int) -> bytes:
    """The root of the file whose pieces have these hashes."""
    nodes = [layer[start : start + NODE_BYTES] for start in range(0, len(layer), NODE_BYTES)]
    return fold(nodes, height_of(piece_length // BLOCK_BYTES))
