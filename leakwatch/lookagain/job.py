"""The job `look:<host>`: places of a host that are due, one after the other, each outcome in one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import structlog

from leakwatch.errors import Refused, SourceError
from leakwatch.evidence.keeping import is_drawn, keep, keep_diff, told_of
from leakwatch.lookagain.asking import ask_again
from leakwatch.lookagain.desk import LookDesk
from leakwatch.lookagain.gone import APART, are_all_gone, latest
from leakwatch.lookagain.reading import APART as BASE_WAIT
from leakwatch.lookagain.reading import BASE, PAGE
from leakwatch.lookagain.renaming import led_to, renamed
from leakwatch.lookagain.seeing import Seen
from leakwatch.model.evidence import Capture, Look, Outcome
from leakwatch.model.finding import (
    STATE_CHANGES,
    EventKind,
    Finding,
    FindingEvent,
    State,
)
from leakwatch.pipeline import Again, is_looked_at_again, matched_again, take_again, tell_event
from leakwatch.ports import Work

log = structlog.get_logger()

_AT_ONCE = 20
"""Places that one run looks at: polls of the host take their turns in between, and the rest is still due."""
_ACTOR = "leakwatch:look"
_LEGAL, _SHOWN = 451, 120


async def look_at_host(host: str, desk: LookDesk) -> int:
    """Look at the places of a host that are due; answers how many alerts that caused. Raises: StoreError."""
    async with desk.repository.reading() as work:
        due = await work.looks.due(host, desk.clock.now(), _AT_ONCE)
    return sum([await _look(one, desk) for one in due])


async def _look(look: Look, desk: LookDesk) -> int:
    site = desk.sites.get(look.site)
    async with desk.repository.reading() as work:
        finding = await work.findings.survivor(look.finding)
        before = await work.evidence.newest(look.site, look.native_id)
    asset = desk.brain.index.assets.get(finding.asset) if finding else None
    if site is None or finding is None or before is None or asset is None:
        return await _close(look, None, Seen(Outcome.WITHHELD, "its site is not polled"), desk)
    if not is_looked_at_again(before, asset):
        return await _close(look, None, Seen(Outcome.WITHHELD, "its asset is under embargo"), desk)
    try:
        payload, seen = await ask_again(look, before, site, desk)
    except SourceError as error:
        return await _close(look, None, _refused(error), desk)
    kept = await keep(payload, look.site, f"{site.kind}/1", desk.repository, desk.vault)
    diff = await keep_diff(seen.diff, kept, desk.vault) if seen.diff else None
    again = None
    if seen.outcome is Outcome.EDITED and seen.now is not None:
        again = await matched_again(seen.now, kept, desk.brain, desk.repository)
    return await _close(look, kept, seen, desk, diff, led_to(look.url, payload), again)


def _refused(error: SourceError) -> Seen:
    """What a place says by not answering: only 451 says that something is gone."""
    if isinstance(error, Refused) and error.status == _LEGAL:
        return Seen(Outcome.DELETED, "the page answers 451: taken down for legal reasons")
    return Seen(Outcome.UNREACHABLE, error.message)


async def _close(
    look: Look,
    kept: Capture | None,
    seen: Seen,
    desk: LookDesk,
    diff: Capture | None = None,
    moved_to: str | None = None,
    again: Again | None = None,
) -> int:
    """Commit an outcome with its evidence, and what follows from it: a sighting, an event, a further look, an end of the case."""
    now, outcome = desk.clock.now(), seen.outcome or Outcome.UNREACHABLE
    detail = {"why": seen.why[:500]} if seen.why else {}
    detail |= {"evidence": kept.digest} if kept else {}
    detail |= {"named": " ".join(seen.named)} if seen.named else {}
    detail |= {"read": PAGE} if seen.is_page else {}
    detail |= {"diff": diff.digest} if diff else {}
    async with desk.repository.writing() as work:
        finding = await work.findings.survivor(look.finding)
        if finding is None:
            return 0
        there = await work.findings.lock({finding.asset} | (again.assets if again else set()))
        last = latest(await work.looks.of(finding.id)).get(look.url)
        if not await work.looks.close(look, outcome, detail, now):
            return 0
        alerts = await take_again(again, there, desk.brain, work) if again else 0
        finding = await work.findings.survivor(look.finding) or finding
        if kept:
            await work.evidence.keep(kept)
            if desk.brain.draws and is_drawn(kept):
                await work.screenshots.want([finding.id], kept)
        if diff:
            await work.evidence.keep(diff)
        if seen.is_first:
            await work.looks.plan_one(look, BASE, now + BASE_WAIT)
        if moved_to:
            finding, more = await renamed(look, moved_to, finding, desk, work)
            alerts += more
        is_news = last is None or last.outcome is not outcome or outcome is Outcome.EDITED
        if is_news and outcome is Outcome.DELETED:
            await work.looks.plan_one(look, f"gone {now:%Y-%m-%dT%H:%M:%SZ} +60m", now + APART)
        if is_news and outcome in (Outcome.EDITED, Outcome.DELETED):
            event = _event(look, finding, outcome, seen, kept, desk)
            event = replace(event, detail={**event.detail, **_edit_told(seen, diff)})
            alerts += await _tell(event, finding, desk, work)
        if outcome is Outcome.DELETED:
            alerts += await _end(finding, desk, work)
        told = {"outcome": outcome.value, "url": look.url, "why": seen.why[:500], "step": look.step}
        told |= {"diff": diff.digest} if diff else {}
        await work.audit.append(
            _ACTOR, "looked", finding.id, {**(told_of(kept) if kept else {}), **told}, now
        )
    log.info("place_looked_at", finding=look.finding, site=look.site, step=look.step, outcome=outcome.value)
    return alerts


def _edit_told(seen: Seen, diff: Capture | None) -> dict[str, str]:
    """The first line that went and the first that came, and where the whole diff is kept."""
    if diff is None:
        return {}
    lines = seen.diff.splitlines()
    told = {"diff": diff.digest}
    for name, sign in (("was", "-"), ("now", "+")):
        told |= next(({name: one[1:_SHOWN]} for one in lines if one.startswith(sign) and one[1:].strip()), {})
    return told


def _event(
    look: Look, finding: Finding, outcome: Outcome, seen: Seen, kept: Capture | None, desk: LookDesk
) -> FindingEvent:
    kind = EventKind.EDITED if outcome is Outcome.EDITED else EventKind.DELETED
    detail = {"site": look.site, "url": look.url, "what": seen.why[:200]}
    now = desk.clock.now()
    return FindingEvent(
        finding=finding.id,
        kind=kind,
        at=now,
        content=f"{kind.value}:{look.url}:{now.isoformat()}",
        detail=detail | ({"evidence": kept.digest} if kept else {}),
    )


async def _tell(event: FindingEvent, finding: Finding, desk: LookDesk, work: Work) -> int:
    """The one place where a look tells anybody."""
    asset = desk.brain.index.assets.get(finding.asset)
    if asset is None:
        await work.findings.add_event(event)
        return 0
    return await tell_event(event, finding, asset, desk.brain.routes, work)


def _is_told(finding: Finding, events: Iterable[FindingEvent]) -> bool:
    """Whether it was said of this case that all is gone, since it was open again last."""
    is_told = False
    for one in events:
        is_own = one.detail.get("of", finding.id) == finding.id
        is_opened = one.kind is EventKind.STATE and one.detail.get("to") == State.REOPENED.value
        is_told = not is_opened and (is_told or (is_own and one.content.startswith("all-gone")))
    return is_told


async def _end(finding: Finding, desk: LookDesk, work: Work) -> int:
    """All places are gone: that is told once, and again for a case that was open again since.

    The case is set to removed only where the configuration says so.
    """
    urls = [one.url for one in await work.evidence.sightings(finding.id)]
    if not are_all_gone(urls, await work.looks.of(finding.id)):
        return 0
    if (
        _is_told(finding, await work.findings.events(finding.id))
        or State.REMOVED not in STATE_CHANGES[finding.state]
    ):
        return 0
    now = desk.clock.now()
    detail = {"site": ", ".join(sorted(finding.sites))[:200], "all": "yes", "proposed": "removed"}
    event = FindingEvent(
        finding=finding.id,
        kind=EventKind.DELETED,
        at=now,
        content=f"all-gone:{now.isoformat()}",
        detail=detail,
    )
    alerts = await _tell(event, finding, desk, work)
    if not desk.close_when_gone:
        return alerts
    closed = replace(finding, state=State.REMOVED, updated_at=now, closed_at=now)
    await work.findings.save(closed)
    detail = {"from": finding.state.value, "to": State.REMOVED.value}
    reason = "all places were found gone twice, an hour apart"
    state = replace(event, kind=EventKind.STATE, content=f"state:removed:{now.isoformat()}", detail=detail)
    alerts += await _tell(replace(state, actor=_ACTOR, reason=reason), closed, desk, work)
    await work.audit.append(_ACTOR, "state", finding.id, {**detail, "reason": reason}, now)
    return alerts
