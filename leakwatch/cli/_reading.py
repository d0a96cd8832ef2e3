"""What commands share that read an owner's files: which prints are wanted, progress, what went wrong."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from leakwatch.cli._shared import emit, say
from leakwatch.display import clean

if TYPE_CHECKING:
    from leakwatch.assetfiles import Fingerprinted, Wanted
    from leakwatch.model.asset import AssetFile

CacheOption = Annotated[
    Path | None, typer.Option("--cache", help="Where prints are kept, so that a run can go on.")
]
NoCacheOption = Annotated[bool, typer.Option("--no-cache", help="Read every file, whatever was read before.")]
AlsoOption = Annotated[
    str, typer.Option("--also", metavar="NAMES", help="Further prints, joined by commas: md5, ed2k.")
]
TableOption = Annotated[
    str,
    typer.Option(
        "--table",
        metavar="SIZE",
        help="What the piece tables of one file may take, such as 320KiB; `all` covers every byte, `none` makes none.",
    ),
]
_SIZE = re.compile(r"(\d+) ?(B|KiB|MiB|GiB)?\Z")
_UNITS = {None: 1, "B": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_EVERYTHING = 2**62


def wanted(also: str, table: str) -> Wanted:
    """Which prints the options ask for. Raises: typer.BadParameter naming the option."""
    from leakwatch.assetfiles import DEFAULT, Wanted  # noqa: PLC0415
    from leakwatch.fingerprints import ALSO  # noqa: PLC0415

    names = frozenset(name.strip() for name in also.split(",") if name.strip())
    if not names <= set(ALSO):
        raise typer.BadParameter(f"there are {', '.join(ALSO)}", param_hint="--also")
    if not table:
        return Wanted(DEFAULT.table_bytes, names)
    found = _SIZE.match(table)
    if table not in ("all", "none") and not found:
        raise typer.BadParameter("expected a size such as 320KiB, `all` or `none`", param_hint="--table")
    size = int(found[1]) * _UNITS[found[2]] if found else _EVERYTHING if table == "all" else 0
    return Wanted(size, names)


def fingerprinted(
    paths: list[Path], cache: Path | None, no_cache: bool, wanted: Wanted, *, print_each: bool
) -> Fingerprinted:
    """Read the files under a progress bar on stderr."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    from leakwatch.assetfiles import PrintCache, default_cache, fingerprint_paths, walk  # noqa: PLC0415
    from leakwatch.catalogue import file_json  # noqa: PLC0415

    total = sum(found.local.stat().st_size for found in walk(paths) if found.local.exists())
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("reading", total=total)

        def done(file: AssetFile) -> None:
            if print_each:
                emit(file_json(file))

        return fingerprint_paths(
            paths,
            PrintCache(None if no_cache else cache or default_cache()),
            lambda count: bar.advance(task, count),
            done,
            wanted,
        )


def report(result: Fingerprinted) -> int:
    """Say what could not be read; answers the exit code."""
    for problem in result.problems:
        say(f"leakwatch: {clean(problem.message, 1000)}")
    return 1 if result.problems else 0


def shown_size(count: int) -> str:
    """Bytes as people read them."""
    size = float(count)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if size < 1024 or unit == "TiB":
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return ""


def print_table(what: Any) -> None:
    """A table of rich's, whole lines where a pipe reads it."""
    from rich.console import Console  # noqa: PLC0415

    width = None if sys.stdout.isatty() else 1000  # whoever reads a pipe wants whole lines
    Console(soft_wrap=True, width=width).print(what, markup=False)
