"""Asset: a protected work, and the fingerprints of its files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NewType

from leakwatch.model.allow import Allow
from leakwatch.torrent.infohash import PiecesRoot


class QueryMode(StrEnum):
    """How much a site may be told of an asset; `questions` says what each means."""

    FEED_ONLY = "feed-only"
    GENERIC = "generic"
    DIRECT = "direct"


class Stage(StrEnum):
    """How far a work has come beyond its registration."""

    SCHEDULED = "scheduled"
    RELEASED = "released"
    RETIRED = "retired"


AssetId = NewType("AssetId", str)
PIECE_DIGEST_BYTES = 20
MAX_PRIOR_BITS = 6.0
RELEASE_WINDOW_DAYS = 14


@dataclass(frozen=True, slots=True)
class PieceTable:
    """SHA-1 digests of consecutive pieces of one file, pieces that begin at multiples of their length.

    Shape:  `digests` is n digests of 20 bytes, for the pieces `first`, `first` + 1, …; the file's last piece may
            be shorter. Twenty zero bytes stand for a piece that is constant or a pattern, and proves nothing.
            A file shorter than one piece may have a second digest, of itself and zeros up to the piece length.
    """

    piece_length: int
    first: int
    digests: bytes

    def __len__(self) -> int:
        return len(self.digests) // PIECE_DIGEST_BYTES

    def digest(self, index: int) -> bytes | None:
        """The digest of the file's piece of this number, None where the table does not reach."""
        place = (index - self.first) * PIECE_DIGEST_BYTES
        return self.digests[place : place + PIECE_DIGEST_BYTES] or None if place >= 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetFile:
    """One file of an asset. Whatever is not known is None; a size and one digest are enough to be useful.

    Units:  `size_bytes` in bytes; digests are raw bytes; `mtime_ns` in nanoseconds since the epoch.
    `ed2k` is one hash of 16 bytes; where the size is a multiple of ed2k's part there are two, for two conventions.
    `local_path` is where the bytes lay when they were read, None where they were never on this machine.
    `header` is the print of a safetensors or GGUF header, as JSON. `variant` names the recipient who was given
    this copy of the file at `path` instead of the common one; `differs` are the ranges in which it does.
    `tables` are kept beside the catalogue and are empty where they are not needed.
    """

    path: str
    size_bytes: int | None = None
    sha256: bytes | None = None
    sha1: bytes | None = None
    md5: bytes | None = None
    git_blob: bytes | None = None
    ed2k: bytes | None = None
    pieces_root: PiecesRoot | None = None
    local_path: str | None = None
    mtime_ns: int | None = None
    header: str | None = None
    variant: str | None = None
    differs: tuple[tuple[int, int], ...] = ()
    tables: tuple[PieceTable, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True, slots=True)
