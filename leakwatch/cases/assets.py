"""The life of an asset: embargoed, released, retired. Each step is one act, and its open cases are judged anew."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from leakwatch.cases.official import allow_official
from leakwatch.cases.scopes import with_allow
from leakwatch.cases.telling import Tell, locked_asset, record
from leakwatch.cases.tending import REWEIGHED
from leakwatch.cases.weighing import reweigh
from leakwatch.catalogue import is_text
from leakwatch.errors import InputError
from leakwatch.matching.allowed import Judge
from leakwatch.model.allow import Allow, AllowWhat, allow_from_json, swarm_hex
from leakwatch.model.asset import Asset, AssetId, Stage
from leakwatch.model.ident import slug, words_of
from leakwatch.ports import Repository, Work

DAEMON = "leakwatch:calendar"
"""Who does what was only waiting for its day."""


def official(value: str) -> Allow:
    """A place where the released work is offered by its owner: an infohash, an address, or a host. Raises: InputError."""
    told = value.strip()
    try:
        what = AllowWhat.URL if "://" in told else AllowWhat.INFOHASH
        if what is AllowWhat.INFOHASH:
            try:
                swarm_hex(told)
            except ValueError:
                what = AllowWhat.HOST
        return allow_from_json({"what": what.value, "value": told, "reason": "official release"})
    except ValueError as error:
        raise InputError(f"neither an infohash nor an address nor a host: {error}") from error


async def default_id(asset: Asset, repository: Repository) -> AssetId:
    """The id of an asset for which nobody gave one: from its title; under embargo from its code name, or drawn.

    An id stands in the audit, in names of jobs and in whatever people write, so that of an embargoed asset says
    nothing of its title. What is added later under the same title belongs to the same work, unless the years differ.
    Raises: InputError where that is more than one, or the title is no text.
    """
    if not is_text(asset.title):
        raise InputError(f"the name {asset.title!a} is not UTF-8; change it and try again")
    async with repository.reading() as work:
        same = [await work.catalogue.get(ident) for ident in await work.catalogue.titled(asset.title)]
        known = [one for one in same if one and _is_same_secret(one, asset)]
        if len(known) > 1:
            raise InputError(f"{len(known)} works have this title; say which is meant with --id")
        if known or not asset.embargoed:
            return known[0].id if known else slug(asset.title)
        named = slug(asset.codename) if asset.codename else None
        is_free = named is not None and await work.catalogue.get(named) is None
    if named and is_free and not words_of(asset.names, named):
        return named
    return AssetId(f"asset-{secrets.token_hex(5)}")


def _is_same_secret(known: Asset, asset: Asset) -> bool:
    years = {one.year for one in (known, asset) if one.year}
    return (known.embargoed or asset.embargoed) and len(years) < 2


async def release(
    repository: Repository,
    ident: str,
    actor: str,
    at: datetime,
    *,
    when: datetime | None = None,
    places: Iterable[Allow] = (),
    tell: Tell = record,
    judge: Judge | None = None,
) -> Asset:
    """The work is released now, or will be at `when`: embargo and release window end with that. Raises: InputError.

    With a `judge`, open cases that were seen at official places only are allowed then.
    """
    async with repository.writing() as work:
        asset = await locked_asset(ident, work)
        for one in places:
            asset = with_allow(asset, one)
        if when is not None and when > at:
            changed = replace(asset, stage=Stage.SCHEDULED, release_at=when)
        else:
            changed = _released(asset, when or at)
        await _done(asset, changed, "asset.release", actor, at, work, tell, judge)
    return changed


def _released(asset: Asset, when: datetime) -> Asset:
    return replace(
        asset, stage=Stage.RELEASED, release_at=when, embargoed=False, embargo_until=None, released=None
    )


async def retire(
    repository: Repository, ident: str, actor: str, at: datetime, *, tell: Tell = record
) -> Asset:
    """Nothing of the work is urgent any more, and no site is asked for it. Raises: InputError."""
    async with repository.writing() as work:
        asset = await locked_asset(ident, work)
        await _done(
            asset, changed := replace(asset, stage=Stage.RETIRED), "asset.retire", actor, at, work, tell
        )
    return changed


async def embargo(
    repository: Repository,
    ident: str,
    actor: str,
    at: datetime,
    *,
    until: datetime | None = None,
    tell: Tell = record,
) -> Asset:
    """Nobody outside is told of the work, until then or for good; it counts as unreleased. Raises: InputError.

    A release that waits for its day still comes, and ends the embargo.
    """
    if until is not None and until <= at:
        raise InputError("an embargo ends in the future; `leakwatch asset release` ends it now")
    async with repository.writing() as work:
        asset = await locked_asset(ident, work)
        comes = asset.release_at if asset.stage is Stage.SCHEDULED else None
        stage = Stage.SCHEDULED if comes and comes > at else None
        if stage and comes and until and until > comes:
            raise InputError(
                f"{asset.id} comes out at {comes:%Y-%m-%d %H:%M} UTC, which ends its embargo; "
                "say another day with `leakwatch asset release --at` first"
            )
        changed = replace(
            asset, embargoed=True, embargo_until=until, query_mode=None, released=None, stage=stage
        )
        await _done(asset, changed, "asset.embargo", actor, at, work, tell)
    return changed


async def due_steps(
    repository: Repository, at: datetime, *, tell: Tell = record, judge: Judge | None = None
) -> list[Asset]:
    """Embargoes that end by now, and releases whose day has come."""
    async with repository.reading() as work:
        due = [one.id for one in await work.catalogue.dated() if _after(one, at) != one]
    done: list[Asset] = []
    for ident in due:
        async with repository.writing() as work:
            asset = await locked_asset(ident, work)
            changed = _after(asset, at)
            if changed != asset:
                action = "asset.release" if changed.stage is not asset.stage else "asset.embargo_ended"
                await _done(asset, changed, action, DAEMON, at, work, tell, judge)
                done.append(changed)
    return done


def _after(asset: Asset, at: datetime) -> Asset:
    if asset.stage is Stage.SCHEDULED and asset.release_at is not None and asset.release_at <= at:
        return _released(asset, asset.release_at)
    if asset.embargoed and asset.embargo_until is not None and asset.embargo_until <= at:
        return replace(asset, embargoed=False, embargo_until=None, released=None)
    return asset


async def _done(
    before: Asset,
    after: Asset,
    action: str,
    actor: str,
    at: datetime,
    work: Work,
    tell: Tell,
    judge: Judge | None = None,
) -> None:
    """Write it down with who did it, and judge the open cases by it."""
    await work.cases.say_of(after)
    official: list[str] = []
    asked = judge if after.stage is Stage.RELEASED else None
    for finding in await work.cases.of_asset(after.id):
        if asked and await allow_official(finding, after, asked, actor, at, work, tell):
            official.append(finding.id)
            continue
        await reweigh(finding, after, at, work, tell, {"asset": action, **REWEIGHED}, actor)
    changes = {
        name: str(getattr(after, name))
        for name in ("stage", "embargoed", "embargo_until", "release_at", "asked_as")
        if getattr(after, name) != getattr(before, name)
    }
    allowed = [one.name for one in after.allow if one not in before.allow]
    told = {**changes, "official": allowed} | ({"findings": official} if official else {})
    await work.audit.append(actor, action, f"asset:{after.id}", told, at)
