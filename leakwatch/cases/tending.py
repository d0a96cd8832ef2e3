"""What time does to cases without anybody's doing: due dates that pass."""

from __future__ import annotations

from datetime import datetime

from leakwatch.cases.telling import Tell, locked, record
from leakwatch.model.finding import EventKind, FindingEvent
from leakwatch.ports import Repository

ACTOR = "leakwatch:calendar"


async def tell_overdue(repository: Repository, at: datetime, *, tell: Tell = record) -> int:
    """Tell once of each open case whose due date has passed; answers how many."""
    async with repository.reading() as work:
        due = [one.id for one in await work.cases.overdue(at)]
    count = 0
    for ident in due:
        async with repository.writing() as work:
            finding, asset = await locked(ident, work)
            if ident not in {one.id for one in await work.cases.overdue(at)}:
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
