"""What time does to cases without anybody's doing: due dates that pass, release windows, swarms that no longer grow."""

from __future__ import annotations

from datetime import datetime

from leakwatch.cases.telling import Tell, locked, locked_asset, record
from leakwatch.cases.weighing import reweigh
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.finding import OPEN_STATES, EventKind, FindingEvent, FindingId
from leakwatch.ports import Repository, Work

ACTOR = "leakwatch:calendar"
_AT_ONCE = 200
REWEIGHED = {"how": "reweighed"}
"""Said of severities that move together: they are told as one message."""


async def tell_overdue(repository: Repository, at: datetime, *, tell: Tell = record) -> int:
    """Tell once of each open case whose due date has passed; answers how many."""
    async with repository.reading() as work:
        due = [one.id for one in await work.cases.overdue(at)]
    count = 0
    for ident in due:
        async with repository.writing() as work:
            finding, asset = await locked(ident, work)
            if not await work.cases.overdue(at, ident):
                continue  # another daemon has told it
            due_at = finding.due_at.isoformat() if finding.due_at else ""
            detail = {"due": due_at, "assignee": finding.assignee or ""}
            event = FindingEvent(
                finding=finding.id, kind=EventKind.OVERDUE, at=at, content=f"overdue:{due_at}", detail=detail
            )
            await tell(event, finding, asset, work)
            await work.audit.append(ACTOR, "finding.overdue", finding.id, detail, at)
            count += 1
    return count


async def weigh_windows(repository: Repository, at: datetime, *, tell: Tell = record) -> int:
    """Judge anew the open cases of works whose release window opened or closed; answers how many changed.

    A case remembers by its reasons what it was judged by, so whenever one looks, none is left out and none comes twice.
    A transaction judges at most 200.
    """
    async with repository.reading() as work:
        due = [one for one in await work.catalogue.awaited() if await _misjudged(one, at, work)]
    return sum([await _weigh_all(asset.id, repository, at, tell) for asset in due])


async def _weigh_all(ident: AssetId, repository: Repository, at: datetime, tell: Tell) -> int:
    done: set[FindingId] = set()
    while True:
        async with repository.writing() as work:
            found = await _weigh_window(await locked_asset(ident, work), at, work, tell)
        if done.issuperset(found):
            return len(done)
        done.update(found)


async def _misjudged(asset: Asset, at: datetime, work: Work) -> list[FindingId]:
    window = asset.release_window
    return await work.cases.misjudged(asset.id, window, at, _AT_ONCE) if window else []


async def _weigh_window(asset: Asset, at: datetime, work: Work, tell: Tell) -> list[FindingId]:
    if asset.release_window is None:
        return []  # it was released in the meantime
    opens, closes = asset.release_window
    found = await _misjudged(asset, at, work)
    for ident in found:
        finding = await work.findings.get(ident)
        if finding is not None:
            since = closes if at > closes else opens
            await reweigh(finding, asset, at, work, tell, REWEIGHED, since=since)
    return found


async def weigh_growing(repository: Repository, at: datetime, *, tell: Tell = record) -> int:
    """Judge anew the open cases that are more severe because a swarm grows; answers how many there were."""
    count, last = 0, ""
    while True:
        async with repository.reading() as work:
            found = await work.cases.growing(last, _AT_ONCE)
        if not found:
            return count
        for ident in found:
            async with repository.writing() as work:
                finding, asset = await locked(ident, work)
                if finding.state in OPEN_STATES:  # nobody has closed it meanwhile
                    await reweigh(finding, asset, at, work, tell)
        count, last = count + len(found), found[-1]
