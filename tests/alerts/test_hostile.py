"""What hostile people write, in every channel: nothing of it is markup, a mention, a link or a header there."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from email import message_from_bytes, policy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.alerts import apprise, discord, pagerduty, slack, teams, webhook
from leakwatch.alerts.email import Smtp, message
from leakwatch.model.alert import Alert, AnyAlert

from .hostile import HOSTILE
from .receivers import Clock, check_harmless, strings
from .samples import DELIVERY, KINDS, NOW, all_kinds
from .services import (
    check_discord,
    check_pagerduty,
    check_pagerduty_change,
    check_teams,
    shown_by_discord,
    units,
)

SMTP = Smtp(host="h", port=1, sender="l@owner.example", recipients=("a@owner.example",))
texts = st.text(max_size=300) | st.text(
    st.sampled_from("*_~`|<>@[](){}#-+:\\/!&=. \n\t0123456789ahtpsw\u202e\u200b\u0301\ud800👀"), max_size=300
)


def test_there_are_many() -> None:
    """The table does not shrink unnoticed."""
    assert len(HOSTILE) >= 80


def to_discord(alert: AnyAlert) -> None:
    """Nothing is live, and all limits hold."""
    check_discord(discord.payload(replace(DELIVERY, alert=alert)))


def to_teams(alert: AnyAlert) -> None:
    """Nothing is live, and all limits hold."""
    check_teams(teams.payload(replace(DELIVERY, alert=alert)))


def to_pagerduty(alert: AnyAlert) -> None:
    """Nothing is live, and all limits hold."""
    for one in pagerduty.events(replace(DELIVERY, alert=alert), "r" * 32):
        (check_pagerduty_change if one.is_change else check_pagerduty)(one.body)


def to_apprise(alert: AnyAlert) -> None:
    """No character has a meaning to any service."""
    title, body = apprise.text(replace(DELIVERY, alert=alert))
    assert "\n" not in title
    assert len(body) <= 4000
    for text in (title, body):
        check_harmless(text)
        assert not re.search(r"[@<>&\[\]`*{}]", text)


def to_webhook(alert: AnyAlert) -> None:
    """The body is ASCII and valid JSON; the text is inside its strings."""
    body = webhook.body_of(replace(DELIVERY, alert=alert))
    assert re.fullmatch(rb"[\x20-\x7e]+", body)
    told = json.loads(body)
    assert set(told) == {"type", "timestamp", "data"}
    assert told["data"]["headline"] == re.sub("[\ud800-\udfff]", "?", alert.headline)


def to_slack(alert: AnyAlert) -> None:
    """Text stands in plain text alone; of the notification's text the three control characters are escaped."""
    told = slack.payload(replace(DELIVERY, alert=alert))
    for text in strings(told["blocks"]):
        check_harmless(text)
    assert not re.search(r"[<>]|&(?!amp;|lt;|gt;)", told["text"])
    assert "mrkdwn" not in json.dumps(told["blocks"])


def to_mail(alert: AnyAlert) -> None:
    """One To and one Subject as they were, and two parts that steer nobody."""
    raw = message(replace(DELIVERY, alert=alert), SMTP, Clock()).as_bytes()
    mail = message_from_bytes(raw, policy=policy.default)
    assert [len(mail.get_all(name, [])) for name in ("to", "subject", "bcc")] == [1, 1, 0]
    assert mail["to"] == "a@owner.example"
    parts = [part.get_content() for part in mail.iter_parts()]
    assert len(parts) == 2
    check_harmless(parts[0].replace("\r\n", "\n"))
    assert not re.search(r"<(?:script|img|svg|form|a)\b", parts[1])


BUILDERS = (to_discord, to_teams, to_pagerduty, to_apprise, to_webhook, to_slack, to_mail)
each_builder = pytest.mark.parametrize("check", BUILDERS, ids=lambda one: one.__name__[3:])


@each_builder
@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_only_text(check, text: str) -> None:
    """Wherever a stranger's text stands, in alerts of every kind, it is text there and nothing else."""
    for alert in all_kinds(text):
        check(alert)


@each_builder
@settings(max_examples=20, deadline=None)
@given(text=texts)
def test_any_text_is_only_text(check, text: str) -> None:
    """The same of any text at all."""
    for alert in all_kinds(text):
        check(alert)


@each_builder
@pytest.mark.parametrize("alert", KINDS.values(), ids=KINDS.keys())
def test_harmless_alerts_pass_too(check, alert: AnyAlert) -> None:
    """Alerts as they are every day keep the same limits."""
    check(alert)


@given(texts)
def test_discord_shows_what_was_meant(text: str) -> None:
    """After Discord has read the escapes, people see the text as it was."""
    plain = text.replace("\\", "/").encode("utf-8", "replace").decode()
    assert shown_by_discord(discord.escaped(plain)) == plain


@pytest.mark.parametrize("broken", ["**x**", "[a](b)", "<@1>", "a\\", "# x", ":skull:", "||x||"])
def test_the_check_for_discord_can_fail(broken: str) -> None:
    """What is live in Discord is found by the check."""
    with pytest.raises(AssertionError):
        shown_by_discord(broken)


def test_long_alerts_keep_what_matters() -> None:
    """Where an alert is far too long, its heading, its facts and what to do next are there all the same."""
    long = replace(all_kinds("泄👀" * 5000)[0], headline="H", advice="DO THIS")
    assert isinstance(long, Alert)
    lines = check_teams(teams.payload(replace(DELIVERY, alert=long)))
    assert lines[0] == "[CRITICAL] H"
    assert "Next: DO THIS" in lines
    (embed,) = discord.payload(replace(DELIVERY, alert=long))["embeds"]
    assert {one["name"] for one in embed["fields"]} >= {"What", "How sure", "Since", "Spread", "Next"}
    assert units(embed["description"]) > 500


def test_time_stands_still() -> None:
    """The builders are pure: the same alert gives the same message."""
    assert DELIVERY.created_at == NOW
    for build in (discord.payload, teams.payload, webhook.body_of, apprise.text):
        assert build(DELIVERY) == build(DELIVERY)
