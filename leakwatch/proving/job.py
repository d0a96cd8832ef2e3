"""The job `prove:<infohash>`: metadata of a torrent, a verdict by arithmetic, an event on the finding.

Metadata comes from the first that has it: the index's own .torrent file, through the door; the swarm, by the
peers that a post named and those that the DHT knows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from leakwatch.assetfiles import LocalHasher
from leakwatch.errors import LeakwatchError, MetainfoError, SwarmError
from leakwatch.extract.links import find_locators
from leakwatch.fakes import Claims, FakeTables, fake_score, steps_down
from leakwatch.model.asset import Asset
from leakwatch.model.finding import Fake, Proof, ProofTask, Verdict
from leakwatch.model.observation import LocatorKind
from leakwatch.pipeline import Brain, conclude
from leakwatch.ports import Clock, Fetcher, Parser, Repository, Swarm, Vault
from leakwatch.proof import Hasher, InTurn, TableHasher, prove
from leakwatch.sources._kind import Request
from leakwatch.torrent.infohash import Infohashes
from leakwatch.torrent.magnet import parse_magnet

log = structlog.get_logger()

_MAX_PEERS = 20
_WITHHELD_FOR = timedelta(hours=1)
_MAX_REASONS = 5
RETRY_S = (5, 15, 30, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
"""Seconds to wait after each failed look for peers: they often come and go within minutes at first."""


@dataclass(frozen=True, slots=True)
class Prover:
    """What a look at a torrent needs besides the catalogue: where bytes come from, and who hashes the asset's.

    `swarm` None: the swarm is switched off. `others` are asked where neither tables nor this machine know a piece.
    """

    repository: Repository
    vault: Vault
    fetcher: Fetcher
    swarm: Swarm | None
    parser: Parser
    clock: Clock
    fakes: FakeTables
    others: tuple[Hasher, ...] = ()
    deadline_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Proved:
    """What came of one look at one torrent."""

    verdicts: tuple[Verdict, ...]
    alerts: int
    error: str = ""


async def prove_swarm(swarm_key: str, brain: Brain, prover: Prover) -> Proved:
    """Get a torrent's metadata once and judge it for every finding that waits for it."""
    async with prover.repository.reading() as work:
        tasks = [
            task for task in await work.findings.proof_tasks(swarm_key) if task.asset in brain.index.assets
        ]
    allowed = [task for task in tasks if brain.index.assets[task.asset].may_look_up_swarm]
    for task in tasks:
        if task not in allowed:
            await _put_off(task, _WITHHELD_FOR, "embargoed: the look-up waits for the owner's yes", prover)
    if not allowed:
        return Proved((), 0, "withheld" if tasks else "")
    raw = await _by_address(allowed, prover)
    if not raw and prover.swarm is None:
        for task in allowed:
            await _put_off(task, _WITHHELD_FOR, "the swarm is switched off", prover)
        return Proved((), 0, "withheld")
    if not raw and prover.swarm is not None:
        try:
            raw = await prover.swarm.metadata(
                allowed[0].infohashes,
                peers=await _named_peers(allowed, prover.repository),
                deadline_s=prover.deadline_s,
                rank=min(task.rank for task in allowed),
            )
        except SwarmError as error:
            for task in allowed:
                wait = RETRY_S[min(task.attempts, len(RETRY_S) - 1)]
                await _put_off(task, timedelta(seconds=wait), error.message, prover)
            return Proved((), 0, error.message)
    digest = await asyncio.to_thread(prover.vault.put, raw)
    alerts, verdicts = 0, list[Verdict]()
    for task in allowed:
        try:
            proof = await _judged(raw, brain.index.assets[task.asset], prover)
        except SwarmError as error:  # the reader's fault, not the torrent's: it is judged later
            await _put_off(task, timedelta(minutes=1), error.message, prover)
            continue
        verdicts.append(proof.verdict)
        alerts += await conclude(task, proof, digest, prover.clock.now(), brain, prover.repository)
    return Proved(tuple(verdicts), alerts)


async def _by_address(tasks: Sequence[ProofTask], prover: Prover) -> bytes:
    """The info dictionary from a .torrent file that an index offers; nothing where none gives the right one."""
    asked = tasks[0].infohashes
    keys = [key.hex() for key in asked.swarm_keys]
    async with prover.repository.reading() as work:
        urls = [url for task in tasks for url in await work.findings.torrent_urls(task.finding, keys)]
    for url in dict.fromkeys(urls):
        try:
            payload = await prover.fetcher.fetch(Request(url=url))
            raw = await prover.parser.raw_info(payload.body)
            info = await prover.parser.info(raw)
        except LeakwatchError as error:
            log.info("torrent_file_failed", infohash=keys[0], error=error.message)
            continue
        if _is_asked(asked, info.infohashes):
            return raw
        log.info("torrent_file_failed", infohash=keys[0], error="it is another torrent's")
    return b""


def _is_asked(asked: Infohashes, found: Infohashes) -> bool:
    return asked.v1 in (None, found.v1) and asked.v2 in (None, found.v2)


async def _judged(raw: bytes, asset: Asset, prover: Prover) -> Proof:
    """The verdict, and the fake score, on one asset."""
    try:
        info = await prover.parser.info(raw)
    except MetainfoError as error:
        return Proof(Verdict.UNPROVED, "none", (), f"the metadata is broken: {error.message}")
    async with prover.repository.reading() as work:
        files = await work.catalogue.with_tables(asset.files, info.piece_length)
    hasher = InTurn((TableHasher(), LocalHasher(), *prover.others))
    proof = await asyncio.to_thread(prove, info, files, hasher)
    found = await asyncio.to_thread(fake_score, info, asset, prover.fakes, Claims(), proof.verdict)
    reasons = tuple(
        f"{one.kind.value}: {one.detail} ({one.weight:+.1f} bits)" for one in found.reasons[:_MAX_REASONS]
    )
    return replace(proof, fake=Fake(found.score, steps_down(found, prover.fakes), reasons))


async def _named_peers(tasks: Sequence[ProofTask], repository: Repository) -> tuple[tuple[str, int], ...]:
    """Peers that the posts' own magnets name (`x.pe`); read from the posts each time, kept nowhere."""
    wanted = {key for task in tasks for key in task.infohashes.swarm_keys}
    async with repository.reading() as work:
        texts = [text for task in tasks for text in await work.findings.texts(task.finding)]
    magnets = [
        parse_magnet(one.value)
        for text in texts
        for one in find_locators(text)
        if one.kind is LocatorKind.MAGNET and one.infohashes and wanted & set(one.infohashes.swarm_keys)
    ]
    return tuple(dict.fromkeys(peer for magnet in magnets for peer in magnet.peers))[:_MAX_PEERS]


async def _put_off(task: ProofTask, wait: timedelta, reason: str, prover: Prover) -> None:
    now = prover.clock.now()
    async with prover.repository.writing() as work:
        await work.findings.put_off_proof(task, now + wait, reason, now)
