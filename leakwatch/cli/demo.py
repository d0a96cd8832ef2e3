"""`leakwatch demo`: the replay."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from leakwatch.cli._shared import emit, say


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    seed: Annotated[
        int, typer.Option("--seed", help="Draws names, sizes, torrent kind and post times.")
    ] = 2023,
    leak: Annotated[
        bool, typer.Option("--leak/--no-leak", help="Whether anything leaks in this world.")
    ] = True,
    once: Annotated[
        bool, typer.Option("--once/--keep", help="End after the summary, or keep the world running.")
    ] = True,
    kill_at: Annotated[
        list[float] | None, typer.Option("--kill-at", help="Kill the daemon so many seconds after the post.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--folder", help="Where to keep its files; a temporary one if left out.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON too.")] = False,
) -> None:
    """Replay a leak on this machine: a small world on loopback, the real daemon, and what it sent."""
    from rich.console import Console  # noqa: PLC0415

    from leakwatch.demo.replay import ReplayOptions, result_json, run_replay, summary_table  # noqa: PLC0415

    place = folder or Path(tempfile.mkdtemp(prefix="leakwatch-demo-"))
    options = ReplayOptions(seed=seed, leak=leak, folder=place, kill_at_s=tuple(kill_at or ()), keep=not once)
    result = asyncio.run(run_replay(options))
    if as_json:
        emit(result_json(result))
    elif once:
        Console(stderr=False).print(summary_table(result))
    for failure in result.failures:
        say(f"leakwatch: {failure}")
    raise typer.Exit(0 if result.passed else 1)
