"""Whether a torrent carries an asset's bytes, said by arithmetic on its metadata alone. `prove` is the only door."""

from leakwatch.proof.hashing import Away, Hashed, Hasher, HasherElsewhere, InTurn, Part, Piece, TableHasher
from leakwatch.proof.layers import Layers
from leakwatch.proof.verdict import prove

__all__ = [
    "Away",
    "Hashed",
    "Hasher",
    "HasherElsewhere",
    "InTurn",
    "Layers",
    "Part",
    "Piece",
    "TableHasher",
    "prove",
]
