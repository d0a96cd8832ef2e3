"""What people read in a terminal: nothing is wider than it, nothing is lost; into a pipe lines stay lines."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest
from rich.cells import cell_len

CODE = """
from leakwatch.cli._layout import print_lines, print_table
print_lines(["  seen " + "リーク утечка " * 30 + "https://x.example/" + "y" * 300, "short", "", "   " + "z" * 200])
rows = [(f"LW-{n}", "false_positive", "second-channel-of-security", f"{n} on index", "Tideglass 70B リーク " * 9 + "\\tan error " + "e" * 90) for n in range(3)]
print_table(rows)
"""


def in_terminal(columns: int, code: str = CODE, **more: str) -> list[str]:
    """What a program prints into a terminal of this width, a line each."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "LINES": "50", "TERM": "xterm-256color", **more}
    process = subprocess.Popen([sys.executable, "-c", code], stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    told = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            some = os.read(ours, 65536)
        except OSError:
            break
        if not some:
            break
        told += some
    os.close(ours)
    assert process.wait(60) == 0, told.decode()
    return told.decode().replace("\r\n", "\n").splitlines()


@pytest.mark.parametrize("columns", [40, 80, 120, 200])
def test_nothing_is_wider_than_the_terminal(columns: int) -> None:
    """Lines go on below themselves, further in; of a table's last cell an error is told whole."""
    lines = in_terminal(columns, NO_COLOR="1")
    assert max(map(cell_len, lines)) <= columns
    assert not any("\x1b" in one for one in lines)
    text = "".join(one.strip() for one in lines)
    assert text.count("y") >= 300
    assert text.count("z") == 200
    assert sum(one.count("LW-") for one in lines) == 3
    assert text.replace("an error", "").count("e" * 90) == 3
    assert text.count("リーク") >= 30


def test_into_a_pipe(tmp_path: Path) -> None:
    """Each line is one line, and each row one of cells with tabs between."""
    file = tmp_path / "out"
    with file.open("wb") as out:
        subprocess.run([sys.executable, "-c", CODE], stdout=out, check=True, timeout=60)
    lines = file.read_text().splitlines()
    assert len(lines) == 7
    assert [one.count("\t") for one in lines[4:]] == [5, 5, 5]
