"""What the fake score is told and what it says."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FakeKind(StrEnum):
    """Why a torrent looks like a fake, or does not; the strength of each is data in `fakes/fakes.yaml`."""

    EXECUTABLE = "executable"
    TRAP = "trap"
    DISGUISE = "disguise"
    LOCKED = "locked"
    LURE = "lure"
    SIZE = "size"
    SAME_SIZE = "same_size"
    EMPTY = "empty"
    PADDING = "padding"
    CONTENT = "content"
    OTHER_WORK = "other_work"
    CLAIM = "claim"
    EXACT = "exact"
    LAYOUT = "layout"
    PLAUSIBLE = "plausible"
    VERDICT = "verdict"


@dataclass(frozen=True, slots=True)
class FakeSignal:
    """One reason. `detail` holds numbers and words of ours, never a name from the torrent or of the asset.

    Units:  `weight` in bits; positive speaks for a fake, negative against.
    """

    kind: FakeKind
    detail: str
    weight: float


@dataclass(frozen=True, slots=True)
class Claims:
    """What stands around the torrent. `names_known_work`: the caller's index knows its files as another work.

    Units:  `size_bytes` as the page states it, None where it states none. One that is not exact may be the length of
            the .torrent file or of a picture: only a torrent that is much smaller contradicts it.
    """

    title: str = ""
    size_bytes: int | None = None
    size_is_exact: bool = True
    names_known_work: bool = False


@dataclass(frozen=True, slots=True)
class FakeScore:
    """How likely the torrent is no copy of the work: 0 to 1, with every reason, the strongest first."""

    score: float
    reasons: tuple[FakeSignal, ...]
