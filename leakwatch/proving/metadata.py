"""Where metadata comes from: what is kept already, the index's own .torrent file, peers that a post named."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import structlog

from leakwatch.errors import LeakwatchError, StoreError, SwarmError
from leakwatch.extract.peers import MAX_PEERS
from leakwatch.model.finding import ProofTask
from leakwatch.model.observation import Observation
from leakwatch.ports import Repository
from leakwatch.proving.parts import Prover
from leakwatch.sources._kind import Request
from leakwatch.swarm.metadata import checked
from leakwatch.swarm.parser import MAX_BYTES
from leakwatch.torrent.infohash import Infohashes

log = structlog.get_logger()

_MAX_FILES = 3


async def at_hand(infohashes: Infohashes, prover: Prover) -> bytes:
    """The info dictionary, if it was fetched before: for another finding, or by whoever listens to the DHT.

    It is what it was taken for only if it has the infohash; otherwise nothing.
    """
    keys = [key.hex() for key in infohashes.swarm_keys]
    async with prover.repository.reading() as work:
        digests = await work.findings.metadata_digests(keys)
    for digest in digests:
        try:
            return checked(await asyncio.to_thread(prover.vault.get, digest), infohashes, MAX_BYTES)
        except (StoreError, SwarmError) as error:
            log.info("metadata_not_at_hand", infohash=keys[0], evidence=digest, error=error.message)
    return b""


async def by_address(tasks: Sequence[ProofTask], prover: Prover) -> bytes:
    """The info dictionary from a .torrent file that an index offers; nothing where none gives the right one."""
    asked = tasks[0].infohashes
    key = asked.swarm_keys[0].hex()
    seen = await sighted(tasks, prover.repository)
    urls: dict[str, set[str]] = {}
    for one in seen:
        if one.torrent_url:
            urls.setdefault(one.torrent_url, set()).add(one.site)
    for url, sites in list(urls.items())[:_MAX_FILES]:
        try:
            payload = await prover.fetcher.fetch(await foreign(url, sites, prover))
            raw = await prover.parser.raw_info(payload.body)
            info = await prover.parser.info(raw)
        except LeakwatchError as error:
            log.info("torrent_file_failed", infohash=key, error=error.message)
            continue
        if _is_asked(asked, info.infohashes):
            return raw
        log.info("torrent_file_failed", infohash=key, error="it is another torrent's")
    return b""


async def foreign(url: str, sites: Iterable[str], prover: Prover) -> Request:
    """The request for a URL that pages of these sites gave: whoever wrote them may lead us to their own hosts alone."""
    async with prover.repository.reading() as work:
        states = [await work.sites.get(site) for site in sites]
    return Request(url=url, named_by=frozenset(state.host for state in states if state))


def _is_asked(asked: Infohashes, found: Infohashes) -> bool:
    return asked.v1 in (None, found.v1) and asked.v2 in (None, found.v2)


def named_peers(tasks: Sequence[ProofTask]) -> tuple[tuple[str, int], ...]:
    """Peers that the posts' own magnets name (`x.pe`)."""
    return tuple(dict.fromkeys(peer for task in tasks for peer in task.peers))[:MAX_PEERS]


async def sighted(tasks: Sequence[ProofTask], repository: Repository) -> list[Observation]:
    """The sightings that name the torrent of these tasks, in each of their findings the newest first."""
    keys = [key.hex() for key in tasks[0].infohashes.swarm_keys]
    async with repository.reading() as work:
        return [one for task in tasks for one in await work.findings.sighted(task.finding, keys)]
