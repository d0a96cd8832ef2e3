"""A proof and a swarm's spread as commands show them, in words and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from leakwatch.display import clean
from leakwatch.model.finding import FileProof, Proof, VariantProof
from leakwatch.model.swarm import SwarmSample, curve, spread_of

_MAX_FILES, _MAX_RANGES = 20, 3


def file_json(file: FileProof) -> dict[str, Any]:
    """One file of a proof."""
    low, high = file.share
    return {
        "path": file.path,
        "asset_path": file.asset_path,
        "pieces_ok": file.pieces_ok,
        "pieces_tested": file.pieces_tested,
        "shift": file.shift,
        "pieces_total": file.pieces_total,
        "share": [round(low, 4), round(high, 4)],
        "ranges": [list(one) for one in file.ranges],
        "variant": file.variant,
    }


def proof_json(proof: Proof) -> dict[str, Any]:
    """The verdict with all it rests on."""
    told: dict[str, Any] = {"verdict": proof.verdict.value, "method": proof.method}
    told |= {"files": [file_json(one) for one in proof.files], "reason": proof.reason, "error": proof.error}
    if proof.variant is not None:
        telling = [{"path": path, "start": start, "end": end} for path, start, end in proof.variant.telling]
        told["variant"] = {
            "named": proof.variant.named,
            "nearest": proof.variant.nearest,
            "candidates": list(proof.variant.candidates),
            "pieces_compared": proof.variant.pieces_compared,
            "others_compared": proof.variant.others_compared,
            "others_total": proof.variant.others_total,
            "pieces_foreign": proof.variant.pieces_foreign,
            "telling": telling,
        }
    if proof.fake is not None:
        told["fake"] = {
            "score": proof.fake.score,
            "steps": proof.fake.steps,
            "reasons": list(proof.fake.reasons),
        }
    return told


def proof_lines(proof: Proof) -> Iterator[str]:
    """The verdict and what was compared, for a person."""
    chance = f"; chance of error {proof.error:.2g}" if proof.error is not None else ""
    yield f"{proof.verdict.value} ({proof.method}): {clean(proof.reason, 2000)}{chance}"
    for one in proof.files[:_MAX_FILES]:
        yield f"  {clean(one.path)} = {clean(one.asset_path)}: {_tested(one)}"
    if len(proof.files) > _MAX_FILES:
        yield f"  … and {len(proof.files) - _MAX_FILES} more files"
    if proof.variant is not None:
        yield from _variant_lines(proof.variant)
    if proof.fake is not None and proof.fake.steps:
        yield f"  looks like a fake, score {proof.fake.score:.2f}:"
        yield from (f"    {clean(reason, 200)}" for reason in proof.fake.reasons)


def _tested(file: FileProof) -> str:
    ranges = ", ".join(f"[{start}, {end})" for start, end in file.ranges[:_MAX_RANGES])
    more = ", …" if len(file.ranges) > _MAX_RANGES else ""
    told = f"{file.pieces_ok} of {file.pieces_tested} pieces, shift {file.shift}"
    return f"{told}, committed to bytes {ranges}{more}" if ranges else told


def _variant_lines(variant: VariantProof) -> Iterator[str]:
    compared = f"{variant.pieces_compared} telling pieces compared"
    if variant.named is not None:
        others = f"{variant.others_compared} of {variant.others_total} others, none differs"
        yield f"  the copy of: {_shown(variant.named)} ({compared}, and {others})"
        return
    if variant.nearest is not None:
        yield f"  nearest to the copy of: {_shown(variant.nearest)}, with which all {compared} agree; but {_doubt(variant)}"
    yield f"  the copy of one of: {', '.join(map(_shown, variant.candidates))}; {compared}"
    for path, start, end in variant.telling:
        yield f"    would tell more: {clean(path)} [{start}, {end})"


def _doubt(variant: VariantProof) -> str:
    if not variant.pieces_foreign:
        return "the ranges below were not compared, and none of these pieces has bytes that are his alone"
    return (
        f"{variant.pieces_foreign} of {variant.others_compared} other pieces are in no registered copy:"
        " his, changed, or one that was not registered"
    )


def _shown(name: str) -> str:
    return clean(name) or "the common copy"


def spread_json(samples: Sequence[SwarmSample]) -> dict[str, Any] | None:
    """What was counted: the last, the peak, the growth, and the curve."""
    spread = spread_of(samples)
    if spread is None:
        return None
    return {
        "seeds": spread.seeds,
        "leechers": spread.leechers,
        "at": spread.at.isoformat(),
        "peak_seeds": spread.peak_seeds,
        "peak_at": spread.peak_at.isoformat(),
        "doubling_s": spread.doubling_s,
        "curve": [[at.isoformat(), seeds, leechers] for at, seeds, leechers in curve(samples)],
        "sources": sorted({f"{one.method.value}:{one.source}" for one in samples}),
        "origins": dict(next((one.origins for one in reversed(samples) if one.origins), {})),
    }
