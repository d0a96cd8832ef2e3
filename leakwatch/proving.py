"""The job `prove:<infohash>`: metadata from the swarm, a verdict by arithmetic, an event on the finding."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

from leakwatch.assetfiles import LocalHasher
from leakwatch.errors import MetainfoError, SwarmError
from leakwatch.extract.links import find_locators
from leakwatch.model.asset import Asset
from leakwatch.model.finding import Proof, ProofTask, Verdict
from leakwatch.model.observation import LocatorKind
from leakwatch.pipeline import Brain, conclude
from leakwatch.ports import Clock, Repository, Swarm, Vault
from leakwatch.proof import prove
from leakwatch.torrent.magnet import parse_magnet
from leakwatch.torrent.metainfo import parse_info

_MAX_PEERS = 20
RETRY_S = (5, 15, 30, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
"""Seconds to wait after each failed look for peers: they often come and go within minutes at first."""


@dataclass(frozen=True, slots=True)
class Proved:
    """What came of one look at one swarm."""

    verdicts: tuple[Verdict, ...]
    alerts: int
    error: str = ""


async def prove_swarm(
    swarm_key: str,
    brain: Brain,
    repository: Repository,
    vault: Vault,
    swarm: Swarm | None,
    clock: Clock,
    deadline_s: float,
) -> Proved:
    """Fetch a torrent's metadata once and judge it for every finding that waits for it."""
    async with repository.reading() as work:
        tasks = [
            task for task in await work.findings.proof_tasks(swarm_key) if task.asset in brain.index.assets
        ]
    allowed = [
        task for task in tasks if swarm is not None and brain.index.assets[task.asset].may_look_up_swarm
    ]
    withheld = [task for task in tasks if task not in allowed]
    for task in withheld:
        why = (
            "the swarm is switched off"
            if swarm is None
            else "embargoed: the look-up waits for the owner's yes"
        )
        await _put_off(task, timedelta(hours=1), why, repository, clock.now())
    if not allowed or swarm is None:
        return Proved((), 0, "withheld" if withheld else "")
    peers = await _named_peers(allowed, repository)
    try:
        raw = await swarm.metadata(allowed[0].infohashes, peers=peers, deadline_s=deadline_s)
    except SwarmError as error:
        for task in allowed:
            wait = RETRY_S[min(task.attempts, len(RETRY_S) - 1)]
            await _put_off(task, timedelta(seconds=wait), error.message, repository, clock.now())
        return Proved((), 0, error.message)
    digest = await asyncio.to_thread(vault.put, raw)
    made = [(task, await asyncio.to_thread(_judge, raw, brain.index.assets[task.asset])) for task in allowed]
    alerts = 0
    for task, proof in made:
        alerts += await conclude(task, proof, digest, clock.now(), brain, repository)
    return Proved(tuple(proof.verdict for _, proof in made), alerts)


async def _named_peers(tasks: list[ProofTask], repository: Repository) -> tuple[tuple[str, int], ...]:
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


def _judge(raw: bytes, asset: Asset) -> Proof:
    try:
        info = parse_info(raw)
    except MetainfoError as error:
        return Proof(Verdict.UNPROVED, "none", (), f"the metadata is broken: {error.message}")
    return prove(info, asset.files, LocalHasher())


async def _put_off(
    task: ProofTask, wait: timedelta, reason: str, repository: Repository, now: datetime
) -> None:
    async with repository.writing() as work:
        await work.findings.put_off_proof(task, now + wait, reason, now)
