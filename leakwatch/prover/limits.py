"""How much one request may ask, and which pieces are hashed at all.

A hash of few unknown bytes gives them away: whoever holds it tries all values. So a range has at least 16 KiB,
or is the whole file: who asks for it names its SHA-256, which says as much. What lies beside a range in a piece
does not help: it may be a file that everybody has. Pieces with a shorter edge are not hashed, and small files that
share them with others may stay without a verdict.

Two ranges that differ by few bytes are as telling as those bytes alone: `edges` remembers where files were cut.

Not closed by this: who holds the token and knows all but a few bytes of a range can still guess these. Every piece
therefore counts as at least `FLOOR_BYTES` against the rate, and the token is worth guarding as the files are.
"""

from __future__ import annotations

from collections.abc import Sequence

from leakwatch.pieces import BLOCK_BYTES
from leakwatch.proof import Part, Piece

MIN_BYTES = BLOCK_BYTES
MAX_PIECE_BYTES = 64 * 2**20
MAX_PARTS = 1024
MAX_PIECES = 64
MAX_REQUEST_PARTS = 8192
MAX_REQUEST_BYTES = 256 * 2**20
MAX_FILES = 1000
MAX_BODY_BYTES = 4 * 2**20
FLOOR_BYTES = 2**20
"""What a piece costs at least: the rate then bounds the number of questions, not only of bytes."""


def refusal(piece: Piece) -> str | None:
    """Why a piece is not hashed, or None if it may be."""
    if not 0 < len(piece) <= MAX_PARTS:
        return f"a piece has 1 to {MAX_PARTS} parts"
    if any(part.start < 0 or part.length <= 0 for part in piece):
        return "a part has at least one byte"
    if any(part.file and part.start + part.length > (part.file.size_bytes or 0) for part in piece):
        return "a part reaches beyond its file"
    if sum(part.length for part in piece) > MAX_PIECE_BYTES:
        return f"a piece has at most {MAX_PIECE_BYTES} bytes"
    return _too_telling(piece)


def _too_telling(piece: Piece) -> str | None:
    """Ranges so short that their bytes could be guessed from the hash."""
    if any(not _is_whole(part) and part.length < MIN_BYTES for part in piece):
        return f"a range has at least {MIN_BYTES} bytes, or is the whole file"
    return None


def _is_whole(part: Part) -> bool:
    return part.file is None or (part.start == 0 and part.length == part.file.size_bytes)


def cost(piece: Piece) -> int:
    """What a piece counts for against the rate, in bytes; zeros are hashed too."""
    return max(FLOOR_BYTES, sum(part.length for part in piece))


def is_within(pieces: Sequence[Piece]) -> bool:
    """Whether so much may be asked at once."""
    return (
        len(pieces) <= MAX_PIECES
        and sum(len(piece) for piece in pieces) <= MAX_REQUEST_PARTS
        and sum(part.length for piece in pieces for part in piece) <= MAX_REQUEST_BYTES
    )
