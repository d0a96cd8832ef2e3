"""Weights that were cut, converted or quantised anew: no byte range agrees any more, and their sizes still tell.

The prints of the asset's headers say what its tensors take up in any type; a torrent's file list says what its files
take up. Agreement is likeness and never proof: fine-tunes of the same architecture have the same sizes.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nlargest

from leakwatch.headers.likeness import Likeness
from leakwatch.headers.models import models_of
from leakwatch.headers.sizes import by_sizes
from leakwatch.model.asset import AssetFile
from leakwatch.torrent.metainfo import TorrentInfo

_MAX_LISTED = 20_000
"""Files of a torrent that are looked at, the largest."""


def by_headers(info: TorrentInfo, files: Sequence[AssetFile]) -> Likeness | None:
    """Judge a torrent's file list by the prints of the asset's headers; None if there are none, or nothing agrees."""
    models = models_of(files)
    if not models:
        return None
    largest = nlargest(_MAX_LISTED, info.files, key=lambda file: file.size_bytes)
    listed = [(file.path, file.size_bytes) for file in largest if not file.is_pad]
    found = [judged for model in models if (judged := by_sizes(model, listed))]
    return min(found, key=lambda judged: judged.kind != "resharded", default=None)
