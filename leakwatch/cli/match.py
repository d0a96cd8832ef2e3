"""`leakwatch match` and `leakwatch extract`: pure, no database; what outside tests use."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leakwatch.cli._shared import JsonOption, emit, now, say

if TYPE_CHECKING:
    from leakwatch.model.finding import Match


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(match)
    app.command()(extract)


def match(
    catalogue: Annotated[Path, typer.Option("--catalogue", help="Assets as JSON lines.")],
    as_json: JsonOption = False,
    rules: Annotated[
        Path | None, typer.Option("--rules", help="Your own rules, beside the shipped ones.")
    ] = None,
) -> None:
    """Match names against a catalogue: lines `name` or `name<TAB>size in bytes` on stdin, in order."""
    from leakwatch.catalogue import parse_catalogue  # noqa: PLC0415
    from leakwatch.matching.engine import match as match_one  # noqa: PLC0415
    from leakwatch.matching.index import build_index  # noqa: PLC0415
    from leakwatch.model.observation import Observation  # noqa: PLC0415
    from leakwatch.service import load_rules, load_weights, read_text  # noqa: PLC0415

    index = build_index(parse_catalogue(read_text(catalogue), str(catalogue)).assets)
    weights, pack, at = load_weights(), load_rules(rules), now()
    bad = 0
    for number, raw in enumerate(sys.stdin.buffer, 1):
        line = raw.decode("utf-8", "replace").rstrip("\r\n")
        name, tab, told = line.partition("\t")
        size = int(told) if told.isascii() and told.isdigit() and len(told) < 20 else None
        if tab and told and size is None:
            bad += 1
            say(
                f"leakwatch: line {number}: not a number of bytes: {told[:40]!r}; the name is matched without it"
            )
        seen = Observation(site="stdin", native_id=str(number), title=name, fetched_at=at, size_bytes=size)
        _show(name, match_one(seen, index, weights, None, pack), as_json)
    raise typer.Exit(1 if bad else 0)


def _show(name: str, found: tuple[Match, ...], as_json: bool) -> None:
    best = found[0] if found and found[0].tier else None
    if as_json:
        candidates: list[dict[str, Any]] = [
            {
                "asset": one.asset,
                "score": one.score,
                "signals": [
                    {"kind": s.kind.value, "detail": s.detail, "weight": s.weight} for s in one.signals
                ],
            }
            for one in found
        ]
        score = found[0].score if found else 0.0
        tier = best.tier.value if best and best.tier else None
        emit(
            {
                "name": name,
                "best": best.asset if best else None,
                "tier": tier,
                "score": score,
                "candidates": candidates,
            }
        )
        return
    from leakwatch.display import clean  # noqa: PLC0415

    typer.echo(
        f"{clean(name)}\t{best.asset if best else '-'}\t{best.tier.value if best and best.tier else '-'}"
    )
    for one in found[:3]:
        for signal in one.signals:
            typer.echo(f"    {one.asset} {signal.weight:+6.1f} {signal.kind.value}: {clean(signal.detail)}")


def extract(as_json: JsonOption = False) -> None:
    """Find magnet URIs, infohashes, .torrent URLs and ed2k links in text or HTML on stdin."""
    from leakwatch.display import clean  # noqa: PLC0415
    from leakwatch.extract.links import MAX_TEXT, find_locators  # noqa: PLC0415

    text = sys.stdin.buffer.read(4 * MAX_TEXT + 1).decode("utf-8", "replace")
    if len(text) > MAX_TEXT:
        say(f"leakwatch: only the first {MAX_TEXT} characters are read")
    for one in find_locators(text):
        if as_json:
            chain = list(one.decode_chain)
            emit({"kind": one.kind.value, "value": one.value, "offset": one.offset, "decode_chain": chain})
        else:
            typer.echo(f"{one.offset}\t{one.kind.value}\t{clean(one.value, 2000)}")
