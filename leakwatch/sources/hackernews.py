"""`hackernews`: every story and comment in the order of their numbers, which have no holes; searches by Algolia.

Source: github.com/HackerNews/API (`maxitem`, `item`, `updates`); hn.algolia.com/api (`search_by_date`).

History
2026-11  first version
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from leakwatch.errors import LayoutChanged, Refused
from leakwatch.model.observation import Observation
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Cursor, Json, Page, Payload, PolledKind, Question, Request, site_name

_LAST = "last"
_AGAIN = "again/"
_MAX_TRIES = 3
_MAX_LAG = 10_000
"""Items that an answer may lie behind the last known one: a copy that lags, and no nonsense."""
_TYPES = ("story", "comment", "job", "poll", "pollopt")
_PAGE = "https://news.ycombinator.com/item?id="


@dataclass(frozen=True, slots=True, kw_only=True)
class HackernewsSite:
    """Settings: addresses of the item API and of its search, how many new items one poll reads, and whether edits, too."""

    url: str = "https://hacker-news.firebaseio.com"
    search_url: str = "https://hn.algolia.com"
    limit: int = 200
    edits: bool = True


def start(site: HackernewsSite, cursor: Cursor) -> Iterator[Request]:
    """The newest number there is, what changed of the items read, and those that were not there yet when asked for."""
    told = {"api": site.url, "last": cursor.get(_LAST), "limit": site.limit}
    yield Request(url=f"{site.url}/v0/maxitem.json", state={"step": "newest", **told})
    if site.edits and cursor.get(_LAST) is not None:
        yield Request(url=f"{site.url}/v0/updates.json", state={"step": "updates", **told})
    for key, tries in cursor.items():
        if key.startswith(_AGAIN):
            number = fields.count(key.removeprefix(_AGAIN))
            if number is not None:
                yield _item_request(site.url, number, fields.count(tries) or 0)


def ask(site: HackernewsSite, cursor: Cursor, question: Question) -> Iterator[Request]:  # noqa: ARG001 - newest first
    """The newest hundred stories and comments that have these words."""
    if question.words:
        query = urlencode({"query": question.words, "tags": "(story,comment)", "hitsPerPage": "100"})
        yield Request(url=f"{site.search_url}/api/v1/search_by_date?{query}", state={"step": "search"})


def parse(payload: Payload) -> Page:
    """The newest number and the changes give the items to read, an item or a search its observations.

    Raises: Refused where the database says no in JSON; LayoutChanged if the JSON is not of the API's shape.
    """
    body, step = payload.json(), payload.request.state.get("step")
    told = fields.text(fields.mapping(body).get("error"), 200)
    if told:
        raise Refused(f"{payload.url} answers {told}")
    if step == "newest":
        return _newest(payload, body)
    if step == "updates":
        return _updates(payload, body)
    if step == "search" or (isinstance(body, dict) and "hits" in body):
        return _search(payload, body)
    return _item(payload, body)


def _newest(payload: Payload, body: Json) -> Page:
    """Items above the last known one, oldest first, so that what is put off is asked for next.

    The cursor never goes back: a copy of the database that lags tells a lower number than was told before.
    """
    state = payload.request.state
    newest, limit = fields.count(body), fields.count(state.get("limit")) or 200
    if newest is None:
        raise LayoutChanged(f"expected a number from {payload.url}")
    last = fields.count(state.get("last"))
    last = max(0, newest - limit) if last is None else last
    if newest < last - _MAX_LAG:
        raise LayoutChanged(
            f"{payload.url} says that {newest} is the newest item, but {last} was read before"
        )
    if newest < last:
        return Page()
    to = min(newest, last + limit)
    return Page(
        next_requests=tuple(
            _item_request(str(state.get("api", "")), number, 0) for number in range(last + 1, to + 1)
        ),
        cursor={_LAST: to},
        incomplete=f"{newest - to} items put off to the next poll" if to < newest else "",
    )


def _updates(payload: Payload, body: Json) -> Page:
    """Items at or below the last known one that changed; those above it are read as new ones."""
    state, items = payload.request.state, fields.mapping(body).get("items")
    if not isinstance(items, list):
        raise LayoutChanged(f"expected a list of changed items from {payload.url}")
    last, limit = fields.count(state.get("last")) or 0, fields.count(state.get("limit")) or 200
    changed = sorted(
        {one for one in map(fields.count, items) if one is not None and one <= last}, reverse=True
    )
    return Page(
        next_requests=tuple(
            Request(url=f"{state.get('api', '')}/v0/item/{number}.json", state={"step": "edited"})
            for number in changed[:limit]
        ),
        incomplete=f"{len(changed) - limit} changed items left out" if len(changed) > limit else "",
    )


def _item_request(api: str, number: int, tries: int) -> Request:
    return Request(
        url=f"{api}/v0/item/{number}.json", keep=True, state={"step": "item", "id": number, "tries": tries}
    )


def _item(payload: Payload, body: Json) -> Page:
    """One item. `null` stands for one that does not show yet: it is asked for again, and then given up."""
    state = payload.request.state
    if body is None and state.get("step") == "edited":
        return Page()
    if body is None and state.get("step") == "item":
        tries = (fields.count(state.get("tries")) or 0) + 1
        return Page(cursor={f"{_AGAIN}{state.get('id')}": tries if tries < _MAX_TRIES else None})
    if not isinstance(body, dict) or fields.count(body.get("id")) is None or body.get("type") not in _TYPES:
        raise LayoutChanged(f"expected an item with an id from {payload.url}")
    done = {f"{_AGAIN}{body['id']}": None}
    if body.get("deleted") is True:
        return Page(cursor=done)
    return Page(observations=(_observation(body, payload),), cursor=done)


def _observation(item: Mapping[str, Json], payload: Payload) -> Observation:
    return Observation(
        site=site_name(payload),
        native_id=str(fields.count(item.get("id"))),
        title=html.unescape(fields.text(item.get("title"), 2000) or ""),
        fetched_at=payload.fetched_at,
        url=f"{_PAGE}{fields.count(item.get('id'))}",
        published_at=fields.when(item.get("time")),
        author=fields.text(item.get("by"), 100),
        text=_text(item.get("url"), item.get("text")),
    )


def _search(payload: Payload, body: Json) -> Page:
    hits = fields.list_of(fields.mapping(body).get("hits"), "a list of hits", payload.url)
    observations, incomplete = fields.readable(hits, lambda hit: _hit(hit, payload))
    return Page(observations=observations, incomplete=incomplete)


def _hit(hit: Mapping[str, Json], payload: Payload) -> Observation:
    number = fields.count(hit["objectID"])
    if number is None:
        raise ValueError("a hit without a number")
    return Observation(
        site=site_name(payload),
        native_id=str(number),
        title=html.unescape(fields.text(hit.get("title"), 2000) or ""),
        fetched_at=payload.fetched_at,
        url=f"{_PAGE}{number}",
        published_at=fields.when(hit.get("created_at_i")),
        author=fields.text(hit.get("author"), 100),
        text=_text(hit.get("url"), hit.get("story_text") or hit.get("comment_text")),
    )


def _text(url: Json, text: Json) -> str | None:
    """The address that a story leads to, and its text."""
    parts = (html.escape(fields.text(url, 4000) or "", quote=False), fields.text(text) or "")
    return "\n".join(filter(None, parts)) or None


KIND = PolledKind(
    name="hackernews",
    settings=HackernewsSite,
    start=start,
    parse=parse,
    ask=ask,
    empty_is_normal=True,
    is_api=True,
)
