"""`phpbb`: the newest posts of a phpBB forum by the Atom feed that its board may have switched on.

Source: area51.phpbb.com/docs (`app.php/feed`, modes); docs.phpbb.com, "Feed settings".

History
2026-11  first version
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from leakwatch.model.observation import Observation
from leakwatch.sources._feeds import parse_feed
from leakwatch.sources._kind import Cursor, Page, Payload, PolledKind, Request

_POST = re.compile(r"[?&;](?:amp;)?p=(\d{1,12})|#p(\d{1,12})\b")
_FORUM = " \u2022 "
_STATISTICS = re.compile(r"<p>(?:(?!<p>).){0,2000}</p>\s*<hr ?/?>\s*\Z", re.DOTALL)
"""The last paragraph: who wrote when, and, of topics, how often it was looked at, which is no edit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhpbbSite:
    """Settings: the forum's address, where its feed lies below it, and numbers of forums (none: all)."""

    url: str
    feed: str = "app.php/feed"
    forums: tuple[int, ...] = ()


def start(site: PhpbbSite, cursor: Cursor) -> Iterator[Request]:  # noqa: ARG001 - a feed has no paging
    """The feed of all of the board, or of each forum."""
    base = f"{site.url.rstrip('/')}/{site.feed.lstrip('/')}"
    for address in [f"{base}?f={one}" for one in site.forums] or [base]:
        yield Request(url=address)


def parse(payload: Payload) -> Page:
    """Every post as an observation, known by the post's number; its topic is the title.

    Raises: LayoutChanged if it is no feed: phpBB answers with a page of its own where the feed is off.
    """
    page = parse_feed(payload)
    return replace(page, observations=tuple(_post(one) for one in page.observations))


def _post(entry: Observation) -> Observation:
    """Entries are called "Forum • Topic"."""
    found = _POST.search(entry.url or "") or _POST.search(entry.native_id)
    _, dot, topic = entry.title.partition(_FORUM)
    return replace(
        entry,
        native_id=f"p{found[1] or found[2]}" if found else entry.native_id,
        title=topic if dot else entry.title,
        text=_STATISTICS.sub("", entry.text).strip() or None if entry.text else None,
    )


KIND = PolledKind(
    name="phpbb",
    settings=PhpbbSite,
    start=start,
    parse=parse,
    empty_is_normal=True,
    is_window=True,
    is_markup=True,
)
