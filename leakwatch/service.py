"""What a person can do, one function each, over the ports: shared by the command line and, later, web and API."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from importlib.resources import files as package_files
from pathlib import Path

from leakwatch.cases.graph import NOTHING_SEEN, FirstSeen, first_seen
from leakwatch.cases.scopes import Outlived, hidden_by, outlived, scope_of
from leakwatch.catalogue import EMBARGOED_AND_ASKED, Imported, is_text, parse_catalogue, with_files
from leakwatch.data import data_folder
from leakwatch.errors import InputError
from leakwatch.extract.hosts import Hosts
from leakwatch.extract.hosttable import parse_hosts
from leakwatch.fakes import FakeTables, parse_fakes
from leakwatch.matching.structure import proved_keys
from leakwatch.matching.weights import Weights, parse_weights
from leakwatch.model.alert import Alert, Place
from leakwatch.model.allow import Allow
from leakwatch.model.announcement import Noted
from leakwatch.model.asset import Asset, AssetId, QueryMode, Released
from leakwatch.model.case import Hidden, Sighting
from leakwatch.model.evidence import Look, Screenshot
from leakwatch.model.finding import (
    EventKind,
    Finding,
    FindingEvent,
    FindingId,
    Proof,
    Severity,
    Verdict,
)
from leakwatch.model.swarm import SwarmSample
from leakwatch.ports import Repository
from leakwatch.rulepack.load import load_pack
from leakwatch.rulepack.schema import RulePack
from leakwatch.torrent.metainfo import Torrent, parse_torrent

MAX_CATALOGUE = 2 * 2**30
MAX_TORRENT = 64 * 2**20
MAX_RULE_FILE = 16 * 2**20


def load_weights() -> Weights:
    """The shipped weights of match signals."""
    file = package_files("leakwatch.matching") / "weights.yaml"
    return parse_weights(file.read_text("utf-8"))


def load_fakes() -> FakeTables:
    """The shipped tables of the fake score."""
    file = package_files("leakwatch.fakes") / "fakes.yaml"
    return parse_fakes(file.read_text("utf-8"))


def load_hosts() -> Hosts:
    """The shipped table of file hosts."""
    file = package_files("leakwatch.extract") / "hosts.yaml"
    return parse_hosts(file.read_text("utf-8"))


def load_rules(
    own: Path | None,
    kinds: Mapping[str, str] | None = None,
    *,
    new: Path | None = None,
    without: Path | None = None,
) -> RulePack:
    """The shipped rules, and those of the operator's own folder or file, which may override them.

    `kinds` says of what kind each configured site is; `new` are rules that are only tried, `without` those that are
    left out although they lie in the own folder. Raises: RuleError with file, line and field; InputError.
    """
    left_out = set(_rule_files(without))
    files = [file for top in (data_folder("rules"), own, new) for file in _rule_files(top)]
    told = [file for file in dict.fromkeys(files) if file not in left_out]
    return load_pack(((str(file), read_text(file, MAX_RULE_FILE)) for file in told), kinds)


def _rule_files(top: Path | None) -> list[Path]:
    if top is None:
        return []
    if not top.exists():
        raise InputError("no such folder of rules", file=str(top))
    return [one.resolve() for one in sorted(top.rglob("*.yaml"))] if top.is_dir() else [top.resolve()]


def read_text(path: Path, limit: int = MAX_CATALOGUE) -> str:
    """A text file that a person named. Raises: InputError naming the file."""
    try:
        if path.stat().st_size > limit:
            raise InputError(f"larger than {limit} bytes", file=str(path))
        return path.read_text("utf-8")
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from error
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8: {error.reason} at byte {error.start}", file=str(path)) from error


def read_catalogue(path: Path) -> Imported:
    """A catalogue file. Raises: InputError naming the file, and the line where it is one's fault."""
    return parse_catalogue(read_text(path), str(path))


def read_bytes(path: Path, limit: int) -> bytes:
    """A binary file that a person named. Raises: InputError naming the file."""
    try:
        if path.stat().st_size > limit:
            raise InputError(f"larger than {limit} bytes", file=str(path))
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from error


def read_torrent(path: Path) -> Torrent:
    """A torrent file. Raises: InputError if it cannot be read, MetainfoError if nothing in it can be hashed."""
    return parse_torrent(read_bytes(path, MAX_TORRENT))


