"""The job `prove:<key>`: metadata of a torrent, a verdict for every finding that waits for it.

The key is that of a swarm, or stands for a .torrent file of which only the address is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TypeVar

from leakwatch.embargo import is_file_silent, is_swarm_silent
from leakwatch.errors import SwarmError
from leakwatch.evidence.keeping import keep_metadata
from leakwatch.model.finding import FileTask, ProofTask
from leakwatch.pipeline import Brain
from leakwatch.proving.files import open_file
from leakwatch.proving.judging import judge_all
from leakwatch.proving.metadata import at_hand, by_address, named_peers
from leakwatch.proving.parts import Proved, Prover, put_off, wait_of

_WITHHELD_FOR = timedelta(hours=1)
_EMBARGOED = "embargoed: the look-up waits for the owner's yes"
_WITHHELD = Proved((), 0, "withheld")
T = TypeVar("T", ProofTask, FileTask)


async def prove_swarm(key: str, brain: Brain, prover: Prover) -> Proved:
    """Get a torrent's metadata once and judge it for every finding that waits for it.

    What is at hand is judged at once; for the rest somebody is asked, if all owners allow it.
    """
    async with prover.repository.reading() as work:
        files = [one for one in await work.findings.file_tasks(key) if one.asset in brain.index.assets]
        tasks = [one for one in await work.findings.proof_tasks(key) if one.asset in brain.index.assets]
        is_silent = (files and await is_file_silent(files[0].url, brain.index, work)) or (
            tasks and await is_swarm_silent(tasks[0].infohashes.swarm_keys, brain.index, work)
        )
    if files:
        allowed = await _allowed(files, bool(is_silent), brain, prover)
        return await open_file(allowed, brain, prover) if allowed else _WITHHELD
    if not tasks:
        return Proved((), 0)
    raw = await at_hand(tasks[0].infohashes, prover)
    if not raw:
        tasks = await _allowed(tasks, bool(is_silent), brain, prover)
        if not tasks:
            return _WITHHELD
        raw = await by_address(tasks, prover)
    if not raw and prover.swarm is None:
        for task in tasks:
            await put_off(task, _WITHHELD_FOR, "the swarm is switched off", prover)
        return _WITHHELD
    if not raw and prover.swarm is not None:
        try:
            raw = await prover.swarm.metadata(
                tasks[0].infohashes,
                peers=named_peers(tasks),
                deadline_s=prover.deadline_s,
                rank=min(task.rank for task in tasks),
            )
        except SwarmError as error:
            for task in tasks:
                await put_off(task, wait_of(task.attempts), error.message, prover)
            return Proved((), 0, error.message)
    kept = await keep_metadata(raw, tasks[0].infohashes, prover.clock.now(), prover.vault)
    return await judge_all(tasks, raw, kept, brain, prover)


async def _allowed(tasks: Sequence[T], is_silent: bool, brain: Brain, prover: Prover) -> list[T]:
    """Those that somebody outside may be asked about, none if their torrent is a silent one; the others wait."""
    assets = brain.index.assets
    allowed = [] if is_silent else [task for task in tasks if assets[task.asset].may_look_up_swarm]
    for task in tasks:
        if task not in allowed:
            await put_off(task, _WITHHELD_FOR, _EMBARGOED, prover)
    return allowed
