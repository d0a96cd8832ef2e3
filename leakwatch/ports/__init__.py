"""What the shell needs of the world, as protocols. Each has one real implementation and a twin in the tests."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any, Protocol

from leakwatch.model.alert import Delivery, Place, Receipt
from leakwatch.model.allow import Allow
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.audit import AuditEntry
from leakwatch.model.finding import (
    FileTask,
    Finding,
    FindingEvent,
    FindingId,
    KnownArtefact,
    Match,
    Proof,
    ProofTask,
    Rank,
)
from leakwatch.model.manner import PLAIN, Manner
from leakwatch.model.observation import Observation
from leakwatch.model.place import PlaceClass
from leakwatch.model.site import CoverageWindow, SiteState
from leakwatch.model.swarm import SwarmSample, SwarmTask
from leakwatch.ports.answering import Deeds as Deeds
from leakwatch.ports.cases import Cases
from leakwatch.ports.delivery import Channels as Channels
from leakwatch.ports.delivery import Outbox as Outbox
from leakwatch.ports.evidence import Evidence, Looks, Stamps
from leakwatch.ports.lines import Lines
from leakwatch.ports.notices import Notices
from leakwatch.ports.persons import Persons
from leakwatch.ports.retention import Retention
from leakwatch.ports.telling import Announcements, Silences, Standings
from leakwatch.sources._kind import Page, Payload, PolledKind, Request
from leakwatch.torrent.infohash import Infohashes
from leakwatch.torrent.metainfo import TorrentInfo


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The current time, aware, in UTC."""
        ...


class Fetcher(Protocol):
    """The one door to HTTP."""

    async def fetch(
        self, request: Request, *, min_interval_s: float = 0.0, manner: Manner = PLAIN
    ) -> Payload:
        """Do one GET, or POST a form, following redirects through the same checks.

        A 304 comes back as a payload of that status. Raises: Refused, AddressRefused, FetchFailed.
        """
        ...

    async def post(
        self,
        url: str,
        *,
        body: bytes,
        headers: Mapping[str, str],
        timeout_s: float = 20.0,
        most_bytes: int = 64 * 1024,
    ) -> tuple[int, Mapping[str, str], bytes]:
        """Do one POST without following redirects; answers status, headers and the start of the body.

        Raises: AddressRefused or FetchFailed before anything was written; DeliveryError with `uncertain`
        where the connection broke after the request had gone out.
        """
        ...


class Reader(Protocol):
    """Reads pages, those of strangers within limits."""

    async def read(self, kind: PolledKind, payload: Payload) -> Page:
        """What a page holds. Raises: LayoutChanged, Refused; FetchFailed where it could not be read for another reason."""
        ...


class Swarm(Protocol):
    """The BitTorrent side: metadata only, never content."""

    async def metadata(
        self,
        infohashes: Infohashes,
        *,
        peers: Sequence[tuple[str, int]] = (),
        deadline_s: float = 60.0,
        rank: Rank = Rank.REVIEW,
    ) -> bytes:
        """The raw info dictionary of a torrent, its hash checked; the most wanted first. Raises: SwarmError."""
        ...


class Parser(Protocol):
    """Reads torrents where they can do no harm."""

    async def info(self, raw: bytes) -> TorrentInfo:
        """What an info dictionary says. Raises: MetainfoError, SwarmError."""
        ...

    async def raw_info(self, torrent: bytes) -> bytes:
        """The info dictionary inside a torrent file, as it stands there. Raises: MetainfoError, SwarmError."""
        ...


class Vault(Protocol):
    """Keeps evidence bytes by their SHA-256."""

    def put(self, data: bytes) -> str:
        """Store bytes durably; answers their SHA-256 in hex. Storing the same bytes twice is free."""
        ...

    def get(self, digest: str) -> bytes:
        """Read bytes back, their digest checked. Raises: StoreError if they are missing or changed."""
        ...


class Notifier(Protocol):
    """One channel that can be told."""

    async def send(self, delivery: Delivery) -> Receipt:
        """Send one alert. Raises: DeliveryError, saying whether a retry helps and whether it may have arrived."""
        ...


