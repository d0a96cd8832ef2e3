"""What waited on a channel that could not be reached -> one digest. Pure.

Where few alerts waited they go out as they are, in order; where many did, people would get a storm that says less than one
message. Of several alerts about a finding the last one counts. What is no alert of a finding is left to go by itself.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from leakwatch.model.alert import Alert, DigestAlert, DigestEvent
from leakwatch.model.channel import Waiting
from leakwatch.model.finding import Severity, Verdict

MOST = 20
"""So many alerts may go out one by one; of more there is a digest, which tells of so many findings in full."""
_SUREST = (Verdict.PROVED, Verdict.LIKELY, Verdict.UNKNOWN, Verdict.UNPROVED, Verdict.REFUTED)


@dataclass(frozen=True, slots=True)
class Squeezed:
    """One digest for one recipient, and the keys of the alerts that it tells of."""

    recipient: str
    alert: DigestAlert
    keys: tuple[str, ...]


def squeeze(rows: Sequence[Waiting], now: datetime) -> list[Squeezed]:
    """A digest for each recipient for whom too many alerts wait; `rows` are in the order in which they came."""
    found: list[Squeezed] = []
    for recipient in dict.fromkeys(one.recipient for one in rows):
        mine = [one for one in rows if one.recipient == recipient and isinstance(one.alert, Alert)]
        if len(mine) > MOST:
            found.append(Squeezed(recipient, _digest(mine, now), tuple(one.key for one in mine)))
    return found


def _digest(rows: Sequence[Waiting], now: datetime) -> DigestAlert:
    last = {one.alert.subject: one.alert for one in rows if isinstance(one.alert, Alert)}
    alerts = sorted(last.values(), key=_place)
    counts = Counter(one.severity for one in alerts)
    findings = f"{len(alerts)} finding{'s' if len(alerts) != 1 else ''}"
    return DigestAlert(
        event=DigestEvent.AFTER_OUTAGE,
        topic="after-outage",
        headline=f"{len(rows)} alerts about {findings} waited while this channel could not be reached",
        severity=alerts[0].severity,
        at=now.isoformat(timespec="milliseconds"),
        since=min(one.created_at for one in rows).isoformat(timespec="seconds"),
        entries=tuple(replace(one, reasons=one.reasons[:2], places=one.places[:1]) for one in alerts[:MOST]),
        more=max(len(alerts) - MOST, 0),
        counts=tuple((one.value, counts[one]) for one in reversed(Severity) if counts[one]),
        advice="Begin at the top: the most severe and the surest come first.",
        content=_content(rows, now),
        test=all(one.test for one in alerts),
        drill=all(one.drill for one in alerts),
    )


def _content(rows: Sequence[Waiting], now: datetime) -> str:
    """The name of this digest; another one of the same alerts, where this one could not be read, has another."""
    told = "".join([*(one.key for one in rows), now.isoformat()])
    return "after_outage:" + hashlib.sha256(told.encode()).hexdigest()[:16]


def _place(alert: Alert) -> tuple[int, int]:
    """The most severe first, of those the surest."""
    return -alert.severity.rank, _SUREST.index(alert.verdict)
