"""`leakwatch export`: findings, sightings and events for other programs."""

from __future__ import annotations

import sys
from collections.abc import Generator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, Annotated

import typer

from leakwatch.cli._choosing import moment
from leakwatch.cli._shared import DEFAULT_CONFIG, ConfigOption, load, repository, run_async, say
from leakwatch.cli._writing import whole_file
from leakwatch.errors import InputError
from leakwatch.model.finding import Severity, State


class What(StrEnum):
    """What can be exported."""

    FINDINGS = "findings"
    SIGHTINGS = "sightings"
    EVENTS = "events"


class How(StrEnum):
    """In which format."""

    CSV = "csv"
    JSONL = "jsonl"
    PARQUET = "parquet"
    ATOM = "atom"
    STIX = "stix"
    MISP = "misp"


_BINARY = frozenset({How.PARQUET})


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export")(export_)


def export_(
    what: Annotated[What, typer.Argument(help="findings, sightings or events.")],
    how: Annotated[
        How, typer.Option("--format", "-f", help="csv, jsonl, parquet, atom, stix or misp.")
    ] = How.JSONL,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file instead of stdout.")
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--since", help="Changed or seen at or after this day or time in UTC, or 12h, 30d ago."),
    ] = None,
    asset: Annotated[
        list[str] | None, typer.Option("--asset", help="Of this asset; may be repeated.")
    ] = None,
    state: Annotated[
        list[State] | None, typer.Option("--state", help="Of findings in this state; may be repeated.")
    ] = None,
    min_severity: Annotated[
        Severity | None, typer.Option("--min-severity", help="Of findings at least this severe.")
    ] = None,
    with_names: Annotated[
        bool, typer.Option("--with-names", help="Name works under embargo, and where they show.")
    ] = False,
    bom: Annotated[
        bool, typer.Option("--bom", help="Begin CSV with a mark by which Excel knows UTF-8.")
    ] = False,
    links: Annotated[bool, typer.Option("--links", help="Leave the links of Atom clickable.")] = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Export findings, sightings or events. Works under embargo go by their code names."""
    from leakwatch.export import Terms, export  # noqa: PLC0415
    from leakwatch.model.lines import Wanted  # noqa: PLC0415
    from leakwatch.persons import open_authors  # noqa: PLC0415

    told = load(config)
    if output is None and how in _BINARY and sys.stdout.isatty():
        raise InputError("Parquet is not for a terminal: give a file with --output")
    wanted = Wanted(
        since=moment(since) if since else None,
        assets=tuple(asset or ()),
        states=tuple(state or ()),
        least=min_severity,
    )

    async def work() -> int:
        async with repository(config) as opened:
            terms = Terms(
                with_names=with_names,
                links=links,
                bom=bom,
                authors=open_authors(told.privacy.authors, told.data_dir),
                organisation=told.export.organisation,
                tlp=told.export.tlp,
            )
            with _out(output) as out:
                return await export(what.value, how.value, wanted, terms, opened, out)

    count = run_async(work)
    say(f"{count} {what.value}" + (f" in {output}" if output else ""))


@contextmanager
def _out(path: Path | None) -> Generator[IO[bytes]]:
    """Stdout, or a file that is there whole or not at all, and that nobody else may read."""
    if path is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with whole_file(path) as file:
        yield file
