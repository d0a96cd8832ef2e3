"""Changes of HTML pages: of classes, elements, attributes, cells and texts. Each is a function from a page to another."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from html import escape

from drift_json import ONE_ROW
from lxml import html
from lxml.html import HtmlElement

Change = Callable[[bytes], bytes]
_ATTRIBUTES = ("href", "datetime", "data-post", "class")
_LONG, _MOJIBAKE = 12, "Ð¡Ð»Ð¸Ñ‚Ð°Ñ "


def draw_html(rng: random.Random, page: bytes) -> tuple[str, Change] | None:
    """A change of all elements of one class or name, or of the cells of all rows."""
    return rng.choice(_MAKERS)(rng, html.document_fromstring(page, parser=_parser()))


def _parser() -> html.HTMLParser:
    return html.HTMLParser(encoding="utf-8")


def _at_root(change: Callable[[HtmlElement], None]) -> Change:
    def of(page: bytes) -> bytes:
        root = html.document_fromstring(page, parser=_parser())
        change(root)
        return html.tostring(root, encoding="utf-8", doctype="<!DOCTYPE html>")

    return of


def _at_each(selector: str, change: Callable[[HtmlElement], None]) -> Change:
    def of(root: HtmlElement) -> None:
        for one in root.xpath(selector):
            change(one)

    return _at_root(of)


def _of_class(name: str) -> str:
    return f"//*[contains(concat(' ', @class, ' '), ' {name} ')]"


def _classes(root: HtmlElement) -> Sequence[str]:
    return sorted({name for one in root.xpath("//body//*[@class]") for name in one.get("class").split()})


def _parts(root: HtmlElement) -> Sequence[str]:
    """Ways to find parts of a page: by class, or by cell, or by name."""
    names = sorted({one.tag for one in root.xpath("//body//*")} - {"table", "tbody", "section", "main"})
    cells = sorted({f"//td[{1 + one.getparent().index(one)}]" for one in root.xpath("//td")})
    return (*map(_of_class, _classes(root)), *(f"//body//{name}" for name in names), *cells)


def _renamed_class(rng: random.Random, root: HtmlElement) -> tuple[str, Change] | None:
    names = _classes(root)
    if not names:
        return None
    name = rng.choice(names)

    def change(one: HtmlElement) -> None:
        one.set("class", one.get("class").replace(name, f"x{name[::-1]}"))

    return f"class {name} renamed", _at_each(_of_class(name), change)


def _renamed_element(rng: random.Random, root: HtmlElement) -> tuple[str, Change] | None:
    part, new = rng.choice(_parts(root)), rng.choice(("div", "b", "x-part"))

    def change(one: HtmlElement) -> None:
        one.tag = new

    return f"{part} as <{new}>", _at_each(part, change)


def _renamed_attribute(rng: random.Random, root: HtmlElement) -> tuple[str, Change] | None:
    names = [name for name in _ATTRIBUTES if root.xpath(f"//body//*[@{name}]")]
    name = rng.choice(names)

    def change(one: HtmlElement) -> None:
        one.set(f"data-x-{name}", one.attrib.pop(name))

    return f"attribute {name} renamed", _at_each(f"//body//*[@{name}]", change)


def _removed(rng: random.Random, root: HtmlElement) -> tuple[str, Change] | None:
    part = rng.choice(_parts(root))
    return f"{part} removed", _at_each(part, lambda one: one.drop_tree())


def _emptied(rng: random.Random, root: HtmlElement) -> tuple[str, Change] | None:
    part = rng.choice(_parts(root))

    def change(one: HtmlElement) -> None:
        for inner in list(one):
            one.remove(inner)
        one.text = ""

    return f"{part} emptied", _at_each(part, change)


def _moved(rng: random.Random, root: HtmlElement) -> tuple[str, Change] | None:
    """Cells of rows, or parts of posts, change places; as cells are counted, another is read."""
    rows = root.xpath("//tr[td]")
    if not rows:
        return None
    a, b = sorted(rng.sample(range(len(rows[0])), 2))

    def change(row: HtmlElement) -> None:
        cells = list(row)
        if len(cells) > b:
            cells[a], cells[b] = cells[b], cells[a]
            row[:] = cells

    return f"cells {a + 1} and {b + 1} swapped", _at_each("//tr[td]", change)


def _swapped_classes(rng: random.Random, root: HtmlElement) -> tuple[str, Change] | None:
    names = list(_classes(root))
    if len(names) < 2:
        return None
    a, b = rng.sample(names, 2)
    other = {a: b, b: a}

    def change(one: HtmlElement) -> None:
        one.set("class", " ".join(other.get(name, name) for name in one.get("class").split()))

    return f"classes {a} and {b} swapped", _at_each("//body//*[@class]", change)


def _added_cell(rng: random.Random, root: HtmlElement) -> tuple[str, Change] | None:
    rows = root.xpath("//tr[td]")
    if not rows:
        return None
    place = rng.randrange(len(rows[0]))

    def change(row: HtmlElement) -> None:
        cell = html.Element("td")
        cell.text = "new"
        row.insert(place, cell)

    return f"a cell added before {place + 1}", _at_each("//tr[td]", change)


def _dated(rng: random.Random, root: HtmlElement) -> tuple[str, Change] | None:
    new = rng.choice(("2 hours ago", "01/01/1970", "Nov 20", "1763640000000"))
    if root.xpath("//time"):

        def of_time(one: HtmlElement) -> None:
            one.set("datetime", new)

        return f"times as {new!r}", _at_each("//time", of_time)

    def of_cell(one: HtmlElement) -> None:
        if (one.text or "").startswith("20") and "-" in one.text:
            one.text = new

    return f"dates as {new!r}", _at_each("//td", of_cell)


def _said(root: HtmlElement) -> list[str]:
    """Parts that hold words of their own."""
    return [
        part
        for part in _parts(root)
        if any(len(one.text or "") > _LONG and " " in one.text for one in root.xpath(part))
    ]


def _broken(rng: random.Random, root: HtmlElement) -> tuple[str, Change] | None:
    part = rng.choice(_said(root))

    def change(one: HtmlElement) -> None:
        one.text = _MOJIBAKE + (one.text or "")

    return f"{part} in a wrong encoding", _at_each(part, change)


def _escaped(rng: random.Random, root: HtmlElement) -> tuple[str, Change] | None:
    part = rng.choice(_said(root))

    def change(one: HtmlElement) -> None:
        one.text = escape(escape(f"<b>{one.text or ''}</b>"))

    return f"{part} escaped twice", _at_each(part, change)


def _same(rng: random.Random, root: HtmlElement) -> tuple[str, Change] | None:
    part = rng.choice(_said(root))

    def change(one: HtmlElement) -> None:
        one.text = "Download"

    return f"{part} as one text for all", _at_each(part, change)


def _one_row(rng: random.Random, root: HtmlElement) -> tuple[str, Change] | None:  # noqa: ARG001
    rows = "//tr[td][position() > 1] | //*[contains(@class, 'post') or contains(@class, 'message_wrap')][position() > 1]"
    return ONE_ROW, _at_each(rows, lambda one: one.drop_tree())


_MAKERS: tuple[Callable[[random.Random, HtmlElement], tuple[str, Change] | None], ...] = (
    _renamed_class, _renamed_element, _renamed_attribute, _removed, _emptied, _moved, _swapped_classes, _added_cell,
    _dated, _broken, _escaped, _same, _one_row,
)  # fmt: skip
