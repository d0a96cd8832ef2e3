"""In which line a torrent waits for its look, and at which place."""

from __future__ import annotations

import sqlalchemy as sa

from leakwatch.store.tables import finding, proof, sighting

_NO_INFOHASHES = "[null, null]"


def lines_of(due: sa.ColumnElement[bool]) -> sa.Subquery:
    """Proofs that are due with their places in line, counted from the oldest and from the newest; retries have lines of their own."""
    site = (
        sa.select(sa.func.min(sighting.c.site))
        .where(sighting.c.finding_id == proof.c.finding_id)
        .scalar_subquery()
    )
    is_file = sa.cast(proof.c.infohashes, sa.String) == _NO_INFOHASHES
    rows = (
        sa.select(proof, finding.c.asset_id, site.label("site"), is_file.label("is_file"))
        .join(finding, finding.c.id == proof.c.finding_id)
        .where(due)
        .subquery()
    )
    line = [rows.c.rank, rows.c.asset_id, rows.c.site, rows.c.is_file, rows.c.attempts > 0]
    oldest, newest = (rows.c.next_try_at, rows.c.id), (rows.c.next_try_at.desc(), rows.c.id.desc())
    counted = [
        sa.func.row_number().over(partition_by=line, order_by=[*order]).label(name)
        for name, order in (("oldest", oldest), ("newest", newest))
    ]
    return sa.select(rows.c.swarm_key, rows.c.rank, rows.c.next_try_at, *counted).subquery()
