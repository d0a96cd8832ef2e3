"""Reading the fields that several kinds share: hostile values in, clean values or None out."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

from leakwatch.errors import InfohashError, LayoutChanged, MagnetError, Refused
from leakwatch.model.swarm import believable
from leakwatch.sources._kind import CredentialRef, Cursor, Json, Question
from leakwatch.torrent.infohash import parse_v1
from leakwatch.torrent.magnet import parse_magnet

_Item = TypeVar("_Item")
_Read = TypeVar("_Read")

MAX_TEXT = 500_000
UNREADABLE = (ValueError, TypeError, LookupError, AttributeError, OverflowError)
"""What readers of XML raise for values that they did not foresee; UnicodeError is a ValueError."""

NEXT_IS_ELSEWHERE = "the next page is on another host and was not followed"
_ERROR_WORDS = ("message", "error", "error_description")
_TURN = "asked/"
_PORTS = {"http": 80, "https": 443}
_REFERENCE = re.compile(rb"&#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?")
_MEANT = re.compile(r"[\s\"'()\[\]{}^~*?:\\/!&|+<>=,;#@$%`]+")
_NAMED_BY_HASH = re.compile(r"/([0-9a-fA-F]{40})\.torrent(?:$|[?#])")
_SIZE = re.compile(r"(\d[\d.,\s]{0,14}?)\s?([KMGTP])i?B\b", re.IGNORECASE)
_UNITS = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40, "p": 2**50}
_NUMBER = re.compile(r"[0-9A-Za-z]{1,64}\Z")


def text(value: Json, limit: int = MAX_TEXT) -> str | None:
    """A string, or None where there is none."""
    return value[:limit] if isinstance(value, str) and value else None


def count(value: Json) -> int | None:
    """A number of bytes or of things: a non-negative integer below 2^63, or a text of digits that is one."""
    if (
        isinstance(value, str)
        and value.strip().isascii()
        and value.strip().isdigit()
        and len(value.strip()) < 20
    ):
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else None


def peers(value: Json) -> int | None:
    """A number of peers that can be true: an index may claim any."""
    return believable(count(value))


def size_text(value: str) -> int | None:
    """Bytes from a text such as "1.4 GiB" or "938.49 MB": rounded by whoever wrote it, so never exact."""
    found = _SIZE.search(value[:2000])
    if not found:
        return None
    digits = re.sub(r"\s", "", found[1])
    digits = digits.replace(",", "") if "." in digits else digits.replace(",", ".", 1).replace(",", "")
    try:
        return int(float(digits) * _UNITS[found[2].lower()])
    except ValueError:
        return None


def when(value: Json) -> datetime | None:
    """A time from ISO 8601, RFC 2822 or seconds since the epoch; a text without a zone is taken as UTC."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        if not isinstance(value, str) or not value.strip():
            return None
        told = value.strip()
        parsed = datetime.fromisoformat(told) if told[:4].isdigit() else parsedate_to_datetime(told)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, OverflowError, OSError, IndexError):
        return None


def infohash_v1(value: Json) -> str | None:
    """A v1 infohash in lower-case hex from hex or base32, or None."""
    try:
        return parse_v1(value.strip()).hex() if isinstance(value, str) else None
    except InfohashError:
        return None


def magnet(value: Json) -> str | None:
    """The magnet URI, if it is one with a valid infohash."""
    if not isinstance(value, str) or value[:8].lower() != "magnet:?":
        return None
    try:
        parse_magnet(value)
    except MagnetError:
        return None
    return value


def magnet_hashes(uri: str | None) -> tuple[str | None, str | None]:
    """The v1 and v2 infohash of a valid magnet URI, in hex."""
    if not uri:
        return None, None
    hashes = parse_magnet(uri).infohashes
    return hashes.v1.hex() if hashes.v1 else None, hashes.v2.hex() if hashes.v2 else None


def named_infohash(torrent_url: str | None) -> str | None:
    """The infohash by which a torrent's address calls it, as caches of torrents do: `…/<40 hex digits>.torrent`."""
    found = _NAMED_BY_HASH.search(torrent_url or "")
    return found[1].lower() if found else None


def hex_digest(value: Json, size: int) -> str | None:
    """A digest of `size` bytes in lower-case hex, or None."""
    if isinstance(value, str) and len(value) == 2 * size and re.fullmatch(r"[0-9a-fA-F]+", value):
        return value.lower()
    return None


def repository_id(url: str | None, number: Json) -> str | None:
    """Host and number of a repository, which stay when it is renamed; None where either is not told."""
    told = "" if isinstance(number, bool) else str(number or "")
    try:
        host = urlsplit(url or "").hostname
    except ValueError:
        return None
    return f"{host}/{told}" if host and _NUMBER.match(told) else None


def list_of(value: Json, what: str, url: str) -> list[dict[str, Json]]:
    """A list of objects. Raises: LayoutChanged, saying what was expected where; Refused for an error in its place."""
    if not isinstance(value, list):
        told = next((one for one in map(mapping(value).get, _ERROR_WORDS) if text(one)), None)
        if told:
            raise Refused(f"{url} answers {text(told, 200)}")
        raise LayoutChanged(f"expected {what} from {url}, got {type(value).__name__}")
    found = [item for item in value if isinstance(item, dict)]
    if value and not found:
        raise LayoutChanged(f"expected {what} from {url}, got a list of {type(value[0]).__name__}")
    return found


