"""The job `check:<notice>`: looks again whether what a notice is about is gone, and writes down what follows from it.

What follows, one of:
- all addresses were gone when each was looked at last: a notice that waits is `removed`
- one is up again that was removed, or was restored after a counter-notice: the notice waits again, and a finding that
  was reported or thought to be removed is opened again
- one has moved, or says that it is gone though the host's status does not: that is told once
- the deadline of a counter-notice is near: that is told
- else it is only written down
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import structlog

from leakwatch.cases import Tell
from leakwatch.errors import InputError
from leakwatch.model.asset import Asset
from leakwatch.model.finding import Finding, State
from leakwatch.model.notice import AFTER_SUBMISSION, Notice, NoticeId, NoticeState
from leakwatch.notices.life import CHECKS, after_check, is_near_deadline, stepped
from leakwatch.notices.looking import Look, Seen, Ways, look
from leakwatch.notices.tables import addressee_named
from leakwatch.notices.telling import locked_notice, moved_finding, written
from leakwatch.ports import Clock, Fetcher, Repository, Work

log = structlog.get_logger()

ACTOR = "leakwatch:notices"
MOST = 100
"""Addresses of one notice that one run looks at: the rest come an hour later."""
_LEASE = timedelta(hours=2)
"""Longer than a run can take: the most addresses, each until the door's deadline."""
_TOLD_URLS = 5
_SWARM = "swarm:"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDesk:
    """What a check needs. `tell` writes an event and the alerts that it causes."""

    repository: Repository
    fetcher: Fetcher
    ways: Ways
    clock: Clock
    tell: Tell


async def check(ident: str, desk: CheckDesk) -> int:
    """Look at the addresses of a notice that is due; answers how many alerts that caused. Raises: StoreError."""
    notice = await _claimed(NoticeId(ident), desk)
    if notice is None:
        return 0
    marks = await _marks(notice, desk)
    looks = [await look(url, desk.fetcher, desk.ways, marks) for url in _turn(notice)]
    async with desk.repository.writing() as work:
        alerts = await _follow(ident, notice, looks, desk, work)
    counts = _counts(looks)
    log.info("notice_checked", notice=ident, **counts, alerts=alerts)
    return alerts


def _turn(notice: Notice) -> tuple[str, ...]:
    """The addresses that are looked at now: of very many some, and the rest an hour later each."""
    begin = int(notice.detail.get("turn", 0))
    return notice.urls[begin : begin + MOST]


def _noted(notice: Notice, looks: Sequence[Look]) -> Notice:
    """The notice with what was gone when it was looked at last, and where the next look begins: 0 after the last address."""
    seen, end = {one.url for one in looks}, int(notice.detail.get("turn", 0)) + len(looks)
    gone = [url for url in notice.detail.get("gone", ()) if url not in seen]
    gone += [one.url for one in looks if one.seen is Seen.GONE]
    turn = end if looks and end < len(notice.urls) else 0
    return replace(notice, detail={**notice.detail, "gone": gone, "turn": turn})


async def _marks(notice: Notice, desk: CheckDesk) -> list[str]:
    """Infohashes of the finding, which a page that names one still shows."""
    async with desk.repository.reading() as work:
        keys = await work.findings.keys(notice.finding)
    return [one.removeprefix(_SWARM) for one in keys if one.startswith(_SWARM)]


async def _claimed(ident: NoticeId, desk: CheckDesk) -> Notice | None:
    """The notice, if it is due; its time is moved on first, so that a crash cannot make it come round in a circle."""
    now = desk.clock.now()
    async with desk.repository.writing() as work:
        notice = await work.notices.get(ident, lock=True)
        if notice is None or notice.next_check_at is None or notice.next_check_at > now:
            return None
        if notice.state not in AFTER_SUBMISSION:
            await work.notices.save(replace(notice, next_check_at=None))
            return None
        claimed = replace(notice, next_check_at=now + _LEASE)
        await work.notices.save(claimed)
    return claimed


