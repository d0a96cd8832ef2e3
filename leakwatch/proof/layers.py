"""Piece layers (BEP 52) as pieces to compare: how much of a changed file a v2-only torrent still has.

The root of a file says whether all of it is the same, and no more. Its layer, which a .torrent file carries beside
the info dictionary, has a node for each piece; an asset's own bytes give the same nodes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from leakwatch.proof.hashing import Hasher
from leakwatch.torrent.infohash import PiecesRoot
from leakwatch.torrent.layers import NODE_BYTES
from leakwatch.torrent.metainfo import TorrentFile, TorrentInfo


@dataclass(frozen=True, slots=True)
class Layers:
    """A torrent's layers, each of which hashes to its root (`Torrent.layers`), and what hashes the asset's nodes."""

    rows: Mapping[PiecesRoot, bytes]
    hasher: Hasher

    def view(self, info: TorrentInfo) -> TorrentInfo:
        """The torrent's files that have a layer, laid out as v1 lays out padded ones, with nodes for pieces."""
        files: list[TorrentFile] = []
        rows: list[bytes] = []
        count = 0
        for file in info.files:
            row = self.rows.get(file.pieces_root) if file.pieces_root else None
            if row is not None:
                files.append(replace(file, offset=count * info.piece_length))
                rows.append(row)
                count += len(row) // NODE_BYTES
        return replace(info, files=tuple(files), pieces=b"".join(rows))


def lacking(info: TorrentInfo, layers: Layers | None) -> int:
    """How many files of more than one piece have no layer that is of use."""
    rows = layers.rows if layers else {}
    return sum(file.size_bytes > info.piece_length and file.pieces_root not in rows for file in info.files)
