"""What the benchmark of decisions calls right: by construction, and not by what the product says."""

from __future__ import annotations

import random
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import decisions_content as content
import decisions_variants as variants
from decisions_torrents import BY_BYTES, BY_TABLES, TARGET, Layout, Outcome, Way, torrent_of, whole_pieces

from leakwatch.model.finding import Verdict

KIB = 1024
WAYS = pytest.mark.parametrize("way", [BY_BYTES, BY_TABLES], ids=["bytes", "tables"])


def work(folder: Path, kinds: Sequence[bytes | None]) -> content.Work:
    """An asset of these stretches of 100 KiB each."""
    chance = random.Random(1)
    made = tuple(content.Stretch(of, 100 * KIB) for of in kinds)
    data = b"".join(one.data(chance) for one in made)
    return content.Work(made, data, (content.printed(folder / "a", data, TARGET),), ((0, len(data)),))


@pytest.mark.parametrize(
    ("layout", "pieces"),
    [
        (Layout(0, 0, is_padded=False), [(0, 16384), (16384, 32768), (32768, 40000)]),
        (Layout(0, 9, is_padded=False), [(0, 16384), (16384, 32768)]),
        (Layout(9, 0, is_padded=True), [(0, 16384), (16384, 32768), (32768, 40000)]),
        (Layout(9, 0, is_padded=False), [(16375, 32759), (32759, 40000)]),
    ],
    ids=["alone", "first", "padded", "behind another"],
)
def test_whole_pieces(layout: Layout, pieces: list[tuple[int, int]]) -> None:
    """Only pieces that hold nothing but the target count; the torrent's last one may be short."""
    info = torrent_of(bytes(40_000), layout, 16384, random.Random(1))
    assert whole_pieces(info) == pieces
    assert len(info.pieces) == 20 * -(-sum(file.size_bytes for file in info.files) // 16384)


@pytest.mark.parametrize(
    ("verdict", "of_asset", "of_others"),
    [
        (Verdict.PROVED, Outcome.RIGHT, Outcome.WRONG),
        (Verdict.LIKELY, Outcome.WRONG, Outcome.WRONG),
        (Verdict.REFUTED, Outcome.WRONG, Outcome.RIGHT),
        (Verdict.UNPROVED, Outcome.MISSED, Outcome.MISSED),
    ],
)
def test_wrong_verdicts_are_seen(
    verdict: Verdict, of_asset: Outcome, of_others: Outcome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever the product says, the benchmark knows what would have been right."""
    one, chance = work(tmp_path, [None]), random.Random(2)
    monkeypatch.setattr(content, "judge", lambda *_: verdict)
    held = content.Held(one.data, (0, len(one.data), 0)), content.Held(chance.randbytes(len(one.data)))
    infos = [torrent_of(each.data, Layout(0, 0, is_padded=False), 16384, chance) for each in held]
    outcomes = [
        content.decided("x", each, info, one, BY_TABLES, chance).outcome
        for each, info in zip(held, infos, strict=True)
    ]
    assert outcomes == [of_asset, of_others]


@pytest.mark.parametrize(("way", "outcome"), [(BY_TABLES, Outcome.OPEN), (BY_BYTES, Outcome.RIGHT)])
def test_off_the_grid_only_bytes_decide(way: Way, outcome: Outcome, tmp_path: Path) -> None:
    """Behind another file tables have nothing to say, and that is no miss."""
    one, chance = work(tmp_path, [None]), random.Random(3)
    held = content.Held(one.data, (0, len(one.data), 0))
    info = torrent_of(held.data, Layout(777, 0, is_padded=False), 16384, chance)
    assert content.decided("x", held, info, one, way, chance).outcome is outcome


@WAYS
def test_nothing_is_wrong_with_noise(way: Way, tmp_path: Path) -> None:
    """Every kind of torrent of one asset of noise is decided right or left open."""
    chance = random.Random(4)
    one = content.work(tmp_path, 0, chance)
    told = list(content.tried(one, ("alone", "behind another"), (16384,), way, chance))
    assert {each.outcome for each in told} <= {Outcome.RIGHT, Outcome.OPEN}
    assert Counter(each.is_positive for each in told if each.outcome is Outcome.RIGHT)[True] >= 5


@WAYS
def test_border_of_two_constants_proves_nothing(way: Way, tmp_path: Path) -> None:
    """Another file with zeros and 0xff at the same places as the asset, and other noise, is not proved."""
    one, chance = work(tmp_path, [b"\0", b"\xff", None]), random.Random(5)
    held = content.Held(one.again(chance))
    info = torrent_of(held.data, Layout(0, 0, is_padded=False), 16384, chance)
    assert content.decided("x", held, info, one, way, chance).outcome is not Outcome.WRONG


def test_first_part_is_proved_whichever_piece_is_drawn(tmp_path: Path) -> None:
    """The first part of a file, alone in its torrent, is proved by tables at every draw."""
    one = work(tmp_path, [None])
    held = content.Held(one.data[:70_000], (0, 70_000, 0))
    info = torrent_of(held.data, Layout(0, 0, is_padded=False), 16384, random.Random(9))
    outcomes = [
        content.decided("x", held, info, one, BY_TABLES, random.Random(seed)).outcome for seed in range(40)
    ]
    assert set(outcomes) == {Outcome.RIGHT}


def test_edited_marks_are_nobodys(groups: list[variants.Group]) -> None:
    """Where marks were edited, the torrent has a byte that is in no copy."""
    for one in groups:
        every = [mark for marks in one.marks.values() for mark in marks]
        data = variants.edited(one, one.copies[""], every, random.Random(10))
        assert all(data[start] != copy[start] for start, _ in every for copy in one.copies.values())


@pytest.fixture(scope="module")
def groups(tmp_path_factory: pytest.TempPathFactory) -> list[variants.Group]:
    """One of each style."""
    folders = [tmp_path_factory.mktemp("copies") for _ in range(3)]
    return [variants.group(folder, number, random.Random(number)) for number, folder in enumerate(folders)]


@WAYS
@pytest.mark.parametrize("style", range(3), ids=list(variants.STYLES))
def test_copies_are_named(groups: list[variants.Group], style: int, way: Way) -> None:
    """A whole copy at the shortest piece length leaves its recipient alone, by the bytes and by the product."""
    one, chance = groups[style], random.Random(6)
    for kind, leak in variants.positives(one, chance):
        info = torrent_of(leak.data, Layout(0, 0, is_padded=False), 16384, chance)
        assert variants.possible(info, leak, one, way) == {leak.truth}, kind
        left = variants.named(info, leak, one, way, chance)
        assert variants.decided_positive(left, {leak.truth}, leak.truth) is Outcome.RIGHT


def test_copy_of_a_stranger_names_no_recipient(groups: list[variants.Group]) -> None:
    """A choice of segments that nobody was given is nobody's."""
    one, chance = groups[2], random.Random(7)
    for length in (16384, 32768, 65536):
        leak = variants.Leak(one.copies[variants.STRANGER], variants.STRANGER)
        info = torrent_of(leak.data, Layout(0, 0, is_padded=False), length, chance)
        left = variants.named(info, leak, one, BY_BYTES, chance)
        assert variants.decided_negative(left, variants.STRANGER) is not Outcome.WRONG


@pytest.mark.parametrize(
    ("left", "truth", "negative", "positive"),
    [
        (None, "a", Outcome.OPEN, Outcome.MISSED),
        ({"a"}, "a", Outcome.RIGHT, Outcome.RIGHT),
        ({"b"}, "a", Outcome.WRONG, Outcome.WRONG),
        ({"a", "b"}, "a", Outcome.RIGHT, Outcome.MISSED),
        ({"b", "c"}, "a", Outcome.WRONG, Outcome.WRONG),
    ],
)
def test_who_may_be_left(left: set[str] | None, truth: str, negative: Outcome, positive: Outcome) -> None:
    """Whoever leaked it must be left; where the bytes leave nobody else, he alone."""
    assert variants.decided_negative(left, truth) is negative
    assert variants.decided_positive(left, {truth}, truth) is positive


def test_name_without_ground_is_wrong() -> None:
    """The leaker's own name counts as wrong where the pieces do not bear it out."""
    assert variants.decided_positive({"a"}, {"a"}, "a", may_name=False) is Outcome.WRONG
    assert variants.decided_positive({"a", "b"}, {"a"}, "a", may_name=False) is Outcome.OPEN


@pytest.mark.parametrize(("after", "may_name"), [(0, True), (70_000, False)])
def test_who_may_be_named(groups: list[variants.Group], after: int, may_name: bool) -> None:
    """A choice of marks bears a name only if every place of a mark lies in a piece that can be compared."""
    one = groups[2]
    names = [name for name in one.recipients if variants.differing(one.copies[""], one.copies[name])]
    size, name = len(one.copies[""]), names[0]
    last = (size - 10, bytes([one.copies[""][-10] ^ 1]))
    copies = dict(one.copies) | {name: variants.marked(one.copies[name], (last,))}
    copies[names[1]] = variants.marked(copies[names[1]], (last,))
    changed = replace(one, copies=copies)
    info = torrent_of(copies[name], Layout(0, after, is_padded=False), 262144, random.Random(11))
    leak = variants.Leak(copies[name], name)
    assert variants.may_be_named(info, leak, changed, BY_TABLES) is may_name


@pytest.mark.parametrize(
    ("left", "outcome"),
    [({"b"}, Outcome.WRONG), ({""}, Outcome.RIGHT), ({"a", "b"}, Outcome.RIGHT), (set(), Outcome.RIGHT)],
)
def test_strangers_frame_nobody(left: set[str], outcome: Outcome) -> None:
    """Of a copy that nobody was given, a single recipient is wrong, and nobody in particular right."""
    assert variants.decided_negative(left, variants.STRANGER) is outcome


def test_differing_blocks_are_joined() -> None:
    """What is registered of a copy are blocks of 16 KiB, neighbours as one range, the last one cut at the end."""
    common = bytes(70_000)
    copy = variants.marked(common, ((16_000, b"x" * 1000), (69_999, b"y")))
    assert variants.differing(common, copy) == ((0, 32768), (65536, 70_000))
    assert variants.differing(common, common) == ()


def test_unknown_window_is_no_miss(tmp_path: Path) -> None:
    """Pieces outside the ranges that tables cover are not asked of them."""
    one = replace(work(tmp_path, [None]), covered=((0, 32 * KIB),))
    info = torrent_of(one.data, Layout(0, 0, is_padded=False), 16384, random.Random(8))
    assert content.known_pieces(info, one, 0, BY_TABLES) == [(0, 16384), (16384, 32768)]
    assert len(content.known_pieces(info, one, 0, BY_BYTES)) == 7
