"""The documented limits of services, as checks that fail with the rule that was broken; and what each would show.

Sources: discord.com/developers (Execute Webhook, Embed Limits, Markdown), developer.pagerduty.com (Send an Event, PD-CEF),
learn.microsoft.com and adaptivecards.io (schema 1.4, 28 KB), the specification of Standard Webhooks.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from .receivers import check_harmless, strings

_RUN_KEYS = {"type", "text", "weight", "size", "color", "isSubtle"}
_COLOURS = {"default", "dark", "light", "accent", "good", "warning", "attention"}


def units(text: str) -> int:
    """Characters as JavaScript counts them."""
    return len(text.encode("utf-16-le")) // 2


def check_discord(message: dict[str, Any]) -> None:
    """Discord accepts it, nobody is mentioned, and nothing a stranger wrote has a meaning."""
    assert set(message) == {"embeds", "allowed_mentions"}
    assert message["allowed_mentions"] == {"parse": []}
    assert 1 <= len(message["embeds"]) <= 10
    total = 0
    for embed in message["embeds"]:
        assert set(embed) <= {"title", "description", "color", "fields", "footer", "timestamp"}
        assert 0 < units(embed["title"]) <= 256
        assert units(embed["description"]) <= 4096
        assert 0 <= embed["color"] <= 0xFFFFFF
        assert len(embed["fields"]) <= 25
        for one in embed["fields"]:
            assert 0 < units(one["name"]) <= 256
            assert 0 < units(one["value"].strip()) <= 1024
        assert units(embed["footer"]["text"]) <= 2048
        datetime.fromisoformat(embed["timestamp"])
        total += units(embed["title"] + embed["description"] + embed["footer"]["text"])
        total += sum(units(one["name"] + one["value"]) for one in embed["fields"])
    assert total <= 6000
    for text in strings(message):
        check_harmless(text)
    (embed,) = message["embeds"]
    for text in (embed["title"], embed["description"], *(one["value"] for one in embed["fields"])):
        shown_by_discord(text)


def shown_by_discord(text: str) -> str:
    """What people see; our own two headings are the only markup. Raises: AssertionError for any other."""
    rest = re.sub(r"^\*\*(Where|Why)\*\*$", r"\1", text, flags=re.MULTILINE)
    live = re.sub(r"\\[^A-Za-z0-9\s]|\\(?=\d+[.)])", "·", rest)
    assert "\\" not in live, text
    assert not re.search(r"[*_~`|<>@\[\]]", live), text
    assert not re.search(r"^\s*(?:#{1,3} |-# |[-+] |\d+[.)] )", live, re.MULTILINE), text
    assert not re.search(r":[A-Za-z0-9_+-]+:", live), text
    return re.sub(r"\\([^A-Za-z0-9\s])|\\(?=\d+[.)])", r"\1", rest)


def check_teams(message: dict[str, Any]) -> list[str]:
    """Teams accepts it, and text stands only where neither markdown nor expressions are read; answers the lines."""
    assert len(json.dumps(message, ensure_ascii=False).encode()) <= 28 * 1024
    assert (set(message), message["type"]) == ({"type", "attachments"}, "message")
    (attachment,) = message["attachments"]
    assert set(attachment) == {"contentType", "contentUrl", "content"}
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert attachment["contentUrl"] is None
    card = attachment["content"]
    assert set(card) == {"$schema", "type", "version", "body", "msteams"}
    assert (card["type"], card["version"]) == ("AdaptiveCard", "1.4")
    assert card["msteams"] == {"width": "Full"}
    lines: list[str] = []
    for block in card["body"]:
        assert set(block) == {"type", "spacing", "inlines"}
        assert block["type"] == "RichTextBlock"
        assert block["spacing"] in {"none", "small", "default", "medium", "large"}
        for run in block["inlines"]:
            assert set(run) <= _RUN_KEYS
            assert run["type"] == "TextRun"
            assert run.get("weight", "default") in {"default", "lighter", "bolder"}
            assert run.get("size", "default") in {"default", "small", "medium", "large", "extraLarge"}
            assert run.get("color", "default") in _COLOURS
            assert "{{" not in run["text"]
            assert "}}" not in run["text"]
            check_harmless(run["text"])
        lines.append("".join(run["text"] for run in block["inlines"]))
    return lines


def check_pagerduty(event: dict[str, Any]) -> None:
    """PagerDuty's ingestion accepts it."""
    assert len(json.dumps(event, ensure_ascii=False).encode()) <= 512 * 1024
    assert event["event_action"] in {"trigger", "acknowledge", "resolve"}
    assert isinstance(event["routing_key"], str)
    assert 0 < len(event["dedup_key"]) <= 255
    for text in strings(event):
        check_harmless(text)
    if event["event_action"] != "trigger":
        assert set(event) == {"routing_key", "event_action", "dedup_key"}
        return
    assert set(event) == {"routing_key", "event_action", "dedup_key", "payload", "client"}
    payload = event["payload"]
    assert set(payload) == {
        *("summary", "source", "severity", "timestamp", "component", "class", "custom_details")
    }
    assert 0 < len(payload["summary"]) <= 1024
    assert payload["source"]
    assert payload["severity"] in {"critical", "error", "warning", "info"}
    datetime.fromisoformat(payload["timestamp"])
    assert all(isinstance(one, str) for one in payload["custom_details"].values())


