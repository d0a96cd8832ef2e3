"""Cases that are part of another one, at any depth: what was merged into a merged case is part of the survivor, too."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from leakwatch.model.finding import FindingId
from leakwatch.store.tables import finding


def parts_of(ident: FindingId) -> sa.Select[Any]:
    """The ids of all cases that are part of a finding."""
    part = sa.select(finding.c.id).where(finding.c.merged_into == ident).cte("part", recursive=True)
    deeper = sa.select(finding.c.id).join(part, finding.c.merged_into == part.c.id)
    return sa.select(part.union(deeper).c.id)


def wholes() -> sa.CTE:
    """Every case (`id`) with the one that it is part of in the end (`whole`), itself where it is part of none.

    It stands within the condition that asks it: of a statement that begins with it SQLite counts no rows.
    """
    is_whole = finding.c.merged_into.is_(None)
    every = sa.select(finding.c.id, finding.c.id.label("whole")).where(is_whole)
    top = every.cte("whole", recursive=True, nesting=True)
    part = finding.alias()
    return top.union(sa.select(part.c.id, top.c.whole).join(top, part.c.merged_into == top.c.id))
