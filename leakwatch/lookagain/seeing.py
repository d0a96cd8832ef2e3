"""What a place shows now, against what it showed. Pure.

Outcomes of `compare`, one of:
- same: it shows the item as it was, or, where only a page for people can be had, the page is there
- edited: the item shows another title, text, links, files or size; or the page names the links no more
- deleted: the page is gone (404, 410), or one that shows all items until they are deleted does not show it, or it says so
- None: nothing can be concluded
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from leakwatch.model.evidence import Outcome
from leakwatch.model.observation import Observation
from leakwatch.sources._kind import Payload

_GONE = (404, 410)
_DELETED = frozenset(
    {"[deleted]", "[removed]", "[deleted by user]", "[ removed by moderator ]", "this post has been removed."}
)
"""What places put where a text was. Source: what Reddit, Lemmy and Discourse show of such posts."""
_MAX_PAGE = 2**22


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one look. `named` are links of the item that the page names; `now` is the item as it is now."""

    outcome: Outcome | None
    why: str
    named: tuple[str, ...] = ()
    now: Observation | None = None


def compare(before: Observation, found: Observation | None, payload: Payload, *, holds: bool) -> Seen:
    """Judge an answer of a site's own interface, in which `found` is the item. Both have their locators."""
    if payload.status in _GONE:
        return Seen(Outcome.DELETED, f"the page answers {payload.status}")
    if found is None:
        told = "it is missing where all items stand until they are deleted"
        return Seen(Outcome.DELETED, told) if holds else Seen(None, "it is not on the page any more")
    if _says_deleted(found) and not _says_deleted(before):
        return Seen(Outcome.DELETED, "its text says that it was deleted", now=found)
    if found.content_digest == before.content_digest:
        return Seen(Outcome.SAME, "", now=found)
    return Seen(Outcome.EDITED, ", ".join(changes(before, found)), now=found)


def changes(before: Observation, now: Observation) -> list[str]:
    """What of an item changed, in words."""
    told = [name for name in ("title", "text") if getattr(before, name) != getattr(now, name)]
    links = [{str(one.infohashes or one.value) for one in each.locators} for each in (before, now)]
    if links[0] != links[1]:
        gone, new = len(links[0] - links[1]), len(links[1] - links[0])
        told.append(f"links ({gone} gone, {new} new)")
    if before.size_bytes != now.size_bytes:
        told.append("size")
    if {(f.path, f.size_bytes) for f in before.files} != {(f.path, f.size_bytes) for f in now.files}:
        told.append("files")
    return told or ["content"]


def compare_page(before: Observation, payload: Payload, named_before: Sequence[str] | None) -> Seen:
    """Judge a page for people, which no kind reads: whether it is there, and still names the item's links.

    `named_before` are the links that the last look that saw the page found on it, None if there was none: what we take for
    its address may be wrong then, and the outcome says so.
    """
    if payload.status in _GONE:
        unseen = "" if named_before is not None else "; no look has seen it there"
        return Seen(Outcome.DELETED, f"the page answers {payload.status}{unseen}")
    asked, got = urlsplit(payload.request.url).path, urlsplit(payload.url).path
    if got.strip("/") == "" != asked.strip("/"):
        return Seen(None, "it leads to the front page")
    text = payload.body[:_MAX_PAGE].lower()
    named = tuple(one for one in links_of(before) if one.encode() in text)
    if named_before and not named:
        return Seen(Outcome.EDITED, "the page is there and names the links no more")
    return Seen(Outcome.SAME, "the page is there", named)


def links_of(seen: Observation) -> list[str]:
    """What stands for an item's links on a page, in lower case."""
    told: list[str] = []
    for one in seen.locators:
        keys = [key.hex() for key in one.infohashes.swarm_keys] if one.infohashes else [one.value.lower()]
        told += keys
    return list(dict.fromkeys(told))[:50]


def _says_deleted(seen: Observation) -> bool:
    return any((text or "").strip().lower() in _DELETED for text in (seen.text, seen.title))