async def add_asset(
    asset: Asset, repository: Repository, at: datetime, *, replace_files: bool = False
) -> Asset:
    """Add an asset, or add its names and files to the one of the same id.

    Raises: InputError for a name that is not UTF-8, which no database takes; or where a file of the same path
    has other prints, unless they are to be replaced.
    """
    told = (asset.id, asset.title, *asset.aliases, asset.kind, asset.owner, asset.codename)
    for name in (*told, *(text for file in asset.files for text in (file.path, file.local_path))):
        if name and not is_text(name):
            raise InputError(f"the name {name!a} is not UTF-8; change it and try again")
    async with repository.writing() as work:
        known = await work.catalogue.get(asset.id)
        if known is not None:
            if not replace_files:
                _refuse_other_prints(known, asset)
            asset = replace(
                with_files(known, asset.files),
                title=asset.title,
                aliases=tuple(dict.fromkeys((*known.aliases, *asset.aliases))),
                year=asset.year or known.year,
                kind=asset.kind or known.kind,
                owner=asset.owner or known.owner,
                codename=asset.codename or known.codename,
                embargoed=asset.embargoed or known.embargoed,
                critical=asset.critical or known.critical,
                swarm_lookup=asset.swarm_lookup or known.swarm_lookup,
                infohashes=tuple(dict.fromkeys((*known.infohashes, *asset.infohashes))),
                prior_bits=asset.prior_bits or known.prior_bits,
                release_at=asset.release_at or known.release_at,
                release_window_days=(asset if asset.release_at else known).release_window_days,
                query_mode=asset.query_mode or known.query_mode,
                released=known.released,
                allow=tuple({one.name: one for one in (*known.allow, *asset.allow)}.values()),
            )
        if asset.is_contradictory:
            raise InputError(f"{asset.id}: {EMBARGOED_AND_ASKED}, or say feed-only")
        await work.catalogue.save(asset, at)
    return asset


def _refuse_other_prints(known: Asset, asset: Asset) -> None:
    prints = {one.path: one.sha256 for one in known.files if one.sha256}
    for file in asset.files:
        if file.sha256 and prints.get(file.path, file.sha256) != file.sha256:
            raise InputError(
                f"{known.id} has other prints of {file.path!r}; --replace puts these in their place"
            )


async def import_catalogue(
    path: Path, asset: Asset | None, repository: Repository, at: datetime, *, replace_files: bool = False
) -> list[Asset]:
    """Import a catalogue, or prints as the files of `asset`; all of it or, on any error, nothing."""
    told = read_catalogue(path)
    if told.files and asset is None:
        raise InputError("these are files without a title; say whose they are with --title", file=str(path))
    if not told.files and not told.assets:
        raise InputError("nothing in it", file=str(path))
    if asset is not None and told.files:
        added = replace(asset, files=told.files)
        return [await add_asset(added, repository, at, replace_files=replace_files)]
    if asset is not None:
        raise InputError(
            "its lines are whole assets; leave out --title and what belongs to it", file=str(path)
        )
    return await _save_all(told, repository, at)


async def _save_all(told: Imported, repository: Repository, at: datetime) -> list[Asset]:
    async with repository.writing() as work:
        for one in told.assets:
            await work.catalogue.save(one, at)
    return list(told.assets)


async def show_asset(asset: str, repository: Repository) -> Asset:
    """One asset. Raises: InputError if there is none of this id."""
    async with repository.reading() as work:
        found = await work.catalogue.get(AssetId(asset))
    if found is None:
        raise InputError(f"no asset {asset!r}; `leakwatch asset list` shows them")
    return found


async def change_asset(
    ident: str,
    change: Callable[[Asset], Asset],
    repository: Repository,
    at: datetime,
    actor: str,
    action: str,
    detail: Mapping[str, str],
) -> Asset:
    """Change what is said of one asset, and write down who did; its files stay. Raises: InputError."""
    async with repository.writing() as work:
        known = await work.catalogue.get(AssetId(ident))
        if known is None:
            raise InputError(f"no asset {ident!r}; `leakwatch asset list` shows them")
        changed = change(known)
        await work.catalogue.save(changed, at)
        await work.audit.append(actor, action, f"asset:{changed.id}", detail, at)
    return changed


async def set_query_mode(
    ident: str, mode: QueryMode, let_by: str, repository: Repository, at: datetime, actor: str
) -> Asset:
    """Say how much sites are told of an asset. `let_by` is who lets its names be sent under embargo; "" is nobody.

    What was let before ends with another mode. Raises: InputError.
    """

    def changed(known: Asset) -> Asset:
        released = Released(let_by, at) if let_by and known.embargoed and mode is QueryMode.DIRECT else None
        asset = replace(known, query_mode=mode, released=released)
        if asset.is_contradictory:
            raise InputError(f"{asset.id}: {EMBARGOED_AND_ASKED}")
        return asset

    detail = {"mode": mode.value, "let_by": let_by}
    return await change_asset(ident, changed, repository, at, actor, "asset.query_mode", detail)