class Catalogue(Protocol):
    """The registered assets."""

    async def version(self) -> int:
        """A number that grows with every change of the catalogue."""
        ...

    async def all(self) -> list[Asset]:
        """Every asset with its files."""
        ...

    async def get(self, asset: AssetId) -> Asset | None:
        """One asset, or None."""
        ...

    async def allow_lists(self) -> dict[AssetId, tuple[Allow, ...]]:
        """The allow lists that are not empty."""
        ...

    async def dated(self) -> list[Asset]:
        """Assets, without their files, for which something is to happen by itself at some time."""
        ...

    async def save(self, asset: Asset, at: datetime) -> None:
        """Add an asset, or replace the one of the same id with its files.

        Piece tables are kept by content: a file that comes without any keeps those that its bytes have.
        """
        ...

    async def with_tables(self, files: Sequence[AssetFile], piece_length: int) -> tuple[AssetFile, ...]:
        """The files, each with its tables of one piece length."""
        ...

    async def unsearched(self) -> list[AssetId]:
        """Assets that were not looked for yet in what is stored, since they were registered or changed."""
        ...

    async def searched(self, asset: AssetId) -> None:
        """An asset was looked for in what is stored."""
        ...

    async def remove(self, asset: AssetId) -> bool:
        """Remove an asset with its findings; false if there was none."""
        ...


class Sites(Protocol):
    """What is remembered of each site."""

    async def sync(self, sites: Iterable[tuple[str, str, str]], now: datetime) -> None:
        """Make the rows agree with the configured (name, kind, host); new ones are due now, others rest."""
        ...

    async def due(self, now: datetime, host: str | None = None, but: Collection[str] = ()) -> list[SiteState]:
        """Active sites whose time has come, longest overdue first, with all that is remembered of them.

        Those of one host only, where it is given, and none of those named in `but`.
        """
        ...

    async def due_names(self, now: datetime) -> list[tuple[str, str]]:
        """Names and hosts of active sites whose time has come, longest overdue first."""
        ...

    async def get(self, name: str) -> SiteState | None:
        """One site's state."""
        ...

    async def all(self) -> list[SiteState]:
        """Every active site."""
        ...

    async def move_cursor(
        self, state: SiteState, cursor: Mapping[str, Any], validators: Mapping[str, Any]
    ) -> SiteState:
        """Write a cursor over the one that `state` knows. Raises: Conflict if another process was first."""
        ...

    async def close_poll(
        self,
        window: CoverageWindow,
        next_due_at: datetime,
        failures: int,
        error: str | None,
        ledger: Mapping[str, Any] | None = None,
    ) -> None:
        """Record what a poll covered, when the next one is due, and the ledger where it is given."""
        ...

    async def repaired(self, name: str, hole_from: datetime, at: datetime) -> None:
        """What lay in the hole that begins at `hole_from` has been read by now."""
        ...

    async def tell_blind(self, state: SiteState, at: datetime | None) -> bool:
        """Note that somebody is told that a site is blind, or sees again (None); false if it was noted already."""
        ...

    async def keep_ledger(self, state: SiteState, ledger: Mapping[str, Any]) -> None:
        """Write a ledger over the one that `state` knows. Raises: Conflict if a poll was first."""
        ...

    async def windows_since(self, since: datetime) -> dict[str, list[CoverageWindow]]:
        """All windows that ended after a time, by site, oldest first."""
        ...

    async def defer(self, name: str, due: datetime) -> None:
        """Move a site's time on without a coverage window: the error was ours."""
        ...

    async def pace(self, name: str, interval_s: float | None, why: str | None, due: datetime) -> None:
        """Write how often a site is read from now on and why, and when it is due by that."""
        ...

    async def windows(self, name: str, limit: int = 20) -> list[CoverageWindow]:
        """The newest coverage windows of a site."""
        ...


