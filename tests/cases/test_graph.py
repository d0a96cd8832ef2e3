"""Who posted where first: mirrors, reposts, copies and repacks, in any order of arrival."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from leakwatch.cases.graph import Relation, first_seen
from leakwatch.model.case import Sighting
from leakwatch.model.finding import Tier
from leakwatch.model.place import PlaceClass

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ONE, TWO, THREE = (f"swarm:{digit * 40}" for digit in "123")
ROOT = "sha256:" + "a" * 64


def sighting(
    number: int, site: str, place: PlaceClass, *keys: str, minutes: int = 0, posted: int | None = None
) -> Sighting:
    """One item, seen some minutes after noon."""
    seen = NOON + timedelta(minutes=minutes)
    return Sighting(
        id=number,
        site=site,
        native_id=str(number),
        title=f"post {number}",
        url=f"https://{site}.example/{number}",
        seen_at=seen,
        published_at=NOON + timedelta(minutes=posted) if posted is not None else None,
        author=None,
        place=place,
        tier=Tier.AUTO,
        score=0.9,
        opened=None,
        keys=frozenset({f"item:{site}/{number}", *keys}),
    )


POST = sighting(1, "board", PlaceClass.BOARD, ONE, minutes=5, posted=0)
MIRROR = sighting(2, "index", PlaceClass.INDEX, ONE, minutes=3, posted=2)
REPOST = sighting(3, "forum", PlaceClass.FORUM, ONE, "url:https://h.example/f", minutes=7)
COPY = replace(sighting(4, "hub", PlaceClass.HUB, minutes=9), digests=frozenset({ROOT}))
REPACK = sighting(5, "index", PlaceClass.INDEX, TWO, minutes=11)
LINK = sighting(6, "chat", PlaceClass.CHAT, "url:https://h.example/f", minutes=13)
CARRIED = {ONE: frozenset({ROOT}), TWO: frozenset({ROOT})}


@given(st.permutations([POST, MIRROR, REPOST, COPY, REPACK, LINK]))
def test_the_story_comes_out_in_any_order(order: list[Sighting]) -> None:
    """The earliest post is the root, and each later place hangs on the earliest that it can have come from."""
    graph = first_seen(order, CARRIED)
    assert [node.native_id for node in graph.nodes] == ["1", "2", "3", "4", "5", "6"]
    assert graph.roots == (0,)
    told = [(edge.since, edge.to, edge.relation) for edge in graph.edges]
    assert told == [
        (0, 1, Relation.MIRROR),
        (0, 2, Relation.REPOST),
        (0, 3, Relation.COPY),
        (0, 4, Relation.REPACK),
        (2, 5, Relation.REPOST),
    ]
    assert [edge.why for edge in graph.edges][:3] == [ONE, ONE, ROOT]


def test_without_a_proof_only_exact_sizes_tell_a_repack() -> None:
    """Another torrent is a repack where the files are as large, and a root of its own where nothing is shared."""
    first = replace(POST, sizes=(700, 1 << 30))
    again = replace(REPACK, sizes=(700, 1 << 30))
    (edge,) = first_seen([first, again], {}).edges
    assert (edge.relation, edge.why) == (Relation.REPACK, "the same exact sizes")
    assert first_seen([POST, REPACK], {}).roots == (0, 1)
    small = [replace(one, sizes=(700,)) for one in (POST, REPACK)]
    assert first_seen(small, {}).edges == ()


def test_an_edited_post_is_one_node() -> None:
    """What an edit adds belongs to the item, which was there from its first sighting."""
    edited = replace(POST, id=9, seen_at=NOON + timedelta(hours=1), keys=POST.keys | {TWO})
    graph = first_seen([edited, POST, REPACK], {})
    assert [(node.native_id, node.edits) for node in graph.nodes] == [("1", 1), ("5", 0)]
    assert [edge.relation for edge in graph.edges] == [Relation.MIRROR]


def test_a_post_dated_later_than_it_was_seen_counts_as_seen() -> None:
    """A clock that is ahead makes nobody late."""
    ahead = sighting(1, "board", PlaceClass.BOARD, ONE, minutes=1, posted=600)
    graph = first_seen([ahead, sighting(2, "index", PlaceClass.INDEX, ONE, minutes=2)], {})
    assert [node.site for node in graph.nodes] == ["board", "index"]


SIGHTINGS = st.builds(
    lambda number, site, place, keys, minutes: sighting(number, site, place, *keys, minutes=minutes),
    st.integers(1, 6),
    st.sampled_from(["a", "b", "c"]),
    st.sampled_from(PlaceClass),
    st.sets(st.sampled_from([ONE, TWO, THREE, ROOT, "url:https://h.example/f"])),
    st.integers(0, 30),
)


@given(st.lists(SIGHTINGS, max_size=20))
def test_edges_lead_forward_and_each_item_has_one_origin(some: list[Sighting]) -> None:
    """Of any sightings every item is a node once, edges lead to later nodes, and roots and edges cover all."""
    graph = first_seen(some, CARRIED)
    assert len(graph.nodes) == len({one.item for one in some})
    assert sum(node.edits + 1 for node in graph.nodes) == len(some)
    assert all(edge.since < edge.to for edge in graph.edges)
    led_to = [edge.to for edge in graph.edges]
    assert len(set(led_to)) == len(led_to)
    assert sorted([*graph.roots, *led_to]) == list(range(len(graph.nodes)))
    assert [node.at for node in graph.nodes] == sorted(node.at for node in graph.nodes)