def without_allow(asset: Asset, entry: Allow) -> Asset:
    """The asset without the entry that speaks of the same. Raises: InputError if there is none."""
    kept = tuple(one for one in asset.allow if one.name != entry.name)
    if len(kept) == len(asset.allow):
        raise InputError(
            f"{asset.id} does not allow {entry.name!r}; `leakwatch asset show {asset.id}` tells what it does"
        )
    return replace(asset, allow=kept)


async def hidden(asset: AssetId, repository: Repository) -> list[tuple[str, int, datetime]]:
    """What an asset's allow list has hidden: entry, how many items, when the last one."""
    async with repository.reading() as work:
        return await work.findings.suppressed(asset)


async def remove_asset(asset: str, repository: Repository) -> None:
    """Remove an asset and its findings. Raises: InputError if there is none of this id."""
    async with repository.writing() as work:
        if not await work.catalogue.remove(AssetId(asset)):
            raise InputError(f"no asset {asset!r}; `leakwatch asset list` shows them")


@dataclass(frozen=True, slots=True)
class Case:
    """A finding with all that belongs to it."""

    finding: Finding
    asset: Asset
    places: tuple[Place, ...]
    events: tuple[FindingEvent, ...]
    proofs: tuple[Proof, ...]
    signals: tuple[tuple[str, str, float], ...]
    samples: tuple[SwarmSample, ...] = ()
    looks: tuple[Look, ...] = ()
    sightings: tuple[Sighting, ...] = ()
    spreading: FirstSeen = NOTHING_SEEN
    others: Mapping[str, Sequence[tuple[FindingId, AssetId]]] = field(default_factory=dict)
    hidden: Hidden | None = None
    noted: tuple[Noted, ...] = ()
    screenshots: tuple[Screenshot, ...] = ()
    outlived: tuple[Outlived, ...] = ()


async def show_finding(ident: str, repository: Repository, day: date | None = None) -> Case:
    """One finding with places, history and proofs; a merged one leads to the case it is part of now.

    With a `day` also what judgements that were taken back hide on it.
    """
    async with repository.reading() as work:
        finding = await work.findings.get(FindingId(ident))
        while finding is not None and finding.merged_into:
            finding = await work.findings.get(finding.merged_into)
        asset = await work.catalogue.get(finding.asset) if finding else None
        if finding is None or asset is None:
            raise InputError(f"no finding {ident!r}; `leakwatch finding list` shows them")
        sightings = await work.cases.sightings(finding.id)
        carried = carried_by(await work.cases.proofs(finding.id), asset)
        authors = {one.author for one in sightings if one.author}
        events = await work.findings.events(finding.id)
        judged = scope_of(finding, events)
        but = judged.detail["scope"] if judged else None
        return Case(
            finding,
            asset,
            tuple(await work.findings.places(finding.id, 200)),
            tuple(events),
            tuple(await work.findings.proofs(finding.id)),
            tuple(await work.findings.signals(finding.id)),
            tuple(await work.swarms.samples(finding.id)),
            tuple(await work.looks.of(finding.id)),
            tuple(sightings),
            first_seen(sightings, carried),
            await work.cases.by_authors(authors, finding.id),
            await hidden_by(finding, work),
            tuple(await work.announcements.noted(finding.id)),
            tuple(await work.screenshots.of(finding.id)),
            await outlived(finding, asset, day, work, but=but) if day else (),
        )


def carried_by(proofs: Sequence[tuple[frozenset[str], Proof]], asset: Asset) -> dict[str, frozenset[str]]:
    """What each torrent was proved to carry, as artefact keys of the asset's files."""
    found: dict[str, frozenset[str]] = {}
    for keys, proof in proofs:
        content = frozenset(proved_keys(proof, asset))
        for key in keys:
            found[key] = found.get(key, frozenset()) | content
    return found


async def list_findings(repository: Repository, *, merged: bool = False) -> list[Finding]:
    """All findings, newest first."""
    async with repository.reading() as work:
        return await work.findings.list(merged=merged)


def make_test_alert(at: datetime) -> Alert:
    """An alert that tests a channel and says so."""
    told = at.isoformat(timespec="seconds")
    return Alert(
        finding=FindingId("LW-TEST"),
        event=EventKind.OPENED,
        asset_id="test",
        asset="(no asset: this is a test)",
        headline="Test alert: this channel works",
        severity=Severity.LOW,
        verdict=Verdict.UNKNOWN,
        verdict_detail="Nothing was found; somebody ran `leakwatch alert test`.",
        score=0.0,
        since=told,
        at=told,
        advice="Nothing to do.",
        content=f"test:{at.isoformat()}",
        test=True,
    )
