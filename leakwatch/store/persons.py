"""Where people stand in the tables: found, counted, and put out of them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.observation import Observation
from leakwatch.model.person import Mention, PageKept, Posted
from leakwatch.privacy import ERASED, Authors
from leakwatch.store.statements import batches
from leakwatch.store.tables import (
    audit,
    evidence,
    finding_event,
    metadata,
    notice_event,
    observation,
    outbox,
    proof,
    recheck,
    screenshot,
    sighting,
    site,
)

_BATCH = 500
_POSTED = (
    "id",
    "site",
    "native_id",
    "title",
    "url",
    "author",
    "text",
    "published_at",
    "fetched_at",
    "evidence",
)


class SqlPersons:
    """Who posted what, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def posted(self, author: str, authors: Authors) -> AsyncIterator[Posted]:
        """Observations by `platform:name`. All are looked at: the platform follows from the address."""
        after = 0
        while True:
            query = sa.select(*(observation.c[name] for name in _POSTED)).where(
                observation.c.id > after, observation.c.author.is_not(None)
            )
            page = query.order_by(observation.c.id).limit(_BATCH)
            rows = [dict(row) for row in (await self._connection.execute(page)).mappings()]
            for row in rows:
                if authors.is_by(author, _seen(row)):
                    yield Posted(**row)
            if not rows:
                return
            after = rows[-1]["id"]

    async def mentions(self, text: str) -> AsyncIterator[Mention]:
        """Rows of all tables in which a text occurs."""
        wanted = _pattern(text)
        for table in metadata.sorted_tables:
            texts = [one for one in table.columns if isinstance(one.type, sa.Text | sa.String | sa.JSON)]
            hits = [_folded(one).like(wanted, escape="\\") for one in texts]
            if not hits:
                continue
            result = await self._connection.execute(sa.select(table).where(sa.or_(*hits)))
            for row in result.mappings():
                told = {name: value for name, value in row.items() if not isinstance(value, bytes)}
                named = tuple(one.name for one in texts if _occurs(text, row[one.name]))
                yield Mention(table=table.name, columns=named, row=told)

    async def pages(self, digests: Collection[str], but: Collection[int]) -> list[PageKept]:
        """Pages that were kept by these digests; those that observations other than `but` need are shared."""
        own, found = set(but), list[PageKept]()
        for batch in batches(sorted(digests)):
            shared = await self._shared(batch, own)
            query = sa.select(evidence).where(evidence.c.digest.in_(batch)).order_by(evidence.c.id)
            found += [
                PageKept(
                    digest=row["digest"],
                    warc=row["warc"],
                    site=row["site"],
                    url=row["url"],
                    captured_at=row["captured_at"],
                    is_shared=row["digest"] in shared,
                )
                for row in (await self._connection.execute(query)).mappings()
            ]
        return found

    async def _shared(self, digests: list[str], own: set[int]) -> set[str]:
        """Those that somebody else's observation, a proof, or a further look needs."""
        seen = sa.select(observation.c.id, observation.c.evidence).where(observation.c.evidence.in_(digests))
        found = {digest for ident, digest in (await self._connection.execute(seen)).all() if ident not in own}
        judged = sa.select(proof.c.metadata_digest).where(proof.c.metadata_digest.in_(digests))
        found |= set((await self._connection.execute(judged)).scalars())
        looked = (
            sa.select(evidence.c.digest)
            .join(recheck, recheck.c.url == evidence.c.url)
            .where(evidence.c.digest.in_(digests))
        )
        return found | set((await self._connection.execute(looked)).scalars())

    async def erase(self, posted: Collection[int], known_as: Sequence[str]) -> Mapping[str, int]:
        """Put a tombstone where an author stands; a sighting has nobody any more, so that it joins no others."""
        gone = {"observation": 0, "sighting": 0, "finding_event": 0}
        for batch in batches(sorted(posted)):
            changed = sa.update(observation).where(observation.c.id.in_(batch)).values(author=ERASED)
            gone["observation"] += (await self._connection.execute(changed)).rowcount
            parted = sa.update(sighting).where(
                sighting.c.observation_id.in_(batch), sighting.c.author.is_not(None)
            )
            gone["sighting"] += (await self._connection.execute(parted.values(author=None))).rowcount
        parted = sa.update(sighting).where(sighting.c.author.in_(list(known_as))).values(author=None)
        gone["sighting"] += (await self._connection.execute(parted)).rowcount
        gone["finding_event"] = await self._erase_events(known_as)
        return gone

    async def _erase_events(self, known_as: Sequence[str]) -> int:
        count = 0
        for name in known_as:
            hit = sa.or_(
                *(
                    _folded(finding_event.c[one]).like(_pattern(name), escape="\\")
                    for one in ("detail", "reason")
                )
            )
            query = sa.select(finding_event.c.id, finding_event.c.detail, finding_event.c.reason).where(hit)
            for ident, detail, reason in (await self._connection.execute(query)).all():
                told = {
                    "detail": {key: _without(name, value) for key, value in detail.items()},
                    "reason": _without(name, reason),
                }
                changed = sa.update(finding_event).where(finding_event.c.id == ident).values(told)
                count += (await self._connection.execute(changed)).rowcount
        return count

    async def forget(self, digests: Collection[str]) -> None:
        """Remove what is said of pages whose bytes go; what was seen there no longer refers to them."""
        for batch in batches(sorted(digests)):
            await self._connection.execute(sa.delete(evidence).where(evidence.c.digest.in_(batch)))
            unkept = sa.update(observation).where(observation.c.evidence.in_(batch)).values(evidence=None)
            await self._connection.execute(unkept)

    async def counts(self) -> Mapping[str, int]:
        """How many rows tell of people, by what they are."""
        name = observation.c.author
        asked = {
            "observations with an author": name.is_not(None) & name.not_like("author-%") & (name != ERASED),
            "observations with a pseudonym": name.like("author-%"),
            "observations whose author was erased": name == ERASED,
            "observations with a text": observation.c.text.is_not(None),
            "sightings with an author": sighting.c.author.is_not(None),
            "pages kept as evidence": evidence.c.id.is_not(None),
            "events by one of your people": finding_event.c.actor.is_not(None),
            "events of notices": notice_event.c.id.is_not(None),
            "further looks": recheck.c.id.is_not(None),
            "screenshots": screenshot.c.id.is_not(None),
            "audit entries": audit.c.seq.is_not(None),
            "alerts with an address of a recipient": outbox.c.recipient != "",
            "torrents with peers that a post named": sa.cast(proof.c.peers, sa.Text) != "[]",
            "sites with digests of known authors": site.c.name.is_not(None),
        }
        return {
            told: await self._connection.scalar(sa.select(sa.func.count()).where(rule)) or 0
            for told, rule in asked.items()
        }


def _seen(row: Mapping[str, Any]) -> Observation:
    """As much of an observation as says who posted it."""
    return Observation(
        site=row["site"],
        native_id=row["native_id"],
        title="",
        url=row["url"],
        author=row["author"],
        fetched_at=row["fetched_at"],
    )


def _folded(column: sa.Column[Any]) -> sa.ColumnElement[str]:
    return sa.func.lower(sa.cast(column, sa.Text))


def _pattern(text: str) -> str:
    """What LIKE looks for; in JSON what is not ASCII stands as an escape, so there only ASCII is found."""
    escaped = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def _occurs(text: str, value: object) -> bool:
    told = value if isinstance(value, str) else json.dumps(value, default=str)
    return text.lower() in told.lower()


def _without(name: str, value: Any) -> Any:
    return value.replace(name, ERASED) if isinstance(value, str) else value
