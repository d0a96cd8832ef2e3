"""Blind time: counted from the last poll that covered, told once an episode, and its end told once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from leakwatch.alerts.email import Smtp, message
from leakwatch.alerts.slack import payload as slack_payload
from leakwatch.alerts.webhook import payload as webhook_payload
from leakwatch.daemon import running
from leakwatch.errors import Failure
from leakwatch.model.alert import Delivery, SiteAlert, SiteEvent
from leakwatch.model.asset import AssetId
from leakwatch.model.finding import Severity
from leakwatch.model.opening import Opening
from leakwatch.model.route import Facts, Matchers, Route, Routing
from leakwatch.model.site import Coverage, SiteState
from leakwatch.polling import Duration, SiteConfig, tell_blind
from leakwatch.polling.blind import because, blind_assets, blindness, budget, make_site_alert, remedy
from leakwatch.polling.ledger import Behind, Hole, Ledger, Mark, ledger_json
from leakwatch.routing.tree import legs_of
from leakwatch.sources.feed import FeedSite
from leakwatch.store.repository import SqlRepository
from leakwatch.telling import Telling, tell_due

from ..daemons import Web, configured, site  # noqa: TID252 - tests are no package that could be named
from ..pollers import Clock, Poller, polling  # noqa: TID252

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
ROUTES = Routing.to("hook")


def state(**changes: object) -> SiteState:
    """A site that was read well at noon and is due in a minute."""
    sound = SiteState(
        name="index",
        kind="feed",
        host="h",
        cursor={},
        validators={},
        version=1,
        next_due_at=NOON + timedelta(minutes=1),
        verdict=Coverage.OK,
        covered_until=NOON,
        last_ok_at=NOON,
    )
    return replace(sound, **changes)  # pyright: ignore[reportArgumentType]


def config(**changes: object) -> SiteConfig:
    """The site's configuration."""
    made = SiteConfig(name="index", kind="feed", settings=FeedSite(url="https://index.example/rss"))
    return replace(made, **changes)  # pyright: ignore[reportArgumentType]


def test_resting_site_sees() -> None:
    """A site that was read and is not due yet is not blind, however long its schedule lets it rest."""
    resting = state(next_due_at=NOON + 12 * HOUR)
    assert not blindness(resting, NOON + 11 * HOUR).is_blind


def test_refused_site_is_blind_since_it_was_read() -> None:
    """Blind time counts from the last poll that covered, not from the first that failed."""
    refused = state(verdict=Coverage.REFUSED, failure=Failure.REFUSED, last_error="HTTP 403")
    found = blindness(refused, NOON + HOUR)
    assert (found.total, found.since) == (HOUR, NOON)
    assert because(refused, found) == "refused: HTTP 403"
    assert "browser" in remedy(refused)


def test_overdue_site_is_blind() -> None:
    """A site that nobody reads is blind; that the machine slept before the watch began is not counted against it."""
    assert blindness(state(), NOON + 2 * HOUR).total == 2 * HOUR
    began = NOON + 2 * HOUR
    assert not blindness(state(), began + timedelta(minutes=1), began).is_blind
    assert blindness(state(), began + HOUR, began).total == HOUR


def test_open_holes_add() -> None:
    """A hole that is still to be read adds its length, even where the newest items are read."""
    hole = Hole(
        began=NOON - 3 * HOUR, until=NOON - HOUR, mark=Mark(), behind=Behind(url="https://x.example/2")
    )
    found = blindness(state(ledger=ledger_json(Ledger(holes=(hole,)))), NOON)
    assert (found.total, found.holes) == (2 * HOUR, 2 * HOUR)


