"""The prover's messages and limits: round trips, and on any bytes a value or a WireError."""

from __future__ import annotations

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.errors import WireError
from leakwatch.model.asset import AssetFile
from leakwatch.proof import Hashed, Part, Piece
from leakwatch.prover import wire
from leakwatch.prover.limits import MAX_PARTS, MAX_PIECE_BYTES, MAX_PIECES, cost, refusal
from leakwatch.prover.pace import Pace

KIB, MIB = 2**10, 2**20
BIG = AssetFile(path="", sha256=bytes(range(32)), size_bytes=100 * MIB)
OTHER = AssetFile(path="", sha256=bytes(range(1, 33)), size_bytes=50 * KIB)
SMALL = AssetFile(path="", sha256=bytes(32), size_bytes=900)
SHA256 = BIG.sha256.hex() if BIG.sha256 else ""

ALLOWED: dict[str, Piece] = {
    "shortest range": (Part(BIG, 5, 16 * KIB),),
    "longest piece": (Part(BIG, 0, 64 * MIB),),
    "small file whole": (Part(SMALL, 0, 900),),
    "small file and padding": (Part(SMALL, 0, 900), Part(None, 0, 16 * KIB - 900)),
    "spanning": (Part(BIG, 100 * MIB - 16 * KIB, 16 * KIB), Part(SMALL, 0, 900), Part(OTHER, 0, 20 * KIB)),
}
REFUSED: dict[str, Piece] = {
    "no part": (),
    "too many parts": (Part(SMALL, 0, 900),) * (MAX_PARTS + 1),
    "one byte": (Part(BIG, 0, 1),),
    "a byte less than 16 KiB": (Part(BIG, 0, 16 * KIB - 1),),
    "a byte among zeros": (Part(None, 0, 16 * KIB), Part(BIG, 0, 1)),
    "a byte behind whole small files": (Part(SMALL, 0, 900), Part(BIG, 0, 1)),
    "a byte from the middle behind a long range": (Part(BIG, 0, 16 * KIB), Part(BIG, 77, 1)),
    "a byte from the middle before a long range": (Part(BIG, 77, 1), Part(BIG, 0, 16 * KIB)),
    "a file's end, a byte long, before a file that everybody has": (
        Part(BIG, 100 * MIB - 1, 1),
        Part(OTHER, 0, 50 * KIB),
    ),
    "a file's end, a byte too short": (
        Part(BIG, 100 * MIB - 16 * KIB + 1, 16 * KIB - 1),
        Part(OTHER, 0, 20 * KIB),
    ),
    "a file's first bytes behind a file that everybody has": (Part(OTHER, 0, 50 * KIB), Part(BIG, 0, 3)),
    "a file's end at the piece's end": (Part(OTHER, 0, 50 * KIB), Part(BIG, 100 * MIB - 1, 1)),
    "a file's beginning at the piece's": (Part(BIG, 0, 1), Part(OTHER, 0, 50 * KIB)),
    "beyond the file": (Part(SMALL, 0, 16 * KIB),),
    "before the file": (Part(BIG, -1, 16 * KIB),),
    "nothing of a file": (Part(BIG, 0, 0),),
    "longer than 64 MiB": (Part(BIG, 0, 64 * MIB + 1),),
    "longer than 64 MiB by zeros": (Part(BIG, 0, 64 * MIB), Part(None, 0, 1)),
    "zeros without end": (Part(None, 0, 2**62),),
}


@pytest.mark.parametrize("name", ALLOWED)
def test_honest_pieces_pass(name: str) -> None:
    """What torrents have may be asked, and arrives as it was asked."""
    assert refusal(ALLOWED[name]) is None
    assert wire.read_ask_hash(wire.ask_hash([ALLOWED[name]])) == (ALLOWED[name],)


@pytest.mark.parametrize("name", REFUSED)
def test_telling_or_endless_pieces_are_refused(name: str) -> None:
    """A piece whose bytes could be guessed, or that is too much, is refused with a reason."""
    assert refusal(REFUSED[name])
    with pytest.raises(WireError, match=r"pieces\[1\]|number"):
        wire.read_ask_hash(wire.ask_hash([ALLOWED["shortest range"], REFUSED[name]]))


def test_request_is_bounded() -> None:
    """Too many pieces, parts or bytes at once are refused."""
    short = ALLOWED["shortest range"]
    wire.read_ask_hash(wire.ask_hash([short] * MAX_PIECES))
    for pieces in (
        [short] * (MAX_PIECES + 1),
        [(Part(SMALL, 0, 900),) * MAX_PARTS] * 9,
        [(Part(BIG, 0, MAX_PIECE_BYTES),)] * 5,
    ):
        with pytest.raises(WireError):
            wire.read_ask_hash(wire.ask_hash(pieces))


READERS = [
    wire.read_ask_hash,
    wire.read_ask_known,
    lambda raw: wire.read_known(raw, 1),
    lambda raw: wire.read_hash(raw, [ALLOWED["spanning"]]),
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.just(SHA256),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(["files", "x"]), inner),
    max_leaves=12,
)


@given(st.binary(max_size=200))
def test_any_bytes(raw: bytes) -> None:
    """On any bytes a reader answers a value or raises a WireError."""
    for read in READERS:
        with pytest.raises(WireError):
            read(raw)


@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("files", "pieces", "known", "extra"), JSON)))
def test_any_json(told: object) -> None:
    """On any JSON of nearly the right form a reader answers a value or raises a WireError."""
    for read in READERS:
        with contextlib.suppress(WireError):
            read(json.dumps(told).encode())


@pytest.mark.parametrize("raw", [b"[" * 100_000, b"1" * 5000, b'{"files": [], "pieces": NaN}', b"\xff"])
def test_json_that_breaks_readers(raw: bytes) -> None:
    """Deep nesting, endless numbers, NaN and broken UTF-8 are WireErrors like all else."""
    for read in READERS:
        with pytest.raises(WireError):
            read(raw)


HASHED = st.none() | st.builds(
    lambda digest, one: Hashed(digest, (one, True, False), 16 * KIB + 900 + 20 * KIB),
    st.binary(min_size=20, max_size=20),
    st.booleans(),
)


@given(st.lists(HASHED, max_size=5))
def test_answers_round_trip(hashed: list[Hashed | None]) -> None:
    """Digests, truths and absence arrive as they were said; the reading is counted by what was asked."""
    assert wire.read_hash(wire.tell_hash(hashed), [ALLOWED["spanning"]] * len(hashed)) == hashed


def test_zeros_are_never_informative() -> None:
    """A prover that says otherwise of padding is not believed."""
    piece = ALLOWED["small file and padding"]
    told = wire.read_hash(wire.tell_hash([Hashed(bytes(20), (True, True))]), [piece])
    assert told == [Hashed(bytes(20), (True, False), 900)]


def test_pace() -> None:
    """A second's bytes are there at once, one request may overdraw, and the next waits until that is paid."""
    pace = Pace(100, now=0)
    assert pace.take(350, now=0) == 0
    assert pace.take(1, now=0) == 2.5
    assert pace.take(1, now=2) == 0.5
    assert pace.take(1, now=2.51) == 0
    assert pace.take(200, now=1000) == 0
    assert pace.take(1, now=1000) == 1.0


def test_cost_has_a_floor() -> None:
    """A short piece counts as a MiB: the number of questions is bounded, too."""
    assert cost(ALLOWED["shortest range"]) == MIB
    assert cost(ALLOWED["longest piece"]) == 64 * MIB
