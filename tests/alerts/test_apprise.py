"""Channels of Apprise against real servers on loopback: what its yes and no mean for the outbox."""

from __future__ import annotations

import asyncio
import builtins
import json
import sys
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from leakwatch.alerts import notifier_for
from leakwatch.alerts.apprise import service, text
from leakwatch.alerts.settings import AppriseChannel
from leakwatch.errors import ConfigError, DeliveryError
from leakwatch.model.alert import AnyAlert
from leakwatch.ports import Fetcher
from leakwatch.secret import Secret

from .receivers import Clock, Receiver, http, receiving
from .samples import ALERT, ANSWERS, DELIVERY, KINDS

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated")  # a plugin of the library imports it


def channel(receiver: Receiver, timeout_s: float = 10.0) -> AppriseChannel:
    """A channel to Apprise's own JSON service, at this server."""
    where = urlsplit(receiver.url)
    url = f"json://{where.netloc}{where.path}?token=verysecrettoo"
    return AppriseChannel(name="a", kind="apprise", url=Secret(url), timeout_s=timeout_s)


async def send(told: AppriseChannel, alert: AnyAlert = ALERT) -> None:
    """Send one alert; the door is not used, so that there is none."""
    no_door: Any = None
    fetcher: Fetcher = no_door
    await notifier_for(told, fetcher, Clock()).send(replace(DELIVERY, alert=alert))


async def refused(*answers: bytes, timeout_s: float = 10.0, **faults: Any) -> DeliveryError:
    """The error that a service which answers so gives."""
    async with receiving() as receiver:
        receiver.answers = list(answers) or receiver.answers
        for name, value in faults.items():
            setattr(receiver, name, value)
        with pytest.raises(DeliveryError) as caught:
            await send(channel(receiver, timeout_s))
    assert "verysecret" not in caught.value.message
    return caught.value


async def test_accepted() -> None:
    """One message with the seven answers."""
    async with receiving() as receiver:
        await send(channel(receiver))
    ((_, _, body),) = receiver.requests
    told = json.loads(body)
    assert told["title"] == "(CRITICAL) Tideglass 70B: possible leak on board"
    shown = f"{told['title']}\n{told['message']}"
    for answer in ANSWERS:
        assert answer.replace("[.]", "(.)") in shown


@pytest.mark.parametrize("alert", KINDS.values(), ids=KINDS.keys())
async def test_every_kind_of_alert(alert: AnyAlert) -> None:
    """Alerts of findings, news, sites and digests all go out."""
    async with receiving() as receiver:
        await send(channel(receiver), alert)
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("status", "permanent", "closes"),
    [
        *((status, True, True) for status in (401, 403, 404, 410)),
        *((status, True, False) for status in (400, 405, 413, 422)),
        *((status, False, False) for status in (301, 307, 429, 500, 502, 503)),
    ],
)
async def test_a_status_is_an_answer(status: int, permanent: bool, closes: bool) -> None:
    """Where Apprise names the status, the service refused: dead, closed, or tried again by it."""
    error = await refused(http(status, Location="http://127.0.0.1:9/"))
    assert (error.permanent, error.closes, error.uncertain) == (permanent, closes, False)
    assert str(status) in error.message


async def test_a_cut_is_uncertain() -> None:
    """Where Apprise only says that the connection failed, it may have arrived."""
    assert (await refused(b"")).uncertain
    assert (await refused(reset_at_once=True)).uncertain


async def test_a_slow_service_is_uncertain() -> None:
    """A service that says nothing is given up after its time; meanwhile others are not held up."""
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0.01)

    other = asyncio.create_task(others())
    error = await refused(waits_s=2.0, timeout_s=0.5)
    other.cancel()
    assert error.uncertain
    assert "0.5 s" in error.message
    assert turns > 10


def test_unknown_addresses_are_refused_at_once() -> None:
    """An address that Apprise does not know is an error of the configuration, which does not repeat it."""
    for url in ("nonsense://verysecret", "", "verysecret", "json://"):
        with pytest.raises(ConfigError) as caught:
            service(url)
        assert "verysecret" not in caught.value.message


def test_without_the_extra_the_command_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the library is absent, the error says how it is installed."""
    real = builtins.__import__

    def absent(name: str, *args: Any, **told: Any) -> Any:
        if name == "apprise":
            raise ImportError(name)
        return real(name, *args, **told)

    monkeypatch.delitem(sys.modules, "apprise", raising=False)
    monkeypatch.setattr(builtins, "__import__", absent)
    with pytest.raises(ConfigError, match=r"pip install 'leakwatch\[apprise\]'"):
        service("json://127.0.0.1/")


def test_long_text_is_cut() -> None:
    """A service that takes less has its own limits; ours is 4,000 characters."""
    title, body = text(replace(DELIVERY, alert=replace(ALERT, reasons=("x" * 5000,) * 300)))
    assert len(title) <= 250
    assert len(body) == 4000
