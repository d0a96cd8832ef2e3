"""What an exported line has: names, types, units. CSV, JSONL and Parquet follow these tables; a change is a new version."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "texts", "integer", "number", "time"]
What = Literal["findings", "sightings", "events"]


@dataclass(frozen=True, slots=True)
class Field:
    """One column. `texts` is a list; `time` is in UTC."""

    name: str
    kind: Kind
    told: str
    unit: str = ""


FINDINGS = (
    Field("id", "text", "The finding."),
    Field("asset", "text", "The asset's id; of one under embargo an id that tells nothing."),
    Field("asset_name", "text", "Its title; under embargo the code name."),
    Field("state", "text", "Where the case stands."),
    Field("verdict", "text", "What arithmetic says: proved, likely, unproved, refuted, unknown."),
    Field("severity", "text", "How urgent: low, medium, high, critical."),
    Field("severity_why", "text", "Why it is that urgent."),
    Field("tier", "text", "What the match is strong enough for: auto or review."),
    Field("score", "number", "How sure the match is.", "probability"),
    Field("title", "text", "What the first item was called."),
    Field("opened_at", "time", "When it was found.", "UTC"),
    Field("updated_at", "time", "When it changed last.", "UTC"),
    Field("due_at", "time", "When it is to be dealt with.", "UTC"),
    Field("acknowledged_at", "time", "When somebody took it on.", "UTC"),
    Field("acknowledged_by", "text", "Who took it on."),
    Field("assignee", "text", "Who is to deal with it."),
    Field("closed_at", "time", "When it was closed.", "UTC"),
    Field("merged_into", "text", "The finding that it is part of now."),
    Field("sightings", "integer", "How often it was seen.", "sightings"),
    Field("sites", "texts", "Where it was seen."),
    Field("urls", "texts", "Addresses of its newest sightings, at most 20."),
    Field("infohashes", "texts", "Its torrents, in hex: 40 digits for v1, 64 for v2."),
    Field("proof", "text", "What the proof of the best torrent says."),
)
SIGHTINGS = (
    Field("id", "integer", "The sighting.", "number"),
    Field("finding", "text", "The finding that it supports."),
    Field("asset", "text", "The asset's id; of one under embargo an id that tells nothing."),
    Field("asset_name", "text", "Its title; under embargo the code name."),
    Field("site", "text", "Where it was seen."),
    Field("place", "text", "What kind of place that is."),
    Field("native_id", "text", "The item's id on its site."),
    Field("title", "text", "What the item was called."),
    Field("url", "text", "Its address."),
    Field("author", "text", "Who posted it, as platform:name; a pseudonym unless names are kept."),
    Field("tier", "text", "What the match is strong enough for: auto or review."),
    Field("score", "number", "How sure the match is.", "probability"),
    Field("seen_at", "time", "When it was read.", "UTC"),
    Field("published_at", "time", "When it says that it was posted.", "UTC"),
    Field("locators", "texts", "Where the content can be had."),
    Field("evidence", "text", "SHA-256 of the page that was kept."),
)
EVENTS = (
    Field("id", "integer", "The event.", "number"),
    Field("finding", "text", "The finding."),
    Field("asset", "text", "The asset's id; of one under embargo an id that tells nothing."),
    Field("asset_name", "text", "Its title; under embargo the code name."),
    Field("kind", "text", "What happened."),
    Field("at", "time", "When.", "UTC"),
    Field("actor", "text", "Who did it; empty where it came about by itself."),
    Field("reason", "text", "Why, in his words."),
    Field("detail", "texts", "What belongs to it, as name=value."),
)
FIELDS: dict[What, tuple[Field, ...]] = {"findings": FINDINGS, "sightings": SIGHTINGS, "events": EVENTS}
SCHEMAS: dict[What, str] = {
    "findings": "leakwatch.finding/1",
    "sightings": "leakwatch.sighting/1",
    "events": "leakwatch.event/1",
}
