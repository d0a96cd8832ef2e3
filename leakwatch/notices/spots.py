"""The places of a finding, sorted by the host that could take them down. Pure.

An index is not a host: a page that only says where the work can be had is a *pointer*. A *copy* lists files of its own;
what others *offer* as the work, and a *repository* of which no files are known, nobody has looked into.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal
from urllib.parse import urlsplit

from leakwatch.model.notice import Spot
from leakwatch.model.origin import Origin
from leakwatch.notices.handles import handle_of
from leakwatch.notices.tables import is_of
from leakwatch.notices.wording import host_of, quoted, real_url

What = Literal["copy", "pointer", "torrent_file", "offered", "repository"]
UNSEEN: tuple[What, ...] = ("offered", "repository")
MAX_ITEMS = 500
_ORDER: tuple[What, ...] = ("copy", "torrent_file", "pointer", "repository", "offered")
_POINTING_KINDS = frozenset(
    {"feed", "torznab", "cardigann", "imageboard", "reddit", "hackernews", "lemmy", "mastodon", "discourse"}
    | {"phpbb", "telegram", "paste", "dht", "academic", "page", "inbox"}
)
INDEX_KINDS = frozenset({"feed", "torznab", "cardigann", "academic"})
"""Kinds of sites that list torrents of others and keep nothing of their content."""
_REPOSITORY_HOSTS = ("github.com", "gitlab.com", "huggingface.co", "hf.co", "codeberg.org", "bitbucket.org")
_HUB_FOLDERS = ("datasets", "spaces")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One address that a notice asks to take down.

    `repository` is owner/name where it lies in one, `origin` what that one is said to be a copy of; `like` is the one
    that it is a copy of as far as is known, "" where that is not said by name, or nothing is known. `handle` is the
    account that stands in the address itself.
    """

    url: str
    host: str
    what: What
    site: str
    title: str = ""
    author: str = ""
    files: tuple[str, ...] = ()
    evidence: str = ""
    seen: str = ""
    repository: str = ""
    origin: Origin | None = None
    like: str = ""
    handle: str = ""
    is_index: bool = False
    agrees: bool = False
    names_torrent: bool = False

    @property
    def is_copy(self) -> bool:
        """Whether it is a copy of another repository, as is said or guessed."""
        return bool(self.like or self.origin)


def items_of(spots: Sequence[Spot], kinds: Mapping[str, str]) -> list[Item]:
    """Every web address of a finding once, the first seen first; of several spots the one that says most of it.

    `kinds` says of what kind each configured site is.
    """
    found: dict[str, Item] = {}
    for spot in sorted(spots, key=lambda one: one.seen_at):
        for item in _items(spot, kinds.get(spot.site, "")):
            key = item.url.rstrip("/").removesuffix(".git")
            known = found.get(key)
            found[key] = _better(known, item) if known else item
    return _with_likeness(list(found.values()))


def _better(known: Item, item: Item) -> Item:
    """Of two of one address the one that says most, with what only the other says."""
    best = min(known, item, key=lambda one: _ORDER.index(one.what))
    return replace(best, seen=known.seen, origin=known.origin or item.origin)


def _items(spot: Spot, kind: str) -> list[Item]:
    urls: list[tuple[str, What]] = []
    links = [one for one in spot.locators if host_of(one)]
    if spot.url and host_of(spot.url):
        urls.append((spot.url, _what_of_page(spot, kind, is_linked=spot.url in links)))
    for link in links:
        if link != spot.url:
            is_torrent = urlsplit(link).path.lower().endswith(".torrent")
            told: What = "repository" if _repository(link) else "offered"
            urls.append((link, "torrent_file" if is_torrent else told))
    return [_item(url, what, spot, kind) for url, what in urls]


def _what_of_page(spot: Spot, kind: str, *, is_linked: bool) -> What:
    if kind in _POINTING_KINDS:
        return "pointer"
    return "copy" if spot.files else "repository" if is_linked else "pointer"


def _item(url: str, what: What, spot: Spot, kind: str) -> Item:
    told, own = real_url(url), url == spot.url
    return Item(
        url=told,
        host=host_of(told),
        what=what,
        site=spot.site,
        title=spot.title if own else "",
        author=quoted(spot.author or "", 100) if own else "",
        files=tuple(quoted(one, 300) for one in spot.files) if own else (),
        evidence=spot.evidence or "",
        seen=spot.seen_at.isoformat(timespec="seconds"),
        repository=_repository(told),
        origin=spot.origin if own else None,
        handle=handle_of(told, kind) or (_owner(told) if what in ("copy", "repository") else ""),
        is_index=own and kind in INDEX_KINDS,
        agrees=own and bool(spot.agrees),
        names_torrent=any(not host_of(one) or one.lower().endswith(".torrent") for one in spot.locators),
    )


def _repository(url: str) -> str:
    """owner/name of the repository in which an address lies, "" where it lies in none."""
    host, parts = host_of(url), [one for one in urlsplit(url).path.split("/") if one]
    if not any(is_of(host, known) for known in _REPOSITORY_HOSTS):
        return ""
    if is_of(host, "huggingface.co") or is_of(host, "hf.co"):
        parts = parts[1:] if parts[:1] and parts[0] in _HUB_FOLDERS else parts
    return f"{parts[0]}/{parts[1].removesuffix('.git')}" if len(parts) > 1 else ""


def _owner(url: str) -> str:
    return _repository(url).partition("/")[0]


def _with_likeness(items: list[Item]) -> list[Item]:
    """What each repository is a copy of: what is said, else one seen before that has its name under another account.

    Of several that are said the first that is listed too.
    """
    listed = {one.repository.casefold(): one.repository for one in items if one.repository}
    first: dict[tuple[str, str], str] = {}
    told: list[Item] = []
    for item in items:
        name = item.repository.partition("/")[2].casefold()
        if not name:
            told.append(item)
            continue
        origin = first.setdefault((item.host, name), item.repository)
        guess = "" if origin.casefold() == item.repository.casefold() else origin
        names = item.origin.names if item.origin else ()
        said = next((listed[one.casefold()] for one in names if one.casefold() in listed), "")
        told.append(replace(item, like=(said or next(iter(names), "")) if item.origin else guess))
    return told


def by_host(items: Sequence[Item]) -> dict[str, list[Item]]:
    """The items of each host, the host with most of them first."""
    found: dict[str, list[Item]] = {}
    for item in items:
        found.setdefault(item.host, []).append(item)
    return dict(sorted(found.items(), key=lambda one: (-len(one[1]), one[0])))