async def _follow(ident: str, before: Notice, looks: Sequence[Look], desk: CheckDesk, work: Work) -> int:
    try:
        notice, finding, asset = await locked_notice(ident, work)
    except InputError:
        return 0  # it was removed with its asset meanwhile
    now = desk.clock.now()
    if (notice.state, notice.next_check_at) != (before.state, before.next_check_at):
        return 0  # a person was faster; what was seen belongs to a state that is over
    notice, addressee = _noted(notice, looks), addressee_named(notice.addressee)
    told: dict[str, Any] = {**_counts(looks), "looks": [_json(one) for one in looks]}
    up = [one for one in looks if one.seen in (Seen.UP, Seen.MOVED)]
    if _is_gone(notice) and notice.state in (NoticeState.SUBMITTED, NoticeState.WAITING):
        changed = stepped(notice, NoticeState.REMOVED, now, addressee)
        told["reason"] = "all addresses are gone"
        return await written(changed, finding, asset, "removed", ACTOR, told, now, work, desk.tell)
    if up and notice.removed_at is not None:
        changed = stepped(notice, NoticeState.WAITING, now, addressee)
        reason = f"up again: {', '.join(one.url for one in up[:_TOLD_URLS])}"
        told["reason"] = reason
        if finding.state in (State.REMOVED, State.REPORTED):
            finding = await moved_finding(finding, asset, State.REOPENED, ACTOR, reason, now, work, desk.tell)
        return await written(changed, finding, asset, "up_again", ACTOR, told, now, work, desk.tell)
    return await _unchanged(notice, finding, asset, looks, told, desk, work)


async def _unchanged(
    notice: Notice,
    finding: Finding,
    asset: Asset,
    looks: Sequence[Look],
    told: dict[str, Any],
    desk: CheckDesk,
    work: Work,
) -> int:
    """The state stays; a page that moved or says that it is gone, and a deadline that is near, are told."""
    now = desk.clock.now()
    known = set(notice.detail.get("moved", ()))
    moved = [one for one in looks if one.seen is Seen.MOVED and one.to not in known]
    changed = after_check(notice, now)
    if notice.detail["turn"]:
        times = (changed.next_check_at, now + CHECKS[0])
        changed = replace(changed, next_check_at=min(one for one in times if one))
    told["seen_up"] = sum(one.seen is Seen.UP for one in looks)
    if moved:
        changed = replace(changed, detail={**changed.detail, "moved": sorted(known | {m.to for m in moved})})
        told["reason"] = f"moved: {', '.join(one.to for one in moved[:_TOLD_URLS])}"
        return await written(changed, finding, asset, "moved", ACTOR, told, now, work, desk.tell)
    heard = set(notice.detail.get("says_gone", ()))
    said = [one for one in looks if one.seen is Seen.SAYS_GONE and one.url not in heard]
    if said:
        changed = replace(
            changed, detail={**changed.detail, "says_gone": sorted(heard | {one.url for one in said})}
        )
        shown = ", ".join(one.url for one in said[:_TOLD_URLS])
        told["reason"] = f"look yourself, and set the notice removed if it is: {shown}"
        return await written(changed, finding, asset, "says_gone", ACTOR, told, now, work, desk.tell)
    if is_near_deadline(notice, now) and notice.deadline_at:
        told["deadline"] = notice.deadline_at.isoformat(timespec="minutes")
        told["reason"] = f"without a lawsuit the host may restore it from {notice.deadline_at:%Y-%m-%d} on"
        return await written(changed, finding, asset, "deadline", ACTOR, told, now, work, desk.tell)
    await written(changed, finding, asset, "checked", ACTOR, told, now, work, _silently)
    return 0


async def _silently(*_: object) -> int:
    """That nothing has changed belongs to the notice's own history, not to the finding's."""
    return 0


def _is_gone(notice: Notice) -> bool:
    """Whether each address was gone when it was looked at last; one that nobody has looked at yet is not."""
    return bool(notice.urls) and set(notice.urls) <= set(notice.detail["gone"])


def _counts(looks: Sequence[Look]) -> dict[str, int]:
    return {seen.value: sum(one.seen is seen for one in looks) for seen in Seen}


def _json(one: Look) -> dict[str, str]:
    told = {"url": one.url, "seen": one.seen.value, "why": one.why}
    return told | ({"to": one.to} if one.to else {})
