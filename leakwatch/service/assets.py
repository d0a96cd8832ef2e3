"""What a person can do with assets, one function each, over the ports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from leakwatch.catalogue import EMBARGOED_AND_ASKED, Imported, is_text, with_files
from leakwatch.errors import InputError
from leakwatch.model.allow import Allow
from leakwatch.model.asset import Asset, AssetId, QueryMode, Released
from leakwatch.ports import Repository
from leakwatch.service.reading import read_catalogue

_MOST_TOLD = 100


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


async def remove_asset(asset: str, repository: Repository, at: datetime, actor: str) -> None:
    """Remove an asset and its findings, and write down who did. Raises: InputError if there is none of this id."""
    async with repository.writing() as work:
        still_open = await work.cases.of_asset(AssetId(asset))
        if not await work.catalogue.remove(AssetId(asset)):
            raise InputError(f"no asset {asset!r}; `leakwatch asset list` shows them")
        detail = {"open_findings": [str(one.id) for one in still_open[:_MOST_TOLD]], "open": len(still_open)}
        await work.audit.append(actor, "asset.remove", f"asset:{asset}", detail, at)
