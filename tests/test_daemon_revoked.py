"""A channel of each kind is revoked while findings come: told elsewhere once; mended as the documents say, all of it arrives."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import AuthResult

from leakwatch.config import load_config
from leakwatch.daemon import Daemon
from leakwatch.model.alert import DeliveryState, SiteEvent

from .alerts.receivers import Receiver, http, receiving
from .alerts.slack_server import CHANNEL, TOKEN, Fault, SlackServer, refusal, slack_server
from .alerts.smtp_server import Post, serving
from .daemons import ASSET, Web, configured, polled, site, until, watching

KINDS = ("webhook", "teams", "discord", "pagerduty", "slack", "slack_bot", "email", "apprise")
UNKNOWN_KEY = (
    b'{"status":"invalid event","message":"Event object is invalid","errors":["Invalid routing key"]}'
)
PASSWORD = "the-new-one"


@dataclass(slots=True)
class Service:
    """A service of one kind. `text` is its table in the configuration, with a credential that is revoked or sound."""

    text: Callable[[bool], str]
    ids: Callable[[], list[str]]
    faults: list[Fault] = field(default_factory=list)


def ids_in(bodies: list[Any]) -> list[str]:
    """The findings that some messages are of."""
    found = [set(re.findall(r"LW-[0-9A-Z]+", json.dumps(one))) for one in bodies]
    assert all(len(one) == 1 for one in found), bodies
    return [one.pop() for one in found]


async def service_of(kind: str, stack: AsyncExitStack) -> Service:
    """A running service that knows one credential and not the other."""
    if kind in ("slack", "slack_bot"):
        return slack_service(kind, await stack.enter_async_context(slack_server()))
    if kind == "email":
        return mail_service(stack)
    new: Receiver = await stack.enter_async_context(receiving())
    old: Receiver = await stack.enter_async_context(receiving())
    old.answers = [http(410) if kind != "pagerduty" else http(400, UNKNOWN_KEY)]
    new.answers = [http(202, b'{"status":"success","dedup_key":"x"}')]
    scheme = "json" if kind == "apprise" else "http"
    more = {
        "webhook": 'secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"\n',
        "pagerduty": f'routing_key = "{"r" * 32}"\n',
    }.get(kind, "")
    return Service(
        lambda sound: f'url = "{scheme}://127.0.0.1:{(new if sound else old).port}/hook"\n{more}',
        lambda: ids_in([json.loads(body) for _, _, body in new.requests]),
    )


def slack_service(kind: str, slack: SlackServer) -> Service:
    """A workspace in which a token, or the app's webhook, was revoked."""
    if kind == "slack":
        slack.faults += [Fault(method="hook", status=403, body=b"invalid_token")] * 20
        return Service(
            lambda _: f'url = "{slack.hook}"\npace_s = 0.0\n', lambda: ids_in(slack.hooked), slack.faults
        )
    slack.faults += [refusal("", "token_revoked")] * 20
    table = f'token = "{TOKEN}"\nchannel = "{CHANNEL}"\napi = "{slack.api}"\npace_s = 0.0\n'
    return Service(lambda _: table, lambda: ids_in(slack.parents), slack.faults)


def mail_service(stack: AsyncExitStack) -> Service:
    """A mail server whose password was changed."""
    post = Post()

    def knows(_server: object, _session: object, _envelope: object, _mechanism: str, told: Any) -> AuthResult:
        return AuthResult(success=told.password == PASSWORD.encode(), handled=False)

    port = stack.enter_context(serving(post, authenticator=knows, auth_required=True, auth_require_tls=False))
    table = f'host = "127.0.0.1"\nport = {port}\ntls = "none"\nsender = "l@owner.example"\nusername = "leakwatch"\n'
    people = 'recipients = ["ann@owner.example", "bob@owner.example"]\n'

    def ids() -> list[str]:
        told = Counter(
            re.findall(rb"X-Leakwatch-Finding: (LW-[0-9A-Z]+)", b"\n".join(raw for _, _, raw in post.mails))
        )
        assert set(told.values()) <= {1, 2}
        return [ident.decode() for ident, count in told.items() if count == 2]

    return Service(lambda sound: f'{table}{people}password = "{PASSWORD if sound else "the-old-one"}"\n', ids)


