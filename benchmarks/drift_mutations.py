"""Changes of a site's layout, drawn from a seeded generator. Each is a function from a page's bytes to others."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from drift_html import draw_html
from drift_json import ONE_ROW, draw_json

Change = Callable[[bytes], bytes]
_ELEMENTS = (
    b"title",
    b"link",
    b"guid",
    b"pubDate",
    b"description",
    b"enclosure",
    b"author",
    b"dc:creator",
    b"size",
)


@dataclass(frozen=True, slots=True)
class Mutation:
    """A change and its name."""

    name: str
    change: Change


def draw(rng: random.Random, page: bytes) -> Mutation:
    """A change that has something to change on a page of the site: XML, JSON or HTML."""
    while True:
        made = _made(rng, page)
        if made is not None and made.change(page) != page:
            return made


def _made(rng: random.Random, page: bytes) -> Mutation | None:
    if page[:1] in (b"{", b"["):
        told = draw_json(rng, page)
    elif page.startswith(b"<!DOCTYPE html"):
        told = draw_html(rng, page)
    else:
        return rng.choice(_MAKERS)(rng, page)
    return Mutation(*told) if told else None


def _elements(page: bytes) -> list[bytes]:
    return [name for name in _ELEMENTS if _inside(page, rb"<" + re.escape(name) + rb"[\s>/]")]


def _inside(page: bytes, pattern: bytes) -> bool:
    item = re.search(rb"<item\b.*?</item", page, re.DOTALL)
    return bool(item and re.search(pattern, item[0]))


def _per_item(change: Change) -> Change:
    return lambda page: re.sub(
        rb"<item\b.*?</item\s*>", lambda found: change(found[0]), page, flags=re.DOTALL
    )


def _renamed(rng: random.Random, page: bytes) -> Mutation | None:
    name = rng.choice(_elements(page))
    new = b"x" + name.replace(b":", b"")
    pattern = re.compile(rb"(</?)" + re.escape(name) + rb"(?=[\s>/])")
    return Mutation(
        f"element {name.decode()} renamed", _per_item(lambda item: pattern.sub(rb"\g<1>" + new, item))
    )


def _removed(rng: random.Random, page: bytes) -> Mutation | None:
    name = rng.choice(_elements(page))
    escaped = re.escape(name)
    pattern = re.compile(rb"<" + escaped + rb"(?:\s[^>]*)?(?:/>|>.*?</" + escaped + rb"\s*>)", re.DOTALL)
    return Mutation(f"element {name.decode()} removed", _per_item(lambda item: pattern.sub(b"", item)))


def _emptied(rng: random.Random, page: bytes) -> Mutation | None:
    name = rng.choice(_elements(page))
    escaped = re.escape(name)
    pattern = re.compile(rb"(<" + escaped + rb"(?:\s[^>]*)?>).*?(</" + escaped + rb"\s*>)", re.DOTALL)
    return Mutation(
        f"element {name.decode()} emptied", _per_item(lambda item: pattern.sub(rb"\g<1>\g<2>", item))
    )


def _dated(rng: random.Random, page: bytes) -> Mutation | None:  # noqa: ARG001
    new = rng.choice(
        (b"1 hour ago", b"20.11.26 12h", b"0", b"1763640000000", b"Thu, 01 Jan 1970 00:00:00 +0000")
    )
    pattern = re.compile(rb"(<pubDate[^>]*>)[^<]*")
    return Mutation(f"dates as {new.decode()!r}", _per_item(lambda item: pattern.sub(rb"\g<1>" + new, item)))


def _units(rng: random.Random, page: bytes) -> Mutation | None:  # noqa: ARG001
    by = rng.choice((2**10, 2**20))
    pattern = re.compile(
        rb"((?:length=\"|name=\"size\" value=\"|<size>|<contentLength>|<torrent:contentLength>))(\d{4,})",
        re.IGNORECASE,
    )
    told = lambda item: pattern.sub(lambda found: found[1] + b"%d" % (int(found[2]) // by), item)  # noqa: E731
    return Mutation(f"sizes by {by}", _per_item(told))


def _swapped(rng: random.Random, page: bytes) -> Mutation | None:
    names = [name for name in _elements(page) if name != b"enclosure"]
    a, b = rng.sample(names, 2)

    def change(item: bytes) -> bytes:
        item = re.sub(rb"(</?)" + re.escape(a) + rb"(?=[\s>/])", rb"\g<1>swapped", item)
        item = re.sub(rb"(</?)" + re.escape(b) + rb"(?=[\s>/])", rb"\g<1>" + a, item)
        return re.sub(rb"(</?)swapped(?=[\s>/])", rb"\g<1>" + b, item)

    return Mutation(f"elements {a.decode()} and {b.decode()} swapped", _per_item(change))


def _attributes(rng: random.Random, page: bytes) -> Mutation | None:
    names = sorted(set(re.findall(rb"<(?:torznab|newznab):attr\s+name=\"(\w+)\"", page)))
    if not names:
        return None
    name = rng.choice(names)
    told = lambda item: item.replace(b'name="' + name + b'"', b'name="x' + name + b'"')  # noqa: E731
    return Mutation(f"attribute {name.decode()} renamed", _per_item(told))


def _namespaced(rng: random.Random, page: bytes) -> Mutation | None:
    names = sorted(set(re.findall(rb"<((?:nyaa|torrent):\w+)", page)))
    if not names:
        return None
    name = rng.choice(names)
    new = name.replace(b":", b":x")
    told = lambda item: re.sub(rb"(</?)" + re.escape(name) + rb"(?=[\s>])", rb"\g<1>" + new, item)  # noqa: E731
    return Mutation(f"element {name.decode()} renamed", _per_item(told))


def _same(rng: random.Random, page: bytes) -> Mutation | None:  # noqa: ARG001
    pattern = re.compile(rb"(<title[^>]*>).*?(</title>)", re.DOTALL)
    return Mutation("one title for all", _per_item(lambda item: pattern.sub(rb"\g<1>Download\g<2>", item)))


def _rows(rng: random.Random, page: bytes) -> Mutation | None:  # noqa: ARG001
    new = rng.choice((b"row", b"article"))
    return Mutation(f"rows as <{new.decode()}>", lambda told: re.sub(rb"(</?)item\b", rb"\g<1>" + new, told))


def _one_row(rng: random.Random, page: bytes) -> Mutation | None:  # noqa: ARG001
    def change(told: bytes) -> bytes:
        found = list(re.finditer(rb"<item\b.*?</item\s*>", told, re.DOTALL))
        return told[: found[0].end()] + told[found[-1].end() :]

    return Mutation(ONE_ROW, change)


def _mojibake(rng: random.Random, page: bytes) -> Mutation | None:  # noqa: ARG001
    broken = "Ð¡Ð»Ð¸Ñ‚Ð°Ñ ".encode()
    pattern = re.compile(rb"(<title>(?:<!\[CDATA\[)?)")
    return Mutation(
        "titles in a wrong encoding", _per_item(lambda item: pattern.sub(rb"\g<1>" + broken, item))
    )


def _escaped(rng: random.Random, page: bytes) -> Mutation | None:  # noqa: ARG001
    pattern = re.compile(rb"(<title>)([^<]*)(</title>)")

    def twice(found: re.Match[bytes]) -> bytes:
        told = escape(escape(f"<b>{found[2].decode('utf-8', 'replace')}</b>"))
        return found[1] + told.encode() + found[3]

    def change(item: bytes) -> bytes:
        return pattern.sub(twice, item)

    return Mutation("titles escaped twice", _per_item(change))


_MAKERS = (
    _renamed, _removed, _emptied, _dated, _units, _swapped, _attributes, _namespaced, _same, _rows, _one_row,
    _mojibake, _escaped,
)  # fmt: skip
