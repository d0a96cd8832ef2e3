"""Who posted: a name and the platform on which it is somebody's. The same name elsewhere is another person's."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

from leakwatch.model.observation import Observation

_ANONYMOUS = frozenset(
    {"", "anonymous", "anon", "guest", "unknown", "deleted", "[deleted]", "[erased]", "ghost", "名無しさん"}
)
_TRIPCODE = re.compile(r"(?:^|\s)(!{1,2}\S{4,60})$")
_SECOND_LEVEL = frozenset({"ac", "co", "com", "edu", "gov", "net", "or", "org"})
_MAX = 300


def author_of(seen: Observation) -> str | None:
    """`platform:name`, or None where nobody can be told apart.

    Of a name with a tripcode only the tripcode counts: whoever knows its secret may call himself what he likes.
    """
    name = unicodedata.normalize("NFC", seen.author or "").strip()
    if name.casefold() in _ANONYMOUS:
        return None
    trip = _TRIPCODE.search(name)
    told = trip[1] if trip else name.casefold()
    return f"{platform_of(seen)}:{told}"[:_MAX]


def platform_of(seen: Observation) -> str:
    """The family of hosts that a post's address belongs to; without an address, the site by its own name."""
    try:
        parts = urlsplit(seen.url or "")
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        host, port = "", None
    if not host:
        return f"site {seen.site}"
    usual = port in (None, 80, 443)
    return host_family(host) + ("" if usual else f":{port}")


def host_family(host: str) -> str:
    """The name under which a host was registered, as far as its form tells: `boards.example.org` is `example.org`."""
    labels = host.lower().split(".")
    if labels[-1].isdigit() or ":" in host or len(labels) < 3:
        return host.lower()
    is_deep = len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    return ".".join(labels[-3:] if is_deep else labels[-2:])
