"""Which swarms matter to us."""

from __future__ import annotations

from leakwatch.model.finding import QUIET_STATES
from leakwatch.pipeline import Brain
from leakwatch.ports import Repository
from leakwatch.torrent.infohash import SwarmKey

_MAX_FINDINGS = 2000


async def watched_keys(brain: Brain, repository: Repository) -> frozenset[SwarmKey]:
    """The swarms of registered infohashes, and of the newest findings that nobody has dismissed."""
    keys = set(brain.index.by_infohash)
    async with repository.reading() as work:
        for finding in (await work.findings.list())[:_MAX_FINDINGS]:
            if finding.state not in QUIET_STATES and finding.asset in brain.index.assets:
                held = await work.findings.keys(finding.id)
                keys |= {key.removeprefix("swarm:") for key in held if key.startswith("swarm:")}
    return frozenset(SwarmKey(bytes.fromhex(digits)) for digits in keys)
