"""`leakwatch finding merge` and `split`: what is one case, and what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.cli._shared import (
    DEFAULT_CONFIG,
    ByOption,
    ConfigOption,
    actor,
    now,
    repository,
    run_async,
    say,
    teller,
)

if TYPE_CHECKING:
    from leakwatch.model.finding import Finding


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(merge)
    app.command()(split)


def merge(
    ident: Annotated[str, typer.Argument(metavar="ID")],
    other: Annotated[str, typer.Argument(metavar="ID")],
    reason: Annotated[
        str, typer.Option("--reason", help="Why; kept in history and audit.")
    ] = "merged by hand",
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Make two findings of one asset one; the older keeps its name."""
    from leakwatch.cases import Act  # noqa: PLC0415
    from leakwatch.cases.joining import merge as join  # noqa: PLC0415

    async def work() -> Finding:
        async with repository(config) as store:
            return await join(store, ident, other, Act(actor(by), now(), reason, teller(config)))

    done = run_async(work)
    say(f"{done.id}: {done.sightings} sightings on {len(done.sites)} sites")


def split(
    ident: Annotated[str, typer.Argument(metavar="ID")],
    sightings: Annotated[
        list[int] | None,
        typer.Argument(metavar="[SIGHTING]...", help="Numbers, as `finding show` tells them."),
    ] = None,
    undo_merge: Annotated[
        str | None, typer.Option("--undo-merge", metavar="ID", help="Take this merged finding out again.")
    ] = None,
    reason: Annotated[
        str, typer.Option("--reason", help="Why; kept in history and audit.")
    ] = "split by hand",
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Make some sightings a finding of their own; the next poll does not join the two again."""
    from leakwatch.cases import Act  # noqa: PLC0415
    from leakwatch.cases.splitting import split as part  # noqa: PLC0415
    from leakwatch.cases.splitting import undo_merge as undo  # noqa: PLC0415

    if bool(sightings) is bool(undo_merge):
        raise typer.BadParameter("name sightings, or a merge to undo, one of the two")

    async def work() -> tuple[Finding, Finding]:
        act = Act(actor(by), now(), reason, teller(config))
        async with repository(config) as store:
            if undo_merge:
                return await undo(store, ident, undo_merge, act)
            return await part(store, ident, sightings or [], act)

    left, new = run_async(work)
    typer.echo(new.id)
    say(f"{left.id}: {left.sightings} sightings stay; {new.id}: {new.sightings} sightings, {new.state.value}")
