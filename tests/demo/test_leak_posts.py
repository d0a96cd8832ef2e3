"""Every way in which the replay's leaker writes his post opens a finding by itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from leakwatch.demo.story import LeakPost, plan_story, write_magnet
from leakwatch.extract.links import locate
from leakwatch.matching.engine import match
from leakwatch.matching.index import build_index
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.observation import Observation
from leakwatch.service import load_hosts, load_rules, load_weights
from leakwatch.torrent.infohash import Infohashes, InfohashV1, InfohashV2
from leakwatch.triage import triage

HOSTS, RULES, WEIGHTS = load_hosts(), load_rules(None, {"board": "imageboard"}), load_weights()
INFOHASHES = Infohashes(InfohashV1(bytes(range(20))), InfohashV2(bytes(range(32))))


@pytest.mark.parametrize("first", range(0, 300, 50))
def test_every_post_of_the_leaker_opens_a_finding(first: int) -> None:
    """Whatever he says, and whatever his magnet is called: nothing, the work, or a part of its name."""
    for seed in range(first, first + 50):
        story = plan_story(seed)
        asset = Asset(
            id=AssetId("work"),
            title=story.family.title,
            aliases=(story.family.alias,),
            kind="model",
            critical=True,
        )
        (post,) = (beat.text for beat in story.beats if isinstance(beat, LeakPost))
        text = post.replace("{magnet}", write_magnet(story, INFOHASHES))
        at = datetime(2026, 11, 20, tzinfo=UTC)
        seen = locate(
            Observation(site="board", native_id="1", title="local models", text=text, fetched_at=at), HOSTS
        )
        told = match(seen, build_index([asset]), WEIGHTS, pack=RULES)
        assert any(triage(one, seen, None, asset) for one in told), (seed, text)
