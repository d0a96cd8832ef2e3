"""Names of files: their endings, what the endings hide, and what a note says it is about."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leakwatch.fakes.tables import UNKNOWN, FakeTables

PROGRAMS = frozenset({"executable", "script", "trap"})
_MAX_NAME = 300
"""Bytes of a name that are read, from its end."""
_MAX_ENDING = 12
_KIB = 1024
_ADDRESS = re.compile(r"[\w.-]{1,60}")
_RUN = 8
_MARKS = re.compile("[\u00ad\u061c\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")
_OVERRIDES = re.compile("[\u202d\u202e\u2066-\u2068]")
_BLANKS = " _\t\u00a0\u2000\u2003\u2800\u3000\u3164"
_NOTE = re.compile(
    r"(?P<password>passw|passcode|\bpwd\b|пароль|contrase|\bsenha\b|mot.?de.?passe|密码|解压|パスワード)"
    r"|(?P<codec>codec|\bk.?lite\b|player|\bdrm\b|licen[cs]e.?(?:setup|install|key|acqu)|video.?fix|plugin"
    r"|(?:can.?t|not|to).?(?:play|watch))"
    r"|(?P<howto>how.?to.?(?:open|unlock|extract|unpack|unzip|play|watch|get|download)|read.?(?:me|this).?first"
    r"|unlock|\bsurvey\b|click.?here|download.?(?:link|here|now)|get.?(?:the.?)?(?:key|code|link)|open.?me)"
)


def base_name(raw_path: Sequence[bytes]) -> str:
    """The last component as text, its last 300 bytes; empty for a file without a path."""
    return raw_path[-1][-_MAX_NAME:].decode("utf-8", "replace") if raw_path else ""


def ending_of(name: str) -> str:
    """What a computer takes for the ending: the last one as it is stored, whatever the eye is shown."""
    stem, dot, ending = name.rstrip(" .").rpartition(".")
    if not dot or not stem or len(ending) > _MAX_ENDING:
        return ""
    return (ending if ending.isascii() else _MARKS.sub("", ending)).strip().lower()


def class_of(name: str, size_bytes: int, tables: FakeTables) -> str:
    """The class of a file. A `.com` may be an address, a tiny exe is none; a long txt is a text."""
    ending = ending_of(name)
    found = tables.class_of(ending)
    if ending == "com" and ("www." in name.lower() or (size_bytes < _KIB and _ADDRESS.fullmatch(name))):
        return "note"
    if ending == "md" and size_bytes >= tables.limits["note_as_text"]:
        return UNKNOWN  # a cartridge of the Mega Drive
    if found in PROGRAMS and ending == "exe" and size_bytes < tables.limits["program"]:
        return "note"
    if ending == "txt" and size_bytes >= tables.limits["note_as_text"]:
        return "document"
    return found


def disguise_of(name: str, tables: FakeTables) -> str:
    """How the name of a program or link hides what it is; empty where it does not."""
    if _OVERRIDES.search(name):
        return "marks that turn the direction of writing hide the ending of a program"
    stem = name.rstrip(" .").rpartition(".")[0]
    if len(stem) - len(stem.rstrip(_BLANKS)) >= _RUN:
        return "a run of spaces hides the ending of a program"
    shown = ending_of(stem)
    if tables.class_of(shown) in _WORKS:
        return f"a program's name ends in .{shown}.{ending_of(name)}"
    return ""


_WORKS = frozenset(
    {
        "video",
        "windows_media",
        "audio",
        "ebook",
        "document",
        "archive",
        "disc",
        "image",
        "subtitle",
        "weights",
        "note",
    }
)


def note_about(name: str, known: str) -> str:
    """What a note is about: `password`, `howto`, `codec` or nothing. Words of the work's own name do not count."""
    found = _NOTE.search(name.lower())
    if not found or found[0] in known:
        return ""
    return found.lastgroup or ""
