"""How right rules and sites were, by what people judged: `rule list`, and the JSON of others that show it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from leakwatch.cli._shared import DEFAULT_CONFIG, ConfigOption, JsonOption, emit, load, print_hung, run_async
from leakwatch.display import clean

if TYPE_CHECKING:
    from leakwatch.model.case import Precision, Tallies


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("list")(list_)


def list_(as_json: JsonOption = False, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """List the rules in force, and how right each was by what was judged."""
    from leakwatch.service import load_rules  # noqa: PLC0415

    pack, precision = load_rules(load(config).rules_dir), run_async(lambda: _tallies(config))
    for rule in pack.rules:
        told = precision.get(rule.id)
        if as_json:
            facts = {"rule": rule.id, "effect": rule.effect.value, "confidence": rule.confidence.value}
            emit(facts | {"title": rule.title, "asset": rule.asset, "precision": precision_json(told)})
            continue
        words = told.words if told else "nothing judged yet"
        shown = f"{rule.effect.value}\t{rule.confidence.value}\t{words}\t{clean(rule.title, 100)}"
        print_hung(f"{rule.id}\t", shown)


async def _tallies(config: Path) -> Tallies:
    from leakwatch.cli._shared import repository  # noqa: PLC0415

    async with repository(config) as opened, opened.reading() as work:
        return await work.cases.rules()


def precision_json(told: Precision | None) -> dict[str, Any] | None:
    """Counts and the interval; None where nothing was judged."""
    if told is None or not told.judged:
        return None
    low, high = told.interval
    return {"true": told.true, "false": told.false, "low": round(low, 4), "high": round(high, 4)}
