"""CSV by RFC 4180: every cell quoted, CR LF at the end of a line, UTF-8."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import datetime

from leakwatch.display import visible
from leakwatch.export.fields import Field
from leakwatch.export.lines_json import time_text
from leakwatch.export.records import Record, Value
from leakwatch.export.safe import guarded

BOM = b"\xef\xbb\xbf"


def head(fields: Sequence[Field]) -> bytes:
    """The first line: the names of the columns."""
    return _lines([[one.name for one in fields]])


def rows(records: Sequence[Record]) -> bytes:
    """Records, a line each. Control characters other than line ends and tabs are shown as escapes."""
    return _lines([[_cell(value) for value in one.values()] for one in records])


def _cell(value: Value) -> str:
    if isinstance(value, tuple):
        return guarded(visible(json.dumps(value, ensure_ascii=False))) if value else ""
    if isinstance(value, str):
        return guarded(visible(value))
    if isinstance(value, datetime):
        return time_text(value)
    return "" if value is None else str(value)


def _lines(cells: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(cells)
    return out.getvalue().encode("utf-8", "replace")
