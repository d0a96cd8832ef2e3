"""`archive`: the Internet Archive's newest items by public date, and the files with their digests of what a question finds.

History
2026-11  first version: advancedsearch for the newest and for words, scrape API for older ones, `/metadata` for files
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from leakwatch.errors import LayoutChanged
from leakwatch.model.observation import Locator, LocatorKind, Observation, ObservedFile
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Cursor, Json, Page, Payload, PolledKind, Question, Request, site_name

_FIELDS = ("identifier", "title", "mediatype", "creator", "description", "item_size", "btih", "publicdate")
_IDENTIFIER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}\Z")
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_FILES = "files/"
_MAX_KNOWN = 2_000
_MAX_HITS = 50
_MAX_FILES = 20_000
_SCRAPED = 500
_GONE = (404, 410)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveSite:
    """Settings of the Internet Archive: what is listed, in its search language (all of it by default), items a page.

    The query goes to the site; it must not name what may not be asked for.
    """

    url: str = "https://archive.org"
    query: str = "mediatype:(data OR software OR movies OR audio OR texts OR image)"
    limit: int = 100


def start(site: ArchiveSite, cursor: Cursor) -> Iterator[Request]:  # noqa: ARG001 - asks for the newest
    """The newest items."""
    yield _search(site.url, site.query, site.limit, {"step": "list", "api": site.url})


def ask(site: ArchiveSite, cursor: Cursor, question: Question) -> Iterator[Request]:
    """Items in whose description the words are, newest first. The Archive has no public search by digest."""
    words = fields.search_words(question.words).split()
    known = {key: value for key, value in cursor.items() if key.startswith(_FILES)}
    if words:
        state = {"step": "hits", "api": site.url, "known": known}
        yield _search(site.url, " AND ".join(words), _MAX_HITS, state)


def back(site: ArchiveSite, payload: Payload, page: Page) -> Request | None:
    """The items before the oldest of a page, by the scrape API; behind one of its pages that which its cursor leads to.

    None where no item has a date, and on the last page.
    """
    state = {"step": "scrape", "api": site.url}
    if payload.request.state.get("step") == "scrape":
        first = fields.text(payload.request.state.get("first"))
        cursor = fields.text(fields.mapping(payload.json()).get("cursor"), 5_000)
        told = {**state, "first": first}
        return (
            Request(url=f"{first}&{urlencode({'cursor': cursor})}", state=told) if first and cursor else None
        )
    times = [one.published_at for one in page.observations if one.published_at]
    if not times:
        return None
    query = f"({site.query}) AND publicdate:[null TO {min(times).strftime(_TIME)}]"
    asked = {"q": query, "fields": ",".join(_FIELDS), "sorts": "publicdate desc", "count": str(_SCRAPED)}
    url = f"{site.url}/services/search/v1/scrape?{urlencode(asked)}"
    return Request(url=url, state={**state, "first": url})


def _search(api: str, query: str, rows: int, state: Mapping[str, Json]) -> Request:
    told = [("q", query), *(("fl[]", one) for one in _FIELDS), ("sort[]", "publicdate desc")]
    told += [("rows", str(rows)), ("page", "1"), ("output", "json")]
    return Request(url=f"{api}/advancedsearch.php?{urlencode(told)}", state=state)


def parse(payload: Payload) -> Page:
    """Items of a listing, or the files of one item. An item that is gone is an honest empty page.

    Raises: LayoutChanged if the JSON is not of the API's shape; what the site says instead stands in it.
    """
    step = str(payload.request.state.get("step") or "")
    if payload.status in _GONE and step == "files":
        return Page(cursor={_FILES + str(payload.request.state.get("identifier")): None})
    body = payload.json()
    if not isinstance(body, dict) or "error" in body:
        said = str(body.get("error"))[:200] if isinstance(body, dict) else type(body).__name__
        raise LayoutChanged(f"expected items from {payload.url}, got {said}")
    if step == "files" or "files" in body:
        return _files(payload, body)
    docs = body["items"] if "items" in body else fields.mapping(body.get("response")).get("docs")
    items = [one for one in fields.list_of(docs, "items", payload.url) if _name(one)]
    if docs and not items:
        raise LayoutChanged(f"nothing in {payload.url} has an identifier")
    if step == "hits":
        return _hits(payload, items, fields.mapping(body.get("response")).get("numFound"))
    return Page(observations=tuple(_observation(_name(one), one, payload) for one in items))


def _name(item: Mapping[str, Json]) -> str:
    name = fields.text(item.get("identifier"), 300) or ""
    return name if _IDENTIFIER.match(name) else ""


def _hits(payload: Payload, items: list[dict[str, Json]], found: Json) -> Page:
    """The files of each hit are asked for once, and again when its size has changed."""
    state = payload.request.state
    fields.need(items, ("item_size",), payload.url)
    known = fields.mapping(state.get("known"))
    changed = [one for one in items if known.get(_FILES + _name(one)) != _version(one)]
    number = fields.count(found) or 0
    return Page(
        next_requests=tuple(_metadata(_name(one), _version(one), state) for one in changed),
        cursor=dict.fromkeys(list(known)[:-_MAX_KNOWN]),
        incomplete=f"of {number} hits the newest {len(items)} were read" if number > len(items) else "",
    )


def _version(item: Mapping[str, Json]) -> str:
    return str(fields.count(item.get("item_size")))


def _metadata(identifier: str, version: str, state: Mapping[str, Json]) -> Request:
    told = {"step": "files", "api": state.get("api"), "identifier": identifier, "version": version}
    return Request(url=f"{state.get('api')}/metadata/{quote(identifier)}", keep=True, state=told)


def _files(payload: Payload, body: Mapping[str, Json]) -> Page:
    """One item with its files. Nothing at all is what the Archive says of an item that does not exist."""
    state, told = payload.request.state, fields.mapping(body.get("metadata"))
    identifier = _name(told) or fields.text(state.get("identifier"), 300) or ""
    if not body or body.get("is_dark"):
        return Page(cursor={_FILES + identifier: None})
    if not identifier or not isinstance(body.get("files"), list):
        raise LayoutChanged(f"expected an item with files from {payload.url}")
    files = [one for one in body["files"][:_MAX_FILES] if isinstance(one, dict)]
    btih = next((one.get("btih") for one in files if one.get("btih")), None)
    item = {**told, "item_size": body.get("item_size"), "btih": btih}
    seen = _observation(identifier, item, payload, files)
    more = len(body["files"]) - _MAX_FILES
    return Page(
        observations=(seen,),
        cursor={_FILES + identifier: state["version"]} if state.get("version") else {},
        incomplete=f"{more} more files were not read" if more > 0 else "",
    )


def _observation(
    identifier: str, item: Mapping[str, Json], payload: Payload, files: list[dict[str, Json]] | None = None
) -> Observation:
    """An item; with its files it is an item of its own, for a listing shows it without them."""
    api = fields.text(payload.request.state.get("api")) or "https://archive.org"
    infohash = fields.infohash_v1(_one(item.get("btih")))
    page = f"{api}/details/{identifier}"
    return Observation(
        site=site_name(payload),
        native_id=identifier if files is None else f"{identifier}/files",
        title=(_one(item.get("title")) or identifier)[:1000],
        fetched_at=payload.fetched_at,
        url=page,
        published_at=fields.when(_one(item.get("publicdate"))),
        author=(_one(item.get("creator")) or "")[:100] or None,
        text=_all(item.get("description")),
        size_bytes=fields.count(item.get("item_size")),
        size_is_exact=False,
        torrent_url=f"{api}/download/{identifier}/{identifier}_archive.torrent" if infohash else None,
        infohash_v1=infohash,
        files=tuple(one for one in map(_file, files or ()) if one),
        locators=(Locator(LocatorKind.REPOSITORY, page),),
    )


def _one(value: Json) -> str | None:
    """A field that the Archive tells as a text or, where there are several, as a list."""
    return fields.text(value[0] if isinstance(value, list) and value else value)


def _all(value: Json) -> str | None:
    told = value if isinstance(value, list) else [value]
    return (
        "\n".join(one for one in (fields.text(each) for each in told[:100]) if one)[: fields.MAX_TEXT] or None
    )


def _file(told: Mapping[str, Json]) -> ObservedFile | None:
    """A file that was uploaded or derived from one; those that describe the item are the Archive's own."""
    name = fields.text(told.get("name"), 1000)
    if not name or told.get("source") == "metadata":
        return None
    return ObservedFile(
        path=name,
        size_bytes=fields.count(told.get("size")),
        sha1=fields.hex_digest(told.get("sha1"), 20),
        md5=fields.hex_digest(told.get("md5"), 16),
    )


KIND = PolledKind(
    name="archive",
    settings=ArchiveSite,
    start=start,
    parse=parse,
    ask=ask,
    back=back,
    empty_is_normal=True,
    is_window=True,
    is_api=True,
)
