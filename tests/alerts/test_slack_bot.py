"""The Slack channel by bot token against a Slack-shaped server on loopback: F11 of the list of faults."""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from leakwatch.alerts import notifier_for
from leakwatch.alerts.deliver import deliver
from leakwatch.alerts.settings import SlackBotChannel, SlackChannel
from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher
from leakwatch.model.alert import Alert, AnyAlert, Delivery, Receipt, delivery_key
from leakwatch.model.finding import EventKind, FindingId, Severity
from leakwatch.secret import Secret
from leakwatch.store.migrate import upgrade
from leakwatch.store.repository import SqlRepository
from leakwatch.store.tables import outbox

from .harmless import check_harmless
from .samples import (
    ACKNOWLEDGED,
    ALL,
    BLIND,
    DIGEST,
    LONE,
    NOW,
    OPENED,
    PROVED,
    RECOVERED,
    SIGHTED,
    TEST,
    due,
)
from .slack_server import APP_TOKEN, CHANNEL, TOKEN, Fault, SlackServer, refusal, slack_server
from .slack_validator import problems

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


@dataclass(slots=True)
class Clock:
    """A clock that is moved by hand."""

    time: datetime = NOW

    def now(self) -> datetime:
        """The time it was set to."""
        return self.time


@pytest.fixture
async def slack() -> AsyncIterator[SlackServer]:
    """A running server."""
    async with slack_server() as made:
        yield made


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database to copy from."""
    file = tmp_path_factory.mktemp("bot") / "empty.db"
    asyncio.run(upgrade(f"sqlite:///{file}"))
    return file


@pytest.fixture
async def store(empty_database: Path, tmp_path: Path) -> AsyncIterator[SqlRepository]:
    """An empty database."""
    file = tmp_path / "leakwatch.db"
    shutil.copy(empty_database, file)
    opened = SqlRepository.open(f"sqlite:///{file}")
    yield opened
    await opened.close()


def channel(slack: SlackServer, **changes: Any) -> SlackBotChannel:
    """The settings of a channel of this server, without a pause between messages."""
    told: dict[str, Any] = {"name": "slack", "kind": "slack_bot", "token": Secret(TOKEN), "channel": CHANNEL}
    return SlackBotChannel(**(told | {"api": slack.api, "pace_s": 0.0} | changes))


@asynccontextmanager
async def door() -> AsyncIterator[HttpFetcher]:
    """The door, open to loopback."""
    settings = DoorSettings(contact="mailto:a@example.org", allow_hosts=frozenset({"127.0.0.1"}))
    async with HttpFetcher(settings, secret=str, clock=Clock(), tls=NO_TLS) as opened:
        yield opened


async def queue(store: SqlRepository, *alerts: AnyAlert) -> None:
    """Put alerts into the outbox."""
    async with store.writing() as work:
        for one in alerts:
            await work.outbox.enqueue("slack", one, NOW)


async def drain(
    store: SqlRepository, slack: SlackServer, clock: Clock, **changes: Any
) -> list[dict[str, Any]]:
    """Deliver what is due; answers the rows."""
    async with door() as opened:
        notifier = notifier_for(channel(slack, **changes), opened, clock)
        await deliver("slack", notifier, store, clock, lambda _: None, lambda: False)
    async with store.engine.connect() as connection:
        rows = (await connection.execute(sa.select(outbox).order_by(outbox.c.id))).mappings().all()
    return [dict(row) for row in rows]


async def send(slack: SlackServer, delivery: Delivery, **changes: Any) -> Receipt:
    """Send one delivery, past the outbox."""
    async with door() as opened:
        return await notifier_for(channel(slack, **changes), opened, Clock()).send(delivery)


def words(message: dict[str, Any]) -> str:
    """All that a message says."""
    return json.dumps(message["blocks"], ensure_ascii=False)


async def test_first_alert_is_a_message(slack: SlackServer, store: SqlRepository) -> None:
    """An opened finding is one message with our key in its metadata; without an app token it has no buttons."""
    await queue(store, OPENED)
    (row,) = await drain(store, slack, Clock())
    (message,) = slack.messages
    assert (row["state"], row["reference"]) == ("sent", message["ts"])
    assert message["metadata"]["event_payload"] == {"key": row["key"], "subject": "LW-7"}
    assert message["unfurl_links"] is message["unfurl_media"] is False
    assert not any(block["type"] == "actions" for block in message["blocks"])


async def test_news_go_into_the_thread_and_the_message_is_brought_up_to_date(
    slack: SlackServer, store: SqlRepository
) -> None:
    """One message a finding: sightings and changes of state are replies, and the message shows how things stand."""
    for alert in (OPENED, SIGHTED, PROVED, ACKNOWLEDGED):
        await queue(store, alert)
        await drain(store, slack, Clock())
    (parent,) = slack.parents
    assert [one["thread_ts"] for one in slack.replies] == [parent["ts"]] * 3
    assert parent["text"] == "[CRITICAL] Tideglass 70B: possible leak on board"
    for part in ("proved, match score 0.97", "8 seeders at most", "acknowledged by slack:U012A3CDE (Ana)"):
        assert part in words(parent)
    assert "seen once" not in words(parent)
    assert parent["metadata"]["event_payload"]["key"] != slack.replies[-1]["metadata"]["event_payload"]["key"]


async def test_only_a_rise_is_broadcast(slack: SlackServer, store: SqlRepository) -> None:
    """A reply is shown in the channel, too, where it is worse, proved, or reminds of what nobody took; nowhere else."""
    reminder = replace(PROVED, event=EventKind.REMINDER, content="again", at="2026-11-20T12:04:00.000+00:00")
    for alert in (OPENED, SIGHTED, PROVED, reminder, ACKNOWLEDGED):
        await queue(store, alert)
        await drain(store, slack, Clock())
    assert [one["reply_broadcast"] for one in slack.replies] == [False, True, True, False]
    assert "Confirm, preserve the evidence" in words(slack.replies[1])
    assert "Confirm, preserve the evidence" not in words(slack.replies[0])


async def test_late_alert_does_not_turn_the_message_back(slack: SlackServer, store: SqlRepository) -> None:
    """An older alert that comes late is told in the thread, and the message keeps what is newer."""
    for alert in (PROVED, SIGHTED):
        await queue(store, alert)
        await drain(store, slack, Clock())
    assert "proved, match score" in words(slack.parents[0])
    assert "now on index too" in words(slack.replies[0])
    assert [method for method, _ in slack.calls] == ["chat.postMessage"] * 2


async def test_message_of_an_asset_that_is_embargoed_by_now_drops_its_title(slack: SlackServer) -> None:
    """The headline that the message began with is not repeated once the asset goes by another name."""
    receipt = await send(slack, due(OPENED))
    later = replace(PROVED, asset="BLUE-07", headline="BLUE-07: proved", places=(), reasons=())
    await send(slack, due(later, "cd", thread=receipt.thread))
    assert "Tideglass" not in json.dumps(slack.messages)


@pytest.mark.parametrize("code", ["message_not_found", "thread_not_found"])
async def test_deleted_message_is_begun_anew(slack: SlackServer, store: SqlRepository, code: str) -> None:
    """Where somebody deleted the message, the next alert makes a new one, and later ones go under that."""
    await queue(store, OPENED)
    await drain(store, slack, Clock())
    slack.messages.clear()
    slack.faults.append(refusal("chat.update", code))
    for alert in (PROVED, ACKNOWLEDGED):
        await queue(store, alert)
        await drain(store, slack, Clock())
    (parent,), (reply,) = slack.parents, slack.replies
    assert reply["thread_ts"] == parent["ts"]


@pytest.mark.parametrize("code", ["cant_update_message", "edit_window_closed"])
async def test_message_that_cannot_be_changed_still_gets_replies(
    slack: SlackServer, store: SqlRepository, code: str
) -> None:
    """A workspace that forbids edits loses the update and not the news."""
    await queue(store, OPENED)
    await drain(store, slack, Clock())
    slack.faults.append(refusal("chat.update", code))
    await queue(store, PROVED)
    rows = await drain(store, slack, Clock())
    assert [row["state"] for row in rows] == ["sent", "sent"]
    assert len(slack.replies) == 1


async def test_digests_tests_and_sites(slack: SlackServer, store: SqlRepository) -> None:
    """Digests and tests are messages of their own; that a site is read again is told under that it was not."""
    await queue(store, DIGEST, replace(DIGEST, content="again"), TEST, replace(TEST, content="again"))
    await drain(store, slack, Clock())
    assert len(slack.parents) == 4
    slack.messages.clear()
    for alert in (LONE, RECOVERED, replace(LONE, content="blind:2", at="2026-11-21T00:00:00.000+00:00")):
        await queue(store, alert)
        await drain(store, slack, Clock())
    assert len(slack.parents) == 2
    (reply,) = slack.replies
    assert (reply["thread_ts"], reply["reply_broadcast"]) == (slack.parents[0]["ts"], True)


@pytest.mark.parametrize("alert", ALL.values(), ids=ALL.keys())
async def test_every_alert_keeps_to_the_limits(slack: SlackServer, alert: AnyAlert) -> None:
    """With buttons and without, Slack takes the blocks of every sort of alert."""
    for token in (None, Secret(APP_TOKEN)):
        await send(slack, due(alert), app_token=token)
    for message in slack.messages:
        assert problems(message) == []


async def test_buttons(slack: SlackServer) -> None:
    """With an app token a message has buttons for what can be done; not a closed case, a test, digests, or sites."""
    with_token = {"app_token": Secret(APP_TOKEN)}

    async def shown(alert: AnyAlert) -> list[str]:
        slack.messages.clear()
        await send(slack, due(alert), **with_token)
        blocks = slack.messages[0]["blocks"]
        rows = [block["elements"] for block in blocks if block["type"] == "actions"]
        return [one["action_id"].removeprefix("leakwatch.") for row in rows for one in row]

    assert await shown(OPENED) == ["acknowledge", "false_positive", "silence"]
    assert await shown(ACKNOWLEDGED) == ["false_positive", "silence"]
    for state in ("removed", "false_positive", "allowed"):
        assert await shown(replace(OPENED, state=type(OPENED.state)(state))) == []
    for alert in (TEST, DIGEST, BLIND):
        assert await shown(alert) == []


PERMANENT = (
    *("channel_not_found", "is_archived", "invalid_auth", "token_revoked", "token_expired", "not_in_channel"),
    *(
        "account_inactive",
        "missing_scope",
        "restricted_action",
        "msg_too_long",
        "invalid_blocks",
        "not_authed",
    ),
)
PASSING = {
    "ratelimited": "retry",
    "rate_limited": "retry",
    "service_unavailable": "retry",
    "message_limit_exceeded": "retry",
    "internal_error": "uncertain",
    "fatal_error": "uncertain",
    "request_timeout": "uncertain",
}


@pytest.mark.parametrize("code", PERMANENT)
async def test_what_no_retry_mends_is_dead_at_once(
    slack: SlackServer, store: SqlRepository, code: str
) -> None:
    """`ok: false` with a reason that waits for a person is dead after one request; the error names it, and no secret."""
    slack.faults.append(refusal("chat.postMessage", code))
    await queue(store, OPENED)
    (row,) = await drain(store, slack, Clock())
    assert (row["state"], row["attempts"], len(slack.times)) == ("dead", 1, 1)
    assert code in row["last_error"]
    assert "verysecret" not in row["last_error"]


@pytest.mark.parametrize(("code", "state"), PASSING.items())
async def test_what_passes_is_tried_again(
    slack: SlackServer, store: SqlRepository, code: str, state: str
) -> None:
    """`ok: false` that passes is tried again; where Slack says that part may be done, the key is looked for first."""
    slack.faults.append(refusal("chat.postMessage", code))
    await queue(store, OPENED)
    clock = Clock()
    (row,) = await drain(store, slack, clock)
    assert row["state"] == state
    clock.time += timedelta(hours=1)
    (row,) = await drain(store, slack, clock)
    assert (row["state"], len(slack.messages)) == ("sent", 1)
    looked = [method for method, _ in slack.calls if method == "conversations.history"]
    assert len(looked) == (state == "uncertain")
    assert "possible repeat" not in words(slack.messages[0])


ANSWERS = {
    "429": (Fault(status=429, headers={"Retry-After": "90"}), "retry", 90),
    "429 date": (Fault(status=429, headers={"Retry-After": "Fri, 20 Nov 2026 12:01:30 GMT"}), "retry", 5),
    "429 garbage": (Fault(status=429, headers={"Retry-After": "soon"}), "retry", 5),
    "429 negative": (Fault(status=429, headers={"Retry-After": "-7"}), "retry", 5),
    "429 ten years": (Fault(status=429, headers={"Retry-After": "315360000"}), "retry", 3600),
    "429 huge": (Fault(status=429, headers={"Retry-After": "9" * 40}), "retry", 3600),
    "429 none": (Fault(status=429), "retry", 5),
    "500": (Fault(status=500, body=b"oops"), "uncertain", 5),
    "502": (Fault(status=502), "uncertain", 5),
    "503": (Fault(status=503, headers={"Retry-After": "30"}), "retry", 30),
    "504": (Fault(status=504), "uncertain", 5),
    "404": (Fault(status=404), "dead", 0),
    "redirect": (Fault(status=302, headers={"Location": "http://127.0.0.1:9/"}), "retry", 5),
    "no json": (Fault(status=200, body=b"<html>"), "uncertain", 5),
    "half json": (Fault(status=200, body=b'{"ok":tr'), "uncertain", 5),
    "a list": (Fault(status=200, body=b"[]"), "uncertain", 5),
    "ok as text": (Fault(status=200, body=b'{"ok":"true"}'), "uncertain", 5),
    "no time stamp": (Fault(status=200, body=b'{"ok":true}'), "uncertain", 5),
    "deep": (Fault(status=200, body=b"[" * 200_000), "uncertain", 5),
    "hostile": (Fault(status=500, body=b"\x1b[31m<!channel>\xe2\x80\xae\xff"), "uncertain", 5),
    "reset before": (Fault(reset="before"), "uncertain", 5),
    "reset after": (Fault(reset="after"), "uncertain", 5),
}


@pytest.mark.parametrize(("fault", "state", "least_s"), ANSWERS.values(), ids=ANSWERS.keys())
async def test_faults(
    slack: SlackServer, store: SqlRepository, fault: Fault, state: str, least_s: int
) -> None:
    """Each fault ends the attempt as the promise says, waits as Slack asked, and leaves exactly one message at last."""
    slack.faults.append(replace(fault))
    await queue(store, OPENED)
    clock = Clock()
    (row,) = await drain(store, slack, clock)
    assert row["state"] == state
    assert "verysecret" not in row["last_error"]
    check_harmless(row["last_error"])
    if state == "dead":
        return
    assert timedelta(seconds=least_s) <= row["due_at"] - NOW <= timedelta(hours=1)
    clock.time = row["due_at"] - timedelta(seconds=1)
    before = len(slack.times)
    await drain(store, slack, clock)
    assert len(slack.times) == before
    clock.time = row["due_at"]
    (row,) = await drain(store, slack, clock)
    assert (row["state"], len(slack.messages)) == ("sent", 1)


async def test_reset_after_acceptance_is_found_by_its_key(slack: SlackServer, store: SqlRepository) -> None:
    """A message whose acceptance was never heard is found by its key and not posted twice; so is a reply."""
    clock = Clock()
    for alert, before in ((OPENED, 1), (PROVED, 2)):
        slack.faults.append(Fault(method="chat.postMessage", reset="after"))
        await queue(store, alert)
        rows = await drain(store, slack, clock)
        assert rows[-1]["state"] == "uncertain"
        clock.time += timedelta(hours=1)
        rows = await drain(store, slack, clock)
        assert (rows[-1]["state"], len(slack.messages)) == ("sent", before)
        assert rows[-1]["reference"] == slack.messages[-1]["ts"]
    assert slack.replies[0]["thread_ts"] == slack.parents[0]["ts"]


@pytest.mark.parametrize("is_there", [True, False])
async def test_news_that_overtake_a_doubtful_message(
    slack: SlackServer, store: SqlRepository, is_there: bool
) -> None:
    """News of a matter whose first message is of unknown end go under it if it is there; it is never there twice."""
    slack.faults.append(Fault(method="chat.postMessage", reset="after" if is_there else "before"))
    await queue(store, OPENED)
    clock = Clock()
    async with door() as opened:
        notifier = notifier_for(channel(slack), opened, clock)
        for alert in (PROVED, ACKNOWLEDGED):
            await deliver("slack", notifier, store, clock, lambda _: None, lambda: False)
            await queue(store, alert)
        await deliver("slack", notifier, store, clock, lambda _: None, lambda: False)
        clock.time += timedelta(hours=1)
        await deliver("slack", notifier, store, clock, lambda _: None, lambda: False)
    (parent,) = slack.parents
    assert "proved, match score" in words(parent)
    assert len(slack.replies) == 2
    assert not any("possible repeat" in words(one) for one in slack.messages)


@pytest.mark.parametrize("before", [(), (OPENED,)], ids=["message", "reply"])
async def test_kill_between_posting_and_writing_it_down_repeats_nothing(
    slack: SlackServer, store: SqlRepository, before: tuple[Alert, ...]
) -> None:
    """A process that dies after Slack took a message, and before that is written down, finds it when it comes back."""
    for alert in before:
        await queue(store, alert)
        await drain(store, slack, Clock())
    await queue(store, PROVED)
    async with store.writing() as work:
        leased = await work.outbox.claim("slack", NOW, 120.0)
    assert leased is not None
    await send(slack, leased)
    async with store.writing() as work:
        assert await work.outbox.release_leases(NOW) == 1
    rows = await drain(store, slack, Clock())
    assert [row["state"] for row in rows] == ["sent"] * (1 + len(before))
    assert len(slack.messages) == 1 + len(before)
    await queue(store, ACKNOWLEDGED)
    await drain(store, slack, Clock())
    assert len(slack.parents) == 1
    assert slack.replies[-1]["thread_ts"] == slack.parents[0]["ts"]


async def test_without_the_scope_a_repeat_says_so(slack: SlackServer, store: SqlRepository) -> None:
    """An app that may not read the channel cannot look: the second copy says that it may be one, and has the same key."""
    slack.scopes.clear()
    slack.faults.append(Fault(method="chat.postMessage", reset="after"))
    await queue(store, OPENED)
    clock = Clock()
    await drain(store, slack, clock)
    clock.time += timedelta(hours=1)
    (row,) = await drain(store, slack, clock)
    assert row["state"] == "sent"
    assert ["possible repeat" in words(one) for one in slack.messages] == [False, True]
    assert len({one["metadata"]["event_payload"]["key"] for one in slack.messages}) == 1


async def test_key_is_looked_for_on_every_page(slack: SlackServer) -> None:
    """The key is found behind many newer messages, page by page; where there are too many, it counts as unknown."""
    await send(slack, due(OPENED))
    others = [{"ts": f"1700000100.{number:06d}", "text": "talk", "blocks": []} for number in range(200)]
    slack.messages += others
    found = await send(slack, due(OPENED, repeat=True))
    assert found.reference == slack.messages[0]["ts"]
    slack.messages += [one | {"ts": f"1700000200.{number:06d}"} for number, one in enumerate(others * 2)]
    await send(slack, due(OPENED, repeat=True))
    assert "possible repeat" in words(slack.messages[-1])


async def test_look_up_that_is_put_off_posts_nothing(slack: SlackServer, store: SqlRepository) -> None:
    """Where Slack has no time for the look-up, nothing is posted until it was made."""
    slack.faults.append(Fault(method="chat.postMessage", reset="after"))
    await queue(store, OPENED)
    clock = Clock()
    await drain(store, slack, clock)
    slack.faults.append(refusal("conversations.history", "ratelimited"))
    clock.time += timedelta(hours=1)
    (row,) = await drain(store, slack, clock)
    assert (row["state"], len(slack.messages)) == ("retry", 1)


async def test_update_that_fails_posts_nothing_twice(slack: SlackServer, store: SqlRepository) -> None:
    """A fault at the update leaves the reply unsent and the attempt certain: it is made again as a whole."""
    await queue(store, OPENED)
    clock = Clock()
    await drain(store, slack, clock)
    slack.faults.append(Fault(method="chat.update", reset="after"))
    await queue(store, PROVED)
    _, row = await drain(store, slack, clock)
    assert (row["state"], row["uncertain"], slack.replies) == ("retry", False, [])
    clock.time += timedelta(hours=1)
    _, row = await drain(store, slack, clock)
    assert (row["state"], len(slack.replies)) == ("sent", 1)


async def test_slow_slack_is_given_up(
    slack: SlackServer, store: SqlRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An answer that does not come within the time is uncertain, and found again."""
    monkeypatch.setattr(HttpFetcher.post, "__kwdefaults__", {"timeout_s": 0.2, "most_bytes": 1 << 20})
    slack.faults.append(Fault(method="chat.postMessage", slow_s=0.5))
    await queue(store, OPENED)
    clock = Clock()
    (row,) = await drain(store, slack, clock)
    assert row["state"] == "uncertain"
    await asyncio.sleep(0.4)
    clock.time += timedelta(hours=1)
    (row,) = await drain(store, slack, clock)
    assert (row["state"], len(slack.messages)) == ("sent", 1)


