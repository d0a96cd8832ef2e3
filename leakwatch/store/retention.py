"""Which rows are old, and needed by nothing. What stands here is the whole of the rule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.finding import OPEN_STATES, State, Verdict
from leakwatch.ports.retention import Aging
from leakwatch.store.parts import wholes
from leakwatch.store.tables import (
    announcement,
    coverage_window,
    evidence,
    finding,
    message_thread,
    observation,
    outbox,
    proof,
    recheck,
    screenshot,
    sighting,
    standing,
    swarm,
    swarm_sample,
    told_message,
)

NEWEST_OF_SITE = 200
"""Items of a site that stay however old they are: by them the next poll sees that it missed nothing."""

_OPEN = sorted(one.value for one in OPEN_STATES)
_TOLD = ("told", "silenced", "inhibited", "settled")
_DONE = ("sent", "folded", "dropped")
Rule = Callable[[datetime], Sequence[sa.ColumnElement[bool]]]


def _observations(before: datetime) -> Sequence[sa.ColumnElement[bool]]:
    supports = sa.exists().where(sighting.c.observation_id == observation.c.id)
    return observation.c.fetched_at < before, ~supports


def _coverage(before: datetime) -> Sequence[sa.ColumnElement[bool]]:
    """A hole that was not repaired stays: `source health` tells it."""
    is_hole = sa.and_(coverage_window.c.hole_from.is_not(None), coverage_window.c.repaired_at.is_(None))
    return coverage_window.c.ended_at < before, ~is_hole


def _samples(before: datetime) -> Sequence[sa.ColumnElement[bool]]:
    needed = sa.exists().where(
        proof.c.swarm_key == swarm_sample.c.swarm_key,
        finding.c.id == proof.c.finding_id,
        proof.c.verdict != Verdict.REFUTED.value,
        _is_needed(before),
    )
    return swarm_sample.c.at < before, ~needed


def _swarms(before: datetime) -> Sequence[sa.ColumnElement[bool]]:
    """Swarms that are counted for no case any more; a new sighting has one counted again."""
    needed = sa.exists().where(
        proof.c.swarm_key == swarm.c.swarm_key, finding.c.id == proof.c.finding_id, _is_needed(before)
    )
    return swarm.c.since < before, ~needed


def _sent(before: datetime) -> Sequence[sa.ColumnElement[bool]]:
    """Of open cases, too: what was told of them stands in the announcements, and threads in rows of their own."""
    at = sa.func.coalesce(outbox.c.sent_at, outbox.c.created_at)
    return outbox.c.state.in_(_DONE), at < before


def _threads(before: datetime) -> Sequence[sa.ColumnElement[bool]]:
    return message_thread.c.at < before, ~_is_open(message_thread.c.subject)


def _standings(before: datetime) -> Sequence[sa.ColumnElement[bool]]:
    return standing.c.last_at < before, ~_is_open(standing.c.subject)


def _messages(before: datetime) -> Sequence[sa.ColumnElement[bool]]:
    """That a message went out counts for budgets and intervals, the longest of which is a week."""
    return (told_message.c.at < before,)


def _looks(before: datetime) -> Sequence[sa.ColumnElement[bool]]:
    needed = _belongs(recheck.c.finding_id, before)
    return recheck.c.done_at.is_not(None), recheck.c.done_at < before, ~needed


def _screenshots(before: datetime) -> Sequence[sa.ColumnElement[bool]]:
    needed = _belongs(screenshot.c.finding_id, before)
    return screenshot.c.captured_at < before, ~needed


def _announcements(before: datetime) -> Sequence[sa.ColumnElement[bool]]:
    old = announcement.c.created_at < before
    return announcement.c.state.in_(_TOLD), old, ~_is_open(announcement.c.subject)


def _proofs(before: datetime) -> Sequence[sa.ColumnElement[bool]]:
    needed = sa.exists().where(finding.c.id == proof.c.finding_id, _is_needed(before))
    return proof.c.updated_at < before, ~needed


def _evidence(before: datetime) -> Sequence[sa.ColumnElement[bool]]:
    """Captures that no observation, proof, further look or screenshot names. Those of torrents stay with their proofs."""
    seen = sa.exists().where(observation.c.evidence == evidence.c.digest)
    judged = sa.exists().where(proof.c.metadata_digest == evidence.c.digest)
    looked = sa.exists().where(recheck.c.url == evidence.c.url)
    kept = sa.exists().where(
        recheck.c.site == evidence.c.site,
        sa.or_(*(recheck.c.detail[name].as_string() == evidence.c.digest for name in ("evidence", "diff"))),
    )
    drawn = sa.exists().where(screenshot.c.picture == evidence.c.digest)
    is_file = sa.and_(evidence.c.parser.like("torrent/%"), sa.exists().where(proof.c.id.is_not(None)))
    return evidence.c.captured_at < before, ~seen, ~judged, ~looked, ~kept, ~drawn, ~is_file


def _is_needed(before: datetime) -> sa.ColumnElement[bool]:
    """A finding that is open, or was closed not long ago. One that became part of another has given all away."""
    closed = sa.func.coalesce(finding.c.closed_at, finding.c.updated_at)
    return sa.or_(
        finding.c.state.in_(_OPEN), sa.and_(finding.c.state != State.MERGED.value, closed >= before)
    )


def _belongs(ident: sa.Column[Any], before: datetime) -> sa.ColumnElement[bool]:
    """Whether a finding is needed, or is part of one that is: looks stay with the case that had them."""
    whole = wholes()
    return sa.exists().where(whole.c.id == ident, finding.c.id == whole.c.whole, _is_needed(before))


def _is_open(ident: sa.Column[Any]) -> sa.ColumnElement[bool]:
    return sa.exists().where(finding.c.id == ident, finding.c.state.in_(_OPEN))


_RULES: dict[Aging, tuple[sa.Table, Rule]] = {
    Aging.OBSERVATIONS: (observation, _observations),
    Aging.COVERAGE: (coverage_window, _coverage),
    Aging.SAMPLES: (swarm_sample, _samples),
    Aging.SENT: (outbox, _sent),
    Aging.ANNOUNCEMENTS: (announcement, _announcements),
    Aging.PROOFS: (proof, _proofs),
    Aging.EVIDENCE: (evidence, _evidence),
    Aging.MESSAGES: (told_message, _messages),
    Aging.LOOKS: (recheck, _looks),
    Aging.SCREENSHOTS: (screenshot, _screenshots),
}
_KEYED_RULES: dict[Aging, tuple[sa.Table, Rule]] = {
    Aging.SWARMS: (swarm, _swarms),
    Aging.THREADS: (message_thread, _threads),
    Aging.STANDINGS: (standing, _standings),
}


class SqlRetention:
    """Old rows in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def old(self, what: Aging, before: datetime, after: int, limit: int) -> list[int]:
        """Ids beyond `after`, in order, of rows from before a time that nothing needs."""
        table, rule = _RULES[what]
        query = (
            sa.select(table.c.id).where(table.c.id > after, *rule(before)).order_by(table.c.id).limit(limit)
        )
        return list((await self._connection.execute(query)).scalars())

    async def drop(self, what: Aging, ids: Sequence[int], before: datetime) -> int:
        """Throw these away but those that are needed by now; answers how many went."""
        table, rule = _RULES[what]
        kept = await self._newest(ids) if what is Aging.OBSERVATIONS else frozenset[int]()
        gone = [one for one in ids if one not in kept]
        if not gone:
            return 0
        statement = sa.delete(table).where(table.c.id.in_(gone), *rule(before))
        return (await self._connection.execute(statement)).rowcount

    async def shed(self, what: Aging, before: datetime, limit: int) -> int:
        """Throw away so many of what is `KEYED`, from before a time and needed by nothing; answers how many went."""
        table, rule = _KEYED_RULES[what]
        key = [*table.primary_key.columns]
        some = sa.select(*key).where(*rule(before)).limit(limit)
        mine = sa.tuple_(*key) if len(key) > 1 else key[0]
        return (await self._connection.execute(sa.delete(table).where(mine.in_(some)))).rowcount

    async def _newest(self, ids: Sequence[int]) -> frozenset[int]:
        """Which of some observations are among the newest of their sites."""
        query = sa.select(observation.c.id, observation.c.site).where(observation.c.id.in_(ids))
        sites: dict[str, list[int]] = {}
        for ident, site in (await self._connection.execute(query)).all():
            sites.setdefault(site, []).append(ident)
        found: set[int] = set()
        for site, own in sites.items():
            later = sa.select(observation.c.id).where(observation.c.site == site, observation.c.id > max(own))
            count = len(list((await self._connection.execute(later.limit(NEWEST_OF_SITE))).scalars()))
            left = NEWEST_OF_SITE - count
            found |= set(sorted(own)[-left:]) if left > 0 else set()
        return frozenset(found)
