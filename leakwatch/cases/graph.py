"""Who posted where first, and what came of it: a pure function from sightings and proofs to nodes and edges.

A node is one item of one site, however often it was edited; an edge leads from the earliest item that a later one can
have come from. What speaks is asked in this order:

the same torrent     `mirror` on an index or heard in the DHT, else `repost`
the same content     `copy` on a hub or code forge, else `repack`: by digests, or by what torrents were proved to carry
the same sizes       `repack`: the same files in another torrent, as far as their exact sizes tell
the same address     `repost` of a link to a file or repository
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from leakwatch.model.case import Sighting
from leakwatch.model.place import PlaceClass

_LEAST_BYTES = 1 << 20
"""A single file that is smaller has the size of many others."""
_CONTENT = ("sha256:", "sha1:", "git_blob:", "pieces_root:", "ed2k:", "md5:", "ipfs:")
_MIRRORS = frozenset({PlaceClass.INDEX, PlaceClass.DHT})
_KEEPERS = frozenset({PlaceClass.HUB, PlaceClass.CODE})


class Relation(StrEnum):
    """How a later item has to do with an earlier one."""

    REPOST = "repost"
    MIRROR = "mirror"
    COPY = "copy"
    REPACK = "repack"


@dataclass(frozen=True, slots=True)
class Node:
    """One item of one site. `at` is when it was there first; `edits` counts its later sightings."""

    site: str
    native_id: str
    place: PlaceClass
    at: datetime
    author: str | None
    title: str
    url: str | None
    edits: int


@dataclass(frozen=True, slots=True)
class Edge:
    """The node of number `to` came after that of number `since`; `why` is what they share."""

    since: int
    to: int
    relation: Relation
    why: str


@dataclass(frozen=True, slots=True)
class FirstSeen:
    """All items, the earliest first, and at most one edge to each."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    @property
    def roots(self) -> tuple[int, ...]:
        """Items of which nothing tells where they came from."""
        led_to = {edge.to for edge in self.edges}
        return tuple(number for number in range(len(self.nodes)) if number not in led_to)


NOTHING_SEEN = FirstSeen((), ())


@dataclass(frozen=True, slots=True)
class _Item:
    node: Node
    swarms: tuple[str, ...]
    content: tuple[str, ...]
    sizes: tuple[int, ...]
    addresses: tuple[str, ...]


def first_seen(sightings: Iterable[Sighting], carried: Mapping[str, frozenset[str]]) -> FirstSeen:
    """The graph. `carried` says of a swarm's key which content it was proved to carry, as artefact keys."""
    items = _items(sightings, carried)
    first: dict[tuple[str, object], int] = {}
    edges: list[Edge] = []
    for number, item in enumerate(items):
        edge = _edge(number, item, first)
        edges += [edge] if edge else []
        for mark in _marks(item):
            first.setdefault(mark, number)
    return FirstSeen(tuple(item.node for item in items), tuple(edges))


def _items(sightings: Iterable[Sighting], carried: Mapping[str, frozenset[str]]) -> list[_Item]:
    grouped: dict[tuple[str, str], list[Sighting]] = {}
    for one in sightings:
        grouped.setdefault(one.item, []).append(one)
    items = [_item(sorted(some, key=_when), carried) for some in grouped.values()]
    return sorted(items, key=lambda item: (item.node.at, item.node.site, item.node.native_id))


def _when(one: Sighting) -> tuple[datetime, int]:
    return one.at, one.id


def _item(some: Sequence[Sighting], carried: Mapping[str, frozenset[str]]) -> _Item:
    earliest = some[0]
    keys = frozenset[str]().union(*(one.keys for one in some))
    swarms = tuple(sorted(key for key in keys if key.startswith("swarm:")))
    content = {key for key in keys if key.startswith(_CONTENT)}.union(*(one.digests for one in some))
    content = content.union(*(carried.get(key, frozenset()) for key in swarms))
    node = Node(
        site=earliest.site,
        native_id=earliest.native_id,
        place=earliest.place,
        at=earliest.at,
        author=next((one.author for one in some if one.author), None),
        title=earliest.title,
        url=earliest.url,
        edits=len(some) - 1,
    )
    addresses = tuple(sorted(key for key in keys if key.startswith(("url:", "repository:", "repo:"))))
    return _Item(node, swarms, tuple(sorted(content)), max(one.sizes for one in some), addresses)


def _marks(item: _Item) -> list[tuple[str, object]]:
    marks: list[tuple[str, object]] = [("swarm", key) for key in item.swarms]
    marks += [("content", key) for key in item.content]
    marks += [("sizes", item.sizes)] if _is_telling(item.sizes) else []
    return marks + [("address", key) for key in item.addresses]


def _is_telling(sizes: Sequence[int]) -> bool:
    return len(sizes) > 1 or (len(sizes) == 1 and sizes[0] >= _LEAST_BYTES)


def _edge(number: int, item: _Item, first: Mapping[tuple[str, object], int]) -> Edge | None:
    place = item.node.place
    told = (
        (Relation.MIRROR if place in _MIRRORS else Relation.REPOST, "swarm", item.swarms),
        (Relation.COPY if place in _KEEPERS else Relation.REPACK, "content", item.content),
        (Relation.REPACK, "sizes", (item.sizes,)),
        (Relation.REPOST, "address", item.addresses),
    )
    for relation, what, values in told:
        earlier = [(first[what, value], value) for value in values if (what, value) in first]
        if earlier:
            since, value = min(earlier, key=lambda one: (one[0], str(one[1])))
            return Edge(since, number, relation, _why(what, value))
    return None


def _why(what: str, value: object) -> str:
    return "the same exact sizes" if what == "sizes" else str(value)
