"""A draft of one message: what becomes part of it, what it says, and what cannot be read of it, which is handed on by itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from leakwatch.model.alert import Alert, AnyAlert, DigestEvent, SiteAlert
from leakwatch.model.announcement import Message, MessageKind, Waiting
from leakwatch.ports import Work
from leakwatch.routing.budget import Bundle
from leakwatch.routing.fold import fold_finding, fold_many, fold_sites, in_full
from leakwatch.telling.inhibiting import HELD
from leakwatch.telling.veiling import as_may_be_told

_MOST_NEWS = 20
_EVENTS: Mapping[str, DigestEvent] = {
    "digest": DigestEvent.DIGEST,
    "first_run": DigestEvent.FIRST_RUN,
    "backfill": DigestEvent.BACKFILL,
    "reweighed": DigestEvent.GROUP,
    HELD: DigestEvent.GROUP,
    "quiet": DigestEvent.AFTER_QUIET,
    "silence": DigestEvent.DIGEST,
}


@dataclass(frozen=True, slots=True)
class Draft:
    """One message that is to be written."""

    bundle: Bundle
    kind: MessageKind
    asset: str

    @property
    def first(self) -> Waiting:
        """The announcement that says whose it is."""
        return self.bundle.rows[0]


def apart(draft: Draft) -> list[Draft]:
    """The same, as messages that can be said: a digest of findings has no room for sites, nor "blind" for "read again"."""
    kinds: dict[str, list[Waiting]] = {}
    for one in draft.bundle.rows:
        kinds.setdefault("" if one.asset else one.group, []).append(one)
    return [replace(draft, bundle=replace(draft.bundle, rows=tuple(some))) for some in kinds.values()]


def event_of(group: str) -> DigestEvent | None:
    """Why a group is told together; None for an ordinary one."""
    return _EVENTS.get(group.partition(":")[0])


def asset_of(bundle: Bundle) -> str:
    """The asset that all of it is of; "" where it is of several, or of sites."""
    assets = {one.asset for one in bundle.rows}
    return assets.pop() if len(assets) == 1 else ""


def message_of(draft: Draft, key: str, now: datetime) -> Message:
    """What is remembered of the message: by that a budget counts."""
    return Message(
        key=key,
        route=draft.first.route,
        channel=draft.first.channel,
        group=draft.first.group,
        asset=draft.asset,
        kind=draft.kind,
        urgency=draft.bundle.urgency,
        at=now,
    )


async def readable(
    draft: Draft, recipients: Sequence[str], work: Work, now: datetime
) -> tuple[Draft, AnyAlert | None]:
    """The message, of what can be read; the rest is handed on by itself, and found out there."""
    while rows := draft.bundle.rows:
        subjects = in_full(rows) if rows[0].asset else list(dict.fromkeys(one.subject for one in rows))
        chosen = {one: [row for row in rows if row.subject == one][-_MOST_NEWS:] for one in subjects}
        some = [row for news in chosen.values() for row in news]
        alerts = await work.announcements.alerts([one.id for one in some])
        alerts = dict(zip(alerts, await as_may_be_told(alerts.values(), work), strict=True))
        bad = {one.id for one in some if one.id not in alerts}
        if not bad:
            return draft, _compose(draft, chosen, alerts, now)
        for one in rows:
            if one.id in bad:
                await work.announcements.hand_on(one, recipients, now)
        draft = replace(
            draft, bundle=replace(draft.bundle, rows=tuple(one for one in rows if one.id not in bad))
        )
    return draft, None


def _compose(
    draft: Draft, chosen: Mapping[str, Sequence[Waiting]], alerts: Mapping[int, AnyAlert], now: datetime
) -> AnyAlert:
    """The message: of one finding, of sites, or of many findings of which the most urgent are told in full."""
    rows = draft.bundle.rows
    entries: list[Alert] = []
    sites: list[SiteAlert] = []
    for some in chosen.values():
        news = [alerts[one.id] for one in some]
        ours = [one for one in news if isinstance(one, Alert)]
        sites += [one for one in news if isinstance(one, SiteAlert)]
        if ours:
            entries.append(fold_finding(ours, [one.key for one in some]))
    if not entries:
        return fold_sites(sites, [one.key for one in rows])
    if len(entries) == 1 and len({one.subject for one in rows}) == 1:
        return entries[0]
    event = DigestEvent.FLOOD if draft.kind is MessageKind.FLOOD else event_of(draft.first.group)
    return fold_many(event or DigestEvent.GROUP, _topic(draft, entries), rows, entries, now)


def _topic(draft: Draft, entries: Sequence[Alert]) -> str:
    """What a message of many is about, without saying more of an asset than its alerts do."""
    shown = {one.asset_id for one in entries}
    return shown.pop() if len(shown) == 1 else draft.first.route or draft.first.channel
