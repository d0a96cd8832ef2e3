"""`leakwatch rule`: check, test, preview, explain."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leakwatch.cli import _tallies
from leakwatch.cli._explaining import register
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
from leakwatch.display import clean, defang

if TYPE_CHECKING:
    from leakwatch.matching.rules import Reason
    from leakwatch.model.observation import ObservedFile
    from leakwatch.preview import Preview
    from leakwatch.rulepack.schema import Rule

MAX_TEXT = 2**20
MAX_LIST = 64 * 2**20

app = typer.Typer(help="Rules: words that mean something, with their examples.", no_args_is_help=True)
register(app)
_tallies.register(app)
OwnRules = Annotated[
    Path | None, typer.Argument(help="Your own rules, a folder or a file; the shipped ones are read too.")
]


@app.callback()
def _rule() -> None:
    """Rules: words that mean something, with their examples."""


@app.command()
def check(folder: OwnRules = None) -> None:
    """Check every rule against its own examples; problems with file and line, exit 2."""
    from leakwatch.rulecheck import check as check_pack  # noqa: PLC0415
    from leakwatch.service import load_rules  # noqa: PLC0415

    pack = load_rules(folder)
    problems = check_pack(pack)
    for one in problems:
        typer.echo(clean(f"{one.file}:{one.line}: {one.rule}: {one.message}", 1000))
    off = f", {len(pack.switched_off)} switched off" if pack.switched_off else ""
    say(f"{len(pack.rules)} rules{off}, {len(problems)} problems")
    raise typer.Exit(2 if problems else 0)


@app.command()
def test(
    rules: OwnRules = None,
    text: Annotated[
        str | None, typer.Option("--text", help="A name or text; else it is read from stdin.")
    ] = None,
    files: Annotated[
        Path | None,
        typer.Option("--files", help="A list of files, lines `path` or `path<TAB>size in bytes`."),
    ] = None,
    source: Annotated[str, typer.Option("--source", help="The site or kind it is from; else any.")] = "",
    rule: Annotated[str, typer.Option("--rule", help="Show how this rule stands to it, hit or not.")] = "",
    as_json: JsonOption = False,
) -> None:
    """Show which rules hit a text and a list of files, and why."""
    from leakwatch.errors import InputError  # noqa: PLC0415
    from leakwatch.matching.rules import Item, hits, reasons  # noqa: PLC0415
    from leakwatch.service import load_rules, read_text  # noqa: PLC0415

    pack = load_rules(rules)
    if source:
        pack = replace(pack, kinds={**pack.kinds, source: source})
    told = text if text is not None else ""
    if text is None and files is None:
        told = sys.stdin.buffer.read(MAX_TEXT).decode("utf-8", "replace")
    listed = _files(read_text(files, MAX_LIST)) if files else ()
    item = Item("", told, listed, source)
    if rule:
        wanted = [one for one in pack.rules if one.id == rule]
        if not wanted:
            raise InputError(f"no rule {rule!r}")
    else:
        wanted = [one.rule for one in hits(item, pack, scoped=bool(source))]
    for one in wanted:
        _show(one, reasons(item, one, pack, scoped=bool(source)), as_json)
    if not rule:
        say(f"{len(wanted)} of {len(pack.rules)} rules hit")


def _show(one: Rule, found: list[Reason], as_json: bool) -> None:
    if as_json:
        conditions = [{"condition": r.condition, "holds": r.holds, "found": clean(r.found)} for r in found]
        emit(
            {
                "rule": one.id,
                "hit": all(reason.holds for reason in found),
                "title": one.title,
                "effect": one.effect.value,
                "confidence": one.confidence.value,
                "asset": one.asset,
                "conditions": conditions,
            }
        )
        return
    typer.echo(f"{one.id}\t{one.effect.value}\t{one.confidence.value}\t{one.title}")
    for reason in found:
        holds = "yes" if reason.holds else "no "
        typer.echo(f"    {holds} {clean(reason.condition, 200)}: {clean(reason.found, 300)}")


def _files(text: str) -> tuple[ObservedFile, ...]:
    from leakwatch.errors import InputError  # noqa: PLC0415
    from leakwatch.model.observation import ObservedFile  # noqa: PLC0415

    found: list[ObservedFile] = []
    for number, line in enumerate(text.splitlines(), 1):
        path, tab, size = line.partition("\t")
        if tab and not (size.isascii() and size.isdigit() and len(size) < 20):
            raise InputError(f"not a number of bytes: {size[:40]!r}", line=number)
        found += [ObservedFile(path=path, size_bytes=int(size) if tab else None)] if path else []
    return tuple(found)


@app.command()
def preview(
    file: Annotated[Path, typer.Argument(help="New rules or overrides, a file or a folder.")],
    days: Annotated[int, typer.Option("--days", min=1, max=3650, help="How far to look back.")] = 30,
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Run new rules over what was stored in the last days: counts, examples, and the alerts they would cause."""
    from leakwatch.preview import MAX_EXAMPLES  # noqa: PLC0415

    told = run_async(lambda: _preview(file, days, config))
    if as_json:
        emit(_as_json(told))
        return
    typer.echo(f"{told.items} items of {told.days:.1f} days, {told.items_hit} hit")
    for rule in told.rules:
        typer.echo(f"{told.hits[rule]:8}  {rule}")
    typer.echo(f"{told.opened} would become matches, {told.lost} would be none any more")
    typer.echo(f"{told.alerts} alerts more, {told.alerts_per_day:.2f} a day")
    if told.examples:
        typer.echo(f"examples (at most {MAX_EXAMPLES}, what was stored last first):")
    for one in told.examples:
        print_hung(f"    {one.at.date()}  ", f"{clean(one.site, 60)}: {clean(one.title, 200)}")
        why = ", ".join(f"{rule} ({clean(found, 100)})" for rule, found in one.rules)
        print_hung(" " * 16, f"{f'match of {clean(one.asset)}' if one.asset else 'no match'}: {why}")


async def _preview(file: Path, days: int, config: Path) -> Preview:
    from leakwatch.cli._shared import repository  # noqa: PLC0415
    from leakwatch.matching.index import build_index  # noqa: PLC0415
    from leakwatch.preview import change_of, preview  # noqa: PLC0415
    from leakwatch.service import load_rules, load_weights  # noqa: PLC0415

    loaded = load(config)
    kinds = {site.name: site.kind for site in loaded.sites}
    before = load_rules(loaded.rules_dir, kinds, without=file)
    priors = {site.name: site.prior_bits for site in loaded.sites}
    change = change_of(before, load_rules(loaded.rules_dir, kinds, new=file))
    async with repository(config) as store:
        async with store.reading() as work:
            assets = await work.catalogue.all()
        return await preview(change, build_index(assets), load_weights(), store, now(), days, priors)


def _as_json(told: Preview) -> dict[str, Any]:
    return {
        "rules": {rule: told.hits[rule] for rule in told.rules},
        "days": round(told.days, 3),
        "items": told.items,
        "items_hit": told.items_hit,
        "matches_opened": told.opened,
        "matches_lost": told.lost,
        "alerts": told.alerts,
        "alerts_per_day": round(told.alerts_per_day, 4),
        "examples": [
            {
                "at": one.at.isoformat(),
                "site": clean(one.site),
                "title": clean(one.title),
                "url": defang(one.url) if one.url else None,
                "asset": one.asset,
                "rules": {rule: clean(found) for rule, found in one.rules},
            }
            for one in told.examples
        ],
    }
