"""Where people stand in the tables: found, counted, and put out of them."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from leakwatch.model.observation import Observation
from leakwatch.model.person import Mention, NoticeNaming, PageKept, Posted
from leakwatch.privacy import ERASED, Authors
from leakwatch.store.persons_pages import pages_of
from leakwatch.store.statements import batches
from leakwatch.store.tables import (
    audit,
    evidence,
    finding_event,
    metadata,
    notice,
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
_REMARKS = ("reason", "text")
"""What people write into an event."""
_DRAFT, _NOTICE_TEXTS = "draft", ("subject", "body", "detail")
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
        """Pages that were kept by these digests, or by looks at the observations `but`, with pictures and diffs of them.

        Those that other observations need are shared.
        """
        return await pages_of(digests, but, self._connection)

    async def notices(self, name: str) -> list[NoticeNaming]:
        """Notices whose text has a name as a word."""
        told = [
            NoticeNaming(
                id=row["id"], state=row["state"], is_kept=row["state"] != _DRAFT or bool(row["signoffs"])
            )
            for row in await self._notices_with(name)
        ]
        return sorted(told, key=lambda one: one.id)

    async def erase_notices(self, name: str) -> int:
        """Put a tombstone where a name stands in drafts of notices; answers how many changed."""
        count = 0
        for row in await self._notices_with(name):
            if row["state"] == _DRAFT and not row["signoffs"]:
                told = {one: _blotted(name, row[one]) for one in _NOTICE_TEXTS}
                await self._connection.execute(sa.update(notice).where(notice.c.id == row["id"]).values(told))
                count += 1
        return count

    async def _notices_with(self, name: str) -> list[sa.RowMapping]:
        forms = [
            _folded(notice.c[one]).like(_pattern(form), escape="\\")
            for one in _NOTICE_TEXTS
            for form in _forms(name)
        ]
        rows = (await self._connection.execute(sa.select(notice).where(sa.or_(*forms)))).mappings()
        return [row for row in rows if any(_blotted(name, row[one]) != row[one] for one in _NOTICE_TEXTS)]

    async def erase(self, posted: Collection[int], known_as: Sequence[str], name: str) -> Mapping[str, int]:
        """Put a tombstone where an author stands; a sighting has nobody any more, so that it joins no others.

        What people wrote into the history of cases where he posted loses his bare name.
        """
        gone = {"observation": 0, "sighting": 0, "finding_event": await self._erase_remarks(posted, name)}
        for batch in batches(sorted(posted)):
            changed = sa.update(observation).where(observation.c.id.in_(batch)).values(author=ERASED)
            gone["observation"] += (await self._connection.execute(changed)).rowcount
            parted = sa.update(sighting).where(
                sighting.c.observation_id.in_(batch), sighting.c.author.is_not(None)
            )
            gone["sighting"] += (await self._connection.execute(parted.values(author=None))).rowcount
        parted = sa.update(sighting).where(sighting.c.author.in_(list(known_as))).values(author=None)
        gone["sighting"] += (await self._connection.execute(parted)).rowcount
        gone["finding_event"] += await self._erase_events(known_as)
        return gone

    async def _erase_remarks(self, posted: Collection[int], name: str) -> int:
        count = 0
        for batch in batches(sorted(posted)):
            cases = sa.select(sighting.c.finding_id).where(sighting.c.observation_id.in_(batch))
            query = sa.select(finding_event.c.id, finding_event.c.detail, finding_event.c.reason)
            for ident, detail, reason in (
                await self._connection.execute(query.where(finding_event.c.finding_id.in_(cases)))
            ).all():
                remarks = {key: _blotted(name, detail[key]) for key in _REMARKS if key in detail}
                told = {"detail": {**detail, **remarks}, "reason": _blotted(name, reason)}
                if told != {"detail": detail, "reason": reason}:
                    changed = sa.update(finding_event).where(finding_event.c.id == ident).values(told)
                    count += (await self._connection.execute(changed)).rowcount
        return count

    async def _erase_events(self, known_as: Sequence[str]) -> int:
        count = 0
        for name in known_as:
            hit = sa.or_(
                *(
                    _folded(finding_event.c[one]).like(_pattern(form), escape="\\")
                    for one in ("detail", "reason")
                    for form in _forms(name)
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
            drawn = sa.or_(screenshot.c.digest.in_(batch), screenshot.c.picture.in_(batch))
            undrawn = {"picture": None, "state": "failed", "why": "the page was erased"}
            await self._connection.execute(sa.update(screenshot).where(drawn).values(undrawn))
        if digests:
            await self._forget_looks(set(digests))

    async def _forget_looks(self, digests: set[str]) -> None:
        """Looks no longer name what is not kept any more, nor do events."""
        for table in (recheck, finding_event):
            for ident, detail in (
                await self._connection.execute(sa.select(table.c.id, table.c.detail))
            ).all():
                left = {key: value for key, value in detail.items() if value not in digests}
                if left != detail:
                    changed = sa.update(table).where(table.c.id == ident).values(detail=left)
                    await self._connection.execute(changed)

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


def _forms(name: str) -> tuple[str, ...]:
    """A name as it stands in a text, and as it stands in JSON."""
    return tuple(dict.fromkeys((name, json.dumps(name)[1:-1])))


def _blotted(name: str, value: Any) -> Any:
    """A value with a tombstone in place of a name, where that stands as a word, in whatever case, and is no part of an address."""
    if isinstance(value, str):
        return re.sub(rf"(?i)(?<![\w/@.-]){re.escape(name)}(?![\w/])", ERASED, value)
    if isinstance(value, dict):
        return {key: _blotted(name, one) for key, one in value.items()}
    return [_blotted(name, one) for one in value] if isinstance(value, list) else value


def _occurs(text: str, value: object) -> bool:
    told = value if isinstance(value, str) else json.dumps(value, default=str)
    return text.lower() in told.lower()


def _without(name: str, value: Any) -> Any:
    return value.replace(name, ERASED) if isinstance(value, str) else value
