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
_VIEWS = frozenset("www www2 m mobile old new np sh amp api boards board forum forums i t en web bbs".split())
"""First labels of addresses under which a platform shows the same people."""
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
    """The host of a post's address, whatever the view; without an address, the site by its own name."""
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
    """A host without the labels that are only views of a platform: `old.reddit.com` is `reddit.com`.

    Any other label may be a forum of its own, as `gardens.forumotion.com` is.
    """
    labels = host.lower().split(".")
    while len(labels) > 2 and labels[0] in _VIEWS:
        del labels[0]
    return ".".join(labels)
