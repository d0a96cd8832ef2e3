"""Rows and fields of an HTML or XML answer."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - compiled, without stubs

from leakwatch.sources.cardigann.definition import Block, Rows
from leakwatch.sources.cardigann.selectors import select

MAX_VALUE = 200_000
MAX_CHILDREN = 500
_MAX_HEADINGS = 1000
_MAX_VALUES = 500
_HASH = re.compile(r"(?<![0-9A-Za-z])[0-9A-Fa-f]{40}(?![0-9A-Za-z])")


def rows(root: etree._Element, rule: Rows, selector: str, limit: int) -> tuple[list[etree._Element], int]:
    """At most `limit` elements that are items, and how many there were; those that belong together made one."""
    found = select(selector, root, with_self=True)
    step = rule.after + 1
    kept = found[: limit * step]
    for index, element in enumerate(kept):
        if index % step:
            _absorb(kept[index - index % step], element)
    return kept[::step], (len(found) + step - 1) // step


def slimmed(found: Sequence[etree._Element]) -> int:
    """Leave of each element in a row its first children, and say how many elements had more.

    A selector such as `td:has(a) ~ td` takes time by the square of how many stand side by side.
    """
    wide = [one for row in found for one in row.iter(etree.Element) if len(one) > MAX_CHILDREN]
    for one in wide:
        del one[MAX_CHILDREN:]
    return len(wide)


def _absorb(row: etree._Element, other: etree._Element) -> None:
    """Move what is in a following row to the end of the first."""
    if other.text:
        if len(row):
            row[-1].tail = (row[-1].tail or "") + other.text
        else:
            row.text = (row.text or "") + other.text
    row.extend(list(other))


def value(row: etree._Element, block: Block, expand: Callable[[str], str]) -> str | None:
    """What a block finds in a row, before its filters; None where there is nothing."""
    found = select(expand(block.selector), row, with_self=True)[:1] if block.selector else [row]
    if not found:
        return None
    element = found[0]
    if block.remove:
        element = copy.deepcopy(element)
        for one in select(expand(block.remove), element):
            _drop(one)
    if block.case:
        return _case(element, block)
    told = element.get(block.attribute) if block.attribute else text_of(element)
    return None if told is None else told[:MAX_VALUE].strip()


def text_of(element: etree._Element) -> str:
    """All text inside an element."""
    return "".join(islice(element.itertext(), 20_000))[:MAX_VALUE]


def _case(element: etree._Element, block: Block) -> str | None:
    """The value of the first case whose selector the element is, or has inside."""
    for key, told in block.case:
        if key == "*" or select(key, element, with_self=True):
            return told
    return None


def _drop(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is None:
        return
    before = element.getprevious()
    if element.tail:
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    parent.remove(element)


def told_hashes(row: etree._Element) -> frozenset[str]:
    """The infohashes that the row's own links tell: in magnet URIs, and in the addresses of torrents named by theirs."""
    found: set[str] = set()
    for value in islice(_values(row), _MAX_VALUES):
        is_link = "btih:" in value or ".torrent" in value.lower()
        found.update(one.lower() for one in _HASH.findall(value[:4000]) if is_link)
    return frozenset(found)


def _values(row: etree._Element) -> Iterator[str]:
    for element in row.iter(etree.Element):
        is_named = element.get("name", "").lower() == "infohash"
        for name, value in element.items():
            yield f"btih:{value}" if is_named and name == "value" else value


def heading(row: etree._Element, block: Block, expand: Callable[[str], str]) -> str | None:
    """What a block finds in the nearest heading before a row."""
    before: Sequence[etree._Element] = list(islice(row.itersiblings(preceding=True), _MAX_HEADINGS))
    for one in before:
        if isinstance(one.tag, str):
            told = value(one, block, expand)
            if told:
                return told
    return None
