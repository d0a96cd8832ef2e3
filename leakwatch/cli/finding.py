"""`leakwatch finding`: list, show, set the state; `_triage` and `_parting` hold what else is done."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.cli import _parting, _triage
from leakwatch.cli._choosing import Which
from leakwatch.cli._groups import expanded
from leakwatch.cli._layout import print_lines, print_table
from leakwatch.cli._shared import (
    DEFAULT_CONFIG,
    ByOption,
    ConfigOption,
    JsonOption,
    actor,
    emit,
    now,
    repository,
    run_async,
    say,
    teller,
)
from leakwatch.display import clean
from leakwatch.errors import InputError
from leakwatch.model.finding import Severity, State
from leakwatch.model.sort import Sort

if TYPE_CHECKING:
    from leakwatch.model.finding import Finding
    from leakwatch.service import Case

app = typer.Typer(help="What was found.", no_args_is_help=True)
_triage.register(app)
_parting.register(app)
_FOUND, _MOST_LISTED = 10, 50


@app.command("list")
@expanded
def list_(
    which: Which,
    sort: Annotated[
        Sort, typer.Option("--sort", help="What stands first: of equal ones the newest.")
    ] = Sort.OPENED,
    limit: Annotated[
        int | None,
        typer.Option("--limit", min=0, help="How many at most; 0 is all. Else 50, and with --json all."),
    ] = None,
    as_json: JsonOption = False,
    fail_at: Annotated[
        Severity | None, typer.Option("--fail-at", help="Exit 10 if a new finding is this severe.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """List the findings, newest first: all, or those that a filter leaves."""
    from leakwatch.cases.choosing import chosen, ordered  # noqa: PLC0415
    from leakwatch.cli._case import finding_json  # noqa: PLC0415
    from leakwatch.service import list_findings  # noqa: PLC0415

    wanted = which.filter()

    async def work() -> list[Finding]:
        async with repository(config) as opened:
            return await list_findings(opened, merged=wanted.state is State.MERGED)

    found = ordered(chosen(run_async(work), wanted, now()), sort)
    most = limit if limit is not None else 0 if as_json else _MOST_LISTED
    shown = found[:most] if most else found
    if as_json:
        for one in shown:
            emit(finding_json(one))
    else:
        print_table([_row(one) for one in shown])
    if len(shown) < len(found):
        say(f"showing {len(shown):,} of {len(found):,}; --limit 0 shows all")
    if not found and not as_json:
        say("no findings" if wanted.is_empty else "no findings like that")
    new = [one for one in found if one.state in (State.NEW, State.REOPENED) and not one.drill]
    if fail_at and any(one.severity.rank >= fail_at.rank for one in new):
        raise typer.Exit(_FOUND)


def _row(one: Finding) -> list[str]:
    sites = ",".join(sorted(one.sites))
    told = [one.id, one.severity.value, one.verdict.value, one.state.value, one.asset]
    return [
        *told,
        f"{one.sightings} on {sites}",
        clean(f"DRILL: {one.title}" if one.drill else one.title, 80),
    ]


@app.command()
def show(
    ident: Annotated[str, typer.Argument(metavar="ID")],
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Show one finding: where it was seen, why it matched, what is proved, how it spreads, what happened."""
    from leakwatch.cli._case import case_json, case_lines  # noqa: PLC0415
    from leakwatch.service import show_finding  # noqa: PLC0415

    async def work() -> Case:
        async with repository(config) as opened:
            return await show_finding(ident, opened, now().date())

    case = run_async(work)
    if as_json:
        emit(case_json(case))
        return
    print_lines(case_lines(case))


@app.command("set")
def set_(
    ident: Annotated[str, typer.Argument(metavar="ID")],
    state: Annotated[State, typer.Argument(help="The new state.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the history.")],
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Move a finding to another state, with the reason."""
    from leakwatch.cases import Act, move  # noqa: PLC0415

    if not reason.strip():
        raise InputError("say why with --reason")

    async def work() -> Finding:
        async with repository(config) as opened:
            return await move(opened, ident, state, Act(actor(by), now(), reason, teller(config)))

    changed = run_async(work)
    say(f"{changed.id}: {changed.state.value}")