def need(items: Sequence[Mapping[str, Json]], names: Sequence[str], url: str) -> None:
    """See that a page still has what its items are known by, or their changes; else they would silently stay away.

    Raises: LayoutChanged where there are items and not one has any of these fields; it names them.
    """
    if items and not any(one.get(name) not in (None, "") for one in items for name in names):
        raise LayoutChanged(f"none of {len(items)} items of {url} has the field {' or '.join(names)}")


def mapping(value: Json) -> dict[str, Json]:
    """An object, or an empty one where there is none."""
    return value if isinstance(value, dict) else {}


def credential(state: Mapping[str, Json]) -> CredentialRef | None:
    """The secret's name that a request handed on in its state."""
    name = text(state.get("credential"))
    return CredentialRef(name) if name else None


def search_words(words: str, limit: int = 200) -> str:
    """The words of a question without what search languages give a meaning: quotes, fields, operators, wildcards."""
    told = [one.strip("-.") for one in _MEANT.sub(" ", words).split()]
    told = [one.lower() if one in ("AND", "OR", "NOT") else one for one in told if one]
    while told and len(" ".join(told)) > limit:
        told.pop()
    return " ".join(told)


def digests_in_turn(question: Question, limit: int, cursor: Cursor) -> Iterator[tuple[str, dict[str, Json]]]:
    """The SHA-256 to ask for now, at most `limit`, and what the state of each request must hold.

    The next poll goes on behind them: the answer to the last one moves the cursor, by `turned`.
    """
    told = question.digests.get("sha256", ())
    sound = list(dict.fromkeys(one for one in (hex_digest(value, 32) for value in told) if one))
    if len(sound) <= limit:
        yield from ((one, {}) for one in sound)
        return
    key = f"{_TURN}{question.asset or ''}/{sound[0][:16]}"
    at = (count(cursor.get(key)) or 0) % len(sound)
    now = (sound[at:] + sound[:at])[:limit]
    yield from ((one, {}) for one in now[:-1])
    yield now[-1], {"turn": {key: (at + limit) % len(sound)}}


def turned(state: Mapping[str, Json]) -> dict[str, Json]:
    """What the answer to a question moves in the cursor."""
    return {key: value for key, value in mapping(state.get("turn")).items() if key.startswith(_TURN)}


def joined(base: str, url: Json) -> str | None:
    """The address that a link on a page leads to, or None where it is none."""
    try:
        return urljoin(base, url) if isinstance(url, str) and url else None
    except ValueError:
        return None


def readable(items: Sequence[_Item], read: Callable[[_Item], _Read]) -> tuple[tuple[_Read, ...], str]:
    """What could be read of the items, and the count of the others in words: one bad item hides no other.

    Raises: LayoutChanged where not one could be read; it names what the first one lacks.
    """
    done: list[_Read] = []
    first = ""
    for item in items:
        try:
            done.append(read(item))
        except UNREADABLE as error:
            lacks = (
                f"{error} is missing" if isinstance(error, KeyError) else f"{type(error).__name__}: {error}"
            )
            first = first or lacks[:200]
    if items and not done:
        raise LayoutChanged(f"none of {len(items)} items could be read ({first})")
    return tuple(done), unread(len(items) - len(done), len(items))


def unread(bad: int, of: int) -> str:
    """What a page says of items that it could not read; nothing where there are none."""
    return f"{bad} of {of} items could not be read" if bad else ""


def mended(body: bytes) -> bytes:
    """The document with U+FFFD for references to what is no character, such as `&#xD800;` or `&#99999999999;`.

    XML 1.0, 2.2: such a document is not well-formed. Readers give up all of it, or the item, for one of them.
    """
    return _REFERENCE.sub(_character, body)


def _character(found: re.Match[bytes]) -> bytes:
    digits = (found[1] or found[2]).lstrip(b"0") or b"0"
    if len(digits) < 8:
        number = int(digits, 16 if found[1] else 10)
        if number < 0xD800 or 0xE000 <= number < 0x110000:
            return found[0]
    return b"&#xFFFD;"


def next_link(header: str | None, base: str) -> str | None:
    """The target of `rel="next"` in a Link header (RFC 8288), if scheme, host and port are those of `base`.

    The request for it carries the credential of the page before it, which no other host may see.
    """
    return onward(_next(header), base)


def onward(address: Json, base: str) -> str | None:
    """The address of a next page, if scheme, host and port are those of `base`."""
    url = joined(base, address)
    return url if url and _origin(url) and _origin(url) == _origin(base) else None


def has_next(header: str | None) -> bool:
    """Whether a Link header says that there is a next page, wherever it is."""
    return _next(header) is not None


def _origin(url: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(url)
        port = _PORTS.get(parts.scheme) if parts.port is None else parts.port
    except ValueError:
        return None
    if not parts.hostname or port is None or "@" in parts.netloc or "\\" in url:
        return None
    return parts.scheme, parts.hostname, port


def _next(header: str | None) -> str | None:
    for part in (header or "")[:8000].split(","):
        found = re.match(r"\s*<([^<>\s]+)>(.*)", part)
        if found and re.search(r';\s*rel="?next"?', found[2]):
            return found[1]
    return None