def test_hole_is_not_counted_twice() -> None:
    """A hole after the last covering poll lies within the blind time already."""
    hole = Hole(began=NOON, until=NOON + HOUR, mark=Mark(), behind=Behind(url="https://x.example/2"))
    gap = state(verdict=Coverage.GAP, ledger=ledger_json(Ledger(holes=(hole,))))
    assert blindness(gap, NOON + 2 * HOUR).total == 2 * HOUR


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"every": Duration(60)}, timedelta(minutes=30)),
        ({"every": Duration(3600)}, timedelta(hours=6)),
        ({"cron": "0 3 * * *"}, timedelta(days=1)),
        ({"blind_budget": Duration(90)}, timedelta(seconds=90)),
    ],
)
def test_budget(changes: dict[str, object], wanted: timedelta) -> None:
    """The budget is what is configured, else six intervals and at least half an hour."""
    assert budget(config(**changes)) == wanted


def test_asset_is_blind_where_all_its_sites_are() -> None:
    """An asset is watched by the sites that have shown it, else by all; it is blind where all of these are."""
    refused = {"verdict": Coverage.REFUSED, "covered_until": NOON - HOUR}
    states = {
        "a": state(name="a", **refused),
        "b": state(name="b"),
        "c": state(name="c", verdict=Coverage.ERROR),
    }
    one, two, new = AssetId("one"), AssetId("two"), AssetId("new")
    sighted = {one: frozenset({"a", "c", "gone"}), two: frozenset({"a", "b"})}
    found = blind_assets(sighted, [one, two, new], states, NOON + HOUR / 60)
    assert found == {one: (HOUR / 60, ("a", "c"))}
    states |= {"b": replace(states["a"], name="b"), "drop": state(name="drop", kind="inbox")}
    found = blind_assets(sighted | {new: frozenset({"drop"})}, [two, new], states, NOON + HOUR / 60)
    assert found[new][1] == ("a", "b", "c"), "an inbox looks for nothing"
    assert found[two][1] == ("a", "b")


def test_who_is_told() -> None:
    """News of a site take routes that say nothing of findings, by severity, site, host and kind."""
    facts = Facts(
        severity=Severity.MEDIUM, watch=SiteEvent.BLIND, sites=frozenset({"index"}), hosts=frozenset({"h"})
    )

    def taken(**match: object) -> bool:
        return bool(legs_of([Route(channels=("c",), match=Matchers(**match))], facts))  # type: ignore[arg-type]

    assert taken()
    assert taken(min_severity=Severity.MEDIUM)
    assert taken(sites=frozenset({"index", "x"}))
    assert taken(watch=frozenset({SiteEvent.BLIND}))
    assert taken(hosts=frozenset({"h"}))
    assert not taken(assets=frozenset({"x"}))
    assert not taken(min_severity=Severity.CRITICAL)
    assert not taken(watch=frozenset({SiteEvent.RECOVERED}))
    assert not taken(sites=frozenset({"x"}))
    assert not taken(embargoed=False)
    assert not taken(in_release_window=True)


@pytest.fixture
async def index(tmp_path: Path, web: Web, repository: SqlRepository) -> AsyncIterator[Poller]:
    """A feed that was read once."""
    async with polling(tmp_path, web, repository) as poller:
        poller.post(*(f"old{n}" for n in range(7)))
        poller.show()
        await poller.poll()
        yield poller


async def told(index: Poller, routes: Routing = ROUTES) -> list[str]:
    """The headlines in the outbox, oldest first, after sites were looked at."""
    await tell_blind({"index": index.site}, index.repository, routes, index.clock, NOON)
    await tell_due(Telling(routing=routes), index.repository, index.clock.at)
    async with index.repository.reading() as work:
        return [one.headline for one in reversed(await work.outbox.list())]


async def test_blindness_is_told_once_an_episode(index: Poller) -> None:
    """Nobody is told before the budget is used up; then once, with since, reason and remedy; then once of the end."""
    began = index.clock.at
    index.web.pages["/feed/1"] = (403, "no", {})
    await index.poll()
    assert await told(index) == []
    index.clock.at += HOUR
    await index.poll()
    (headline,) = await told(index)
    assert headline.startswith(f"I am blind on index since {began:%Y-%m-%d %H:%M} UTC, because refused: ")
    index.clock.at += HOUR
    assert await told(index) == [headline]
    index.show()
    await index.poll()
    assert await told(index) == [headline, "index is read again"]
    assert len(await told(index)) == 2
    index.web.pages["/feed/1"] = (403, "no", {})
    index.clock.at += 2 * HOUR
    await index.poll()
    assert len(await told(index)) == 3


