"""Which swarms matter to us, and which of them nobody may be asked about."""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.model.finding import State
from leakwatch.pipeline import Brain
from leakwatch.ports import Repository
from leakwatch.torrent.infohash import SwarmKey

_CLOSED = frozenset({State.FALSE_POSITIVE, State.ALLOWED, State.MERGED})
_MAX_FINDINGS = 2000


@dataclass(frozen=True, slots=True)
class Watched:
    """Swarms that matter to us. `silent` are those of `keys` that nobody may be asked about."""

    keys: frozenset[SwarmKey] = frozenset()
    silent: frozenset[SwarmKey] = frozenset()


async def watched_keys(brain: Brain, repository: Repository) -> Watched:
    """The swarms of registered infohashes, and of the newest findings that nobody has dismissed."""
    assets = brain.index.assets
    holders = {key: set(owners) for key, owners in brain.index.by_infohash.items()}
    async with repository.reading() as work:
        for finding in (await work.findings.list())[:_MAX_FINDINGS]:
            if finding.state not in _CLOSED and finding.asset in assets:
                for key in await work.findings.keys(finding.id):
                    if key.startswith("swarm:"):
                        holders.setdefault(key.removeprefix("swarm:"), set()).add(finding.asset)
    silent = [
        key for key, owners in holders.items() if any(not assets[one].may_look_up_swarm for one in owners)
    ]
    return Watched(frozenset(map(_key, holders)), frozenset(map(_key, silent)))


def _key(digits: str) -> SwarmKey:
    return SwarmKey(bytes.fromhex(digits))


def is_embargoed(key: SwarmKey, brain: Brain) -> bool:
    """Whether the key was registered for an asset whose infohashes nobody may be asked about."""
    owners = brain.index.by_infohash.get(key.hex(), ())
    return any(not brain.index.assets[one].may_look_up_swarm for one in owners)
