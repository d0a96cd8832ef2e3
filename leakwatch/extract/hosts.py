"""Links to file hosts, by a table of hosts: `mega.nz/file/…`, `drive.google.com/file/d/…` and their like."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_LINK = re.compile(r"\.[a-z]{2,12}[/?]", re.IGNORECASE)
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-"
_MAX_HOST, _MAX_PATH, _MAX_TRIED = 260, 400, 5_000
_PATH = re.compile(rf"[^\s\"'<>`\\^{{}}|]{{1,{_MAX_PATH}}}")
_CODE = re.compile(
    r"(?:提取码|提取碼|访问码|訪問碼|密码|密碼|pwd|passcode|code)[\s:：=]{0,4}([A-Za-z0-9]{4})(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_CODE_WITHIN = 60


@dataclass(frozen=True, slots=True)
class HostPath:
    """One form of a host's links, and the one address that all forms of it stand for.

    Units:  `dead` is the month in which the host closed, empty while it answers.
    """

    pattern: re.Pattern[str]
    canonical: str
    with_code: bool = False
    dead: str = ""


@dataclass(frozen=True, slots=True)
class Hosts:
    """Forms of links by host, and words that stand where an id would and are none."""

    paths: dict[str, tuple[HostPath, ...]] = field(default_factory=dict[str, tuple[HostPath, ...]])
    no_ids: frozenset[str] = frozenset()


NO_HOSTS = Hosts()


def find_host_links(text: str, hosts: Hosts) -> Iterator[tuple[int, int, str]]:
    """Start, end and canonical address of each link to a file; a key or code follows it behind `#`.

    Hosts that closed give none: nothing can be had there.
    """
    last, tried = 0, 0
    for ending in _LINK.finditer(text) if hosts.paths else ():
        if ending.start() < last or tried == _MAX_TRIED:
            continue
        slash = ending.end() - 1
        window = text[max(last, slash - _MAX_HOST) : slash]
        before = window.rstrip(_LETTERS)
        name = _known(window[len(before) :].lower(), hosts)
        if name is None:
            continue
        tried += 1
        told = _link(name, text, slash, hosts)
        if told:
            scheme = re.search(r"https?://\Z", before[-8:], re.IGNORECASE)
            start = slash - len(window) + len(before) - (len(scheme[0]) if scheme else 0)
            last, address = told
            yield start, last, address


def _known(name: str, hosts: Hosts) -> str | None:
    """The host of the table that a name is, or is under."""
    name = name.lstrip(".-")
    while name not in hosts.paths:
        _, dot, name = name.partition(".")
        if not dot:
            return None
    return name


def _link(name: str, text: str, slash: int, hosts: Hosts) -> tuple[int, str] | None:
    path = _PATH.match(text, slash)
    for one in hosts.paths[name] if path else ():
        found = one.pattern.match(text, slash, path.end() if path else slash)
        if found is None or one.dead:
            continue
        parts = found.groupdict()
        secret = parts.pop("key", None)
        if any(part.lower() in hosts.no_ids for part in parts.values()):
            continue
        if one.with_code and secret is None:
            code = _CODE.search(text, slash, found.end() + _CODE_WITHIN)
            secret = code[1] if code else None
        return found.end(), one.canonical.format(**parts) + (f"#{secret}" if secret else "")
    return None


def without_key(address: str) -> str:
    """What names the file: two posts of one link, with and without its key, are of one artefact."""
    return address.partition("#")[0]
