"""The one shape that a pack may have: a plain zip, every member stored, names sorted, all fields fixed.

The same members always give the same bytes, so a reader can build the archive anew from what it has read and find any
byte that differs, also in headers that other programs never look at. It reads from the front and believes no length
that it has not checked: no compression, so no bomb; no name but those below, so no path.
Source: PKWARE APPNOTE 6.3, §4.3.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

MAX_BYTES = 2 * 2**30
MAX_MEMBERS = 20_000
_LOCAL, _CENTRAL, _END = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_DATE, _VERSION, _UNIX_FILE = 0x0021, 20, 0o100644 << 16
_HEAD = struct.Struct("<4sHHHHHIIIHH")
_ENTRY = struct.Struct("<4sHHHHHHIIIHHHHHII")
_TAIL = struct.Struct("<4sHHHHIIH")
_DIGEST = "[0-9a-f]{64}"
NAME = re.compile(
    rf"(?:[a-z]{{1,20}}\.(?:json|jsonl|txt|html)|warc/{_DIGEST}\.warc\.gz|(?:bodies|metadata)/{_DIGEST}"
    rf"|stamps/{_DIGEST}\.tsr|certificates/{_DIGEST}\.pem)\Z"
)
"""All names that there are: a few documents, and what is called by its own digest."""


def write(members: Mapping[str, bytes]) -> bytes:
    """The archive with these members. Raises: ValueError for a name that is not one of ours, or too much."""
    bad = [name for name in members if not NAME.match(name)]
    size = sum(len(data) + 200 for data in members.values())
    if bad or size > MAX_BYTES or len(members) > MAX_MEMBERS:
        raise ValueError(f"a pack cannot hold this: {bad[:1] or f'{len(members)} members, {size} bytes'}")
    body, central = bytearray(), bytearray()
    for name in sorted(members):
        data, told = members[name], name.encode("ascii")
        check = (zlib.crc32(data), len(data), len(data), len(told), 0)
        central += (
            _ENTRY.pack(
                _CENTRAL,
                3 << 8 | _VERSION,
                _VERSION,
                0,
                0,
                0,
                _DATE,
                *check,
                0,
                0,
                0,
                _UNIX_FILE,
                len(body),
            )
            + told
        )
        body += _HEAD.pack(_LOCAL, _VERSION, 0, 0, 0, _DATE, *check) + told + data
    count = len(members)
    return bytes(body + central + _TAIL.pack(_END, 0, 0, count, count, len(central), len(body), 0))


@dataclass(slots=True)
class Opened:
    """What was read: the members that are whole, and what is wrong with the others and with the archive."""

    members: dict[str, bytes] = field(default_factory=dict[str, bytes])
    problems: list[str] = field(default_factory=list[str])


def read(data: bytes) -> Opened:
    """Read an archive from the front; every byte of it is accounted for."""
    opened = Opened()
    at, last = 0, "the beginning"
    while data[at : at + 4] == _LOCAL and len(opened.members) < MAX_MEMBERS:
        head = data[at : at + _HEAD.size]
        if len(head) < _HEAD.size:
            break
        _, version, flags, method, time, date, crc, packed, size, name_length, extra = _HEAD.unpack(head)
        begins = at + _HEAD.size + name_length
        raw = data[at + _HEAD.size : begins]
        name = raw.decode("ascii", "replace")
        if (version, flags, method, time, date, extra) != (_VERSION, 0, 0, 0, _DATE, 0) or packed != size:
            opened.problems.append(_damaged(at, f"in the header of {_shown(name)}, after {last}"))
            return opened
        if not NAME.match(name) or begins + size > len(data):
            told = "no name that a pack has, or it is cut off"
            opened.problems.append(_damaged(at, f"at {_shown(name)}, after {last}: {told}"))
            return opened
        if name in opened.members:
            opened.problems.append(f"{name}: it is there twice")
            return opened
        opened.members[name] = data[begins : begins + size]
        if zlib.crc32(opened.members[name]) != crc:
            opened.problems.append(f"{name}: changed (its checksum does not fit)")
        at, last = begins + size, name
    _check_tail(data, at, last, opened)
    return opened


def _check_tail(data: bytes, at: int, last: str, opened: Opened) -> None:
    """What follows the members can be nothing but what `write` puts there."""
    if opened.problems:
        return
    try:
        expected = write(opened.members)
    except ValueError as error:
        opened.problems.append(str(error))
        return
    if expected == data:
        return
    length = min(len(expected), len(data))
    where = next((n for n in range(length) if expected[n] != data[n]), length)
    opened.problems.append(_damaged(where, f"near {_member_at(where, at, opened.members, last)}"))


def _member_at(where: int, end: int, members: Mapping[str, bytes], last: str) -> str:
    """The member that a byte belongs to, or whose entry in the directory at the end it is part of."""
    at = 0 if where < end else end
    for name in sorted(members):
        at += _HEAD.size + len(name) + len(members[name]) if where < end else _ENTRY.size + len(name)
        if where < at:
            return name
    return f"the end, after {last}"


def _damaged(at: int, where: str) -> str:
    return f"the archive itself is damaged at byte {at}, {where}"


def _shown(name: str) -> str:
    return "".join(char if char.isascii() and char.isprintable() else "?" for char in name[:100]) or "?"
