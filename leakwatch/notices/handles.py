"""The account that an address itself names. Pure."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from leakwatch.notices.wording import host_of

_NAME = r"([A-Za-z0-9][A-Za-z0-9._-]{0,63})"
_BY_HOST: tuple[tuple[str, str], ...] = (
    ("gist.github.com", rf"/{_NAME}/[0-9a-f]{{8,}}"),
    ("reddit.com", rf"/(?:user|u)/{_NAME}(?:/|$)"),
    ("t.me", rf"/(?:s/)?(?!c/|s/|joinchat/){_NAME}/\d+"),
    ("telegram.me", rf"/(?:s/)?(?!c/|s/|joinchat/){_NAME}/\d+"),
)
"""By host, the beginning of a path that names an account or channel. Elsewhere /u/… may be a file."""
_BY_KIND = {
    "lemmy": rf"/u/{_NAME}(?:@|/|$)",
    "discourse": rf"/u/{_NAME}(?:/|$)",
    "mastodon": rf"/@{_NAME}(?:@|/|$)",
}
_PAGES = re.compile(rf"{_NAME}\.github\.io")


def handle_of(url: str, kind: str) -> str:
    """The account in an address, "" where it names none. `kind` is that of the site which showed it."""
    host, path = host_of(url), urlsplit(url).path
    if page := _PAGES.fullmatch(host):
        return page[1]
    for known, pattern in _BY_HOST:
        if host == known or host.endswith(f".{known}"):
            found = re.match(pattern, path)
            return found[1] if found else ""
    found = re.match(_BY_KIND[kind], path) if kind in _BY_KIND else None
    return found[1] if found else ""