def burst(findings: int, each: int) -> list[Alert]:
    """So many alerts of so many findings, their turns mixed as a storm mixes them."""
    return [
        replace(
            OPENED if turn == 0 else SIGHTED,
            finding=FindingId(f"LW-{finding}"),
            content=f"{finding}:{turn}",
            at=f"2026-11-20T12:00:{turn:02d}.000+00:00",
            severity=Severity.HIGH,
        )
        for turn in range(each)
        for finding in range(findings)
    ]


async def test_a_burst_of_findings_drains_in_order(slack: SlackServer, store: SqlRepository) -> None:
    """120 alerts of 20 findings leave one by one at the channel's pace: each once, in each finding's order."""
    pace = 0.02
    await queue(store, *burst(20, 6))
    began = asyncio.get_running_loop().time()
    rows = await drain(store, slack, Clock(), pace_s=pace)
    assert {row["state"] for row in rows} == {"sent"}
    assert (len(slack.parents), len(slack.replies)) == (20, 100)
    at = [time for method, time in slack.times if method == "chat.postMessage"]
    assert at[-1] - began >= (119 - 2) * pace
    assert [row["key"] for row in rows] == [one["metadata"]["event_payload"]["key"] for one in slack.messages]


async def test_a_burst_drains_through_the_incoming_webhook(slack: SlackServer, store: SqlRepository) -> None:
    """600 alerts leave one by one at the pace of the channel, in order, while it says several times to wait."""
    pace, clock = 0.005, Clock()
    await queue(store, *burst(100, 6))
    slack.faults += [Fault(status=429, headers={"Retry-After": "30"})] * 3
    settings = SlackChannel(name="slack", kind="slack", url=Secret(slack.hook), pace_s=pace)
    began = asyncio.get_running_loop().time()
    async with door() as opened:
        notifier = notifier_for(settings, opened, clock)
        for _ in range(8):
            await deliver("slack", notifier, store, clock, lambda _: None, lambda: False)
            clock.time += timedelta(minutes=1)
    keys = [one["blocks"][-1]["elements"][0]["text"].split(" · ")[1] for one in slack.hooked]
    assert (len(keys), len(set(keys))) == (600, 600)
    assert slack.times[-1][1] - began >= (602 - 2) * pace
    turns = {key: number for number, key in enumerate(keys_of(burst(100, 6)))}
    for finding in range(100):
        told = [turns[key] for key in keys if turns[key] % 100 == finding]
        assert told == sorted(told)


def keys_of(alerts: list[Alert]) -> list[str]:
    """The keys by which the channel is told these alerts, in this order."""
    return [delivery_key("slack", one.subject, one.content)[:16] for one in alerts]


async def test_incoming_webhook_keeps_the_pace(slack: SlackServer) -> None:
    """An incoming webhook, too, is written to at its pace, three at once; Slack takes every sort of alert there."""
    settings = SlackChannel(name="s", kind="slack", url=Secret(slack.hook), pace_s=0.1)
    async with door() as opened:
        notifier = notifier_for(settings, opened, Clock())
        began = asyncio.get_running_loop().time()
        for alert in ALL.values():
            await notifier.send(due(alert))
    assert len(slack.hooked) == len(ALL)
    for number, (_, time) in enumerate(slack.times):
        assert time - began >= (number - 2) * 0.1
