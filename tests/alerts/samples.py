"""Alerts of each kind, as the pipeline makes them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from leakwatch.model.alert import (
    Alert,
    AnyAlert,
    BlindSite,
    Delivery,
    DigestAlert,
    DigestEvent,
    Place,
    SiteAlert,
    SiteEvent,
)
from leakwatch.model.finding import EventKind, FindingId, Severity, State, Verdict

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)

OPENED = Alert(
    finding=FindingId("LW-7"),
    event=EventKind.OPENED,
    asset_id="model",
    asset="Tideglass 70B",
    headline="Tideglass 70B: possible leak on board",
    severity=Severity.HIGH,
    verdict=Verdict.UNKNOWN,
    verdict_detail="The torrent's metadata is being fetched; the verdict follows.",
    score=0.9712,
    since="2026-11-20T11:59:30+00:00",
    at="2026-11-20T11:59:31.000+00:00",
    places=(
        Place(
            site="board",
            url="https://board.example/g/thread/1",
            title="tideglass <weights> & more",
            seen_at="2026-11-20T11:59:30+00:00",
            published_at="2026-11-20T11:59:00+00:00",
            locators=("magnet:?xt=urn:btih:" + "cd" * 20,),
        ),
    ),
    reasons=(
        "title: the name is there in full (+12.5 bits)",
        "size: one file has the asset's size (+9.0 bits)",
    ),
    spread="seen once on 1 site: board",
    advice="Look at the page now; a verdict from the torrent's metadata follows if peers can be found.",
    content="opened",
)
PROVED = replace(
    OPENED,
    event=EventKind.VERDICT,
    headline="Tideglass 70B: proved",
    severity=Severity.CRITICAL,
    verdict=Verdict.PROVED,
    verdict_detail="pieces_root of 3 of 3 files agrees with the asset's",
    at="2026-11-20T12:01:00.000+00:00",
    spread="seen 3 times on 2 sites: board, index; swarm: 8 seeders at most, rising",
    advice="Confirm, preserve the evidence, and ask the host or index to remove it.",
    places=(
        Place(
            site="index",
            url="https://index.example/torrent/77",
            title="Tideglass.70B-weights",
            seen_at="2026-11-20T12:00:40+00:00",
        ),
        *OPENED.places,
    ),
    content="verdict:proved",
)
SIGHTED = replace(
    OPENED,
    event=EventKind.SIGHTED,
    headline="Tideglass 70B: the same leak is now on index too",
    at="2026-11-20T12:00:40.000+00:00",
    spread="seen 2 times on 2 sites: board, index",
    places=PROVED.places,
    content="site:index",
)
ACKNOWLEDGED = replace(
    PROVED,
    event=EventKind.STATE,
    headline="Tideglass 70B: acknowledged by slack:U012A3CDE (Ana)",
    state=State.ACKNOWLEDGED,
    acknowledged_by="slack:U012A3CDE (Ana)",
    at="2026-11-20T12:05:00.000+00:00",
    content="state:acknowledged",
)
EMBARGOED = replace(
    OPENED,
    finding=FindingId("LW-9"),
    asset_id="BLUE-07",
    asset="BLUE-07",
    headline="BLUE-07: possible leak on board",
    places=(
        Place(site="board", url=None, title="(behind the code name)", seen_at="2026-11-20T11:59:30+00:00"),
    ),
    reasons=("title", "size"),
)
DRILL = replace(OPENED, drill=True, finding=FindingId("LW-12"))
TEST = replace(OPENED, test=True, headline="Test alert: this channel works", finding=FindingId("LW-TEST"))
DIGEST = DigestAlert(
    event=DigestEvent.FIRST_RUN,
    topic="first:old-index",
    headline="old-index: 23 findings of the first run",
    severity=Severity.CRITICAL,
    at="2026-11-20T12:10:00.000+00:00",
    since="2026-11-19T12:00:00+00:00",
    entries=tuple(
        replace(
            PROVED if number < 2 else OPENED,
            finding=FindingId(f"LW-{20 + number}"),
            headline=f"Tideglass 70B: {'leaked on board, proved' if number < 2 else 'possible leak on board'}",
            severity=(Severity.CRITICAL, Severity.CRITICAL, Severity.HIGH, Severity.MEDIUM)[min(number, 3)],
        )
        for number in range(8)
    ),
    more=15,
    counts=(("critical", 2), ("high", 5), ("medium", 16)),
    advice="Look at the proved ones first.",
    content="first:1",
)
BLIND = SiteAlert(
    event=SiteEvent.BLIND,
    headline="2 sites cannot be read",
    severity=Severity.HIGH,
    at="2026-11-20T12:20:00.000+00:00",
    sites=(
        BlindSite(
            name="board",
            since="2026-11-20T11:20:00+00:00",
            because="answered 403 three times: the site refuses us",
            remedy="Look at the site in a browser; slow it down, or sign in.",
        ),
        BlindSite(name="index", since="2026-11-20T11:40:00+00:00", because="its name does not resolve"),
    ),
    advice="See which sites and why, and mend them.",
    content="blind:1",
)
LONE = replace(BLIND, headline="board cannot be read", sites=BLIND.sites[:1])
RECOVERED = replace(
    LONE,
    event=SiteEvent.RECOVERED,
    headline="board is read again",
    at="2026-11-20T13:00:00.000+00:00",
    content="recovered:1",
)
ALL: dict[str, AnyAlert] = {
    "opened": OPENED,
    "proved": PROVED,
    "sighted": SIGHTED,
    "acknowledged": ACKNOWLEDGED,
    "embargoed": EMBARGOED,
    "drill": DRILL,
    "test": TEST,
    "digest": DIGEST,
    "blind": BLIND,
    "recovered": RECOVERED,
}
ALERT = replace(
    OPENED,
    severity=Severity.CRITICAL,
    at="2026-11-20T11:59:31.250+00:00",
    places=(replace(OPENED.places[0], title="tideglass weights"),),
    reasons=OPENED.reasons[:1],
    advice="Look at the page now.",
)
"""The same in few words, as grave as can be."""
ANSWERS = (
    "Tideglass 70B: possible leak on board",
    "board: tideglass weights hxxps://board[.]example/g/thread/1",
    "title: the name is there in full",
    "2026-11-20 11:59:30 UTC",
    "unknown, match score 0.97. The torrent's metadata is being fetched",
    "seen once on 1 site: board",
    "Look at the page now.",
)
"""What ALERT says of what, where, why, since when, how sure, how far, and what next."""
NEWS = replace(
    ALERT,
    event=EventKind.STATE,
    state=State.ACKNOWLEDGED,
    acknowledged_by="robin",
    headline="Tideglass 70B: acknowledged by robin",
    content="acknowledged",
)
ONE_BLIND = SiteAlert(
    event=SiteEvent.BLIND,
    headline="I am blind on board since 2026-11-20 11:00 UTC, because refused: 403",
    severity=Severity.MEDIUM,
    at=ALERT.at,
    sites=(BlindSite(name="board", since="2026-11-20T11:00:00+00:00", because="refused: 403"),),
    advice="open the site in a browser",
    content="blind:1",
)
THREE = DigestAlert(
    event=DigestEvent.DIGEST,
    topic="model",
    headline="3 findings of Tideglass 70B",
    severity=Severity.CRITICAL,
    at=ALERT.at,
    since=ALERT.since,
    entries=(
        replace(ALERT, verdict=Verdict.PROVED, assignee="robin"),
        replace(ALERT, finding=FindingId("LW-8")),
    ),
    more=1,
    counts=(("critical", 2), ("high", 1)),
    advice="Begin with what is proved.",
    content="digest:1",
)
KINDS = {"opened": ALERT, "news": NEWS, "blind": ONE_BLIND, "digest": THREE}
DELIVERY = Delivery(id=1, key="ab" * 32, channel="c", alert=ALERT, attempts=1, created_at=NOW)


def due(alert: AnyAlert, key: str = "ab", **changes: object) -> Delivery:
    """A delivery of an alert."""
    made = Delivery(id=1, key=key * 32, channel="slack", alert=alert, attempts=1, created_at=NOW)
    return replace(made, **changes)  # type: ignore[arg-type]


def all_over(text: str) -> Alert:
    """An alert in which a stranger has written wherever one can write."""
    place = Place(site=text, url=text, title=text, seen_at="now", locators=(text, text))
    alert = replace(ALERT, asset=text, asset_id=text, headline=text, verdict_detail=text, spread=text)
    return replace(alert, reasons=(text,) * 6, places=(place,) * 12, assignee=text, acknowledged_by=text)


def all_kinds(text: str) -> list[Alert | SiteAlert | DigestAlert]:
    """Such alerts of a finding, of its news, of a site, and of several findings."""
    alert = all_over(text)
    site = BlindSite(name=text, since="now", because=text, remedy=text)
    return [
        alert,
        replace(alert, event=EventKind.STATE, state=State.CONFIRMED),
        replace(ONE_BLIND, headline=text, sites=(site,) * 30),
        replace(THREE, topic=text, headline=text, entries=(alert,) * 12),
    ]
