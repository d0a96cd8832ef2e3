"""`paste`: the newest public pastes of Pastebin by its scraping API: a list, then each new paste's text.

Source: pastebin.com/doc_scraping_api (`api_scraping.php`, `api_scrape_item.php`). For one listed address of a PRO account.

History
2026-11  first version
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from leakwatch.errors import ConfigError, LayoutChanged, Refused
from leakwatch.model.observation import Observation
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Cursor, Json, Page, Payload, PolledKind, Request, site_name

_KNOWN = "known"
_MAX_LIST = 250
_GONE = (404, 410)
_KEY = re.compile(r"[A-Za-z0-9]{1,16}\Z")
_NO_ACCESS = re.compile(rb"\s*YOUR IP:.{0,80}?DOES NOT HAVE ACCESS", re.IGNORECASE | re.DOTALL)
_NO_PASTE = re.compile(rb"\s*Error, (?:we cannot find this paste|paste key is not valid)", re.IGNORECASE)
_MAX_NOTICE = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class PasteSite:
    """Settings: address of the scraping API, how many pastes its list shows, and how many texts one poll reads."""

    url: str = "https://scrape.pastebin.com"
    limit: int = _MAX_LIST
    max_items: int = _MAX_LIST

    def __post_init__(self) -> None:
        """Raises: ConfigError for numbers that the API or a poll cannot have."""
        for name in ("limit", "max_items"):
            if not 1 <= getattr(self, name) <= _MAX_LIST:
                raise ConfigError(f"expected a number from 1 to {_MAX_LIST}", field=name)


def start(site: PasteSite, cursor: Cursor) -> Iterator[Request]:
    """The list of the newest pastes."""
    api = site.url.rstrip("/")
    state = {"step": "list", "api": api, "known": cursor.get(_KNOWN) or "", "max_items": site.max_items}
    yield Request(url=f"{api}/api_scraping.php?limit={site.limit}", state=state)


def parse(payload: Payload) -> Page:
    """A list gives its pastes without their texts, and the texts to read; a text is an observation of its own.

    Raises: Refused where our address is not a listed one; LayoutChanged if the answer is not of the API's shape.
    """
    if payload.request.state.get("step") == "item":
        return _item(payload)
    if _is_notice(payload, _NO_ACCESS):
        raise Refused(
            f"{payload.url}: this machine's address has no access; enter it at pastebin.com/doc_scraping_api "
            "with a PRO account"
        )
    return _list(payload)


def _list(payload: Payload) -> Page:
    """Every paste that is shown. Texts not asked for yet are asked for, oldest first; what is put off stays unknown."""
    state = payload.request.state
    shown = fields.list_of(payload.json(), "a list of pastes", payload.url)
    observations, unread = fields.readable(shown, lambda paste: _observation(paste, payload))
    by_key = {key: paste for paste in shown if (key := _key(paste))}
    known = set((fields.text(state.get("known")) or "").split())
    new = [key for key in reversed(by_key) if key not in known]
    wanted = new[: fields.count(state.get("max_items")) or _MAX_LIST]
    told = known.intersection(by_key) | set(wanted)
    late = f"{len(new) - len(wanted)} pastes put off to the next poll" if len(new) > len(wanted) else ""
    return Page(
        observations=observations,
        next_requests=tuple(_item_request(by_key[key], state) for key in wanted),
        cursor={_KNOWN: " ".join(sorted(told)) or None},
        incomplete=unread or late,
    )


def _key(paste: Mapping[str, Json]) -> str:
    """What a paste is known by; it becomes part of an address."""
    key = paste.get("key")
    return key if isinstance(key, str) and _KEY.match(key) else ""


def _item_request(paste: Mapping[str, Json], state: Mapping[str, Json]) -> Request:
    return Request(
        url=f"{fields.text(state.get('api'), 500) or ''}/api_scrape_item.php?i={paste['key']}",
        keep=True,
        verbatim=True,
        state={
            "step": "item",
            "key": paste["key"],
            "title": fields.text(paste.get("title"), 500),
            "user": fields.text(paste.get("user"), 100),
            "page": fields.text(paste.get("full_url"), 500),
            "date": fields.count(paste.get("date")),
            "size": fields.count(paste.get("size")),
        },
    )


def _observation(paste: Mapping[str, Json], payload: Payload) -> Observation:
    key = _key(paste)
    if not key:
        raise ValueError("a paste without a key")
    return Observation(
        site=site_name(payload),
        native_id=key,
        title=fields.text(paste.get("title"), 500) or "",
        fetched_at=payload.fetched_at,
        url=_address(paste.get("full_url")),
        published_at=fields.when(fields.count(paste.get("date"))),
        author=fields.text(paste.get("user"), 100),
        size_bytes=fields.count(paste.get("size")),
    )


def _item(payload: Payload) -> Page:
    """The text of one paste. One that was removed, or has expired, is honestly empty."""
    state = payload.request.state
    if payload.status in _GONE or _is_notice(payload, _NO_PASTE):
        return Page()
    if _is_notice(payload, _NO_ACCESS):
        raise Refused(f"{payload.url}: this machine's address has no access any more")
    if not payload.body:
        raise LayoutChanged(f"expected the text of a paste from {payload.url}")
    text = payload.body.decode("utf-8", "replace")
    return Page(
        observations=(
            Observation(
                site=site_name(payload),
                native_id=f"{fields.text(state.get('key'), 16) or payload.url}/text",
                title=fields.text(state.get("title"), 500) or "",
                fetched_at=payload.fetched_at,
                url=_address(state.get("page")),
                published_at=fields.when(fields.count(state.get("date"))),
                author=fields.text(state.get("user"), 100),
                text=fields.text(text),
            ),
        ),
        incomplete=f"{payload.url} is longer than {fields.MAX_TEXT} characters"
        if len(text) > fields.MAX_TEXT
        else "",
    )


def _address(value: Json) -> str | None:
    url = fields.text(value, 500)
    return url if url and url.startswith(("http://", "https://")) else None


def _is_notice(payload: Payload, words: re.Pattern[bytes]) -> bool:
    """Whether the API itself says this, and not the text of a paste that is as long as the list has told."""
    told = fields.count(payload.request.state.get("size"))
    return len(payload.body) <= _MAX_NOTICE and len(payload.body) != told and bool(words.match(payload.body))


def holds(request: Request) -> bool:
    """The text of a paste is all that its address shows."""
    return request.state.get("step") == "item"


KIND = PolledKind(
    name="paste", settings=PasteSite, start=start, parse=parse, is_window=True, is_api=True, holds=holds
)
