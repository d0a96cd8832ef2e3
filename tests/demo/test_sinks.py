"""Where the alerts arrive, and the configuration that says so."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import smtplib
import tomllib
from asyncio import to_thread
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path

import httpx

from leakwatch.alerts.slack import payload
from leakwatch.demo.configuration import Surroundings, configuration
from leakwatch.demo.sinks import HOOK_PATH, SLACK_PATH, is_authentic
from leakwatch.demo.story import plan_story
from leakwatch.demo.world import SITES, World, mail_served
from leakwatch.model.alert import Delivery
from leakwatch.model.finding import FindingId
from leakwatch.service import make_test_alert

BASE = "http://world.test"
NOW = 1_700_000_000.25
SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()


async def test_repeats_by_slack_are_known_by_their_note(tmp_path: Path) -> None:
    """Two copies of one alert have one key, also where the second says that it may be a repeat; another has another."""
    world = World(plan_story(1), BASE, tmp_path, lambda: NOW, SECRET)
    alert = replace(make_test_alert(datetime.now(UTC)), finding=FindingId("LW-ABCD2345"))
    first = Delivery(
        id=1, key="ab" * 32, channel="slack", alert=alert, attempts=1, created_at=datetime.now(UTC)
    )
    transport = httpx.ASGITransport(app=world.app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        for one in (first, replace(first, repeat=True), replace(first, key="cd" * 32)):
            await client.post(SLACK_PATH, json=payload(one))
    keys = [one.key for one in world.sinks.arrivals]
    assert keys == ["LW-ABCD2345 · " + "ab" * 8] * 2 + ["LW-ABCD2345 · " + "cd" * 8]


async def test_alerts_arrive_with_their_time_and_are_kept(tmp_path: Path) -> None:
    """Slack, signed webhook and real SMTP are taken, told apart by finding and event, and written to JSONL files."""
    world = World(plan_story(1), BASE, tmp_path, lambda: NOW, SECRET)
    transport = httpx.ASGITransport(app=world.app)
    async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
        slack = await client.post(SLACK_PATH, json={"text": "hello", "blocks": []})
        assert (slack.status_code, slack.text) == (200, "ok")
        facts = {
            "finding": "F1",
            "verdict": "proved",
            "headline": "x",
            "places": [{"site": "board"}, {"site": "hub"}],
        }
        body = json.dumps({"type": "finding.opened", "timestamp": "now", "data": facts}).encode()
        signed = hmac.new(b"k" * 24, b"msg_1.1700000000." + body, hashlib.sha256).digest()
        headers = {"webhook-id": "msg_1", "webhook-timestamp": "1700000000"}
        headers["webhook-signature"] = "v1," + base64.b64encode(signed).decode()
        assert is_authentic(SECRET, headers, body)
        assert not is_authentic(SECRET, headers, body + b" ")
        await client.post(HOOK_PATH, content=body, headers=headers)
        async with mail_served(world.sinks) as port:
            await to_thread(send_mail, port)
        slack_one, hook, mail = world.sinks.arrivals
        assert {one.at for one in world.sinks.arrivals} == {NOW}
        assert slack_one.text == "hello"
        assert (hook.finding, hook.event, hook.verdict, hook.key) == ("F1", "opened", "proved", "msg_1")
        assert (hook.sites, hook.authentic) == ({"board", "hub"}, True)
        assert (mail.finding, mail.event, mail.key) == ("F1", "opened", "<one@demo.invalid>")
        kept = sorted(path.name for path in (tmp_path / "arrivals").iterdir())
        assert kept == ["hook.jsonl", "mail.jsonl", "slack.jsonl"]


def send_mail(port: int) -> None:
    """One alert by SMTP."""
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "a@demo.invalid", "b@demo.invalid", "leak of Größe"
    mail["Message-ID"], mail["X-Leakwatch-Finding"] = "<one@demo.invalid>", "F1"
    mail["X-Leakwatch-Event"] = "opened"
    mail.set_content("text")
    with smtplib.SMTP("127.0.0.1", port, timeout=10) as smtp:
        smtp.send_message(mail)


def test_the_configuration_is_toml_with_all_sites_and_channels() -> None:
    """The written configuration names the six sites, the three channels with their addresses, and the routes."""
    told = Surroundings(
        base=BASE, mail_port=2525, bootstrap="127.0.1.1:6881", repository="o/r", secret=SECRET
    )
    read = tomllib.loads(configuration(told))
    assert tuple(site["name"] for site in read["sites"]) == SITES
    assert [channel["kind"] for channel in read["channels"]] == ["slack", "email", "webhook"]
    (route,) = read["routes"]
    assert route["channels"] == [channel["name"] for channel in read["channels"]]
    assert read["swarm"]["dht_bootstrap"] == ["127.0.1.1:6881"]
    assert read["swarm"]["count_every_s"] < 5
    assert read["http"]["allow_hosts"] == ["127.0.0.1"]
