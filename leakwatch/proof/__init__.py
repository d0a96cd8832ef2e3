"""Whether a torrent carries an asset's bytes, said by arithmetic on its metadata alone. `prove` is the only door."""

from leakwatch.proof.hashing import Hashed, Hasher, InTurn, Part, Piece, TableHasher
from leakwatch.proof.layers import Layers
from leakwatch.proof.verdict import prove

__all__ = ["Hashed", "Hasher", "InTurn", "Layers", "Part", "Piece", "TableHasher", "prove"]
