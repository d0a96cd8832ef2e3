"""One finding per leak: cases that share an artefact are one, unless a person said that it does not join them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from leakwatch.cases.scopes import scope_of
from leakwatch.cases.telling import Act, Tell, locked
from leakwatch.cases.weighing import reweigh
from leakwatch.errors import InputError
from leakwatch.model.asset import Asset
from leakwatch.model.finding import Finding, FindingEvent, FindingId
from leakwatch.ports import Repository, Work
from leakwatch.triage import merged

_OWN = "own"
"""Stands for the case itself among the keys that it holds."""


def joined(
    held: Mapping[FindingId, frozenset[str]], apart: Iterable[tuple[frozenset[FindingId], str]]
) -> set[FindingId]:
    """Which of the cases that hold keys of one sighting are one case with it.

    Between two that are kept apart the keys that do not join them count for neither. Where that leaves none, all
    that the sighting shows is shared, and it belongs to the first that holds any of it.
    """
    left = dict(held)
    for pair, key in apart:
        if pair <= held.keys():
            for one in pair:
                left[one] = left[one] - {key}
    found = {one for one, keys in left.items() if keys}
    return found or set(list(held)[:1])


async def united(
    asset: Asset, keys: Sequence[str], at: datetime, work: Work, tell: Tell, own: FindingId | None = None
) -> Finding | None:
    """The one case that holds any of these artefacts, `own` among them; where several do, they turn out to be one."""
    held = await work.cases.holding(asset.id, keys)
    if own is not None:
        held[own] = held.get(own, frozenset()) | {_OWN}
    found = [one for one in [await work.findings.get(ident) for ident in held] if one and not one.merged_into]
    found.sort(key=lambda one: (one.opened_at, one.id))
    if len(found) > 1:
        in_order = {one.id: held[one.id] for one in found}
        wanted = joined(in_order, await work.cases.apart(asset.id, list(in_order)))
        found = [one for one in found if one.id in wanted]
    if not found:
        return None
    oldest = found[0]
    for newer in found[1:]:
        oldest = await _merge(oldest, newer, asset, at, work, tell)
    return oldest


async def _merge(
    older: Finding, newer: Finding, asset: Asset, at: datetime, work: Work, tell: Tell
) -> Finding:
    is_scoped = scope_of(older, await work.findings.events(older.id)) is not None
    result = merged(older, newer, asset, at, is_scoped=is_scoped)
    await work.findings.merge(older, newer, at)
    await work.cases.join_again(asset.id, older.id, newer.id)
    await work.findings.save(result.finding)
    for event in result.events:
        await tell(event, result.finding, asset, work)
    return result.finding


async def merge(repository: Repository, ident: str, other: str, act: Act) -> Finding:
    """Make two cases one by hand; the older keeps its name. Raises: InputError."""
    async with repository.writing() as work:
        one, asset = await locked(ident, work)
        second, _ = await locked(other, work)
        if one.id == second.id or one.asset != second.asset:
            raise InputError("two different cases of one asset can be merged, and no others")
        for each in (one, second):
            if each.merged_into:
                raise InputError(f"{each.id} is part of {each.merged_into} already")
        older, newer = sorted((one, second), key=lambda case: (case.opened_at, case.id))

        async def tell_who(event: FindingEvent, finding: Finding, asset: Asset, work: Work, /) -> int:
            return await act.tell(replace(event, actor=act.actor, reason=act.reason), finding, asset, work)

        result = await _merge(older, newer, asset, act.at, work, tell_who)
        detail = {"merged": newer.id, "reason": act.reason}
        await work.audit.append(act.actor, "finding.merge", older.id, detail, act.at)
        return await reweigh(result, asset, act.at, work, act.tell, actor=act.actor)
