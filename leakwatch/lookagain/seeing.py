"""What a place shows now, against what it showed. Pure.

Outcomes of `compare`, one of:
- same: it shows the item as it was, or, where only a page for people can be had, the page is there
- edited: the item shows another title, text, links, files or size; or the page for people says something else, or
  names fewer of its links
- deleted: the page is gone (404, 410), or one that shows all items until they are deleted does not show it, or it says so
- None: nothing can be concluded
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import unified_diff
from urllib.parse import urlsplit

from leakwatch.lookagain.edits import Line, diff_of, edits, slots_of
from leakwatch.model.evidence import Outcome
from leakwatch.model.observation import Observation
from leakwatch.sources._kind import Payload

_GONE = (404, 410)
_DELETED = frozenset(
    {"[deleted]", "[removed]", "[deleted by user]", "[ removed by moderator ]", "this post has been removed."}
)
"""What places put where a text was. Source: what Reddit, Lemmy and Discourse show of such posts."""
_MAX_PAGE = 2**22
_SAYS_GONE = re.compile(
    r"(?i)\b(?:has been|have been|was|were|been) (?:removed|deleted|taken down|disabled)\b|\btaken down\b"
    r"|\bno longer (?:available|exists?)\b|\bdoes(?: not|n.t) exist\b|\bnot found\b|\bunavailable for legal reasons\b"
    r"|\bdmca\b|\bcopyright (?:claim|infringement|complaint|notice)|\[(?:deleted|removed)\]"
    r"|wurde (?:gelöscht|entfernt)|nicht gefunden|n.existe plus|a été supprimé|fue eliminad[oa]|no se encontró"
    r"|удал[её]н|не найден|已被删除|已删除|不存在|削除されました|삭제되었"
)
"""What pages say in place of what was there. It is asked for only where nothing is left of what the item showed."""
_MAX_DIFF = 64 * 1024
_MAX_NOTICE = 60
"""Lines of a page that may be a notice in place of another."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of one look. `named` are links of the item that the page names; `now` is the item as it is now.

    `diff` is what was edited, as text. `is_page`: a page for people was seen; `is_first`: for the first time.
    """

    outcome: Outcome | None
    why: str
    named: tuple[str, ...] = ()
    now: Observation | None = None
    diff: str = ""
    is_page: bool = False
    is_first: bool = False


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
    return Seen(Outcome.EDITED, ", ".join(changes(before, found)), now=found, diff=_diff(before, found))


def _diff(before: Observation, now: Observation) -> str:
    """Title, text, links and files of an item, then and now, line by line."""
    then, there = [[*_told(one)] for one in (before, now)]
    return "\n".join([*unified_diff(then, there, lineterm="", n=1)][2:])[:_MAX_DIFF] + "\n"


def _told(seen: Observation) -> Iterator[str]:
    yield seen.title
    yield from (seen.text or "").splitlines()
    yield from sorted({str(one.infohashes or one.value) for one in seen.locators})
    yield from sorted(f"{one.path} {one.size_bytes}" for one in seen.files)


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
    lost = len(set(named_before or ()) - set(named))
    if named_before and lost:
        of = "the links" if not named else f"{lost} of {len(named_before)} links"
        return Seen(Outcome.EDITED, f"the page is there and names {of} no more", named, is_page=True)
    return Seen(Outcome.SAME, "the page is there", named, is_page=True)


@dataclass(frozen=True, slots=True)
class Pages:
    """A page for people as it was read: now, when a look saw it last, and by two looks a minute apart."""

    now: Sequence[Line]
    before: Sequence[Line] | None = None
    pair: tuple[Sequence[Line], Sequence[Line]] | None = None


def compare_text(seen: Seen, pages: Pages) -> Seen:
    """What a page that is there says, against what it said; `seen` is what its status and links tell."""
    notice = _notice(pages.now)
    if pages.before is None:
        if notice:
            return Seen(None, f"no look has seen it there, and the page says: {notice}")
        return replace(seen, is_first=True)
    if notice and any(one.is_own for one in pages.before):
        return replace(seen, outcome=Outcome.DELETED, why=f"the page says: {notice}")
    found = edits(pages.before, pages.now, slots_of(*pages.pair) if pages.pair else None)
    if not found:
        return seen
    gone, new = [[line for one in found for line in getattr(one, side)] for side in ("gone", "new")]
    diff = diff_of(found)
    if any(one.is_own for one in gone) and any(one.text.strip().lower() in _DELETED for one in new):
        return replace(seen, outcome=Outcome.DELETED, why="its text says that it was deleted", diff=diff)
    told = f"text of the page ({len(gone)} lines gone, {len(new)} new)"
    why = f"{seen.why}; {told}" if seen.outcome is Outcome.EDITED else told
    return replace(seen, outcome=Outcome.EDITED, why=why, diff=diff)


def _notice(lines: Sequence[Line]) -> str:
    """What a short page says of something that is gone, if nothing of the item stands on it."""
    if len(lines) > _MAX_NOTICE or any(one.is_own for one in lines):
        return ""
    return next((one.text[:120] for one in lines if _SAYS_GONE.search(one.text)), "")


def links_of(seen: Observation) -> list[str]:
    """What stands for an item's links on a page, in lower case."""
    told: list[str] = []
    for one in seen.locators:
        keys = [key.hex() for key in one.infohashes.swarm_keys] if one.infohashes else [one.value.lower()]
        told += keys
    return list(dict.fromkeys(told))[:50]


def _says_deleted(seen: Observation) -> bool:
    return any((text or "").strip().lower() in _DELETED for text in (seen.text, seen.title))
