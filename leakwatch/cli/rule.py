"""`leakwatch rule`: check."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leakwatch.cli._shared import say
from leakwatch.display import clean

app = typer.Typer(help="Rules: words that mean something, with their examples.", no_args_is_help=True)


@app.callback()
def _rule() -> None:
    """Rules: words that mean something, with their examples."""


@app.command()
def check(
    folder: Annotated[
        Path | None, typer.Argument(help="Your own rules; the shipped ones are checked too.")
    ] = None,
) -> None:
    """Check every rule against its own examples; problems with file and line, exit 2."""
    from leakwatch.rulecheck import check as check_pack  # noqa: PLC0415
    from leakwatch.service import load_rules  # noqa: PLC0415

    pack = load_rules(folder)
    problems = check_pack(pack)
    for one in problems:
        typer.echo(clean(f"{one.file}:{one.line}: {one.rule}: {one.message}", 1000))
    say(f"{len(pack.rules)} rules, {len(problems)} problems")
    raise typer.Exit(2 if problems else 0)