class Released:
    """Who let the names and digests of an asset under embargo be sent to sites, and when."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    """A protected work.

    `codename` is what alerts call an embargoed asset instead of its title. A `critical` asset wakes somebody
    for a match by name alone, if the post says where the content can be had. `embargoed` assets are never
    asked for by name or infohash outside this machine unless `swarm_lookup` allows the infohash. `query_mode` is None
    where nothing was said; `released` is who let its names be sent although it is under embargo. For `release_window_days` before and after
    `release_at` it is as good as critical, and sites with an interval that may change are read as often as they allow.
    `stage` is None for a work that is only registered. One that is released has no release window any more; of one
    that is retired nothing is urgent, and no site is asked for it. An embargo ends by itself at `embargo_until`.
    Units:  `prior_bits`, from -6 to 6, say how much likelier than usual an item concerns it.
    """

    id: AssetId
    title: str
    aliases: tuple[str, ...] = ()
    year: int | None = None
    kind: str | None = None
    owner: str | None = None
    codename: str | None = None
    embargoed: bool = False
    critical: bool = False
    swarm_lookup: bool = False
    infohashes: tuple[str, ...] = ()
    prior_bits: float = 0.0
    release_at: datetime | None = None
    release_window_days: int = RELEASE_WINDOW_DAYS
    query_mode: QueryMode | None = None
    released: Released | None = None
    allow: tuple[Allow, ...] = ()
    stage: Stage | None = None
    embargo_until: datetime | None = None
    files: tuple[AssetFile, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """Title and aliases, without repeats."""
        return tuple(dict.fromkeys((self.title, *self.aliases)))

    @property
    def shown_name(self) -> str:
        """What alerts may call it: of an embargoed asset the code name, or a name that says nothing."""
        return (self.codename or opaque_id(self.id)) if self.embargoed else self.title

    @property
    def shown_id(self) -> str:
        """The id that alerts may carry: an embargoed asset's own may be made from its title."""
        return opaque_id(self.id) if self.embargoed else str(self.id)

    @property
    def asked_as(self) -> QueryMode:
        """How much sites are told of it: nothing under embargo, unless somebody let them, or when retired; else what was said."""
        if self.stage is Stage.RETIRED:
            return QueryMode.FEED_ONLY
        if self.embargoed and not (self.released and self.query_mode is QueryMode.DIRECT):
            return QueryMode.FEED_ONLY
        return self.query_mode or QueryMode.GENERIC

    @property
    def is_contradictory(self) -> bool:
        """Whether it is under embargo and yet to be asked for, and nobody let it."""
        return self.embargoed and self.query_mode not in (None, self.asked_as)

    @property
    def may_look_up_swarm(self) -> bool:
        """Whether its infohashes may be asked of the DHT: that tells about a thousand nodes the infohash."""
        return self.swarm_lookup or not self.embargoed

    def is_urgent(self, *times: datetime) -> bool:
        """Whether a name and a link wake somebody: it is critical, or was in its release window at one of these times."""
        if self.stage is Stage.RETIRED:
            return False
        return self.critical or any(map(self.in_release_window, times))

    def in_release_window(self, now: datetime) -> bool:
        """Whether its release is so near that a leak is likelier than usual; by the command that releases it, that ends."""
        window = self.release_window
        return window is not None and window[0] <= now <= window[1]

    @property
    def release_window(self) -> tuple[datetime, datetime] | None:
        """From when to when a leak is likelier than usual; None where no date is known, or it is out."""
        if self.release_at is None or self.stage in (Stage.RELEASED, Stage.RETIRED):
            return None
        days = timedelta(days=self.release_window_days)
        return self.release_at - days, self.release_at + days


def opaque_id(ident: AssetId) -> str:
    """A short name that leads nobody back to the title, unless he knows the id already."""
    return "asset-" + hashlib.sha256(f"leakwatch\0{ident}".encode()).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class Whole:
    """How large a work is as far as it is known: all of it, and its largest file, in bytes."""

    total_bytes: int
    largest_bytes: int


NOTHING = Whole(0, 0)


def whole_of(files: Iterable[AssetFile]) -> Whole:
    """The size of a work; a recipient's copy takes the place of the common one."""
    sizes = {file.path: file.size_bytes or 0 for file in files}.values()
    return Whole(sum(sizes), max(sizes, default=0))


def is_telling(file: AssetFile, whole: Whole) -> bool:
    """Whether a file stands for the work by itself (`are_telling`)."""
    return are_telling([file], whole)


def are_telling(found: Iterable[AssetFile], whole: Whole) -> bool:
    """Whether files that were found stand for the work, and are more than what goes with many works.

    A tokenizer, a licence text or a sample is shared by thousands of places; finding it proves nothing of the rest.
    So one of them has a hundredth of the work's bytes; or those as large as its parts are (at least half of the
    largest) have a thousandth together, since each of 160 equal shards has less than a hundredth; or all together
    have a tenth. A file of unknown size is taken for a part of the work.
    """
    told = {one.path: one.size_bytes for one in found}
    agreed = [size for size in told.values() if size is not None]
    if len(agreed) < len(told):
        return True
    parts = sum(size for size in agreed if 2 * size >= whole.largest_bytes)
    total = whole.total_bytes
    return bool(agreed) and (100 * max(agreed) >= total or 1000 * parts >= total or 10 * sum(agreed) >= total)
