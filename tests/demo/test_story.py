"""What a seed decides: names, files, the magnet, and the order of the beats."""

from __future__ import annotations

import json
from pathlib import Path

from leakwatch.demo.story import LeakCopy, LeakPost, LeakPull, News, plan_story, write_magnet
from leakwatch.demo.weights import write_leaked_copy, write_weights
from leakwatch.torrent.infohash import Infohashes, InfohashV1, InfohashV2
from leakwatch.torrent.magnet import parse_magnet

HASHES = Infohashes(InfohashV1(bytes(range(20))), InfohashV2(bytes(range(32))))


def test_a_seed_draws_the_same_story_every_time() -> None:
    """Two plans of one seed are equal, and the leakless plan differs only by the leak."""
    whole, without = plan_story(5), plan_story(5, leak=False)
    assert whole == plan_story(5)
    leak = tuple(beat for beat in whole.beats if isinstance(beat, LeakPost | LeakPull | LeakCopy))
    assert len(leak) == 3
    assert tuple(beat for beat in whole.beats if beat not in leak) == without.beats
    assert ([join.seeders for join in whole.joins], without.joins) == ([2, 4, 8], ())
    assert [join.after_s for join in whole.joins] == sorted(join.after_s for join in whole.joins)
    assert (without.family, without.files, without.piece_length) == (
        whole.family,
        whole.files,
        whole.piece_length,
    )


def test_seeds_draw_different_stories() -> None:
    """Ten seeds give ten titles, and forty give every torrent kind and both places of the pull request's magnet."""
    assert len({plan_story(seed).family.title for seed in range(10)}) == 10
    stories = [plan_story(seed) for seed in range(40)]
    assert {story.torrent_kind for story in stories} == {"v1", "v2", "hybrid"}
    pulls = [beat for story in stories for beat in story.beats if isinstance(beat, LeakPull)]
    assert {"{magnet}" in pull.body for pull in pulls} == {True, False}
    assert all(("{magnet}" in pull.body) != ("{magnet}" in pull.added_line) for pull in pulls)
    assert {story.magnet_style.named for story in stories} == {True, False}


def test_the_leak_is_told_in_order_with_news_around_it() -> None:
    """The post names the asset and comes after the quiet, then the pull request, then the copy; news on both sides."""
    for seed in range(20):
        story = plan_story(seed, quiet_s=15.0)
        post, pull, copy = (
            next(beat for beat in story.beats if isinstance(beat, kind))
            for kind in (LeakPost, LeakPull, LeakCopy)
        )
        assert 15.0 <= post.at_s < pull.at_s < copy.at_s < 35.0
        assert story.family.model.lower() in post.text.lower()
        assert post.text.count("{magnet}") == 1
        news = [beat for beat in story.beats if isinstance(beat, News)]
        assert len({beat.article.language for beat in news}) >= 7
        assert all(story.family.title in beat.article.headline for beat in news)
        assert news[0].at_s < post.at_s < news[-1].at_s
        assert not any("magnet:" in str(beat) for beat in news)


def test_weights_have_the_planned_sizes_and_the_same_bytes_each_time(tmp_path: Path) -> None:
    """Two to four files of 8 to 24 MiB in all are written, equal for equal seeds; the leaker's note comes on top."""
    for seed in range(4):
        story = plan_story(seed)
        write_weights(story, tmp_path / f"{seed}a")
        write_leaked_copy(story, tmp_path / f"{seed}b")
        written = {path.name: path.read_bytes() for path in (tmp_path / f"{seed}a").iterdir()}
        assert {name: len(data) for name, data in written.items()} == {
            f.name: f.size_bytes for f in story.files
        }
        assert 2 <= len(written) <= 4
        assert 8 << 20 <= story.size_bytes <= 24 << 20
        copied = {path.name: path.read_bytes() for path in (tmp_path / f"{seed}b").iterdir()}
        assert written.items() <= copied.items()
        assert len(copied) - len(written) == bool(story.note)
        assert all(json.loads(data) for name, data in written.items() if name.endswith(".json"))


def test_the_magnet_has_no_peers_and_its_own_infohashes() -> None:
    """However it is spelt, the magnet names the torrent, no peer, and at most a tracker that does not exist."""
    for seed in range(30):
        magnet = parse_magnet(write_magnet(plan_story(seed), HASHES))
        assert magnet.infohashes == HASHES
        assert not magnet.peers
        assert all("invalid" in tracker for tracker in magnet.trackers)
