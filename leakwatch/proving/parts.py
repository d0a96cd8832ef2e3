"""What a look at a torrent needs, what comes of it, and when it is tried again."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import timedelta

from leakwatch.fakes import FakeTables
from leakwatch.model.finding import FileTask, ProofTask, Verdict
from leakwatch.ports import Clock, Fetcher, Parser, Repository, Swarm, Vault
from leakwatch.proof import HasherElsewhere

RETRY_S = (5, 15, 30, 60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
"""Seconds to wait after each failed look for peers: they often come and go within minutes at first."""
READER_AWAY = timedelta(minutes=1)
"""How long the reader of torrents is left alone that could not be started: that is our fault, not the torrent's."""


@dataclass(frozen=True, slots=True)
class Prover:
    """What a look at a torrent needs besides the catalogue: where bytes come from, and who hashes the asset's.

    `swarm` None: the swarm is switched off. `others` are asked where neither tables nor this machine know a piece.
    `threads` are for proofs alone: one that waits for a prover holds up no page.
    """

    repository: Repository
    vault: Vault
    fetcher: Fetcher
    swarm: Swarm | None
    parser: Parser
    clock: Clock
    fakes: FakeTables
    threads: Executor
    others: tuple[HasherElsewhere, ...] = ()
    deadline_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Proved:
    """What came of one look at one torrent."""

    verdicts: tuple[Verdict, ...]
    alerts: int
    error: str = ""


def wait_of(attempts: int) -> timedelta:
    """How long to wait after so many failures."""
    return timedelta(seconds=RETRY_S[min(attempts, len(RETRY_S) - 1)])


async def put_off(
    task: ProofTask | FileTask, wait: timedelta, reason: str, prover: Prover, digest: str | None = None
) -> None:
    """Try again later, and say why; `digest` is that of the metadata, so that it need not be fetched again."""
    now = prover.clock.now()
    async with prover.repository.writing() as work:
        await work.findings.put_off_proof(task, now + wait, reason, now, digest)