def write(file: Path, before: str, kind: str, service: Service, people: Receiver, *, sound: bool) -> None:
    """The configuration: the channel, and another one that is told of channels alone."""
    file.write_text(
        f'{before}\n[[channels]]\nname = "it"\nkind = "{kind}"\n{service.text(sound)}\n'
        f'[[channels]]\nname = "people"\nkind = "teams"\nurl = "{people.url}"\n'
        '[[routes]]\nchannels = ["people"]\nmatch = { owners = ["nobody"] }\n'
        '[[routes]]\nchannels = ["it"]\ngroup_interval = "0s"\n',
        "utf-8",
    )


def show(web: Web, *numbers: int) -> None:
    """Posts with a leak each."""
    web.feed("/rss", *((str(one), "Tideglass 70B", f"magnet:?xt=urn:btih:{one:040x}") for one in numbers))


async def dead(daemon: Daemon, number: int) -> bool:
    """Whether so many alerts are dead, and none waits."""
    async with daemon.repository.reading() as work:
        rows = await work.outbox.list(channels=["it"])
    return len(rows) == number and {one.state for one in rows} == {DeliveryState.DEAD}


@pytest.fixture
async def people() -> AsyncIterator[Receiver]:
    """The channel on which people hear of other channels."""
    async with receiving() as made:
        made.answers = [http(202)]
        yield made


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated", "ignore:Requiring AUTH:UserWarning")
@pytest.mark.parametrize("kind", KINDS)
async def test_a_revoked_channel_loses_nothing(tmp_path: Path, web: Web, people: Receiver, kind: str) -> None:
    """What comes while a channel is revoked is dead with the reason, said once elsewhere; mended, opened by the command that
    the alarm names, everything arrives, once for each recipient.
    """
    async with AsyncExitStack() as stack:
        service = await service_of(kind, stack)
        file = configured(tmp_path, web, site("index", f"{web.url}/rss")).file
        before = file.read_text().partition("[[channels]]")[0]
        write(file, before, kind, service, people, sound=False)
        show(web, 1)
        recipients = 2 if kind == "email" else 1
        async with watching(load_config(file), ASSET) as daemon:
            await until(lambda: dead(daemon, recipients), 20)
            show(web, 1, 2, 3)
            await polled(daemon, "index", 2)
            await until(lambda: dead(daemon, 3 * recipients), 20)
            await until(lambda: len(people.requests) == 1, 20)
        service.faults.clear()
        write(file, before, kind, service, people, sound=True)
        assert service.ids() == []
        async with watching(load_config(file)) as daemon:
            await polled(daemon, "index", 1)
            ((_, _, alarm),) = people.requests
            advice = re.search(r"leakwatch (outbox retry --channel it)", alarm.decode())
            assert advice
            await command(file, *advice[1].split())
            await until(lambda: len(service.ids()) == 3, 30)
            show(web, 1, 2, 3, 4)
            await until(lambda: len(service.ids()) == 4, 20)
            await polled(daemon, "index", 2)
    assert set(Counter(service.ids()).values()) == {1}
    assert 1 <= len(people.requests) <= 2
    assert b"Tideglass" not in b"".join(body for _, _, body in people.requests)
    assert SiteEvent.CHANNEL_DOWN.value not in str(service.ids())


async def command(file: Path, *arguments: str) -> None:
    """A command, as a person gives it."""
    told = (sys.executable, "-m", "leakwatch", *arguments, "--config", str(file), "--by", "ann")
    process = await asyncio.create_subprocess_exec(
        *told, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    _, said = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, said.decode()
