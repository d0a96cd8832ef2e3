"""The shape of a pack: the same bytes each time, and no byte that can change unnoticed."""

from __future__ import annotations

import io
import random
import struct
import zipfile
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leakwatch.evidence.archive import NAME, read, write

DIGEST = "ab" * 32
MEMBERS = {
    "manifest.json": b"{}",
    "report.html": b"<p>" * 50,
    f"bodies/{DIGEST}": b"",
    f"warc/{DIGEST}.warc.gz": bytes(range(256)),
}
HOSTILE = [
    *("../x", "/etc/passwd", "a/../../b", "C:\\x", "bodies/../x", "..", ".", "", "\\\\host\\x", "a\0b.json"),
    *(f"bodies/{DIGEST}/x", f"bodies/{DIGEST}\n", f"bodies/{DIGEST[:-1]}", f"bodies/{DIGEST.upper()}"),
    *(f"warc/{DIGEST}", f"warc/../{DIGEST}.warc.gz", "x" * 60_000 + ".json", "con.json\r", "a b.json"),
    *("\u202ejson.x", "résumé.json", "REPORT.HTML", "report.html ", ".json", "-.json", "x.exe", "x.json.exe"),
    *(f"{prefix}manifest.json" for prefix in ("./", "//", "../", "~/", "%2e/", "\x1b[2J", "\u200b", "a:")),
    *(f"{folder}/{DIGEST}" for folder in ("bodies/..", "Bodies", "bodies ", "metadata\\", "stamps", "x")),
    *(f"bodies/{char * 64}" for char in ("g", "A", ".", "/", "\\", "\u0660", " ", "-", "'", "<")),
    *("manifest.json/", "manifest.json;a", "manifest.json\\", "manifest", "json", "<script>.html", "'.txt"),
    *("zip.zip", "a" * 21 + ".json", "manifest.json\t", "bodies"),
]


def test_same_members_same_bytes() -> None:
    """The order in which members are given does not matter, and another program can open it."""
    made = write(MEMBERS)
    assert made == write(dict(reversed(MEMBERS.items())))
    with zipfile.ZipFile(io.BytesIO(made)) as other:
        assert other.testzip() is None
        assert {name: other.read(name) for name in other.namelist()} == MEMBERS
    opened = read(made)
    assert (opened.members, opened.problems) == (MEMBERS, [])


def test_no_byte_can_change() -> None:
    """Each of all bytes, of members and of headers, and each cut, is noticed."""
    made = write(MEMBERS)
    bits = random.Random(5)
    for at in range(len(made)):
        changed = bytearray(made)
        changed[at] ^= 1 << bits.randrange(8)
        assert read(bytes(changed)).problems, at
        assert read(made[:at]).problems, at
    assert read(made + b"\0").problems


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(name: str) -> None:
    """A name that no pack has is refused by whoever writes, and told by whoever reads."""
    assert not NAME.match(name)
    with pytest.raises(ValueError, match="cannot hold"):
        write({name: b"x"})
    raw, data = name.encode("utf-8", "surrogatepass"), b"x"
    head = struct.pack("<4sHHHHHIIIHH", b"PK\x03\x04", 20, 0, 0, 0, 0x21, zlib.crc32(data), 1, 1, len(raw), 0)
    opened = read(head + raw + data)
    assert (opened.members, len(opened.problems)) == ({}, 1)


def test_there_are_sixty_of_them() -> None:
    """The list is as long as is promised."""
    assert len(set(HOSTILE)) >= 60


def test_bombs_and_doubles() -> None:
    """A compressed member, a length beyond the end and a member that is there twice are told, not followed."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr(zipfile.ZipInfo("report.html", (1980, 1, 1, 0, 0, 0)), b"\0" * 50_000_000)
    assert "damaged" in read(packed.getvalue()).problems[0]
    one = write({"report.html": b"x"})
    member = one[: one.index(b"PK\x01\x02")]
    assert read(member + one).problems == ["report.html: it is there twice"]
    long = bytearray(one)
    struct.pack_into("<II", long, 18, 2**32 - 1, 2**32 - 1)
    assert "cut off" in read(bytes(long)).problems[0]


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_told(data: bytes) -> None:
    """Whatever it is given, it answers."""
    opened = read(data)
    assert opened.problems or write(opened.members) == data
