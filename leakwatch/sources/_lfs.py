"""Pointers of Git LFS: what stands in git in place of a large file, its SHA-256 and its size.

Source: the Git LFS specification, "The Pointer". Pointers begin with a version line; a fragment of one may not.
"""

from __future__ import annotations

import re

from leakwatch.model.observation import ObservedFile
from leakwatch.sources import _fields as fields

_OID = re.compile(r"^oid sha256:([0-9a-f]{64})\r?$(?:\n^size ([0-9]{1,19})\r?$)?", re.MULTILINE)
_MAX_POINTERS = 100


def pointed_files(text: str, path: str, git_blob: str | None = None) -> tuple[ObservedFile, ...]:
    """The files that the pointers in a text stand for, as files at `path`; the same one is told once."""
    found: dict[str, ObservedFile] = {}
    for one in _OID.finditer(text[: fields.MAX_TEXT]):
        if len(found) >= _MAX_POINTERS:
            break
        known = found.get(one[1])
        size = fields.count(one[2])
        if known is None or known.size_bytes is None:
            found[one[1]] = ObservedFile(path=path, size_bytes=size, sha256=one[1], git_blob=git_blob)
    return tuple(found.values())
