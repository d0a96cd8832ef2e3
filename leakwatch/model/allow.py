"""Allow: where an asset may be seen, with what follows from that, until when, and why."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from leakwatch.errors import InfohashError
from leakwatch.torrent.infohash import parse_v1, parse_v2

_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?\Z")
_MOST = 500


class AllowWhat(StrEnum):
    """What an entry speaks of. `site`, `uploader`, `author`, `item` and `page` allow whole items, the others locators.

    `author` is somebody on one platform, whichever site showed him; `uploader` is a name as a site tells it.
    """

    INFOHASH = "infohash"
    HOST = "host"
    REPOSITORY = "repository"
    UPLOADER = "uploader"
    URL = "url"
    SITE = "site"
    AUTHOR = "author"
    ITEM = "item"
    PAGE = "page"


class AllowEffect(StrEnum):
    """INFORM makes a finding in the state `allowed`, which wakes nobody; SUPPRESS makes none and is counted."""

    INFORM = "inform"
    SUPPRESS = "suppress"


@dataclass(frozen=True, slots=True, kw_only=True)
class Allow:
    """One entry of an asset's allow list. `until` is its last day, in UTC; None for good."""

    what: AllowWhat
    value: str
    effect: AllowEffect = AllowEffect.INFORM
    until: date | None = None
    reason: str = ""

    @property
    def name(self) -> str:
        """What identifies the entry."""
        return f"{self.what.value} {self.value}"

    def is_live(self, day: date) -> bool:
        """Whether it has an effect on this day."""
        return self.until is None or day <= self.until


def allow_from_json(told: Any) -> Allow:
    """An entry from its JSON, its value in the spelling that is compared. Raises: ValueError saying what is wrong."""
    if not isinstance(told, dict):
        raise ValueError("an entry is an object of what, value, effect, until and reason")  # noqa: TRY004 - theirs
    if unknown := told.keys() - {"what", "value", "effect", "until", "reason"}:
        raise ValueError(f"unknown key {min(unknown)!r}")
    what, value, effect = told.get("what"), told.get("value"), told.get("effect", AllowEffect.INFORM)
    if what not in list(AllowWhat):
        raise ValueError(f"`what` is one of {', '.join(AllowWhat)}, not {what!r}"[:300])
    if effect not in list(AllowEffect):
        raise ValueError(f"`effect` is one of {', '.join(AllowEffect)}, not {effect!r}"[:300])
    if not isinstance(value, str) or not value.strip() or len(value) > _MOST:
        raise ValueError(f"`value` is a text of at most {_MOST} characters")
    reason, until = told.get("reason") or "", told.get("until")
    if not isinstance(reason, str) or len(reason) > _MOST:
        raise ValueError(f"`reason` is a text of at most {_MOST} characters")
    try:
        last = None if until is None else date.fromisoformat(until)
    except (ValueError, TypeError) as error:
        raise ValueError(f"`until` is a day such as 2027-01-31, not {until!r}"[:300]) from error
    kind = AllowWhat(what)
    return Allow(
        what=kind, value=_checked(kind, value.strip()), effect=AllowEffect(effect), until=last, reason=reason
    )


def allow_json(allow: Allow) -> dict[str, str]:
    """An entry as JSON; what is empty is left out."""
    told: Mapping[str, str | None] = {
        "what": allow.what.value,
        "value": allow.value,
        "effect": allow.effect.value,
        "until": allow.until.isoformat() if allow.until else None,
        "reason": allow.reason,
    }
    return {name: value for name, value in told.items() if value}


def _checked(what: AllowWhat, value: str) -> str:
    if what is AllowWhat.INFOHASH:
        return swarm_hex(value)
    if what is AllowWhat.HOST:
        host = value.lower().rstrip(".")
        if not _HOST.match(host):
            raise ValueError(f"a host is a name such as example.org, not {value!r}")
        return host
    if what in (AllowWhat.URL, AllowWhat.REPOSITORY, AllowWhat.PAGE):
        if place_of(value) is None:
            raise ValueError(
                f"an address begins with http:// or https://, and {value!r} does not, or is broken"
            )
        return value
    return value


def swarm_hex(text: str) -> str:
    """The first 20 bytes of an infohash, by which swarms are known, in hex. Raises: ValueError."""
    for parse, told in ((parse_v1, text), (parse_v2, text), (parse_v2, "1220" + text)):
        try:
            return parse(told)[:20].hex()
        except InfohashError:
            continue
    raise ValueError(f"an infohash has 40 hex, 32 base32 or 64 hex digits, not {text!r}")


def place_of(url: str) -> tuple[str, str, str] | None:
    """Host, port and path of a web address; None where readers may disagree on where it leads."""
    if "\\" in url or any(char.isspace() or not char.isprintable() for char in url):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    path = parts.path.replace("%2e", ".").replace("%2E", ".")
    if parts.scheme not in ("http", "https") or not parts.hostname or ".." in path.split("/"):
        return None
    usual = {"http": 80, "https": 443}[parts.scheme]
    return parts.hostname.lower().rstrip("."), "" if port in (None, usual) else str(port), path
