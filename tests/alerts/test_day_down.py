"""A channel that is down for a day while 300 findings come, then refuses our key, then takes alerts: real servers, a clock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

import pytest

from leakwatch.alerts import notifier_for
from leakwatch.alerts.squeeze import MOST
from leakwatch.model.alert import DeliveryState, DigestAlert
from leakwatch.model.finding import Severity, Verdict
from leakwatch.ports import Fetcher
from leakwatch.secret import Secret
from leakwatch.store.repository import SqlRepository

from .slack_server import Fault, refusal, slack_server
from .smtp_server import Post, serving
from .test_outages import World, alert, events, on_sqlite, world
from .test_slack_bot import channel as slack_channel
from .test_slack_bot import door
from .test_smtp import channel as mail_channel

_FINDINGS, _STEP = 300, timedelta(minutes=5)
_AWAY, _REVOKED, _WELL = "away", "revoked", "well"


@dataclass(slots=True)
class Tried:
    """One channel with its server: what it is told to do, and the headlines that people have got, in order."""

    notifier: Any
    be: Callable[[str], None]
    headlines: Callable[[], list[str]]


@asynccontextmanager
async def slack(clock: World, code: str) -> AsyncIterator[Tried]:
    """A Slack-shaped server with a bot."""
    async with slack_server() as server, door() as fetcher:

        def be(state: str) -> None:
            faults = {_AWAY: Fault(status=503), _REVOKED: refusal("", code)}
            server.faults[:] = [faults[state]] * 10_000 if state in faults else []

        def headlines() -> list[str]:
            return [str(one["text"]) for one in server.parents]

        yield Tried(notifier_for(slack_channel(server), fetcher, clock), be, headlines)


@asynccontextmanager
async def mail(clock: World, code: str) -> AsyncIterator[Tried]:
    """A mail server that wants a name and a password."""
    post = Post()
    options = {"auth_require_tls": False, "auth_required": False}
    with serving(post, **options) as port:

        def be(state: str) -> None:
            faults = {_AWAY: {"CONNECT": "421 later"}, _REVOKED: {"AUTH": f"{code} authentication failed"}}
            post.replies = faults.get(state, {"AUTH": "235 welcome"})

        def headlines() -> list[str]:
            subjects = [raw.split(b"\r\nSubject: ")[1] for _, _, raw in post.mails]
            return [one.split(b"\r\nMessage-ID")[0].decode() for one in subjects]

        settings = mail_channel(port, username="verysecretname", password=Secret("verysecretword"))
        yield Tried(notifier_for(settings, cast("Fetcher", None), clock), be, headlines)


async def passes(w: World, hours: float) -> None:
    """Time passes, and what is due is tried."""
    for _ in range(round(timedelta(hours=hours) / _STEP)):
        await w.tick(seconds=_STEP.total_seconds())


@on_sqlite
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
@pytest.mark.parametrize(
    ("kind", "code"), [(slack, "token_revoked"), (slack, "account_inactive"), (mail, "535")]
)
async def test_down_for_a_day_and_revoked_meanwhile(
    repository: SqlRepository, kind: Callable[..., Any], code: str
) -> None:
    """Each trouble is told elsewhere once, and its end once; people get the worst first, and one digest that counts all."""
    w = world(repository, "b")
    async with kind(w, code) as tried:
        w.channels["a"] = tried.notifier
        tried.be(_AWAY)
        for number in range(_FINDINGS):
            worst = {"severity": Severity.CRITICAL, "verdict": Verdict.PROVED} if number == 137 else {}
            await w.enqueue("a", alert(number, headline=f"finding {number} is there", **worst))
            await w.tick(seconds=_STEP.total_seconds())
            if number == 144:
                assert tried.headlines() == []
                assert events(w.channels["b"]) == ["channel_down a down"]
        tried.be(_REVOKED)
        await passes(w, 2)
        assert events(w.channels["b"]) == ["channel_down a down", "channel_down a closed"]
        await w.enqueue("a", alert(999, headline="one more is there"))
        await passes(w, 20)
        assert {one.state for one in await w.rows("a")} == {DeliveryState.DEAD}
        assert len(events(w.channels["b"])) == 2, "told once, however long it lasts"
        assert code in str(w.channels["b"].taken[1])
        tried.be(_WELL)
        async with repository.writing() as work:  # as `outbox retry --channel a` does
            assert await work.outbox.retry_dead(w.time, "a") == _FINDINGS + 1
            await work.channels.keep((await work.channels.get("a")).opened())
        await passes(w, 1)
        assert events(w.channels["b"])[2:] == ["channel_back a"]
        (told,) = tried.headlines()
        assert f"{_FINDINGS + 1} alerts about {_FINDINGS + 1} findings" in " ".join(told.split())
        rows = await w.rows("a")
        assert {one.state for one in rows} == {DeliveryState.SENT}
        async with repository.reading() as work:
            found = await work.outbox.get(rows[-1].id)
        assert found is not None
        assert isinstance(found[1], DigestAlert)
        assert (found[1].entries[0].finding, found[1].more) == ("LW-137", _FINDINGS + 1 - MOST)
        await passes(w, 3)
        assert len(tried.headlines()) == 1
