"""Cells that no spreadsheet takes for a formula, and how to have the text back.

OWASP names `= + - @`, TAB, CR and LF at the beginning of a cell. Programs also skip blanks and quotes before them, take
the full-width forms for the same, and may split at `;`, TAB and line ends, whatever the quotes say: after those a
formula could begin as well. An apostrophe is put where one could.
"""

from __future__ import annotations

import re

_SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20\ufe62\ufe63\ufe66\ufe6b\u2212"
_PASSED = (
    " \u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u2064\u2066-\u2069\u3000\ufeff\u00ad\u000b\u000c\u0000-\u0008\u000e-\u001f\u007f-\u009f"
    "'\"`\u00b4\u2018-\u201f\uff02\uff07\u00ab\u00bb"
)
_BEGINS = f"(?:\\A(?=[{_PASSED}]*[{_SIGNS}\t\r\n])|(?<=[;\t\r\n])(?=[{_PASSED}]*[{_SIGNS}]))"
_GUARDED = f"(?:\\A'(?=[{_PASSED}]*[{_SIGNS}\t\r\n])|(?<=[;\t\r\n])'(?=[{_PASSED}]*[{_SIGNS}]))"
_WHERE, _MARK = re.compile(_BEGINS), re.compile(_GUARDED)


def guarded(text: str) -> str:
    """A text that is not taken for a formula, wherever a spreadsheet lets a cell begin."""
    return _WHERE.sub("'", text)


def unguarded(cell: str) -> str:
    """The text that `guarded` was given: each apostrophe goes that stands where a formula could begin behind it."""
    return _MARK.sub("", cell)
