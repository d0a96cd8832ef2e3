"""Match, verdict, finding and its events; the legal state changes as a table."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import NewType

from leakwatch.model.asset import AssetId
from leakwatch.torrent.infohash import Infohashes

FindingId = NewType("FindingId", str)


class Tier(StrEnum):
    """What a match is strong enough for."""

    AUTO = "auto"
    REVIEW = "review"


class Rank(IntEnum):
    """How much a torrent's metadata is wanted, the most first."""

    WATCHED = 0
    AUTO = 1
    REVIEW = 2
    SAMPLE = 3


class Verdict(StrEnum):
    """What arithmetic says of a torrent or file, from metadata alone."""

    PROVED = "proved"
    LIKELY = "likely"
    UNPROVED = "unproved"
    REFUTED = "refuted"
    UNKNOWN = "unknown"


class State(StrEnum):
    """Where a case stands."""

    NEW = "new"
    ACKNOWLEDGED = "acknowledged"
    CONFIRMED = "confirmed"
    REPORTED = "reported"
    REMOVED = "removed"
    REOPENED = "reopened"
    FALSE_POSITIVE = "false_positive"
    ALLOWED = "allowed"
    MERGED = "merged"


STATE_CHANGES: Mapping[State, frozenset[State]] = {
    State.NEW: frozenset(State) - {State.NEW, State.REOPENED},
    State.ACKNOWLEDGED: frozenset(State) - {State.NEW, State.ACKNOWLEDGED},
    State.CONFIRMED: frozenset(
        {State.REPORTED, State.REMOVED, State.FALSE_POSITIVE, State.ALLOWED, State.MERGED}
    ),
    State.REPORTED: frozenset(
        {State.REMOVED, State.CONFIRMED, State.FALSE_POSITIVE, State.REOPENED, State.MERGED}
    ),
    State.REMOVED: frozenset({State.REOPENED, State.MERGED}),
    State.REOPENED: frozenset(State) - {State.NEW, State.REOPENED},
    State.FALSE_POSITIVE: frozenset({State.REOPENED, State.MERGED}),
    State.ALLOWED: frozenset({State.REOPENED, State.MERGED}),
    State.MERGED: frozenset({State.REOPENED}),
}
"""A merged case is opened again only by undoing the merge."""

OPEN_STATES = frozenset({State.NEW, State.ACKNOWLEDGED, State.CONFIRMED, State.REPORTED, State.REOPENED})
OVER_STATES = frozenset(State) - OPEN_STATES
QUIET_STATES = OVER_STATES - {State.REMOVED}
"""Of such a case nothing is news, and what it shows is not looked for elsewhere: it is no leak, or part of another case."""
"""The states of cases that somebody still has to do with."""


