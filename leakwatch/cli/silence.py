"""`leakwatch silence`: tell nobody of something for a while."""

from __future__ import annotations

import difflib
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.cli._groups import expanded
from leakwatch.cli._shared import (
    DEFAULT_CONFIG,
    ByOption,
    ConfigOption,
    JsonOption,
    actor,
    emit,
    load,
    now,
    repository,
    run_async,
    say,
)
from leakwatch.cli._silencing import Silent
from leakwatch.display import clean
from leakwatch.errors import InputError
from leakwatch.model.finding import FindingId

if TYPE_CHECKING:
    from collections.abc import Collection

    from leakwatch.model.announcement import Silence
    from leakwatch.model.route import Matchers
    from leakwatch.ports import Work

app = typer.Typer(help="What is told to nobody for a while.", no_args_is_help=True)


@app.command()
@expanded
def add(
    duration: Annotated[str, typer.Argument(help="How long, such as 30m, 4h or 2d.")],
    reason: Annotated[str, typer.Option("--reason", help="Why; everybody can read it.")],
    silent: Silent,
    everything: Annotated[bool, typer.Option("--everything", help="Without any of these.")] = False,
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Tell nobody of what matches all of this for a while; when it ends, what is still open comes as a digest."""
    from leakwatch.config import duration as length  # noqa: PLC0415
    from leakwatch.model.route import Matchers  # noqa: PLC0415
    from leakwatch.routing.silencing import words  # noqa: PLC0415
    from leakwatch.telling.silences import begin_silence  # noqa: PLC0415

    matchers = silent.matchers()
    if matchers == Matchers() and not everything:
        raise InputError("say what is to be silent, or --everything")
    if everything and matchers != Matchers():
        raise InputError("--everything is for silence without conditions; leave it out, or them")
    try:
        lasts = timedelta(seconds=length(duration))
    except ValueError as error:
        raise InputError(str(error)) from error
    began = now()

    async def work() -> Silence:
        async with repository(config) as opened:
            async with opened.reading() as reading:
                await _check_names(matchers, reading, {one.name for one in load(config).sites})
            return await begin_silence(matchers, began, began + lasts, actor(by), reason, opened, began)

    silence = run_async(work)
    say(f"silence {silence.id}: {words(matchers)} until {silence.ends_at:%Y-%m-%d %H:%M} UTC")


async def _check_names(matchers: Matchers, work: Work, sites: Collection[str]) -> None:
    """A misspelt name would silence nothing, and nobody would know. Raises: InputError."""
    for one in sorted(matchers.findings):
        if await work.findings.get(FindingId(one)) is None:
            raise InputError(f"no finding {one!r}; `leakwatch finding list` shows them")
    known = {str(one.id) for one in await work.catalogue.all()} if matchers.assets else set[str]()
    for one in sorted(matchers.assets - known):
        raise InputError(f"no asset {one!r}; {_meant(one, known, 'asset list')}")
    known = {*sites, *(one.name for one in await work.sites.all())}
    for one in sorted(matchers.sites - known):
        say(f"leakwatch: no site is called {clean(one, 80)!r}; {_meant(one, known, 'source list')}")


def _meant(name: str, known: Collection[str], command: str) -> str:
    close = difflib.get_close_matches(name, known, n=1)
    return f"did you mean {close[0]!r}?" if close else f"`leakwatch {command}` shows them"


@app.command("list")
def list_(
    ended: Annotated[bool, typer.Option("--ended", help="Those that have ended too.")] = False,
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """List the silences: of what, until when, who began it and why, and how much it has silenced."""
    from leakwatch.routing.silencing import matchers_json, words  # noqa: PLC0415

    async def work() -> list[Silence]:
        async with repository(config) as opened, opened.reading() as reading:
            return await reading.silences.list(ended=ended, at=now())

    found = run_async(work)
    for one in found:
        until = min(one.ends_at, one.ended_at or one.ends_at)
        if as_json:
            told = {"id": one.id, "matchers": matchers_json(one.matchers), "silenced": one.silenced}
            told |= {"starts_at": one.starts_at.isoformat(), "ends_at": until.isoformat()}
            emit(told | {"actor": one.actor, "reason": one.reason, "ended_by": one.ended_by})
        else:
            typer.echo(
                f"{one.id}\t{'active' if one.is_active(now()) else 'ended'}\tuntil {until:%Y-%m-%d %H:%M} UTC"
                f"\t{one.silenced} silenced\t{clean(words(one.matchers), 200)}\t{clean(one.actor, 60)}: {clean(one.reason, 200)}"
            )
    if not found and not as_json:
        say("no silences")


@app.command()
def end(
    ident: Annotated[int, typer.Argument(metavar="ID", help="As `silence list` shows it.")],
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """End a silence before its time; what it has silenced and is still open comes as a digest."""
    from leakwatch.telling.silences import end_silence  # noqa: PLC0415

    async def work() -> Silence:
        async with repository(config) as opened:
            return await end_silence(ident, actor(by), opened, now())

    silence = run_async(work)
    say(f"silence {silence.id}: ended; {silence.silenced} were silenced")