QUIET = Routing(
    routes=(
        Route(channels=("slack",), quiet=(Opening.parse("daily 12:00-20:00 UTC"),), continue_=True),
        Route(channels=("hook",), group_interval=Duration(0)),
    )
)


async def said(index: Poller, channel: str, at: datetime) -> list[str]:
    """The headlines that one channel has got so far, oldest first."""
    index.clock.at = at
    await told(index, QUIET)
    async with index.repository.reading() as work:
        return [one.headline for one in reversed(await work.outbox.list()) if one.channel == channel]


@pytest.mark.parametrize("times", [1, 2])
async def test_blind_and_seeing_again_before_anybody_was_told_is_one_line(index: Poller, times: int) -> None:
    """Who slept is told once, from when to when; who was told at once is told of the end; the next time begins anew."""
    start = index.clock.at.replace(hour=12, minute=30) + timedelta(days=1)
    index.clock.at = start
    index.show()
    await index.poll()
    for hours in range(0, 3 * times, 3):
        began = start + hours * HOUR
        index.web.pages["/feed/1"] = (403, "no", {})
        index.clock.at = began + HOUR
        await index.poll()
        assert await said(index, "slack", began + HOUR) == []
        index.show()
        index.clock.at = began + 2 * HOUR
        await index.poll()
        assert await said(index, "slack", began + 2 * HOUR) == []
        index.clock.at = began + 3 * HOUR
        await index.poll()
    episode = ["I am blind on index", "index is read again"]
    heard = [one.partition(" since")[0] for one in await said(index, "hook", index.clock.at)]
    assert heard == episode * times
    index.clock.at = start.replace(hour=20, minute=0)
    await index.poll()
    (line,) = await said(index, "slack", index.clock.at)
    async with index.repository.reading() as work:
        (row,) = [one for one in await work.outbox.list() if one.channel == "slack"]
        found = await work.outbox.get(row.id)
    assert found
    assert isinstance(found[1], SiteAlert)
    assert found[1].event is SiteEvent.RECOVERED
    assert len(found[1].sites) == times
    assert "; it is read again" in found[1].sites[0].because
    if times == 1:
        assert line == "index was blind from 2026-11-21 12:31 to 2026-11-21 14:30 UTC"
    else:
        assert line == "index was blind for a while and is read again"
    index.web.pages["/feed/1"] = (403, "no", {})
    index.clock.at += HOUR
    await index.poll()
    assert (await said(index, "slack", index.clock.at))[1].startswith(
        "I am blind on index since 2026-11-21 20:01"
    )


async def test_two_watches_tell_once(index: Poller) -> None:
    """Two processes that see the same blind site tell of it once."""
    index.web.pages["/feed/1"] = (403, "no", {})
    index.clock.at += 2 * HOUR
    await index.poll()
    before = await index.state()
    assert len(await told(index)) == 1
    async with index.repository.writing() as work:
        assert not await work.sites.tell_blind(before, index.clock.at)


async def test_challenge_is_told_and_left_alone(index: Poller) -> None:
    """A challenge page with status 200 is a refusal: nothing is tried for hours, and the remedy is not to solve it."""
    page = (
        '<!doctype html><title>Just a moment...</title><script src="/cdn-cgi/challenge-platform/x"></script>'
    )
    index.web.pages["/feed/1"] = (200, page, {})
    polled = await index.poll()
    assert (polled.window.verdict, polled.window.failure) == (Coverage.REFUSED, Failure.CHALLENGE)
    assert polled.next_due_at >= index.clock.at + 6 * HOUR
    assert (await index.state()).failure is Failure.CHALLENGE
    assert "nothing is bypassed" in remedy(await index.state())


