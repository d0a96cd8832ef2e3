"""Each capture: its body is there, and its WARC records are whole and say the same as the list."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from leakwatch.evidence.checking.parts import Checked

_MAX_RECORDS = 256 * 2**20
"""Bytes that the records of one capture may inflate to."""
_MAIN = ("response", "resource", "revisit")


def check_captures(checked: Checked) -> None:
    """Check the list of captures, and every WARC file of the pack."""
    lost = set(checked.document("finding.json").get("lost", ()))
    left = checked.left_out()
    found: dict[str, list[dict[str, str]]] = {}
    for name in sorted(one for one in checked.members if one.startswith("warc/")):
        found[name] = _records(name, checked)
    for one in checked.list_of("captures.json"):
        _check_one(one, found, lost | left, checked)
    if lost:
        checked.note(f"{len(lost)} pieces of evidence could not be read when the pack was made")
    count = sum(map(len, found.values()))
    checked.note(f"{len(found)} WARC files with {count} records")


def _check_one(
    one: dict[str, Any], found: dict[str, list[dict[str, str]]], lost: set[str], checked: Checked
) -> None:
    body = str(one["sha256"])
    if not {f"bodies/{body}", f"metadata/{body}"} & checked.members.keys() and body not in lost:
        checked.problem(f"bodies/{body}", "missing")
    if one["warc"] is None:
        checked.note(f"no record tells how {body} came: it was kept before there were any")
        return
    name = f"warc/{one['warc']}.warc.gz"
    if one["warc"] in lost:
        return
    if name not in found:
        checked.problem(name, "missing")
        return
    main = [record for record in found[name] if record["type"] in _MAIN]
    expected = {"digest": body, "date": one["captured_at"]}
    if not any(expected.items() <= record.items() for record in main):
        checked.problem(name, "it does not tell of the body and the time that captures.json names")
    if one["refers_to"] and one["refers_to"] not in lost:
        there = f"warc/{one['refers_to']}.warc.gz"
        if there not in found:
            checked.problem(there, "missing, though another record refers to it")


def _records(name: str, checked: Checked) -> list[dict[str, str]]:
    """What the records of one file say of themselves, their digests checked."""
    found: list[dict[str, str]] = []
    try:
        data = b"".join(_inflated(checked.members[name]))
        for record in ArchiveIterator(BytesIO(data), check_digests=True):
            while record.raw_stream.read(2**16):
                pass
            if record.digest_checker is None or record.digest_checker.passed is False:
                checked.problem(name, f"a {record.rec_type} record is changed")
            header = record.rec_headers.get_header
            found.append(
                {
                    "type": str(record.rec_type),
                    "date": str(header("WARC-Date")),
                    "digest": _hex(str(header("WARC-Payload-Digest"))),
                }
            )
    except (ArchiveLoadFailed, ValueError, EOFError, zlib.error) as error:
        checked.problem(name, f"it is no WARC file: {error}")
    return found


def _inflated(data: bytes) -> Iterator[bytes]:
    """All gzip members, no further than the limit. Raises: ValueError, zlib.error."""
    left = _MAX_RECORDS
    while data:
        inflate = zlib.decompressobj(31)
        told = inflate.decompress(data, left)
        left -= len(told)
        yield told
        if not inflate.eof:
            raise ValueError("it is cut off, or inflates beyond all measure")
        data = inflate.unused_data


def _hex(digest: str) -> str:
    kind, _, value = digest.partition(":")
    try:
        return base64.b32decode(value).hex() if kind == "sha256" else ""
    except ValueError:
        return ""