class Severity(StrEnum):
    """How urgent, from least to most."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"

    @property
    def rank(self) -> int:
        """0 for low to 3 for critical."""
        return list(Severity).index(self)


class SignalKind(StrEnum):
    """Why a match was made; the strength of each is data in `matching/weights.yaml`."""

    INFOHASH = "infohash"
    SHA256 = "sha256"
    SHA1 = "sha1"
    MD5 = "md5"
    GIT_BLOB = "git_blob"
    ED2K = "ed2k"
    PIECES_ROOT = "pieces_root"
    KNOWN = "known"
    SIZE = "size"
    SIZE_NEAR = "size_near"
    SHARDS = "shards"
    TREE = "tree"
    ELEMENTS = "elements"
    TITLE = "title"
    TITLE_FUZZY = "title_fuzzy"
    FILE_NAME = "file_name"
    YEAR = "year"
    VERSION = "version"
    WORDS = "words"
    RULE = "rule"
    PRIOR = "prior"


EXACT_SIGNALS = frozenset(
    {
        SignalKind.INFOHASH,
        SignalKind.SHA256,
        SignalKind.SHA1,
        SignalKind.MD5,
        SignalKind.GIT_BLOB,
        SignalKind.ED2K,
        SignalKind.PIECES_ROOT,
    }
)


CORROBORATING_BITS = 10.0
"""What a digest or size must weigh to count beside a name: a licence text and a round size do not."""


@dataclass(frozen=True, slots=True)
class Signal:
    """One reason for or against a match. Units: `weight` in bits (log2 of the likelihood ratio)."""

    kind: SignalKind
    detail: str
    weight: float


@dataclass(frozen=True, slots=True)
class Match:
    """An observation and an asset agree. `score` is 0 to 1; `tier` None where it is too weak for both."""

    asset: AssetId
    score: float
    tier: Tier | None
    signals: tuple[Signal, ...]
    artefacts: tuple[str, ...] = ()

    @property
    def is_exact(self) -> bool:
        """Whether a hash or infohash agrees, not only names and sizes."""
        return any(s.kind in EXACT_SIGNALS and s.weight >= CORROBORATING_BITS for s in self.signals)


@dataclass(frozen=True, slots=True)
class KnownArtefact:
    """An artefact that an open finding already holds. `is_sure`: by itself it stands for the leak."""

    key: str
    asset: AssetId
    score: float
    is_sure: bool


@dataclass(frozen=True, slots=True)
class FileProof:
    """What the metadata says of one file of the torrent against one file of the asset.

    Shape:  `ranges` are the bytes of the asset's file, from and to, that the metadata was found to commit to;
            of very many the first 64.
    Units:  `shift` is the byte of the torrent's file where the asset's byte 0 is expected.
    `variant` is the recipient whose copy of the file was compared, None for the common one.
    """

    path: str
    asset_path: str
    pieces_ok: int
    pieces_tested: int
    pieces_total: int
    shift: int = 0
    method: str = "v1"
    size_bytes: int = 0
    ranges: tuple[tuple[int, int], ...] = ()
    variant: str | None = None

    @property
    def share(self) -> tuple[float, float]:
        """Between which shares of the file's pieces agree, with 95 % confidence (Wilson's score interval)."""
        if not self.pieces_tested:
            return 0.0, 1.0
        if self.pieces_tested >= self.pieces_total:
            exact = self.pieces_ok / self.pieces_tested
            return exact, exact
        n, p, z = self.pieces_tested, self.pieces_ok / self.pieces_tested, 1.96
        middle, spread = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
        return max(0.0, (middle - spread) / (1 + z * z / n)), min(1.0, (middle + spread) / (1 + z * z / n))


@dataclass(frozen=True, slots=True)
class VariantProof:
    """Whose copy a torrent carries, of an asset that was given out in variants.

    `candidates` are those whose copy it may be, "" for the common one; `named` is the answer. `pieces_compared`
    counts the pieces that tell copies apart, `others_compared` of `others_total` those that do not, and
    `pieces_foreign` those of both that are in no registered copy. `nearest` is whose copy alone agrees with all
    that tell where that does not name him: some pieces are foreign, or ranges that matter were not compared.
    `telling` are ranges that would tell more of them apart: path, from, to.
    """

    candidates: tuple[str, ...]
    pieces_compared: int
    telling: tuple[tuple[str, int, int], ...] = ()
    nearest: str | None = None
    others_compared: int = 0
    others_total: int = 0
    pieces_foreign: int = 0

    @property
    def named(self) -> str | None:
        """The one whose copy it is; None where that cannot be told."""
        return self.candidates[0] if len(self.candidates) == 1 and not self.pieces_foreign else None


@dataclass(frozen=True, slots=True)
class Fake:
    """How likely a torrent is a fake, 0 to 1, and why, in words without names. `steps` is what it lowers an alert by."""

    score: float
    steps: int
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proof:
    """A verdict with its method and what was tested.

    `error` bounds the chance that the verdict is wrong; None where nothing was decided.
    """

    verdict: Verdict
    method: str
    files: tuple[FileProof, ...] = ()
    reason: str = ""
    error: float | None = None
    variant: VariantProof | None = None
    fake: Fake | None = None


class EventKind(StrEnum):
    """What can happen to a finding."""

    OPENED = "opened"
    SIGHTED = "sighted"
    VERDICT = "verdict_changed"
    STATE = "state_changed"
    SEVERITY = "severity_changed"
    MERGED = "merged"
    SPLIT = "split"
    ASSIGNED = "assigned"
    COMMENT = "comment"
    DUE = "due"
    OVERDUE = "overdue"
    EDITED = "edited"
    DELETED = "deleted"
    NOTICE = "notice_changed"
    REMINDER = "reminder"
    ESCALATED = "escalated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A case: one per asset and leak, however many sightings share its artefacts. A `drill` is none: it tests the way."""

    id: FindingId
    asset: AssetId
    state: State
    verdict: Verdict
    severity: Severity
    tier: Tier
    score: float
    opened_at: datetime
    updated_at: datetime
    title: str
    sites: frozenset[str] = frozenset()
    sightings: int = 0
    merged_into: FindingId | None = None
    severity_why: str | None = None
    assignee: str | None = None
    due_at: datetime | None = None
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    closed_at: datetime | None = None
    drill: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingEvent:
    """Something changed. `content` makes two tellings of the same change one alert.

    `actor` is the person who did it, None where it came about by itself; `reason` is why he says he did.
    """

    finding: FindingId
    kind: EventKind
    at: datetime
    content: str
    detail: Mapping[str, str] = field(default_factory=dict[str, str])
    actor: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofTask:
    """One torrent of one finding that is to be judged. `attempts` counts since its metadata is there, if it is.

    `peers` are those that posts named lately.
    """

    id: int
    finding: FindingId
    asset: AssetId
    infohashes: Infohashes
    attempts: int = 0
    metadata_digest: str | None = None
    rank: Rank = Rank.REVIEW
    peers: tuple[tuple[str, int], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTask:
    """A .torrent file of one finding of which only the address is known. `key` stands for it until its torrent does."""

    id: int
    finding: FindingId
    asset: AssetId
    key: str
    url: str
    attempts: int = 0
    rank: Rank = Rank.REVIEW
