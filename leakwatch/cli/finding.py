"""`leakwatch finding`: list, show, set the state."""

from __future__ import annotations

import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leakwatch.cli._shared import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    emit,
    now,
    repository,
    run_async,
    say,
)
from leakwatch.display import clean, defang
from leakwatch.errors import InputError
from leakwatch.model.evidence import place_status
from leakwatch.model.finding import Severity, State

if TYPE_CHECKING:
    from leakwatch.model.finding import Finding
    from leakwatch.service import Case

app = typer.Typer(help="What was found.", no_args_is_help=True)
_FOUND = 10


@app.command("list")
def list_(
    as_json: JsonOption = False,
    fail_at: Annotated[
        Severity | None, typer.Option("--fail-at", help="Exit 10 if a new finding is this severe.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """List the findings, newest first."""
    from leakwatch.service import list_findings  # noqa: PLC0415

    async def work() -> list[Finding]:
        async with repository(config) as opened:
            return await list_findings(opened)

    found = run_async(work)
    for one in found:
        if as_json:
            emit(_finding_json(one))
        else:
            sites = ",".join(sorted(one.sites))
            typer.echo(
                f"{one.id}\t{one.severity.value}\t{one.verdict.value}\t{one.state.value}\t{one.asset}"
                f"\t{one.sightings} on {sites}\t{clean(one.title, 80)}"
            )
    if not found and not as_json:
        say("no findings")
    new = [one for one in found if one.state in (State.NEW, State.REOPENED)]
    if fail_at and any(one.severity.rank >= fail_at.rank for one in new):
        raise typer.Exit(_FOUND)


def _finding_json(one: Finding) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": one.id,
        "asset": one.asset,
        "state": one.state.value,
        "verdict": one.verdict.value,
    }
    told |= {"severity": one.severity.value, "tier": one.tier.value, "score": one.score, "title": one.title}
    told |= {"sites": sorted(one.sites), "sightings": one.sightings}
    return told | {"opened_at": one.opened_at.isoformat(), "updated_at": one.updated_at.isoformat()}


@app.command()
def show(
    ident: Annotated[str, typer.Argument(metavar="ID")],
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Show one finding: where it was seen, why it matched, what is proved, how it spreads, what happened."""
    from leakwatch.cli._proofs import proof_lines  # noqa: PLC0415
    from leakwatch.model.swarm import spread_of  # noqa: PLC0415
    from leakwatch.service import show_finding  # noqa: PLC0415

    async def work() -> Case:
        async with repository(config) as opened:
            return await show_finding(ident, opened)

    case = run_async(work)
    if as_json:
        emit(_case_json(case))
        return
    one = case.finding
    typer.echo(
        f"{one.id}  {one.severity.value}  {one.verdict.value}  {one.state.value}  score {one.score:.2f} ({one.tier.value})"
    )
    typer.echo(f"asset: {clean(case.asset.shown_name)} ({one.asset})")
    typer.echo("seen:")
    for place in case.places:
        typer.echo(f"  {place.seen_at} {place.site}: {clean(place.title, 100)} {defang(place.url or '')}")
        if place.url:
            typer.echo(f"    {place_status(place.url, case.looks)}")
    typer.echo("why:")
    for kind, detail, weight in case.signals:
        typer.echo(f"  {weight:+6.1f} bits  {kind}: {clean(detail, 200)}")
    for proof in case.proofs:
        first, *rest = proof_lines(proof)
        typer.echo(f"proof: {first}")
        for line in rest:
            typer.echo(line)
    spread = spread_of(case.samples)
    if spread is not None:
        typer.echo(f"swarm: {spread.words} (counted {spread.at.isoformat(timespec='seconds')})")
    typer.echo("history:")
    for event in case.events:
        told = " ".join(f"{key}={clean(value, 80)}" for key, value in event.detail.items())
        typer.echo(f"  {event.at.isoformat(timespec='seconds')} {event.kind.value} {told}")


def _case_json(case: Case) -> dict[str, Any]:
    from leakwatch.cli._proofs import proof_json, spread_json  # noqa: PLC0415

    told = _finding_json(case.finding)
    told["places"] = [
        {name: getattr(p, name) for name in ("site", "url", "title", "seen_at", "published_at")}
        | {"now": place_status(p.url, case.looks) if p.url else None}
        for p in case.places
    ]
    told["signals"] = [
        {"kind": kind, "detail": detail, "weight": weight} for kind, detail, weight in case.signals
    ]
    told["proofs"] = [proof_json(one) for one in case.proofs]
    told["spread"] = spread_json(case.samples)
    told["events"] = [
        {"kind": e.kind.value, "at": e.at.isoformat(), "detail": dict(e.detail)} for e in case.events
    ]
    return told


@app.command("set")
def set_(
    ident: Annotated[str, typer.Argument(metavar="ID")],
    state: Annotated[State, typer.Argument(help="The new state.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; kept in the history.")],
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Move a finding to another state, with the reason."""
    from leakwatch.service import set_state  # noqa: PLC0415

    if not reason.strip():
        raise InputError("say why with --reason")

    async def work() -> Finding:
        async with repository(config) as opened:
            return await set_state(ident, state, reason, getpass.getuser(), opened, now())

    changed = run_async(work)
    say(f"{changed.id}: {changed.state.value}")
