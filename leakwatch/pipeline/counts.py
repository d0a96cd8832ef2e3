"""What an index says of a swarm, as samples beside those that are counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leakwatch.extract.named import torrents
from leakwatch.model.observation import Observation
from leakwatch.model.swarm import SampleMethod, SwarmSample, believable, wants_index_count
from leakwatch.ports import Work


async def index_counts(items: Sequence[Observation], work: Work) -> list[SwarmSample]:
    """What one index says of swarms that are counted is a sample of its own; of several entries the largest."""
    said: dict[str, SwarmSample] = {}
    for sample in (sample for one in items for sample in _counts_of(one)):
        other = said.get(sample.swarm_key)
        if other is None or (sample.seeds or 0) > (other.seeds or 0):
            said[sample.swarm_key] = sample
    if not said:
        return []
    heard = await work.swarms.heard(items[0].site, list(said))
    wanted = [key for key, (since, at) in heard.items() if wants_index_count(since, at, said[key].at)]
    return [said[key] for key in wanted]


def _counts_of(seen: Observation) -> Iterator[SwarmSample]:
    """An item's counts are those of the torrent that it is, not of others that its text names."""
    seeds, leechers = believable(seen.seeders), believable(seen.leechers)
    if seeds is None and leechers is None:
        return
    named = {seen.infohash_v1, (seen.infohash_v2 or "")[:40]}
    for infohashes in torrents(seen):
        if named & {key.hex() for key in infohashes.swarm_keys}:
            yield SwarmSample(
                swarm_key=infohashes.swarm_keys[0].hex(),
                at=seen.fetched_at,
                method=SampleMethod.INDEX,
                source=seen.site,
                seeds=seeds,
                leechers=leechers,
            )
