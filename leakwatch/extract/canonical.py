"""One spelling for all addresses of the same thing, as far as that can be told without asking the host."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from leakwatch.model.observation import short_key

_TRACKING = re.compile(
    r"(?:utm_\w+|fbclid|gclid|dclid|msclkid|yclid|twclid|igshid|mc_cid|mc_eid|_ga|ref_src|ref_url|spm)(?:=.*)?\Z",
    re.IGNORECASE,
)
_ESCAPE = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_USUAL = {"http": 80, "https": 443}


def canonical_url(url: str) -> str:
    """An address without what does not change what it leads to; one that is no web address stays as it is.

    Scheme and host in lower case, no usual port, no parameters that only track, no fragment, no slash at the end,
    escapes only where they are needed. http and https are one: no host keeps different files behind the two.
    """
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        return url
    scheme = parts.scheme.lower()
    if scheme not in _USUAL or not parts.hostname:
        return url
    host = parts.hostname.lower().rstrip(".")
    host = f"[{host}]" if ":" in host else host
    where = host if port in (None, _USUAL[scheme]) else f"{host}:{port}"
    kept = "&".join(one for one in parts.query.split("&") if one and not _TRACKING.match(one))
    path = _plain(parts.path).rstrip("/")
    return f"https://{where}{path}" + (f"?{kept}" if kept else "")


def canonical_repository(url: str) -> str:
    """A repository's address: case and `.git` make no difference. A fork has another owner, and so another address."""
    told = canonical_url(url)
    scheme, mark, rest = told.partition("://")
    return f"{scheme}{mark}{rest.casefold().removesuffix('.git')}" if mark else told


def url_key(url: str) -> str:
    """The artefact key of a file's address: what every post of it shares."""
    return short_key(f"url:{canonical_url(url)}")


def _plain(path: str) -> str:
    """Escapes of letters and digits are read, all others written in upper case."""

    def read(found: re.Match[str]) -> str:
        char = chr(int(found[1], 16))
        return char if char in _UNRESERVED else found[0].upper()

    return _ESCAPE.sub(read, path)
