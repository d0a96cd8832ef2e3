"""What all boards share: an infohash that is told in parts over neighbouring posts of a thread."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from leakwatch.extract.fragments import join_posts
from leakwatch.extract.links import plain
from leakwatch.extract.scanning import bare, hex_infohash
from leakwatch.model.observation import Observation
from leakwatch.sources._kind import Json, Page

GONE = (404, 410)
"""What a thread that was deleted answers."""

_LEFT = "a thread is gone; whether more was posted there since it was read is not known"
_CHANGED = "a thread that had changed was gone before it could be read"


def left(known: Iterable[str], live: Collection[str]) -> list[str]:
    """Threads that the cursor knows and the catalog shows no more, to be asked for once more: archived ones still answer."""
    return [no for no in known if no not in live and no.isascii() and no.isdigit() and len(no) < 20]


def parted(known: Collection[str], live: Mapping[str, Mapping[str, Json]], pin: str) -> bool:
    """Whether none of the threads that were known is there any more, but for those that are pinned to stay."""
    moving = [no for no, thread in live.items() if not thread.get(pin)]
    return bool(known and moving) and not any(no in known for no in moving)


def gone(key: str, *, is_left: Json) -> Page:
    """What a thread that is gone leaves: an honest empty page, which says what was perhaps, or surely, missed."""
    return Page(cursor={key: None}, incomplete=_LEFT if is_left else _CHANGED)


def with_joined(posts: Sequence[Observation]) -> tuple[Observation, ...]:
    """The posts of a thread; one that completes an infohash told over several has it as if it were its own."""
    texts = [(one.native_id, plain(one.text or "")) for one in posts]
    told = {completing: digits for completing, _, digits in join_posts(texts)}
    return tuple(_with_infohash(one, told.get(one.native_id, "")) for one in posts)


def _with_infohash(post: Observation, digits: str) -> Observation:
    if not digits:
        return post
    locator = replace(bare(hex_infohash(digits), -1), decode_chain=("fragments",))
    field = "infohash_v1" if len(digits) == 40 else "infohash_v2"
    return replace(post, locators=(locator,), **{field: digits})
