"""ed2k links: `ed2k://|file|name|size|hash|/`, with the hash of the file's content, as eMule and its kin share files.

What may follow the hash is left out: the AICH hash, hashes of parts, and sources, which are addresses of peers.
Source: the eMule wiki, "eD2k Links".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

_BAR = r"(?:\||%7C)"
LINK = re.compile(
    rf"ed2k://{_BAR}file{_BAR}(?P<name>(?:(?!%7C)[^|\r\n<>\"]){{1,800}}){_BAR}(?P<size>[0-9]{{1,15}}){_BAR}"
    rf"(?P<hash>[0-9a-f]{{32}}){_BAR}",
    re.IGNORECASE,
)
_MAX_NAME = 250
_MAX_BYTES = 2**43
"""Far above what the network takes (256 GiB)."""


@dataclass(frozen=True, slots=True)
class Ed2kLink:
    """One file as a link names it. `digest` is lower-case hex."""

    name: str
    size_bytes: int
    digest: str

    def __str__(self) -> str:
        """The link with nothing but name, size and hash, as `parse_ed2k` reads it."""
        name = re.sub(r"[%<>\"]", lambda found: quote(found[0]), self.name)
        return f"ed2k://|file|{name}|{self.size_bytes}|{self.digest}|/"


def parse_ed2k(text: str) -> Ed2kLink | None:
    """The link at the beginning of a text; None if there is none, or of an impossible size."""
    found = LINK.match(text)
    return link_of(found) if found else None


def link_of(found: re.Match[str]) -> Ed2kLink | None:
    """The link that `LINK` found; a line break in the name, which would end it, becomes an underscore."""
    size = int(found["size"])
    name = re.sub(r"[\r\n]", "_", unquote(found["name"])).strip()[:_MAX_NAME].strip()
    return Ed2kLink(name, size, found["hash"].lower()) if name and 0 < size < _MAX_BYTES else None
