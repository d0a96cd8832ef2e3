"""HTML as trees that CSS selectors look into, and what the raw text says beside the tree.

Readers of markup drop things: comments, scripts, attributes, and all that follows where tags are nested more than 256
deep. A link there was posted all the same, so the raw text is searched as well, and what only it has is kept.
"""

from __future__ import annotations

import bisect
import html
import re
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import lru_cache

from cssselect import HTMLTranslator, SelectorError
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - compiled, without stubs

from leakwatch.errors import ConfigError, LayoutChanged
from leakwatch.extract.links import find_locators, identity, locate
from leakwatch.model.observation import Locator, LocatorKind, Observation
from leakwatch.sources import _fields as fields
from leakwatch.sources._encoding import text_of
from leakwatch.sources._kind import Payload, site_name

MAX_CHARS = 8 * 2**20
MAX_SEARCHED = 2 * 2**20
"""Characters of raw text that are searched beside the tree: about a second and a half of a page full of links."""
_MAX_SELECTOR = 1000
_PART, _OVERLAP = 256 * 1024, 8 * 1024
MAX_HIDDEN = 500
_NEAR = 64 * 1024
"""Characters behind an item in which what is hidden is still the item's own."""
_IN_TAGS = (LocatorKind.MAGNET, LocatorKind.ED2K, LocatorKind.TORRENT_URL)
_DEPTH = re.compile("excessive depth", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Document:
    """A page as a tree, and the text that the tree was made of. `incomplete` says what the tree does not hold."""

    root: etree._Element
    text: str
    incomplete: str = ""


def document(payload: Payload) -> Document:
    """The page of a payload. Raises: LayoutChanged if there is none."""
    text = text_of(payload.body, payload.headers)
    long = len(text) > MAX_CHARS
    text = text[:MAX_CHARS]
    parser = etree.HTMLParser(recover=True, no_network=True, remove_pis=True, encoding="utf-8")
    try:
        root = etree.fromstring(text.encode("utf-8", "replace"), parser) if text.strip() else None
    except (etree.XMLSyntaxError, ValueError) as error:
        raise LayoutChanged(f"expected HTML from {payload.url}: {error}") from error
    if root is None:
        raise LayoutChanged(f"expected HTML from {payload.url}, got none")
    deep = any(_DEPTH.search(one.message) for one in parser.error_log)
    told = f"the page has more than {MAX_CHARS} characters" if long else ""
    return Document(root, text, "the page is nested too deeply to be read to its end" if deep else told)


@lru_cache(maxsize=500)
def _xpath(selector: str) -> etree.XPath:
    if len(selector) > _MAX_SELECTOR:
        raise ConfigError(f"not a CSS selector: it has more than {_MAX_SELECTOR} characters")
    try:
        return etree.XPath(HTMLTranslator().css_to_xpath(selector), regexp=False, smart_strings=False)
    except (SelectorError, etree.XPathSyntaxError, ValueError, RecursionError) as error:
        raise ConfigError(f"not a CSS selector: {selector[:80]!r}: {error}") from None


def checked(selector: str, field: str) -> None:
    """Raises: ConfigError naming the field if this is no CSS selector."""
    try:
        _xpath(selector)
    except ConfigError as error:
        raise ConfigError(error.message, field=field) from None


def select(element: etree._Element, selector: str) -> list[etree._Element]:
    """The elements that a selector finds in this one, itself included, in the page's order."""
    return list(_xpath(selector)(element))


def first(element: etree._Element, selector: str) -> etree._Element | None:
    """The first of them, or None."""
    return next(iter(select(element, selector)), None)


def words(element: etree._Element | None, limit: int = 2000) -> str:
    """The text of an element as a reader sees it, on one line."""
    if element is None:
        return ""
    parts = (one for one in element.itertext() if isinstance(one, str))
    return " ".join("".join(parts).split())[:limit]


def markup(element: etree._Element | None, empty: Sequence[etree._Element] = ()) -> str | None:
    """An element as markup, links and all; None where there is none. Parts of it can be emptied; one with a link stays."""
    if element is None:
        return None
    emptied = [
        one for one in empty if one is not element and next(one.iter("a", "area", "link"), None) is None
    ]
    shown = _emptied(element, emptied) if emptied else element
    return fields.text(etree.tostring(shown, encoding="unicode", method="html", with_tail=False))


def _emptied(element: etree._Element, parts: Sequence[etree._Element]) -> etree._Element:
    """A copy of an element in which these parts of it have nothing inside."""
    numbers = {number for number, one in enumerate(element.iter()) if one in parts}
    copied: etree._Element = deepcopy(element)
    for one in [one for number, one in enumerate(copied.iter()) if number in numbers]:
        for child in list(one):
            one.remove(child)
        one.text = None
        one.attrib.clear()
    return copied


def with_hidden(
    observations: Sequence[Observation], marks: Sequence[str], page: Document, payload: Payload
) -> tuple[tuple[Observation, ...], str]:
    """The items of a page; each has the links that stand only in the raw text behind it, and the page has the others.

    The second value says what was left out, as `incomplete` does.
    Shape:  `marks` are texts of the raw page that say where each item begins, in the items' order; "" is unknown.
    """
    known = {identity(locator) for one in observations for locator in locate(one).locators}
    hidden = hidden_links(page.text, known)
    more = len(hidden) - MAX_HIDDEN
    told = page.incomplete or (f"{more} hidden links left out" if more > 0 else "")
    if not told and len(page.text) > MAX_SEARCHED:
        told = f"hidden links were looked for in the first {MAX_SEARCHED} characters"
    if not hidden:
        return tuple(observations), told
    places = _places(page.text, marks)
    own: dict[int, list[Locator]] = {}
    for at, locator in hidden[:MAX_HIDDEN]:
        own.setdefault(_nearest(places, at), []).append(locator)
    items = [
        replace(one, locators=(*one.locators, *own.get(number, ())))
        for number, one in enumerate(observations)
    ]
    return (*items, *([_of_page(page, own[-1], payload)] if -1 in own else [])), told


def hidden_links(text: str, known: set[str]) -> list[tuple[int, Locator]]:
    """Locators of the raw text that are not known yet, each with its place, in the order of the text."""
    shown = text[:MAX_SEARCHED].replace("<!--", "    ").replace("-->", "   ")
    found: dict[str, tuple[int, Locator]] = {}
    for start in range(0, len(shown), _PART):
        part = shown[start : start + _PART + _OVERLAP]
        told = [(part, None), (part.replace("<", "\n").replace(">", "\n"), _IN_TAGS)]
        for reading, kinds in told:
            for one in find_locators(reading):
                key = identity(one)
                if (kinds is None or one.kind in kinds) and not _is_known(key, known):
                    at, chain = start + max(one.offset, 0), ("raw", *one.decode_chain)
                    found.setdefault(key, (at, replace(one, offset=-1, decode_chain=chain)))
    return sorted(found.values(), key=lambda one: one[0])


def _is_known(key: str, known: set[str]) -> bool:
    """Whether an item has it. An address with spaces in it ends too early in the raw text."""
    is_address = key.startswith(f"{LocatorKind.TORRENT_URL}:")
    return key in known or (is_address and any(one.startswith(key) for one in known))


def _places(text: str, marks: Sequence[str]) -> list[tuple[int, int]]:
    """Where each item begins, and its number; an item whose mark is not found has no place."""
    places: list[tuple[int, int]] = []
    last = 0
    for number, mark in enumerate(marks):
        spellings = (mark, html.escape(mark), html.escape(mark, quote=False)) if mark else ()
        at = min((at for at in (text.find(one, last) for one in spellings) if at >= 0), default=-1)
        if at >= 0:
            places.append((at, number))
            last = at + 1
    return places


def _nearest(places: Sequence[tuple[int, int]], at: int) -> int:
    """The item that a place belongs to: the last that begins before it, or -1 where none does or it is far away."""
    index = bisect.bisect_right(places, at, key=lambda one: one[0]) - 1
    return places[index][1] if index >= 0 and at - places[index][0] <= _NEAR else -1


def _of_page(page: Document, locators: Sequence[Locator], payload: Payload) -> Observation:
    return Observation(
        site=site_name(payload),
        native_id=f"{payload.url[:1500]}#page",
        title=words(first(page.root, "title"), 500),
        fetched_at=payload.fetched_at,
        url=payload.url[:2000],
        locators=tuple(locators),
    )
