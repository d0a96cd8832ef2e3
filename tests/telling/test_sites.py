"""News of sites among news of findings, and among many of their own: each is named, whatever else is told."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from leakwatch.model.alert import Alert, BlindSite, DigestAlert, SiteAlert, SiteEvent
from leakwatch.model.finding import Severity
from leakwatch.model.route import Facts, Matchers, Route
from leakwatch.model.site import SiteState
from leakwatch.telling import Limits, announce_sites
from leakwatch.telling.silences import begin_silence

from .conftest import finding  # type: ignore[import-not-found]

if TYPE_CHECKING:
    from .conftest import Desk  # type: ignore[import-not-found]


async def site_news(desk: Desk, name: str, event: SiteEvent = SiteEvent.BLIND) -> int:
    """A site is blind, or is read again; answers how many announcements wait."""
    async with desk.repository.writing() as work:
        known = await work.sites.get(name)
        if known is None:
            await work.sites.sync([(name, "feed", f"{name}.example")], desk.at)
            known = await work.sites.get(name)
        assert isinstance(known, SiteState)
        assert await work.sites.tell_blind(known, desk.at if event is SiteEvent.BLIND else None)
        at = desk.at.isoformat()
        alert = SiteAlert(
            event=event,
            headline=f"{event.value}: {name}",
            severity=Severity.MEDIUM,
            at=at,
            sites=(BlindSite(name=name, since=at, because="it is overdue"),),
            content=f"{event.value}:{at}",
        )
        facts = Facts(severity=alert.severity, watch=event, sites=frozenset({name}))
        return await announce_sites([(alert, facts)], desk.routing, work, desk.at)


async def named(desk: Desk, event: SiteEvent) -> list[list[str]]:
    """The sites that each message of this kind names."""
    told = [one for one in await desk.alerts() if isinstance(one, SiteAlert) and one.event is event]
    return [[site.name for site in one.sites] for one in told]


async def test_a_flood_of_findings_does_not_swallow_a_blind_site(desk: Desk) -> None:
    """Where a channel has no room left, sites are told beside the digest of findings, and that counts findings only."""
    desk.limits = Limits(per_channel=4)
    desk.route(Route(name="all", channels=("slack",), budget=4))
    await site_news(desk, "hub")
    await desk.tell()
    for number in range(9):
        await desk.event(case=finding(number, severity=Severity.CRITICAL))
    await site_news(desk, "board")
    await site_news(desk, "hub", SiteEvent.RECOVERED)
    for _ in range(12):
        await desk.later(minutes=10)
    assert await named(desk, SiteEvent.BLIND) == [["hub"], ["board"]]
    assert await named(desk, SiteEvent.RECOVERED) == [["hub"]]
    findings = [one for one in await desk.alerts() if not isinstance(one, SiteAlert)]
    counted = sum(one.more + len(one.entries) if isinstance(one, DigestAlert) else 1 for one in findings)
    assert counted == 9


async def test_a_silence_that_ends_tells_of_sites_and_of_findings(desk: Desk) -> None:
    """What a silence of everything hid comes as a digest of the findings, and as a message of the sites."""
    ends = desk.at + timedelta(hours=1)
    await begin_silence(Matchers(), desk.at, ends, "mara", "we move", desk.repository, desk.at)
    await desk.event()
    await desk.event(case=finding(2))
    await site_news(desk, "board")
    assert await desk.tell() == 0
    assert await desk.later(hours=1) == 2
    assert await named(desk, SiteEvent.BLIND) == [["board"]]
    (digest,) = [one for one in await desk.alerts() if isinstance(one, DigestAlert)]
    assert [one.finding for one in digest.entries] == ["LW-1", "LW-2"]


async def test_all_of_many_blind_sites_are_counted(desk: Desk) -> None:
    """A network that fails blinds thirty sites: the one message says thirty."""
    for number in range(30):
        await site_news(desk, f"s{number:02}")
    assert await desk.tell() == 1
    assert await desk.headlines() == ["I am blind on 30 sites since 2026-11-20 12:00 UTC"]
    assert len((await named(desk, SiteEvent.BLIND))[0]) == 30


async def test_an_alert_of_one_finding_stays_one(desk: Desk) -> None:
    """Beside a site that is told at the same time."""
    await desk.event()
    await site_news(desk, "board")
    assert await desk.tell() == 2
    assert {type(one) for one in await desk.alerts()} == {Alert, SiteAlert}


async def test_who_knows_that_a_site_is_blind_hears_after_a_silence_that_it_is_read_again(desk: Desk) -> None:
    """The silence hid it; a site of which nobody was told stays untold, as it is over."""
    await site_news(desk, "board")
    assert await desk.tell() == 1
    ends = desk.at + timedelta(hours=1)
    await begin_silence(Matchers(), desk.at, ends, "mara", "we move", desk.repository, desk.at)
    await site_news(desk, "other")
    desk.at += timedelta(minutes=10)
    await site_news(desk, "board", SiteEvent.RECOVERED)
    await site_news(desk, "other", SiteEvent.RECOVERED)
    await site_news(desk, "third")
    assert await desk.tell() == 0
    assert await desk.later(hours=1) == 2
    assert await named(desk, SiteEvent.RECOVERED) == [["board"]]
    assert await named(desk, SiteEvent.BLIND) == [["board"], ["third"]]
    assert await desk.later(days=1) == 0