class Findings(Protocol):
    """Observations, cases, sightings, events and proofs."""

    async def unseen(self, observations: Sequence[Observation]) -> tuple[list[Observation], frozenset[str]]:
        """Of a site's items those whose (native_id, content digest) is not stored yet, and the native ids that are known."""
        ...

    async def known_items(self, site: str, native_ids: Sequence[str]) -> frozenset[str]:
        """Which of these items were seen on the site before."""
        ...

    async def sites_of_assets(self) -> dict[AssetId, frozenset[str]]:
        """On which sites each asset was sighted; drills are no sightings."""
        ...

    async def open_drills(self, before: datetime) -> list[FindingId]:
        """Drills that were begun before a time and are not closed."""
        ...

    async def store(self, observations: Sequence[Observation]) -> dict[str, int]:
        """Store observations; answers the row id of each by its key (native_id, newline, content digest)."""
        ...

    async def known(self, keys: Sequence[str]) -> list[KnownArtefact]:
        """Which of these artefact keys open findings hold, and how sure each is."""
        ...

    async def unsighted(self, asset: AssetId, swarm_keys: Sequence[str]) -> list[tuple[int, Observation]]:
        """Stored observations that name one of these swarms and support no finding of the asset yet."""
        ...

    async def stored(self, before: int, limit: int) -> list[tuple[int, Observation]]:
        """Stored observations with a row id below `before`, newest first."""
        ...

    async def sighted(
        self, finding: FindingId, swarm_keys: Sequence[str], limit: int = 50
    ) -> list[Observation]:
        """A finding's sightings that name one of these swarms, newest first."""
        ...

    async def lock(self, assets: Iterable[AssetId]) -> set[AssetId]:
        """Let no other transaction judge these assets until this one ends; answers those that still exist."""
        ...

    async def holders(self, asset: AssetId, keys: Sequence[str]) -> list[Finding]:
        """Findings of an asset that hold any of the artefact keys, oldest first."""
        ...

    async def owners(self, keys: Sequence[str]) -> set[AssetId]:
        """The assets of which open findings hold any of these artefact keys."""
        ...

    async def save(self, finding: Finding) -> None:
        """Add or replace a finding's own row."""
        ...

    async def add_sighting(
        self,
        finding: FindingId,
        observation: int,
        seen: Observation,
        match: Match,
        keys: Sequence[str] = (),
        place: PlaceClass = PlaceClass.OTHER,
    ) -> bool:
        """Attach an observation to a finding, with the artefacts it shows; false if it was attached already."""
        ...

    async def suppress(self, asset: AssetId, observation: int, entry: str, at: datetime) -> bool:
        """Count an observation that an allow list hides; false if it is counted already."""
        ...

    async def suppressed(self, asset: AssetId) -> list[tuple[str, int, datetime]]:
        """What an asset's allow list has hidden: entry, how many items, when the last one."""
        ...

    async def keys(self, finding: FindingId) -> list[str]:
        """The artefact keys that a finding holds."""
        ...

    async def add_artefacts(self, asset: AssetId, finding: FindingId, keys: Iterable[str]) -> None:
        """Let a finding hold artefact keys; keys that are held already stay where they are."""
        ...

    async def add_event(self, event: FindingEvent) -> None:
        """Append to a finding's history."""
        ...

    async def merge(self, older: Finding, newer: Finding, at: datetime) -> None:
        """Move everything of the newer finding to the older one, and mark the newer as merged."""
        ...

    async def get(self, finding: FindingId) -> Finding | None:
        """One finding."""
        ...

    async def list(self, *, merged: bool = False) -> list[Finding]:
        """All findings, newest first."""
        ...

    async def events(self, finding: FindingId) -> list[FindingEvent]:
        """A finding's history, oldest first."""
        ...

    async def places(self, finding: FindingId, limit: int = 20) -> list[Place]:
        """Where a finding was seen, newest first."""
        ...

    async def signals(self, finding: FindingId) -> list[tuple[str, str, float]]:
        """Kind, detail and weight of the strongest sighting's signals."""
        ...

    async def metadata_digests(self, swarm_keys: Sequence[str]) -> list[str]:
        """Evidence that may be the metadata of one of these swarms: of other findings, or heard in the DHT."""
        ...

    async def request_proof(
        self,
        finding: FindingId,
        infohashes: Infohashes,
        at: datetime,
        rank: Rank = Rank.REVIEW,
        peers: Sequence[tuple[str, int]] = (),
    ) -> bool:
        """Want the metadata of a torrent; false if it is wanted already, or the finding has too many.

        `peers` that a post named are kept until the metadata is there, and for three days at most.
        """
        ...

    async def request_file(self, finding: FindingId, url: str, at: datetime, rank: Rank) -> bool:
        """Want the torrent that a .torrent file holds; false if it is wanted already, or the finding has too many."""
        ...

    async def file_tasks(self, key: str) -> list[FileTask]:
        """The open tasks of one .torrent file."""
        ...

    async def name_torrent(
        self, task: FileTask, finding: FindingId, infohashes: Infohashes, metadata_digest: str, at: datetime
    ) -> ProofTask | None:
        """Record what torrent a .torrent file holds, and which sightings name it by that.

        Answers the task that it is now; None where the finding knew the torrent and it is judged.
        """
        ...

    async def due_proofs(self, now: datetime) -> list[str]:
        """Keys, in hex, of torrents and .torrent files that are wanted now, the most wanted first; at most 500."""
        ...

    async def awaited(self) -> dict[str, int]:
        """How many torrents wait for a look, by what the last one gave ("" before the first), most first."""
        ...

    async def proof_tasks(self, swarm_key: str) -> list[ProofTask]:
        """The open tasks of one swarm."""
        ...

    async def proofs(self, finding: FindingId) -> list[Proof]:
        """What was found out about the torrents of a finding."""
        ...

    async def close_proof(
        self,
        task: ProofTask | FileTask,
        proof_made: Proof,
        metadata_digest: str | None,
        at: datetime,
        again_at: datetime | None = None,
    ) -> FindingId | None:
        """Record the verdict on one torrent, which is final unless it is judged again at `again_at`.

        Answers the finding it belongs to now: cases may have been merged.
        """
        ...

    async def put_off_proof(
        self,
        task: ProofTask | FileTask,
        next_try_at: datetime,
        reason: str,
        at: datetime,
        metadata_digest: str | None = None,
    ) -> None:
        """Record a failed attempt, when the next one is due, and the metadata where that is there."""
        ...


