"""`leakwatch asset release`, `retire` and `embargo`: the steps in an asset's life."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.cli._naming import warn_of_names
from leakwatch.cli._shared import (
    DEFAULT_CONFIG,
    ByOption,
    ConfigOption,
    actor,
    load,
    now,
    repository,
    run_async,
    say,
    teller,
)
from leakwatch.display import clean

if TYPE_CHECKING:
    from leakwatch.model.asset import Asset
    from leakwatch.ports import Repository

_FORMATS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M"]
IdArgument = Annotated[str, typer.Argument(metavar="ID")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(release)
    app.command()(retire)
    app.command()(embargo)


def release(
    ident: IdArgument,
    at: Annotated[
        datetime | None, typer.Option("--at", formats=_FORMATS, help="When it is released, in UTC; else now.")
    ] = None,
    official: Annotated[
        list[str] | None,
        typer.Option("--official", help="Where its owner offers it: an infohash, an address or a host."),
    ] = None,
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Say that a work is out: its embargo and its release window end, and official places are allowed.

    Open findings that were seen at official places only become `allowed`; what else shows them opens them again.
    """
    from leakwatch.cases import assets  # noqa: PLC0415
    from leakwatch.matching.allowed import Judge  # noqa: PLC0415
    from leakwatch.persons import open_authors  # noqa: PLC0415
    from leakwatch.service import load_hosts  # noqa: PLC0415

    told = load(config)
    judge = Judge(load_hosts(), open_authors(told.privacy.authors, told.data_dir))
    places = [assets.official(one) for one in official or []]
    when = at.replace(tzinfo=UTC) if at else None
    _change(
        lambda store: assets.release(
            store, ident, actor(by), now(), when=when, places=places, tell=teller(config), judge=judge
        ),
        config,
    )


def retire(ident: IdArgument, by: ByOption = None, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Say that a work is of no urgency any more: its findings are low, and no site is asked for it."""
    from leakwatch.cases import assets  # noqa: PLC0415

    _change(lambda store: assets.retire(store, ident, actor(by), now(), tell=teller(config)), config)


def embargo(
    ident: IdArgument,
    until: Annotated[
        datetime | None,
        typer.Option("--until", formats=_FORMATS, help="When it ends by itself, in UTC; else never."),
    ] = None,
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Keep a work secret: nobody outside is told its name or its infohashes."""
    from leakwatch.cases import assets  # noqa: PLC0415

    end = until.replace(tzinfo=UTC) if until else None
    done = _change(
        lambda store: assets.embargo(store, ident, actor(by), now(), until=end, tell=teller(config)), config
    )
    warn_of_names([done])


def _change(act: Callable[[Repository], Awaitable[Asset]], config: Path) -> Asset:
    async def work() -> Asset:
        async with repository(config) as store:
            return await act(store)

    done = run_async(work)
    stage = done.stage.value if done.stage else "registered"
    end = f" until {done.embargo_until:%Y-%m-%d %H:%M} UTC" if done.embargo_until else ""
    secret = f", embargoed{end}" if done.embargoed else ""
    say(f"{clean(done.id)}: {stage}{secret}; asked as {done.asked_as.value}")
    return done
