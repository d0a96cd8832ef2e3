"""What kind of place a site is, and how public that is. The two tables are data: change them here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum


class PlaceClass(StrEnum):
    """Places that are alike in who sees what is posted there."""

    DHT = "dht"
    PASTE = "paste"
    BOARD = "board"
    CHAT = "chat"
    FORUM = "forum"
    INDEX = "index"
    CODE = "code"
    HUB = "hub"
    OTHER = "other"


CLASS_OF_KIND: Mapping[str, PlaceClass] = {
    "dht": PlaceClass.DHT,
    "paste": PlaceClass.PASTE,
    "imageboard": PlaceClass.BOARD,
    "telegram": PlaceClass.CHAT,
    "mastodon": PlaceClass.CHAT,
    "discourse": PlaceClass.FORUM,
    "hackernews": PlaceClass.FORUM,
    "lemmy": PlaceClass.FORUM,
    "phpbb": PlaceClass.FORUM,
    "reddit": PlaceClass.FORUM,
    "cardigann": PlaceClass.INDEX,
    "feed": PlaceClass.INDEX,
    "rss": PlaceClass.INDEX,
    "torznab": PlaceClass.INDEX,
    "academic": PlaceClass.INDEX,
    "github": PlaceClass.CODE,
    "gitlab": PlaceClass.CODE,
    "archive": PlaceClass.HUB,
    "huggingface": PlaceClass.HUB,
    "registry": PlaceClass.HUB,
}
"""By the site's kind; `page`, `inbox` and whatever is not named are other places."""

REACH: Mapping[PlaceClass, int] = {
    PlaceClass.DHT: 0,
    PlaceClass.PASTE: 1,
    PlaceClass.BOARD: 2,
    PlaceClass.CHAT: 2,
    PlaceClass.FORUM: 2,
    PlaceClass.OTHER: 2,
    PlaceClass.CODE: 3,
    PlaceClass.HUB: 3,
    PlaceClass.INDEX: 3,
}
"""How public a place is: 0 for nobody but who looks for it, to 3 for anybody who searches."""

WIDE = 3


def class_of(kind: str | None) -> PlaceClass:
    """The class of a site of this kind."""
    return CLASS_OF_KIND.get(kind or "", PlaceClass.OTHER)


def wide(classes: Iterable[PlaceClass]) -> tuple[PlaceClass, ...]:
    """Those of some classes where anybody finds it who searches, each once, in the order of the table."""
    some = frozenset(classes)
    return tuple(one for one in REACH if one in some and REACH[one] >= WIDE)
