"""Sees to the store of evidence: whether there is room, what is thrown away, and stamps of the audit by others."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from leakwatch.config.sections import EvidenceConfig
from leakwatch.crawl.vault import FileVault
from leakwatch.errors import ConfigError, DeliveryError, LeakwatchError, NoRoom, StoreError
from leakwatch.evidence.room import evictable
from leakwatch.evidence.timestamps import checked_token, need, question
from leakwatch.model.alert import BlindSite, SiteAlert, SiteEvent
from leakwatch.model.evidence import Stamp
from leakwatch.model.finding import Severity
from leakwatch.model.route import Facts, Routing
from leakwatch.ports import Clock, Fetcher, Repository
from leakwatch.telling import announce_sites

log = structlog.get_logger()

_STORE = "the store of evidence"
_TIDY_EVERY, _STAMP_EVERY = timedelta(minutes=10), timedelta(hours=1)
_RETRY_S = (60, 300, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600, 24 * 3600)
_FORGET_AT_ONCE = 200
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"


@dataclass(slots=True)
class Keeper:
    """What the daemon does for its evidence every quarter of a minute. `look` answers how many alerts it caused."""

    settings: EvidenceConfig
    repository: Repository
    vault: FileVault
    fetcher: Fetcher
    routes: Routing
    clock: Clock
    _full_since: datetime | None = None
    _remembers: bool = False
    _tidied_at: datetime | None = None
    _headed_at: datetime | None = None

    async def look(self) -> int:
        """Look once. Raises: StoreError."""
        alerts = await self._look_for_room()
        now = self.clock.now()
        if self._is_due(self._tidied_at, _TIDY_EVERY, now):
            self._tidied_at = now
            await self.tidy()
        if self.settings.look_again:
            async with self.repository.writing() as work:
                await work.looks.plan_removed(now)
        await self._mark_head(now)
        await self.stamp()
        return alerts

    @staticmethod
    def _is_due(last: datetime | None, every: timedelta, now: datetime) -> bool:
        return last is None or abs(now - last) >= every

    async def _look_for_room(self) -> int:
        """Tell once that evidence cannot be kept and the crawl waits, and once that it can, whoever restarts in between."""
        if not self._remembers:
            self._full_since, self._remembers = await self._told_since(), True
        try:
            await asyncio.to_thread(self.vault.check_room)
        except NoRoom as error:
            if self._full_since is not None:
                return 0
            log.error("evidence_full", error=error.message)
            told = await self._tell(SiteEvent.BLIND, self.clock.now(), error.message)
            self._full_since = self.clock.now()
            return told
        if self._full_since is None:
            return 0
        log.info("evidence_has_room", since=self._full_since.isoformat())
        told = await self._tell(SiteEvent.RECOVERED, self._full_since, "there is room again")
        self._full_since = None
        return told

    async def _told_since(self) -> datetime | None:
        """Since when it is full, where that is the last that anybody was told."""
        async with self.repository.reading() as work:
            said = [one.alert for one in await work.announcements.newest(f"site:{_STORE}")]
        full = [one for one in said if isinstance(one, SiteAlert) and one.event is SiteEvent.BLIND]
        return min((datetime.fromisoformat(one.sites[0].since) for one in full), default=None)

    async def _tell(self, event: SiteEvent, since: datetime, because: str) -> int:
        alert = store_alert(event, since, self.clock.now(), because)
        facts = Facts(severity=Severity.HIGH, watch=event, sites=frozenset({_STORE}))
        async with self.repository.writing() as work:
            return await announce_sites([(alert, facts)], self.routes, work, self.clock.now())

    async def tidy(self) -> int:
        """Throw away what no finding needs, while there is more than the budget; answers how many files."""
        files = await asyncio.to_thread(lambda: list(self.vault.files()))
        if sum(one.size_bytes for one in files) <= self.settings.max_bytes:
            return 0
        now, days = self.clock.now(), self.settings.keep_days
        before = now - timedelta(days=days) if days else datetime.min.replace(tzinfo=UTC)
        async with self.repository.reading() as work:
            needed = await work.evidence.needed(before)
        chosen = evictable(files, needed, self.settings.max_bytes, now.timestamp())
        dropped = await asyncio.to_thread(
            lambda: [one.digest for one in chosen if self.vault.drop(one.digest)]
        )
        async with self.repository.writing() as work:
            await work.evidence.evicted(dropped, now)
        left = sum(one.size_bytes for one in files if one.digest not in set(dropped))
        log.info("evidence_tidied", files=len(dropped), left_bytes=left, budget_bytes=self.settings.max_bytes)
        if left > self.settings.max_bytes:
            log.warning("evidence_over_budget", needed_bytes=left, budget_bytes=self.settings.max_bytes)
        return len(dropped)

    async def forget(self, days: int) -> int:
        """Throw away bytes that lie there for so long and that only cases need that were closed as long ago, or nothing.

        Answers how many files. The database tells which those are, some at a time, and that they went.
        """
        before = self.clock.now() - timedelta(days=days)
        old = [
            one.digest
            for one in await asyncio.to_thread(lambda: list(self.vault.files()))
            if one.at < before.timestamp()
        ]
        if not old:
            return 0
        async with self.repository.reading() as work:
            needed = await work.evidence.needed(before, by_false=True)
        count = 0
        for batch in batched([one for one in old if one not in needed], _FORGET_AT_ONCE):
            dropped = await asyncio.to_thread(
                lambda batch=batch: [one for one in batch if self.vault.drop(one)]
            )
            async with self.repository.writing() as work:
                await work.evidence.evicted(dropped, self.clock.now())
            count += len(dropped)
        return count

    async def _mark_head(self, now: datetime) -> None:
        """Each hour the end of the audit goes into the log, which is an anchor, and is wanted stamped; so it is when a case opens."""
        async with self.repository.reading() as work:
            head = await work.audit.head()
            last = await work.stamps.newest()
            opened = (
                await work.stamps.opened_since(last.at) if last and self.settings.timestamp_url else False
            )
        if head is None:
            return
        if self._is_due(self._headed_at, _STAMP_EVERY, now):
            self._headed_at = now
            log.info("audit_head", seq=head.seq, digest=head.digest)
        if self.settings.timestamp_url and (
            last is None or opened or self._is_due(last.at, _STAMP_EVERY, now)
        ):
            async with self.repository.writing() as work:
                await work.stamps.want(head.digest, self.settings.timestamp_url, now)

    async def stamp(self) -> int:
        """Ask for the stamps that are due; answers how many were had. An authority that fails is asked later."""
        if not self.settings.timestamp_url:
            return 0
        async with self.repository.reading() as work:
            due = await work.stamps.due(self.clock.now())
        return sum([await self._ask(one) for one in due])

    async def _ask(self, stamp: Stamp) -> bool:
        try:
            need()
            headers = {"content-type": _QUERY, "accept": _REPLY}
            asked = question(stamp.digest)
            status, _, body = await self.fetcher.post(stamp.authority, body=asked, headers=headers)
            if status != 200:
                raise DeliveryError(f"the time stamp authority answers {status}")
            token = await asyncio.to_thread(self.vault.put, checked_token(body, stamp.digest))
        except StoreError:
            raise
        except LeakwatchError as error:
            is_last = stamp.attempts >= len(_RETRY_S) or isinstance(error, ConfigError)
            wait = None if is_last else timedelta(seconds=_RETRY_S[stamp.attempts])
            log.warning("time_stamp_failed", error=error.message, attempts=stamp.attempts + 1)
            async with self.repository.writing() as work:
                await work.stamps.put_off(stamp, error.message, wait, self.clock.now())
            return False
        now = self.clock.now()
        async with self.repository.writing() as work:
            await work.stamps.had(stamp, token, now)
            told = {
                "stamped": stamp.digest,
                "authority": hashlib.sha256(stamp.authority.encode()).hexdigest(),
            }
            await work.audit.append("leakwatch:stamp", "stamped", stamp.digest, told | {"token": token}, now)
        return True


def batched(some: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """Some at a time."""
    return (some[at : at + size] for at in range(0, len(some), size))


def store_alert(event: SiteEvent, since: datetime, now: datetime, because: str) -> SiteAlert:
    """What there is to say when evidence cannot be kept, or can be again. It is told as a blind site is."""
    is_blind = event is SiteEvent.BLIND
    remedy = (
        "Make room on the disk, or lower evidence.min_free_bytes or evidence.max_bytes." if is_blind else ""
    )
    began = since.isoformat(timespec="seconds")
    return SiteAlert(
        event=event,
        headline=f"I am blind: evidence cannot be kept, and the crawl waits since {began[:16].replace('T', ' ')} UTC"
        if is_blind
        else "Evidence can be kept again, and the crawl goes on",
        severity=Severity.HIGH if is_blind else Severity.LOW,
        at=now.isoformat(timespec="milliseconds"),
        sites=(BlindSite(name=_STORE, since=began, because=because, remedy=remedy),),
        advice=f"{remedy} Alerts are still sent; nothing is lost meanwhile, for all sites are read on from where they stood."
        if is_blind
        else "Nothing to do.",
        content=f"store:{event.value}:{since.isoformat()}",
    )
