"""Opens .torrent files of which a post gave the address alone, and names the torrents by what is in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from leakwatch.cases.joining import united
from leakwatch.errors import FetchFailed, MetainfoError, SourceError, SwarmError
from leakwatch.evidence.keeping import keep, keep_metadata, told_of
from leakwatch.extract.canonical import url_key
from leakwatch.model.evidence import Capture
from leakwatch.model.finding import FileTask, Proof, ProofTask, Verdict
from leakwatch.pipeline import Brain, Counted, conclude, join_earlier, teller
from leakwatch.proving.judging import judge_all
from leakwatch.proving.metadata import foreign
from leakwatch.proving.parts import READER_AWAY, Proved, Prover, put_off
from leakwatch.torrent.infohash import Infohashes

log = structlog.get_logger()

FILE_RETRY_S = (60, 300, 900, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
"""Seconds to wait after each failure: a page may come back, or a challenge go away. After the last it is given up."""
_MAX_PLACES = 500
_GONE = "its .torrent file could not be had"


@dataclass(frozen=True, slots=True)
class _Opened:
    """A .torrent file, what it holds, and where both are kept."""

    raw_info: bytes
    infohashes: Infohashes
    file: Capture
    info: Capture


async def open_file(tasks: Sequence[FileTask], brain: Brain, prover: Prover) -> Proved:
    """Fetch one .torrent file, let its infohashes be artefacts of the findings that wait for it, and judge it."""
    try:
        opened = await _opened(tasks, prover)
    except SwarmError as error:
        for task in tasks:
            await put_off(task, READER_AWAY, error.message, prover)
        return Proved((), 0, error.message)
    except (SourceError, MetainfoError) as error:
        alerts = sum([await _failed(task, error, brain, prover) for task in tasks])
        return Proved((), alerts, error.message)
    alerts, wanted = 0, list[ProofTask]()
    for task in tasks:
        counted = Counted()
        named = await _named(task, opened, brain, prover, counted)
        alerts += counted.alerts
        wanted += [named] if named else []
    judged = await judge_all(wanted, opened.raw_info, opened.info, brain, prover)
    return replace(judged, alerts=judged.alerts + alerts)


async def _opened(tasks: Sequence[FileTask], prover: Prover) -> _Opened:
    """Fetch and read. Raises: SourceError, MetainfoError; SwarmError if the reader is at fault."""
    url = tasks[0].url
    async with prover.repository.reading() as work:
        places = [one for task in tasks for one in await work.findings.places(task.finding, _MAX_PLACES)]
    sites = {place.site for place in places if url in place.locators}
    payload = await prover.fetcher.fetch(await foreign(url, sites, prover))
    if payload.status != 200:
        raise FetchFailed(f"status {payload.status}")
    if payload.body.lstrip()[:1] == b"<":
        raise MetainfoError("the address shows a page, not a torrent")
    raw = await prover.parser.raw_info(payload.body)
    info = await prover.parser.info(raw)
    site = min(sites, default="torrent")
    file = await keep(payload, site, "torrent/1", prover.repository, prover.vault)
    kept = await keep_metadata(raw, info.infohashes, prover.clock.now(), prover.vault)
    return _Opened(raw, info.infohashes, file, kept)


async def _failed(task: FileTask, error: SourceError | MetainfoError, brain: Brain, prover: Prover) -> int:
    """Try again later, not for ever; answers how many alerts that caused."""
    reason = f"{_GONE}: {error.message}"
    log.info("torrent_file_failed", finding=task.finding, error=error.message, attempts=task.attempts + 1)
    if task.attempts >= len(FILE_RETRY_S):
        proof = Proof(Verdict.UNPROVED, "none", (), reason)
        return await conclude(task, proof, None, prover.clock.now(), brain, prover.repository)
    least_s = error.retry_after_s or 0 if isinstance(error, SourceError) else 0
    wait = timedelta(seconds=max(FILE_RETRY_S[task.attempts], min(least_s, FILE_RETRY_S[-1])))
    await put_off(task, wait, reason, prover)
    return 0


async def _named(
    task: FileTask, opened: _Opened, brain: Brain, prover: Prover, counted: Counted
) -> ProofTask | None:
    """Commit what torrent it is: a case that has it already turns out to be the same one."""
    asset, at = brain.index.assets[task.asset], prover.clock.now()
    swarms = [f"swarm:{key.hex()}" for key in opened.infohashes.swarm_keys]
    async with prover.repository.writing() as work:
        await work.findings.lock([asset.id])
        file_key = url_key(task.url)
        finding = await united(asset, [file_key, *swarms], at, work, teller(brain, counted))
        if finding is None:
            return None
        await work.findings.add_artefacts(asset.id, finding.id, swarms)
        named = await work.findings.name_torrent(task, finding.id, opened.infohashes, opened.info.digest, at)
        await work.evidence.keep(opened.file)
        await work.swarms.watch(opened.infohashes, (), at)
        await join_earlier(finding, asset, swarms, brain, work, counted)
        await work.audit.append("leakwatch:proof", "captured", finding.id, told_of(opened.file), at)
    return named