class Swarms(Protocol):
    """Swarms that are counted, and their samples."""

    async def watch(self, infohashes: Infohashes, trackers: Sequence[str], at: datetime) -> None:
        """Count a swarm from now on; trackers that are told of later are added, up to ten."""
        ...

    async def due(self, now: datetime) -> list[str]:
        """Keys of swarms to count now: those of open findings that were not refuted."""
        ...

    async def get(self, swarm_key: str) -> SwarmTask | None:
        """One swarm."""
        ...

    async def findings_of(self, swarm_key: str) -> list[FindingId]:
        """The findings that a swarm belongs to."""
        ...

    async def heard(
        self, site: str, swarm_keys: Sequence[str]
    ) -> dict[str, tuple[datetime, datetime | None]]:
        """Of some swarms those that are counted: since when, and when this index was last heard of them."""
        ...

    async def add(self, samples: Sequence[SwarmSample]) -> None:
        """Record samples; when the swarms are counted next does not change."""
        ...

    async def keep(
        self, swarm_key: str, samples: Sequence[SwarmSample], next_sample_at: datetime, failures: int
    ) -> None:
        """Record one count by all who answered, and when the next one is due."""
        ...

    async def samples(self, finding_id: FindingId) -> list[SwarmSample]:
        """The newest 5,000 samples of a finding's swarms and the one with the most seeds, oldest first."""
        ...


class Audit(Protocol):
    """A chain of entries, each with the digest of the one before: none can be changed or left out unnoticed."""

    async def append(
        self, actor: str, action: str, subject: str, detail: Mapping[str, Any], at: datetime
    ) -> AuditEntry:
        """Add an entry. `actor` is a person, or a part of leakwatch (`leakwatch:crawl`)."""
        ...

    async def append_all(
        self, actor: str, action: str, told: Mapping[str, Mapping[str, Any]], at: datetime
    ) -> list[AuditEntry]:
        """Add one entry for each subject, all at once."""
        ...

    async def head(self, but: Sequence[str] = ()) -> AuditEntry | None:
        """The last entry; the last of another action than those in `but`, where any are given."""
        ...

    async def entries(
        self, subject: str | None = None, after: int = 0, limit: int = 1000
    ) -> list[AuditEntry]:
        """Entries in order, of one subject or all."""
        ...


class Work(Protocol):
    """One transaction."""

    @property
    def catalogue(self) -> Catalogue:
        """The assets."""
        ...

    @property
    def sites(self) -> Sites:
        """The sites."""
        ...

    @property
    def findings(self) -> Findings:
        """The cases."""
        ...

    @property
    def outbox(self) -> Outbox:
        """The alerts."""
        ...

    @property
    def channels(self) -> Channels:
        """How they fare."""
        ...

    @property
    def swarms(self) -> Swarms:
        """The counts."""
        ...

    @property
    def audit(self) -> Audit:
        """Who did what, and what was kept."""
        ...

    @property
    def retention(self) -> Retention:
        """What may be thrown away with time."""
        ...

    @property
    def persons(self) -> Persons:
        """What is stored about people."""
        ...

    @property
    def lines(self) -> Lines:
        """Lists that are too long to be held at once."""
        ...

    @property
    def announcements(self) -> Announcements:
        """What is to be told."""
        ...

    @property
    def silences(self) -> Silences:
        """What is told to nobody for a while."""
        ...

    @property
    def standings(self) -> Standings:
        """What was told and is not acknowledged."""
        ...

    @property
    def evidence(self) -> Evidence:
        """What was kept."""
        ...

    @property
    def looks(self) -> Looks:
        """Further looks at places."""
        ...

    @property
    def stamps(self) -> Stamps:
        """Time stamps by others."""
        ...

    @property
    def notices(self) -> Notices:
        """Notices to hosts."""
        ...

    @property
    def cases(self) -> Cases:
        """What is worked on in cases."""
        ...


class Repository(Protocol):
    """The database."""

    def reading(self) -> AbstractAsyncContextManager[Work]:
        """A transaction that only reads."""
        ...

    def writing(self) -> AbstractAsyncContextManager[Work]:
        """A transaction that commits at the end of the block, or leaves no trace if it raises."""
        ...
