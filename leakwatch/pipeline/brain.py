"""What a page is held against, what that leaves of it to keep, and how what came of it is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from leakwatch.extract.hosts import NO_HOSTS, Hosts
from leakwatch.extract.links import locate
from leakwatch.extract.peers import without_peers
from leakwatch.matching.engine import match_all
from leakwatch.matching.index import Index
from leakwatch.matching.weights import Weights
from leakwatch.model.finding import FindingId, KnownArtefact, Match
from leakwatch.model.observation import Observation, storable
from leakwatch.model.route import Routing
from leakwatch.model.site import SiteState
from leakwatch.privacy import PLAIN, Authors
from leakwatch.rulepack.schema import RulePack


@dataclass(frozen=True, slots=True)
class Brain:
    """What a page is held against: the catalogue as an index, the weights, the routes, the file hosts, sites' priors.

    `authors` says how those who posted are kept; `draws`, whether pages that are kept are drawn.
    """

    index: Index
    weights: Weights
    pack: RulePack
    routes: Routing
    hosts: Hosts = NO_HOSTS
    priors: Mapping[str, float] = field(default_factory=dict[str, float])
    authors: Authors = PLAIN
    draws: bool = False


@dataclass(frozen=True, slots=True)
class Taken:
    """What came of one page. `new_items` are the native ids of items that were new or had changed.

    `listed` are its items as the page lists them, with their times; `known` are those of them seen before.
    """

    state: SiteState
    items: int
    new_items: frozenset[str]
    listed: tuple[tuple[str, datetime | None], ...]
    known: frozenset[str]
    alerts: int
    proofs: int
    suppressed: int = 0


@dataclass(slots=True)
class Counted:
    """What a transaction has caused so far. `findings` are those that have got a sighting.

    `how` says why it is told with others of its like: `backfill` for what lay there already, `first_run`.
    """

    alerts: int = 0
    proofs: int = 0
    suppressed: int = 0
    how: str = ""
    findings: set[FindingId] = field(default_factory=set[FindingId])


def to_keep(seen: Observation, brain: Brain) -> Observation:
    """What of an observation may be stored: no peers, no author's name, and where its content can be had."""
    return brain.authors.kept(storable(without_peers(locate(seen, brain.hosts))))


def matches_of(seen: Sequence[Observation], brain: Brain) -> list[list[Match]]:
    """The matches of a tier of some observations."""
    return [matches for _, matches in with_matches([(one, ()) for one in seen], brain)]


def with_matches(
    seen: Sequence[tuple[Observation, Sequence[KnownArtefact]]], brain: Brain
) -> list[tuple[Observation, list[Match]]]:
    """Each observation with its matches of a tier; names of all are looked for together."""
    told = match_all(seen, brain.index, brain.weights, brain.pack, brain.priors)
    return [(one, [m for m in some if m.tier]) for (one, _), some in zip(seen, told, strict=True)]
