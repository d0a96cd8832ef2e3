"""Peers that posts named for a torrent, kept beside it until its metadata is there, and not for long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.extract.peers import MAX_PEERS
from leakwatch.store.tables import proof

_KEPT_FOR = timedelta(days=3)
Kept = list[tuple[str, int, int]]
"""Host, port, and the second since 1970 until which the peer is kept."""


def dated(peers: Sequence[tuple[str, int]], at: datetime) -> Kept:
    """Peers as they are kept."""
    until = int((at + _KEPT_FOR).timestamp())
    return [(host, port, until) for host, port in peers[:MAX_PEERS]]


async def add_peers(
    connection: AsyncConnection,
    wanted: sa.ColumnElement[bool],
    peers: Sequence[tuple[str, int]],
    at: datetime,
) -> None:
    """Let a torrent whose metadata is not there yet be asked of these peers too, the newest first."""
    query = sa.select(proof.c.peers).where(wanted, proof.c.metadata_digest.is_(None))
    known = await connection.scalar(query)
    if known is not None:
        older = [one for one in known if (one[0], one[1]) not in peers]
        changes = {"peers": [*dated(peers, at), *older][:MAX_PEERS]}
        await connection.execute(sa.update(proof).where(wanted).values(changes))


async def drop_old_peers(connection: AsyncConnection, wanted: sa.ColumnElement[bool], at: datetime) -> None:
    """Forget the peers whose time has come."""
    known = await connection.scalar(sa.select(proof.c.peers).where(wanted))
    if known:
        changes = {"peers": [one for one in known if one[2] > at.timestamp()]}
        await connection.execute(sa.update(proof).where(wanted).values(changes))
