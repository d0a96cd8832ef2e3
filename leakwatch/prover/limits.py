"""How much one request may ask, and which pieces are hashed at all.

A hash of few unknown bytes gives them away: whoever holds it tries all values. So a range has at least 16 KiB,
or is the whole file (who asks for it names its SHA-256, which says as much), or is cut by the edge of a piece
that has at least 16 KiB of files in all: the end of a file at the piece's beginning, the beginning of a file at
its end. Torrents of small files have such pieces, others are nobody's honest question.

Not closed by this: who holds the token and knows nearly all the bytes of a range can still guess the few that he
lacks, piece after piece. Every piece therefore counts as at least `FLOOR_BYTES` against the rate, and the token
is worth guarding as the files are.
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
    short = [place for place, part in enumerate(piece) if not _is_whole(part) and part.length < MIN_BYTES]
    if not short:
        return None
    if sum(part.length for part in piece if part.file) < MIN_BYTES:
        return f"a range has at least {MIN_BYTES} bytes, or is the whole file"
    if any(not _is_cut(piece, place) for place in short):
        return f"a range of less than {MIN_BYTES} bytes is the edge of a file at the edge of a piece"
    return None


def _is_whole(part: Part) -> bool:
    return part.file is None or (part.start == 0 and part.length == part.file.size_bytes)


def _is_cut(piece: Piece, place: int) -> bool:
    """Whether the piece's own edge cuts the file: its end comes first in the piece, or its beginning last."""
    part = piece[place]
    ends = part.file is not None and part.start + part.length == part.file.size_bytes
    return (place == 0 and ends) or (place == len(piece) - 1 and part.start == 0)


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
