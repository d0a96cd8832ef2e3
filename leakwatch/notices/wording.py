"""Untrusted text made safe to quote in a letter, with its addresses still real."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit, urlunsplit

from leakwatch.display import clean

MAX_URL = 4000
_KEPT = "!#$%&'()*+,/:;=?@~-._"
_OURS = re.compile(r"\[(?=(?:SIGNATURE|MISSING)\b)", re.IGNORECASE)
"""How a draft marks places of its own, which nobody else may."""


def quoted(text: str, limit: int = 200) -> str:
    """One line of somebody's text as data: no control, bidi or zero-width characters, and no end of the quotes."""
    return _unmarked(clean(text, limit)).replace('"', "'")


def one_line(text: str, limit: int = 300) -> str:
    """One line for a header or a list."""
    return " ".join(_unmarked(clean(text, limit)).split())


def _unmarked(text: str) -> str:
    """Without what a draft reads as its own mark, or a mail program as an encoded word (RFC 2047), which may hide a line end."""
    return _OURS.sub("(", text).replace("=?", "= ?")


def real_url(url: str) -> str:
    """The address as a browser would ask for it, in printable ASCII: it works, and cannot steer who reads it.

    Characters outside of ASCII, blanks and control characters are percent-encoded, a host's as its IDNA form.
    """
    told = url.strip()[:MAX_URL].encode("utf-8", "replace").decode("utf-8")
    try:
        parts = urlsplit(re.sub(r"[\t\r\n]", "", told))
        host = parts.netloc.encode("idna").decode("ascii") if not parts.netloc.isascii() else parts.netloc
    except (ValueError, UnicodeError):
        return quote(told, safe=_KEPT)
    rest = (quote(one, safe=_KEPT) for one in (parts.path, parts.query, parts.fragment))
    return urlunsplit((parts.scheme, quote(host, safe=_KEPT + "[]"), *rest))


def host_of(url: str) -> str:
    """The host of a web address, lower-case, with its port where that is not the usual one; "" for no web address."""
    try:
        parts = urlsplit(real_url(url))
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    usual = {"http": 80, "https": 443}[parts.scheme]
    host = parts.hostname.rstrip(".").removeprefix("www.")
    return host if port in (None, usual) else f"{host}:{port}"