@pytest.mark.parametrize(
    ("answer", "failure", "wait"),
    [
        ((429, "", {"retry-after": "90"}), Failure.RATE_LIMITED, timedelta(seconds=90)),
        ((200, "Too many requests", {}), Failure.RATE_LIMITED, timedelta(minutes=5)),
        ((404, "gone", {}), Failure.DEAD, timedelta(days=1)),
        ((200, "<html data-adblockkey='x'></html>", {}), Failure.DEAD, timedelta(days=1)),
    ],
)
async def test_wait_depends_on_the_reason(
    index: Poller, answer: tuple[int, str, dict[str, str]], failure: Failure, wait: timedelta
) -> None:
    """A rate limit obeys the site's own wait; what is dead is asked once a day."""
    index.web.pages["/feed/1"] = answer
    polled = await index.poll()
    assert polled.window.failure is failure
    assert wait <= polled.next_due_at - index.clock.at <= wait * 1.2


async def test_daemon_says_so_and_says_when_it_is_over(tmp_path: Path, web: Web) -> None:
    """The daemon's own channel hears of a blind site and of its end, as events of a site and not of a finding."""
    web.feed("/rss", ("1", "Lantern", ""))
    loaded = configured(tmp_path, web, site("index", f"{web.url}/rss", more='blind_budget = "1ms"'))
    async with running(loaded) as daemon:

        async def once() -> None:
            async with daemon.repository.writing() as work:
                await work.sites.defer("index", datetime.now(UTC))
            await daemon.run_once()

        await once()
        web.pages["/rss"] = (403, "no", {})
        await once()
        await once()
        web.feed("/rss", ("1", "Lantern", ""))
        await once()
        await once()
    assert [body["type"] for _, body in web.posted] == ["site.blind", "site.recovered"]
    blind = web.posted[0][1]["data"]
    assert blind["sites"][0]["name"] == "index"
    assert "403" in blind["sites"][0]["because"]
    assert "finding" not in blind


def delivery() -> Delivery:
    """An alert of a site with a hostile reason."""
    refused = state(
        name="index",
        verdict=Coverage.REFUSED,
        failure=Failure.REFUSED,
        last_error="https://evil.example/<!channel>\nSubject: x",
    )
    alert = make_site_alert(SiteEvent.BLIND, [refused], NOON + HOUR)
    assert isinstance(alert, SiteAlert)
    return Delivery(id=1, key="k" * 64, channel="c", alert=alert, attempts=1, created_at=NOON)


def test_channels_say_it() -> None:
    """Slack, mail and webhook say which site, since when, why and what to do; and nothing that a client makes a link of."""
    slack = str(slack_payload(delivery()))
    smtp = Smtp(host="h", port=25, sender="watch@example.org", recipients=("a@example.org",))
    mail = message(delivery(), smtp, Clock())
    text = mail.get_body(("plain",))
    assert text
    for shown in (slack, text.get_content()):
        assert "I am blind on index since 2026-11-20 12:00 UTC" in shown
        assert "open the site in a browser" in shown
        assert "https://evil" not in shown
        assert "no finding" in shown
    assert mail["Subject"].startswith("[MEDIUM] I am blind on index")
    assert "source health index" in text.get_content()
    assert webhook_payload(delivery())["type"] == "site.blind"


def test_many_sites_are_told_together() -> None:
    """Sites that fail together make one alert, which names each."""
    many = [state(name=f"s{number}", verdict=Coverage.ERROR, failure=Failure.DNS) for number in range(30)]
    alert = make_site_alert(SiteEvent.BLIND, many, NOON + HOUR)
    assert alert.headline == "I am blind on 30 sites since 2026-11-20 12:00 UTC"
    assert len(alert.sites) == 30
    assert "and 10 more" in str(slack_payload(replace(delivery(), alert=alert)))
