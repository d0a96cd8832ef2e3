"""The verdict on one torrent, committed as an event on its finding."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from leakwatch.cases.joining import united
from leakwatch.matching.structure import proved_keys
from leakwatch.model.evidence import Capture
from leakwatch.model.finding import FileTask, Finding, Proof, ProofTask
from leakwatch.pipeline.brain import Brain, Counted
from leakwatch.pipeline.telling import tell_result, teller
from leakwatch.ports import Repository
from leakwatch.triage import judged

_PROOF = "leakwatch:proof"


async def conclude(
    task: ProofTask | FileTask,
    proof: Proof,
    metadata: Capture | None,
    at: datetime,
    brain: Brain,
    repository: Repository,
    again_at: datetime | None = None,
) -> int:
    """Commit the verdict on one torrent: an event on its finding, and alerts; answers how many alerts.

    `metadata` is what it was judged by; `again_at` when it is judged again, None where the verdict is final.
    """
    counted = Counted()
    asset = brain.index.assets[task.asset]
    async with repository.writing() as work:
        await work.findings.lock([asset.id])
        digest = metadata.digest if metadata else None
        ident = await work.findings.close_proof(task, proof, digest, at, again_at)
        finding = await work.findings.get(ident) if ident else None
        if finding is None:
            return 0
        result = judged(finding, await work.findings.proofs(finding.id), asset, at)
        changed = await tell_result(result, finding, asset, at, brain, work, counted)
        keys = proved_keys(proof, asset)
        survivor = await united(asset, keys, at, work, teller(brain, counted), finding.id) or changed
        await work.findings.add_artefacts(asset.id, survivor.id, keys)
        if metadata:
            await work.evidence.keep(metadata)
        judgement = _told_of(task, proof, survivor, digest)
        await work.audit.append(_PROOF, "judged", survivor.id, judgement, at)
    return counted.alerts


def _told_of(
    task: ProofTask | FileTask, proof: Proof, finding: Finding, digest: str | None
) -> Mapping[str, object]:
    """What the audit says of a verdict."""
    torrent = str(task.infohashes) if isinstance(task, ProofTask) else task.url
    told = {"torrent": torrent, "verdict": proof.verdict.value, "method": proof.method, "metadata": digest}
    return told | {"finding": finding.verdict.value}
