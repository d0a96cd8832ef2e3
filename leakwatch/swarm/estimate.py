"""How many peers the DHT knows of a swarm: an estimate from the Bloom filters of its nearest nodes.

Each node writes the addresses it was told of into a filter; filters join without counting anybody twice, and
how full they are says how many went in. Peers behind one address count as one. Nothing but counts leaves.
Source: BEP 33, "DHT Scrapes".
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median

from leakwatch.errors import SwarmError
from leakwatch.swarm.dht_client import DhtClient
from leakwatch.swarm.hosts import Endpoint
from leakwatch.swarm.krpc import FILTER_BYTES, Ask, Question, Reply
from leakwatch.swarm.lookup import nearest_nodes
from leakwatch.torrent.infohash import SwarmKey

MAX_ADDRESSES = 20_000
"""Distinct peers at which a look-up stops counting."""
_BITS, _HASHES = FILTER_BYTES * 8, 2
_FEW = 100
_TOO_MANY_TIMES = 10


@dataclass(frozen=True, slots=True)
class Estimate:
    """The size of a swarm as the DHT knows it.

    Units:  `error` is absolute, in peers: two standard deviations of what the filters alone make uncertain,
    seeds and leechers together. `peers_seen` are distinct peers that nodes named: a capped sample, and so a
    lower bound. `nodes_answered` of at most 8 answered; `filters` of them knew the swarm and speak BEP 33.
    """

    seeds: int
    leechers: int
    error: int
    nodes_answered: int
    filters: int
    peers_seen: int


async def estimate(
    client: DhtClient,
    key: SwarmKey,
    start: Sequence[Endpoint],
    *,
    deadline_s: float = 60.0,
    tell: Callable[[str], None] | None = None,
) -> Estimate:
    """Look the swarm up in the DHT and ask the nearest nodes how full their filters are.

    `tell` is given the address of each peer once and in no order, to be counted and not kept.
    Raises: SwarmError if no node answers, or not within the deadline.
    """
    seen = set[Endpoint]()

    def hear(reply: Reply) -> None:
        if len(seen) < MAX_ADDRESSES:
            seen.update(reply.peers)

    try:
        async with asyncio.timeout(deadline_s):
            nodes = await nearest_nodes(client, key, start, hear)
            question = Question(Ask.GET_PEERS, key, wants_filters=True)
            asked = [client.ask(node.endpoint, question) for node in nodes]
            answers = [each for each in await asyncio.gather(*asked) if isinstance(each, Reply)]
    except TimeoutError as error:
        raise SwarmError("the look-up in the DHT did not end in time") from error
    if not answers:
        raise SwarmError("no node of the DHT answered: check swarm.dht_bootstrap")
    for reply in answers:  # those that do not speak BEP 33 name peers all the same
        hear(reply)
    if tell:
        for address in {address for address, _ in seen}:
            tell(address)
    return joined(answers, len(seen))


def joined(answers: Sequence[Reply], peers_seen: int) -> Estimate:
    """The estimate from what the nearest nodes answered."""
    seed_filters = [each.seed_filter for each in answers if each.seed_filter is not None]
    leecher_filters = [each.leecher_filter for each in answers if each.leecher_filter is not None]
    seeds = filter_size(union(believable(seed_filters)))
    leechers = filter_size(union(believable(leecher_filters)))
    return Estimate(
        seeds=round(seeds),
        leechers=round(leechers),
        error=math.ceil(2 * math.hypot(deviation(seeds), deviation(leechers))),
        nodes_answered=len(answers),
        filters=sum(each.seed_filter is not None or each.leecher_filter is not None for each in answers),
        peers_seen=peers_seen,
    )


def filter_size(bits: bytes) -> float:
    """How many addresses went into a filter, by how many of its bits are clear.

    Shape:  256 bytes. A full one counts as having one clear bit, which is 7,805 addresses.
    Source: BEP 33, "Estimating the number of items".
    """
    clear = _BITS - int.from_bytes(bits, "big").bit_count()
    return math.log(max(clear, 1) / _BITS) / (_HASHES * math.log(1 - 1 / _BITS))


def deviation(size: float) -> float:
    """The standard deviation of `filter_size` where so many addresses went in.

    By the delta method from the variance of the number of empty bins: m/k² (eᵗ - 1 - t), with t = k·n/m.
    Source: Whang, Vander-Zanden, Taylor, "A linear-time probabilistic counting algorithm", 1990.
    """
    load = _HASHES * size / _BITS
    return math.sqrt(max(_BITS * (math.expm1(load) - load), 0.0)) / _HASHES


def union(filters: Iterable[bytes]) -> bytes:
    """The filter of all addresses that went into any of these."""
    joined_bits = 0
    for each in filters:
        joined_bits |= int.from_bytes(each, "big")
    return joined_bits.to_bytes(FILTER_BYTES, "big")


def believable(filters: Sequence[bytes]) -> list[bytes]:
    """The filters without those by which a single node could claim any size it likes.

    Of three or more, one that counts over ten times the median and a hundred more is left out.
    """
    if len(filters) < 3:
        return list(filters)
    sizes = [filter_size(each) for each in filters]
    most = _TOO_MANY_TIMES * median(sizes) + _FEW
    return [each for each, size in zip(filters, sizes, strict=True) if size <= most]
