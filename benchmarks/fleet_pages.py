"""What the sites of the fleet show: pages of each kind, made from the number of an item and its time. Pure."""

from __future__ import annotations

import hashlib
import json
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any
from urllib.parse import quote

WINDOW, _KEPT = 25, 200
_A_THREAD, _THREADS, _PER_PAGE, _STATUSES = 20, 6, 100, 40
_WORDS = (
    *("amber", "harbour", "signal", "garden", "winter", "copper", "meadow", "lantern", "quiet", "river"),
    *("stone", "paper", "falcon", "orchard", "velvet", "thunder", "island", "mirror", "saffron", "compass"),
)


@dataclass(frozen=True, slots=True)
class Showing:
    """A site at one moment: the first `visible` of its items are there. Where it has drifted, its pages are changed."""

    name: str
    host: str
    dates: Sequence[float]
    visible: int
    is_drifted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A page, which `items` it shows, and in which `step` of a poll."""

    body: bytes
    items: list[int]
    step: str = "list"
    mime: str = "application/json"
    etag: str = ""
    link: str = ""
    is_drifted: bool = False
    visible: int = 0


def infohash(name: str, number: int) -> str:
    """The infohash of an item."""
    return hashlib.sha1(f"{name}:{number}".encode(), usedforsecurity=False).hexdigest()


def title(name: str, number: int) -> str:
    """The title of an item: words by its hash."""
    digest = bytes.fromhex(infohash(name, number))
    return " ".join(_WORDS[byte % len(_WORDS)] for byte in digest[: 3 + digest[0] % 3]).title() + f" {number}"


def text(name: str, number: int) -> str:
    """Some sentences."""
    return f"{title(name, number)}. " + f"{title(name, number + 7)} and more of it. " * (2 + number % 4)


def _rss(shown: Showing, numbers: Sequence[int], *, torznab: bool) -> bytes:
    rows = "".join(_row(shown, number, torznab=torznab) for number in numbers)
    space = ' xmlns:torznab="http://torznab.com/schemas/2015/feed"' if torznab else ""
    told = f'<?xml version="1.0"?><rss version="2.0"{space}><channel><title>{shown.name}</title>{rows}</channel></rss>'
    if shown.is_drifted:  # one kind loses its rows, the other a field
        told = told.replace("pubDate>", "when>") if torznab else told.replace("item>", "row>")
    return told.encode()


def _row(shown: Showing, number: int, *, torznab: bool) -> str:
    digest, when = infohash(shown.name, number), datetime.fromtimestamp(shown.dates[number], UTC)
    size = 10**6 + int(digest[:7], 16) * 16
    magnet = f"magnet:?xt=urn:btih:{digest}&amp;dn={quote(title(shown.name, number))}"
    more = (
        f'<enclosure url="{magnet}" length="{size}" type="application/x-bittorrent"/>'
        f'<torznab:attr name="infohash" value="{digest}"/><torznab:attr name="size" value="{size}"/>'
        f'<torznab:attr name="seeders" value="{3 + number % 9}"/><torznab:attr name="peers" value="{4 + number % 13}"/>'
        if torznab
        else f'<enclosure url="http://{shown.host}/t/{digest}.torrent" length="{size}" type="application/x-bittorrent"/>'
    )
    return (
        f"<item><title>{title(shown.name, number)}</title><guid>{shown.name}-i{number}</guid>"
        f"<link>http://{shown.host}/{shown.name}/item/{number}</link><pubDate>{format_datetime(when)}</pubDate>"
        f"<description>{text(shown.name, number)}</description>{more}</item>"
    )


def newest(shown: Showing, offset: int, limit: int) -> list[int]:
    """Numbers of the newest items, newest first, of those that the site still keeps."""
    least = max(0, shown.visible - _KEPT)
    end = max(shown.visible - offset, least)
    return list(range(end - 1, max(end - limit, least) - 1, -1))


def _feed(shown: Showing, path: str, query: Mapping[str, str]) -> Answer:  # noqa: ARG001 - one page
    numbers = newest(shown, 0, WINDOW)
    etag = f'"{shown.visible}{"d" * shown.is_drifted}"' if int(shown.name[1:]) % 2 else ""
    body = _rss(shown, numbers, torznab=False)
    return Answer(
        body=body, items=numbers, mime="application/rss+xml", etag=etag, is_drifted=shown.is_drifted
    )


def _torznab(shown: Showing, path: str, query: Mapping[str, str]) -> Answer:  # noqa: ARG001 - one address
    if query.get("t") == "caps":
        body = f'<caps><server title="fleet"/><limits max="{WINDOW}" default="{WINDOW}"/></caps>'.encode()
        return Answer(body=body, items=[], step="caps", mime="application/xml")
    limit, offset = min(int(query.get("limit", WINDOW)), WINDOW), int(query.get("offset", 0))
    numbers = newest(shown, offset, limit)
    body, step = _rss(shown, numbers, torznab=True), "back" if offset else "list"
    return Answer(
        body=body, items=numbers, step=step, mime="application/rss+xml", is_drifted=shown.is_drifted
    )


def _json(
    shown: Showing, told: object, items: list[int], renamed: str, step: str = "list", link: str = ""
) -> Answer:
    body = json.dumps(told)
    if shown.is_drifted:
        body = body.replace(f'"{renamed}":', f'"{renamed}_v2":')
    return Answer(body=body.encode(), items=items, step=step, link=link, is_drifted=shown.is_drifted)


def _imageboard(shown: Showing, path: str, query: Mapping[str, str]) -> Answer:  # noqa: ARG001 - no query
    last = (shown.visible - 1) // _A_THREAD
    if path.endswith("catalog.json"):
        threads = [_thread(shown, one) for one in range(max(0, last - _THREADS + 1), last + 1)]
        return _json(shown, [{"page": 1, "threads": threads}], [], "threads", "catalog")
    opening = int(path.rpartition("/")[2].removesuffix(".json")) - 1
    numbers = list(range(opening, min(opening + _A_THREAD, shown.visible)))
    posts = [_post(shown, number) for number in numbers]
    return _json(shown, {"posts": posts}, numbers, "posts", "thread")


def _thread(shown: Showing, index: int) -> dict[str, Any]:
    first, end = index * _A_THREAD, min((index + 1) * _A_THREAD, shown.visible)
    return _post(shown, first) | {"last_modified": int(shown.dates[end - 1]), "replies": end - first - 1}


def _post(shown: Showing, number: int) -> dict[str, Any]:
    first = number // _A_THREAD * _A_THREAD
    told = {"no": number + 1, "resto": 0 if number == first else first + 1, "time": int(shown.dates[number])}
    subject = {"sub": title(shown.name, number), "replies": min(_A_THREAD, shown.visible - first) - 1}
    return (
        told | {"name": "Anonymous", "com": text(shown.name, number)} | (subject if number == first else {})
    )


def _github(shown: Showing, path: str, query: Mapping[str, str]) -> Answer:
    if not path.endswith("/issues"):
        return Answer(body=b"[]", items=[], step="comments")
    page, numbers = int(query.get("page", 1)), list(range(shown.visible))
    if "since" in query:
        since = datetime.fromisoformat(query["since"]).timestamp()
        numbers = numbers[bisect_left([int(at) for at in shown.dates[: shown.visible]], since) :]
    if query.get("direction") == "desc":
        numbers.reverse()
    chosen = numbers[(page - 1) * _PER_PAGE : page * _PER_PAGE]
    more = "&".join(f"{key}={quote(value)}" for key, value in query.items() if key != "page")
    is_more = len(numbers) > page * _PER_PAGE
    link = f'</{shown.name}/{path}?{more}&page={page + 1}>; rel="next"' if is_more else ""
    return _json(shown, [_issue(shown, one) for one in chosen], chosen, "number", link=link)


def _issue(shown: Showing, number: int) -> dict[str, Any]:
    at = datetime.fromtimestamp(int(shown.dates[number]), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    told = {
        "number": number + 1,
        "id": number + 1,
        "html_url": f"http://{shown.host}/{shown.name}/issues/{number + 1}",
    }
    words = {
        "title": title(shown.name, number),
        "body": text(shown.name, number),
        "user": {"login": "someone"},
    }
    return told | words | {"created_at": at, "updated_at": at}


def _huggingface(shown: Showing, path: str, query: Mapping[str, str]) -> Answer:
    offset = int(query.get("cursor", 0))
    numbers = newest(shown, offset, min(int(query.get("limit", WINDOW)), WINDOW))
    models = [_model(shown, number) for number in numbers]
    is_more = bool(numbers) and numbers[-1] > max(0, shown.visible - _KEPT)
    more = "&".join(f"{key}={quote(value)}" for key, value in query.items() if key != "cursor")
    link = f'</{shown.name}/{path}?{more}&cursor={offset + len(numbers)}>; rel="next"' if is_more else ""
    return _json(shown, models, numbers, "id", link=link)


def _model(shown: Showing, number: int) -> dict[str, Any]:
    at = _iso(shown.dates[number])
    told = {"id": f"org/{shown.name}-i{number}", "sha": infohash(shown.name, number), "lastModified": at}
    return told | {"createdAt": at, "author": "org", "siblings": [{"rfilename": "README.md"}]}


def _mastodon(shown: Showing, path: str, query: Mapping[str, str]) -> Answer:  # noqa: ARG001 - one timeline
    if "min_id" in query:
        after = int(query["min_id"])
        numbers = list(range(after, min(after + _STATUSES, shown.visible)))[::-1]
    else:
        numbers = newest(shown, 0, _STATUSES)
    return _json(shown, [_status(shown, number) for number in numbers], numbers, "content")


def _status(shown: Showing, number: int) -> dict[str, Any]:
    uri = f"http://{shown.host}/{shown.name}/statuses/{number + 1}"
    told = {"id": str(number + 1), "uri": uri, "url": uri, "created_at": _iso(shown.dates[number])}
    return told | {"content": f"<p>{text(shown.name, number)}</p>", "account": {"acct": "someone"}}


def _lemmy(shown: Showing, path: str, query: Mapping[str, str]) -> Answer:  # noqa: ARG001 - one list
    offset = int(query.get("page_cursor", 0))
    numbers = newest(shown, offset, WINDOW)
    posts = [{"post": _lemmy_post(shown, number), "creator": {"name": "someone"}} for number in numbers]
    is_more = bool(numbers) and numbers[-1] > max(0, shown.visible - _KEPT)
    more = {"next_page": str(offset + WINDOW)} if is_more else {}
    return _json(shown, {"posts": posts} | more, numbers, "ap_id", "back" if offset else "list")


def _lemmy_post(shown: Showing, number: int) -> dict[str, Any]:
    address = f"http://{shown.host}/{shown.name}/post/{number + 1}"
    told = {"id": number + 1, "ap_id": address, "name": title(shown.name, number)}
    return told | {"body": text(shown.name, number), "published": _iso(shown.dates[number])}


def _iso(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


PAGES: Mapping[str, Callable[[Showing, str, Mapping[str, str]], Answer]] = {
    "feed": _feed,
    "torznab": _torznab,
    "imageboard": _imageboard,
    "github": _github,
    "huggingface": _huggingface,
    "mastodon": _mastodon,
    "lemmy": _lemmy,
}


def configured(name: str, kind: str, base: str) -> dict[str, object]:
    """The settings of a site, as an operator would write them."""
    url = f"{base}/{name}"
    kinds: dict[str, dict[str, object]] = {
        "feed": {"url": f"{url}/rss.xml"},
        "torznab": {"url": f"{url}/api", "limit": WINDOW},
        "imageboard": {"url": url, "web_url": url, "boards": [name]},
        "github": {"url": url, "repositories": [f"org/{name}"]},
        "huggingface": {"url": url, "limit": WINDOW},
        "mastodon": {"url": url},
        "lemmy": {"url": url, "comments": False},
    }
    return kinds[kind]