def check_pagerduty_change(event: dict[str, Any]) -> None:
    """PagerDuty takes it as a change event, which wakes nobody."""
    assert len(json.dumps(event, ensure_ascii=False).encode()) <= 512 * 1024
    assert set(event) == {"routing_key", "payload"}
    payload = event["payload"]
    assert set(payload) == {"summary", "source", "timestamp", "custom_details"}
    assert 0 < len(payload["summary"]) <= 1024
    datetime.fromisoformat(payload["timestamp"])
    for text in strings(event):
        check_harmless(text)


def check_schema(value: Any, schema: dict[str, Any], root: dict[str, Any], at: str = "$") -> None:
    """JSON Schema, as much of it as ours uses; an unknown keyword fails."""
    known = {"$schema", "title", "description", "$defs", "$ref", "type", "properties", "required", "items"}
    unknown = schema.keys() - known - {"additionalProperties", "enum", "anyOf", "const", "prefixItems"}
    assert not unknown, f"{at}: {unknown}"
    if "$ref" in schema:
        check_schema(value, root["$defs"][schema["$ref"].removeprefix("#/$defs/")], root, at)
        return
    if "anyOf" in schema:
        failures: list[str] = []
        for one in schema["anyOf"]:
            try:
                check_schema(value, one, root, at)
            except AssertionError as error:
                failures.append(str(error))
            else:
                return
        raise AssertionError(f"{at}: none of {failures}")
    if "const" in schema:
        assert value == schema["const"], at
    if "enum" in schema:
        assert value in schema["enum"], f"{at}: {value!r}"
    types = {
        "object": dict,
        "array": list,
        "string": str,
        "boolean": bool,
        "integer": int,
        "null": type(None),
    }
    if schema.get("type") == "number":
        assert isinstance(value, int | float), at
        assert not isinstance(value, bool), at
    elif "type" in schema:
        assert isinstance(value, types[schema["type"]]), f"{at}: {value!r} is no {schema['type']}"
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        assert set(schema.get("required", ())) <= value.keys(), f"{at}: lacks something"
        if schema.get("additionalProperties") is False:
            assert value.keys() <= properties.keys(), f"{at}: {value.keys() - properties.keys()}"
        for name, one in value.items():
            if name in properties:
                check_schema(one, properties[name], root, f"{at}.{name}")
    if schema.get("type") == "array":
        for index, one in enumerate(value):
            told = schema.get("prefixItems", [])
            check_schema(one, told[index] if index < len(told) else schema["items"], root, f"{at}[{index}]")
