"""The schema of what webhooks are sent: committed, and true of every kind of alert; and two secrets at a time."""

from __future__ import annotations

import base64
import copy
import hmac
import json
from dataclasses import replace
from pathlib import Path

import pytest

from leakwatch.alerts import notifier_for
from leakwatch.alerts.settings import WebhookChannel
from leakwatch.alerts.webhook import body_of
from leakwatch.alerts.webhook_schema import schema
from leakwatch.model.alert import AnyAlert
from leakwatch.secret import Secret

from .receivers import Clock, door, receiving
from .samples import DELIVERY, KINDS, all_kinds
from .services import check_schema

FILE = Path(__file__).parents[2] / "docs" / "webhook.schema.json"
OLD, NEW = b"o" * 32, b"n" * 32


def test_the_committed_schema_is_the_one_of_the_code() -> None:
    """docs/webhook.schema.json is what `leakwatch alert schema` prints."""
    assert json.loads(FILE.read_text("utf-8")) == schema()


@pytest.mark.parametrize("alert", [*KINDS.values(), *all_kinds("x\u202e\ud800")])
def test_bodies_follow_the_schema(alert: AnyAlert) -> None:
    """What is sent of each kind of alert is what the schema says."""
    told = json.loads(body_of(replace(DELIVERY, alert=alert)))
    check_schema(told, schema(), schema())


@pytest.mark.parametrize("lacking", ["finding", "severity", "places", "drill"])
def test_the_check_can_fail(lacking: str) -> None:
    """A body without a field, or with one of another type, does not follow the schema."""
    told = json.loads(body_of(DELIVERY))
    broken = copy.deepcopy(told)
    del broken["data"][lacking]
    other = copy.deepcopy(told)
    other["data"][lacking] = 17
    for one in (broken, other):
        with pytest.raises(AssertionError):
            check_schema(one, schema(), schema())


async def test_two_secrets_sign_while_one_is_changed() -> None:
    """Each of the two secrets finds its signature in the header; without the older one there is one."""

    def secret(key: bytes) -> Secret:
        return Secret("whsec_" + base64.b64encode(key).decode())

    for before, keys in ((secret(OLD), [NEW, OLD]), (None, [NEW])):
        async with receiving() as receiver, door() as fetcher:
            channel = WebhookChannel(
                name="h", kind="webhook", url=receiver.url, secret=secret(NEW), secret_before=before
            )
            await notifier_for(channel, fetcher, Clock()).send(DELIVERY)
        ((_, headers, body),) = receiver.requests
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = ["v1," + base64.b64encode(hmac.digest(key, signed, "sha256")).decode() for key in keys]
        assert headers["webhook-signature"].split(" ") == expected
