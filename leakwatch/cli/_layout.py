"""Lines and tables as a terminal has room for them; into a pipe lines go as they are, and tables with a tab between cells."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Sequence

import typer

_LEAST_ROOM = 24
_GAP = 2


def columns() -> int:
    """How wide the terminal is, 0 where stdout is none."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0


def print_lines(lines: Iterable[str]) -> None:
    """Lines; on a terminal one that is too long goes on below itself, a little further in."""
    width = columns()
    for line in lines:
        indent = len(line) - len(line.lstrip()) + _GAP
        if width - indent < _LEAST_ROOM or len(line) <= width // 2:
            typer.echo(line)
            continue
        first, *rest = _wrapped(line, width - indent, first=width)
        typer.echo(first)
        for one in rest:
            typer.echo(" " * indent + one)


def _wrapped(line: str, width: int, first: int) -> list[str]:
    from rich.console import Console  # noqa: PLC0415 - takes long to import
    from rich.text import Text  # noqa: PLC0415

    console = Console(width=first)
    own, *more = [one.plain.rstrip() for one in Text(line).wrap(console, first, overflow="fold")]
    if not more:
        return [own]
    rest = Text(line[len(own) :].strip())
    return [own, *(one.plain.rstrip() for one in rest.wrap(console, width, overflow="fold"))]


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Rows of which the last cell may be long: on a terminal it has the room that is left, or a line of its own, and is cut.

    What stands in it after a tab, such as an error, is told whole below.
    """
    width = columns()
    if not width or not rows:
        for row in rows:
            typer.echo("\t".join(row))
        return
    from rich.cells import cell_len, set_cell_size  # noqa: PLC0415

    wide = [max(cell_len(row[at]) for row in rows) + _GAP for at in range(len(rows[0]) - 1)]
    is_beside = width - sum(wide) >= _LEAST_ROOM
    room = width - (sum(wide) if is_beside else 2 * _GAP)
    for *cells, last in rows:
        line = "".join(set_cell_size(cell, size) for cell, size in zip(cells, wide, strict=True))
        told, *more = last.split("\t")
        shown = told if cell_len(told) <= room else f"{set_cell_size(told, room - 1).rstrip()}…"
        if is_beside:
            typer.echo(f"{line}{shown}".rstrip())
        else:
            print_lines([line.rstrip(), f"{' ' * 2 * _GAP}{shown}".rstrip()])
        print_lines(f"{' ' * 2 * _GAP}{one}" for one in more)
