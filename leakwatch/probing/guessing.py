"""What kind of site an address may be, by the address itself or by one page of it. Pure; likeliest first."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import SplitResult, urljoin, urlsplit, urlunsplit

from lxml import html
from lxml.etree import LxmlError

from leakwatch.sources import KINDS
from leakwatch.sources._kind import Payload

_HEAD = 64 * 1024
_MAX_LINKS = 5
_BOARD = re.compile(r"/([a-z0-9]{1,10})/(?:(res|thread)/)?(?:threads|catalog|archive|\d+)\.json\Z")
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml"})


@dataclass(frozen=True, slots=True)
class Guess:
    """A kind with the settings it would have, and by what it was guessed."""

    kind: str
    settings: Mapping[str, Any]
    why: str


@dataclass(frozen=True, slots=True)
class Guesses:
    """What one page suggests: kinds to try, and addresses that it names as its feeds."""

    kinds: tuple[Guess, ...] = ()
    feeds: tuple[str, ...] = ()
    is_page: bool = False
    problem: str = field(default="")


def by_address(url: str) -> Guess | None:
    """What a well-known host is, without asking it anything; None for any other, or a kind that is not there."""
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.").lower()
    path = [part for part in parts.path.split("/") if part]
    known = _HOSTS.get(host)
    found = known(path) if known else None
    return found if found and found.kind in KINDS else None


def _board(path: list[str]) -> Guess | None:
    return Guess("imageboard", {"boards": [path[0]]}, "by its host") if path else None


def _github(path: list[str]) -> Guess | None:
    if len(path) < 2:
        return None
    return Guess("github", {"repositories": ["/".join(path[:2])]}, "by its host")


def _gitlab(path: list[str]) -> Guess | None:
    if len(path) < 2:
        return None
    return Guess("gitlab", {"projects": ["/".join(path[:2])]}, "by its host")


def _huggingface(path: list[str]) -> Guess | None:
    path = [part for part in path if part not in ("models", "datasets", "spaces")]
    return Guess("huggingface", {"authors": [path[0]]} if path else {}, "by its host")


def _reddit(path: list[str]) -> Guess | None:
    is_subreddit = len(path) >= 2 and path[0] == "r"
    return Guess("reddit", {"subreddits": [path[1]]}, "by its host") if is_subreddit else None


def _telegram(path: list[str]) -> Guess | None:
    path = [part for part in path if part != "s"]
    return Guess("telegram", {"channel": path[0]}, "by its host") if path else None


def _alone(kind: str) -> Callable[[list[str]], Guess | None]:
    return lambda _: Guess(kind, {}, "by its host")


_HOSTS: Mapping[str, Callable[[list[str]], Guess | None]] = {
    "boards.4chan.org": _board,
    "boards.4channel.org": _board,
    "a.4cdn.org": _board,
    "github.com": _github,
    "gitlab.com": _gitlab,
    "huggingface.co": _huggingface,
    "reddit.com": _reddit,
    "old.reddit.com": _reddit,
    "t.me": _telegram,
    "news.ycombinator.com": _alone("hackernews"),
    "archive.org": _alone("archive"),
    "academictorrents.com": _alone("academic"),
}


def by_page(payload: Payload) -> Guesses:
    """What a page suggests."""
    head = payload.body[:_HEAD].lstrip(b"\xef\xbb\xbf \t\r\n")
    if head[:1] in (b"{", b"["):
        return _by_json(payload)
    if re.match(rb"<!doctype html|<html", head, re.IGNORECASE):
        return _by_html(payload)
    if head[:1] == b"<":
        told = _by_xml(payload.url, head)
        return told if told.kinds or head.startswith(b"<?xml") else _by_html(payload)
    return Guesses(problem="it is neither HTML nor XML nor JSON")


def _by_xml(url: str, head: bytes) -> Guesses:
    """Torznab by its namespace or its error, else a feed; a description of an index is asked for its items instead."""
    if re.search(rb"<(?:\w+:)?(?:rss|feed|RDF)[\s>]", head):
        is_torznab = re.search(rb"(?:torznab|newznab)\.com|<(?:torznab|newznab):attr", head)
        names = ("torznab", "feed") if is_torznab else ("feed",)
        return Guesses(tuple(Guess(kind, {"url": _plain(url, kind)}, "by its content") for kind in names))
    if re.search(rb"<(?:caps|error)[\s>]", head):
        return Guesses((Guess("torznab", {"url": _plain(url, "torznab")}, "by its content"),))
    return Guesses(problem="it is XML, but no feed and no Torznab answer")


def _plain(url: str, kind: str) -> str:
    """A Torznab address without the query that asks it something."""
    return urlunsplit(urlsplit(url)._replace(query="", fragment="")) if kind == "torznab" else url


def _by_json(payload: Payload) -> Guesses:
    told, parts = payload.json(), urlsplit(payload.url)
    board = _BOARD.search(parts.path)
    if board and isinstance(told, list | dict):
        base = urlunsplit(parts._replace(path=parts.path[: board.start()], query="", fragment=""))
        settings = {
            "url": base,
            "web_url": base,
            "dialect": _dialect(told, board[2] or ""),
            "boards": [board[1]],
        }
        return Guesses((Guess("imageboard", settings, "by its address"),))
    if isinstance(told, dict) and ("latest_posts" in told or "topic_list" in told):
        return Guesses((Guess("discourse", {"url": _root(parts)}, "by its content"),))
    if isinstance(told, dict) and "uri" in told and "version" in told:
        return Guesses((Guess("mastodon", {"url": _root(parts)}, "by its content"),))
    return Guesses(problem="it is JSON of a form that no kind reads")


def _dialect(told: list[Any] | dict[str, Any], folder: str) -> str:
    """The software of a board by what it shows.

    LynxChan numbers threads by a word of its own; vichan keeps them in `res`, counts pages from 0, and names files in text.
    """
    pages = [one for one in (told if isinstance(told, list) else [told]) if isinstance(one, dict)]
    inner = [one for page in pages for one in _list(page.get("threads")) if isinstance(one, dict)]
    if any("threadId" in one for one in (*pages, *inner)):
        return "lynxchan"
    is_vichan = folder == "res" or any(page.get("page") == 0 for page in pages)
    return "vichan" if is_vichan or any(isinstance(one.get("tim"), str) for one in inner) else "4chan"


def _list(told: Any) -> list[Any]:
    return told if isinstance(told, list) else []


_BOARDS = (
    ("vichan", re.compile(rb"Tinyboard \+|<a[^>]{0,100}>vichan</a>|\bvar configRoot\s*=", re.IGNORECASE)),
    ("lynxchan", re.compile(rb"Powered by\s{0,20}(?:<a[^>]{0,200}>\s{0,20})?LynxChan", re.IGNORECASE)),
)
_GITLAB = re.compile(rb"<meta[^>]{0,40}content=[\"']GitLab[\"'][^>]{0,40}og:site_name", re.IGNORECASE)
_SIGNS: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    (
        "discourse",
        re.compile(
            rb"<meta name=[\"']generator[\"'] content=[\"']Discourse|data-discourse-setup", re.IGNORECASE
        ),
    ),
    (
        "mastodon",
        re.compile(
            rb"<div[^>]{0,200}id=[\"']mastodon[\"']|<noscript[^>]*>[^<]{0,200}Mastodon", re.IGNORECASE
        ),
    ),
    (
        "lemmy",
        re.compile(rb"window\.isoData|<meta name=[\"']Description[\"'] content=[\"']Lemmy", re.IGNORECASE),
    ),
    (
        "phpbb",
        re.compile(rb"<body[^>]{0,100}id=[\"']phpbb[\"']|Powered by <a[^>]{0,100}phpbb\.com", re.IGNORECASE),
    ),
    ("telegram", re.compile(rb"tgme_widget_message|tgme_page", re.IGNORECASE)),
)
"""What the pages of well-known programs have in common."""


def _by_html(payload: Payload) -> Guesses:
    parts = urlsplit(payload.url)
    found = [
        Guess(kind, {"url": _folder(parts) if kind == "phpbb" else _root(parts)}, "by its page")
        for kind, sign in _SIGNS
        if kind in KINDS and kind != "telegram" and sign.search(payload.body)
    ]
    found += [*_boards(payload.body, parts), *_projects(payload.body, parts)]
    return Guesses(tuple(found), tuple(dict.fromkeys(_feeds(payload))), is_page=True)


def _boards(body: bytes, parts: SplitResult) -> Iterator[Guess]:
    """The board whose page this is, on an imageboard of well-known software."""
    board = re.match(r"/([\w-]{1,30})(?:/|\Z)", parts.path)
    for dialect, sign in _BOARDS:
        if board and sign.search(body):
            settings = {"url": _root(parts), "dialect": dialect, "boards": [board[1]]}
            yield Guess("imageboard", settings, "by its page")


def _projects(body: bytes, parts: SplitResult) -> Iterator[Guess]:
    """The project whose page this is, on an instance of GitLab; of its front page what is new there."""
    if _GITLAB.search(body[:_HEAD]):
        path = parts.path.partition("/-/")[0].strip("/")
        what: dict[str, Any] = {"projects": [path]} if path.count("/") else {"newest_projects": True}
        yield Guess("gitlab", {"url": _root(parts), **what}, "by its page")


def _feeds(payload: Payload) -> Iterator[str]:
    """Feeds that the head of a page names, those of comments last."""
    try:
        document = html.fromstring(payload.body[: 4 * _HEAD])
    except (LxmlError, ValueError, AssertionError):
        return
    links = [one for one in document.iter("link") if (one.get("type") or "").lower() in _FEED_TYPES]
    links.sort(key=lambda one: "comment" in f"{one.get('title')} {one.get('href')}".lower())
    for one in links[:_MAX_LINKS]:
        address = _joined(payload.url, one.get("href") or "")
        # A feed elsewhere is not followed: a page must not lead us to hosts that the operator lists as his own.
        if address and urlsplit(address).netloc == urlsplit(payload.url).netloc:
            yield address


def _joined(base: str, href: str) -> str | None:
    try:
        address = urljoin(base, href.strip())
        return address if urlsplit(address).scheme in ("http", "https") and len(address) < 2000 else None
    except ValueError:
        return None


def by_nodeinfo(url: str, told: Any) -> Guess | None:
    """What a server of the fediverse says that it runs (NodeInfo 2)."""
    software = told.get("software") if isinstance(told, dict) else None
    name = software.get("name") if isinstance(software, dict) else None
    if name not in ("mastodon", "lemmy") or name not in KINDS:
        return None
    return Guess(str(name), {"url": _root(urlsplit(url))}, "it says so in its NodeInfo")


def _root(parts: SplitResult) -> str:
    return urlunsplit(parts._replace(path="", query="", fragment=""))


def _folder(parts: SplitResult) -> str:
    """The folder of a page: a board may lie below the root of its host."""
    folder = parts.path.rpartition("/")[0]
    return urlunsplit(parts._replace(path=folder, query="", fragment=""))
