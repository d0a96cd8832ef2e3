"""`leakwatch rule explain`: every signal of a name, and what would change its tier."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leakwatch.cli._shared import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    emit,
    load,
    now,
    print_hung,
    run_async,
    say,
)
from leakwatch.cli._tallies import precision_json
from leakwatch.display import clean

if TYPE_CHECKING:
    from leakwatch.matching.explain import Explained
    from leakwatch.matching.weights import Weights
    from leakwatch.model.asset import Asset
    from leakwatch.model.case import Tallies
    from leakwatch.rulepack.schema import RulePack


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(explain)


def explain(
    name: Annotated[str, typer.Argument(help="A title or release name, as a site shows it.")],
    catalogue: Annotated[
        Path | None,
        typer.Option("--catalogue", help="Assets as JSON lines; else the database of the configuration."),
    ] = None,
    size: Annotated[int | None, typer.Option("--size", min=0, max=2**63 - 1, help="Its exact bytes.")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Show every signal of a name with its weight, the sum, the tier, and what would change it."""
    from leakwatch.extract.links import locate  # noqa: PLC0415
    from leakwatch.matching.explain import explain as explained  # noqa: PLC0415
    from leakwatch.matching.index import build_index  # noqa: PLC0415
    from leakwatch.model.observation import Observation  # noqa: PLC0415
    from leakwatch.service import load_weights  # noqa: PLC0415

    assets, pack, precision = _catalogue(catalogue, config)
    seen = Observation(site="", native_id="", title=name, fetched_at=now(), size_bytes=size)
    weights = load_weights()
    found = explained(locate(seen), build_index(assets), weights, pack)
    if as_json:
        emit(
            {
                "name": name,
                "prior": weights["prior"],
                "candidates": [_as_json(one, precision) for one in found],
            }
        )
        return
    for one in found:
        _show(one, weights, precision)
    if not found:
        say(f"no name of {len(assets)} assets is anywhere near {clean(name, 200)!r}")


def _catalogue(catalogue: Path | None, config: Path) -> tuple[list[Asset], RulePack, Tallies]:
    from leakwatch.cli._shared import repository  # noqa: PLC0415
    from leakwatch.service import load_rules, read_catalogue  # noqa: PLC0415

    if catalogue:
        return list(read_catalogue(catalogue).assets), load_rules(None), {}

    async def work() -> tuple[list[Asset], Tallies]:
        async with repository(config) as opened, opened.reading() as reading:
            return await reading.catalogue.all(), await reading.cases.rules()

    assets, precision = run_async(work)
    return assets, load_rules(load(config).rules_dir), precision


def _show(one: Explained, weights: Weights, precision: Tallies) -> None:
    tier = one.match.tier.value if one.match.tier else "none"
    print_hung(f"{clean(one.asset.id)}  ", clean(one.asset.title, 200))
    print_hung("    ", f"tier {tier}, score {one.match.score:.4f}; {_thresholds(weights)}")
    typer.echo(f"    {'bits':>6} {'sum':>8}")
    typer.echo(f"    {'':6} {weights['prior']:+8.2f}  before anything is seen")
    for step in one.steps:
        told = f"{step.signal.kind.value}: {step.signal.detail}"
        print_hung(f"    {step.signal.weight:+6.2f} {step.sum_bits:+8.2f}  ", clean(told, 1000))
        rule = step.signal.detail.partition(":")[0]
        if rule in precision:
            print_hung(" " * 21, f"by your triage: {precision[rule].words}")
    for what, lacking in (("review", one.to_review), ("auto", one.to_auto)):
        if lacking > 0:
            typer.echo(f"    {what} lacks {lacking:.2f} bits")
    if one.match.tier and one.match.tier.value != "auto" and one.to_auto <= 0:
        known = "" if one.is_registered else "; no file and no infohash of it is registered"
        print_hung("    ", f"auto lacks a digest, an infohash or sizes that agree{known}")
    if one.changes:
        typer.echo("    what would change it (-> another tier):")
    for change in one.changes:
        mark = "->" if change.tier is not one.match.tier else "  "
        after = change.tier.value if change.tier else "none"
        print_hung(f"    {mark} {after:6} {change.bits:+7.2f}  ", clean(change.what, 1000))


def _thresholds(weights: Weights) -> str:
    from leakwatch.matching.explain import bits_of  # noqa: PLC0415

    told = (
        f"{tier} from {weights[tier]:g}, {bits_of(weights[tier]):+.2f} bits" for tier in ("review", "auto")
    )
    return "; ".join(told)


def _as_json(one: Explained, precision: Tallies) -> dict[str, Any]:
    return {
        "asset": one.asset.id,
        "tier": one.match.tier.value if one.match.tier else None,
        "score": one.match.score,
        "signals": [
            {
                "kind": step.signal.kind.value,
                "detail": step.signal.detail,
                "weight": step.signal.weight,
                "sum": step.sum_bits,
                "precision": precision_json(precision.get(step.signal.detail.partition(":")[0])),
            }
            for step in one.steps
        ],
        "bits_to_review": one.to_review,
        "bits_to_auto": one.to_auto,
        "can_be_corroborated": one.is_registered,
        "changes": [
            {
                "what": change.what,
                "bits": change.bits,
                "score": change.score,
                "tier": change.tier.value if change.tier else None,
                "changes_tier": change.tier is not one.match.tier,
            }
            for change in one.changes
        ],
    }
