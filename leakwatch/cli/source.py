"""`leakwatch source`: list, parse a saved page, check a definition, health."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leakwatch.cli._probing import register as register_probing
from leakwatch.cli._saved import register as register_saved
from leakwatch.cli._shared import (
    DEFAULT_CONFIG,
    ConfigOption,
    JsonOption,
    emit,
    load,
    now,
    repository,
    run_async,
    say,
)
from leakwatch.cli._shipped import list_shipped, register
from leakwatch.display import clean
from leakwatch.errors import InputError

if TYPE_CHECKING:
    from leakwatch.model.site import CoverageWindow, SiteState
    from leakwatch.polling import SiteConfig

app = typer.Typer(help="The sites that are watched.", no_args_is_help=True)
register(app)
register_probing(app)
register_saved(app)


@app.command("list")
def list_(
    available: Annotated[
        bool,
        typer.Option("--available", help="The shipped catalogue instead: sites that can be switched on."),
    ] = False,
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """List the configured sites with their state, or the public sites that can be switched on."""
    if available:
        list_shipped(config, as_json)
        return

    async def work() -> dict[str, SiteState]:
        async with repository(config) as opened, opened.reading() as reading:
            return {state.name: state for state in await reading.sites.all()}

    states = run_async(work)
    for site in load(config).sites:
        state = states.get(site.name)
        told: dict[str, Any] = {
            "name": site.name,
            "kind": site.kind,
            "host": site.host,
            "enabled": site.enabled,
        }
        told |= {"every_s": None if site.is_stream else float(site.every), "cron": site.cron}
        told |= {
            "interval_s": state.interval_s if state else None,
            "interval_why": state.interval_why if state else None,
        }
        told |= {
            "last_ok_at": state.last_ok_at if state else None,
            "failures": state.failures if state else 0,
        }
        told |= {
            "last_error": state.last_error if state else None,
            "next_due_at": state.next_due_at if state and not site.is_stream else None,
        }
        if as_json:
            emit(told)
        else:
            health = (
                "off" if not site.enabled else "not read yet" if not (state and state.last_ok_at) else "ok"
            )
            health = f"failing: {clean(state.last_error or '', 120)}" if state and state.failures else health
            typer.echo(f"{site.name}\t{site.kind}\t{site.host}\t{_schedule(site, state)}\t{health}")


def _schedule(site: SiteConfig, state: SiteState | None) -> str:
    """How often a site is read now, and why where that follows what it shows."""
    if site.is_stream:
        return "without pause"
    if site.cron:
        return f"at {site.cron}"
    hours = f" on {site.window}" if site.window else ""
    if state is None or state.interval_s is None:
        return f"every {_duration(float(site.every))}{hours}"
    return f"every {_duration(state.interval_s)}{hours} ({clean(state.interval_why or '', 120)})"


def _duration(seconds: float) -> str:
    """A duration as the configuration writes it, in the largest unit that loses little."""
    for unit, length in (("d", 86400.0), ("h", 3600.0), ("m", 60.0)):
        if seconds >= 2 * length:
            return f"{seconds / length:.3g}{unit}"
    return f"{seconds:.3g}s"


@app.command()
def health(
    name: Annotated[str | None, typer.Argument(help="The site's name; all sites if none is named.")] = None,
    as_json: JsonOption = False,
    page: Annotated[
        Path | None, typer.Option("--html", help="Write one page of all sites to this file.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Show which sites are blind, since when and why; of one site what its last polls covered."""
    if name is None or page is not None:
        _all_sites(as_json, page, config)
        return

    async def work() -> tuple[list[CoverageWindow], SiteState]:
        async with repository(config) as opened, opened.reading() as reading:
            state = await reading.sites.get(name)
            if state is None:
                raise InputError(f"no site {name!r}; `leakwatch source list` shows them")
            return await reading.sites.windows(name), state

    windows, state = run_async(work)
    for window in windows:
        told = {field: getattr(window, field) for field in window.__dataclass_fields__}
        if as_json:
            emit(told | {"verdict": window.verdict.value, "failure": window.failure})
        else:
            at = window.started_at.isoformat(timespec="seconds")
            typer.echo(
                f"{at}\t{window.verdict.value}\t{window.pages} pages\t{window.new_items} new of {window.items}\t{clean(window.detail or '')}"
            )
    if not as_json:
        from leakwatch.cli._health import hole_lines  # noqa: PLC0415

        for line in hole_lines(windows, state):
            typer.echo(line)


def _all_sites(as_json: bool, page: Path | None, config: Path) -> None:
    from leakwatch.cli import _health  # noqa: PLC0415

    found = run_async(lambda: _health.health_of(config, now()))
    if page is not None:
        from leakwatch.cli._health_page import health_page  # noqa: PLC0415

        page.write_text(health_page(found), "utf-8")
        say(f"leakwatch: {len(found.sites)} sites written to {page}")
    elif as_json:
        for one in (*_health.site_values(found), *_health.asset_values(found)):
            emit(one)
    else:
        for line in _health.table(found):
            typer.echo(line)


@app.command()
def accept(
    name: Annotated[str, typer.Argument(help="The site's name.")], config: ConfigOption = DEFAULT_CONFIG
) -> None:
    """Take what a site shows now as what it usually shows: its layout changed, and the site means it."""

    async def work() -> None:
        from leakwatch.polling.ledger import without_profile  # noqa: PLC0415

        async with repository(config) as opened, opened.writing() as writing:
            state = await writing.sites.get(name)
            if state is None:
                raise InputError(f"no site {name!r}; `leakwatch source list` shows them")
            await writing.sites.keep_ledger(state, without_profile(state.ledger))

    run_async(work)
    say(f"{name}: what it shows is learned anew")
