"""Judges metadata: the proof, the fake score, and whether the verdict is final.

A torrent is judged again where somebody who hashes the asset's bytes could not be asked: a prover that does not
answer, a disk that is not mounted. What is proved or refuted meanwhile is final; anything else stands until then.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from leakwatch.assetfiles import LocalHasher
from leakwatch.errors import MetainfoError, SwarmError
from leakwatch.fakes import Claims, FakeTables, fake_score, steps_down
from leakwatch.model.asset import Asset
from leakwatch.model.evidence import Capture
from leakwatch.model.finding import Fake, Proof, ProofTask, Verdict
from leakwatch.model.observation import Observation
from leakwatch.pipeline import Brain, conclude
from leakwatch.proof import InTurn, TableHasher, prove
from leakwatch.proving.metadata import sighted
from leakwatch.proving.parts import READER_AWAY, Proved, Prover, put_off, wait_of
from leakwatch.torrent.metainfo import TorrentInfo

_FINAL = (Verdict.PROVED, Verdict.REFUTED)
_MAX_JUDGED = 16
"""How often a torrent is judged while somebody is away: for about a week."""
_MAX_REASONS, _MAX_CLAIMS = 5, 20
_NO_CLAIMS = Claims()


@dataclass(frozen=True, slots=True)
class _Judged:
    """A proof. `away` says who could not be asked, "" if everybody was."""

    proof: Proof
    away: str = ""


async def judge_all(
    tasks: Sequence[ProofTask], raw: bytes, kept: Capture, brain: Brain, prover: Prover
) -> Proved:
    """Judge one torrent for every finding that waits for it, and commit each verdict."""
    alerts, verdicts = 0, list[Verdict]()
    for task in tasks:
        claims = [_claims(one) for one in await sighted([task], prover.repository) if _is_of_a_page(one)]
        try:
            judged = await _judged(raw, brain.index.assets[task.asset], claims, prover)
        except SwarmError as error:
            await put_off(task, READER_AWAY, error.message, prover, kept.digest)
            continue
        proof, now, again_at = judged.proof, prover.clock.now(), None
        tries = task.attempts if task.metadata_digest else 0
        if judged.away:
            is_last = proof.verdict in _FINAL or tries >= _MAX_JUDGED
            again_at = None if is_last else now + wait_of(tries)
            proof = _interim(judged) if again_at else replace(proof, reason=f"{proof.reason}; {judged.away}")
        verdicts.append(proof.verdict)
        alerts += await conclude(task, proof, kept, now, brain, prover.repository, again_at)
    return Proved(tuple(verdicts), alerts)


def _interim(judged: _Judged) -> Proof:
    """Until it is judged again nothing speaks for a fake: what would disprove that could not be asked."""
    reason = f"{judged.proof.reason}; {judged.away}; it is judged again"
    return replace(judged.proof, reason=reason, fake=None)


async def _judged(raw: bytes, asset: Asset, claims: Sequence[Claims], prover: Prover) -> _Judged:
    """The verdict, and the fake score, on one asset. Raises: SwarmError."""
    try:
        info = await prover.parser.info(raw)
    except MetainfoError as error:
        return _Judged(Proof(Verdict.UNPROVED, "none", (), f"the metadata is broken: {error.message}"))
    async with prover.repository.reading() as work:
        files = await work.catalogue.with_tables(asset.files, info.piece_length)
    away: list[str] = []
    sizes = {file.size_bytes for file in info.files}
    alike = [file for file in files if file.size_bytes in sizes]
    others = (one.noting(away.append, alike) for one in prover.others)
    hasher = InTurn((TableHasher(), LocalHasher(away.append), *others))
    proof = await asyncio.get_running_loop().run_in_executor(prover.threads, prove, info, files, hasher)
    fake = await asyncio.to_thread(_fake, info, asset, prover.fakes, claims, proof.verdict)
    return _Judged(replace(proof, fake=fake), "; ".join(dict.fromkeys(away)))


def _fake(
    info: TorrentInfo, asset: Asset, tables: FakeTables, claims: Sequence[Claims], verdict: Verdict
) -> Fake:
    """The least suspect reading of all that is claimed: a lying post makes no fake of an honest one's torrent."""
    several = list(dict.fromkeys(claims or [_NO_CLAIMS]))[:_MAX_CLAIMS]
    scores = [fake_score(info, asset, tables, one, verdict) for one in several]
    found = min(scores, key=lambda one: one.score)
    reasons = tuple(
        f"{one.kind.value}: {one.detail} ({one.weight:+.1f} bits)" for one in found.reasons[:_MAX_REASONS]
    )
    return Fake(found.score, steps_down(found, tables), reasons)


def _is_of_a_page(seen: Observation) -> bool:
    """What is heard in the DHT is the torrent's own word: nobody else claims it."""
    return bool(seen.url or seen.text)


def _claims(seen: Observation) -> Claims:
    """What a page says of the torrent; of its size only where the item is the torrent, and no text that names it.

    A size beside a post is that of its picture. No page's list of files is that of a torrent it names.
    """
    is_torrent = seen.infohash_v1 or seen.infohash_v2 or seen.magnet or seen.torrent_url
    size_bytes = seen.size_bytes if is_torrent else None
    return Claims(title=seen.title, size_bytes=size_bytes, size_is_exact=seen.size_is_exact)
