"""What a person reads on a page that no kind knows: lines of text, and the links that content can be had by.

It is read where all markup of strangers is, in a process with limits. What is no text of the page is left out: scripts,
navigation, fields of forms, what calls itself an advertisement. A line `MARK` stands where another's post or comment begins.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - compiled, without stubs

from leakwatch.model.observation import Observation
from leakwatch.sources import _markup
from leakwatch.sources._encoding import text_of
from leakwatch.sources._kind import Page, Payload, PolledKind, Request, site_name

MARK, LINK = "§", "→ "
_MAX_LINES, _MAX_LINE = 5_000, 2_000
_LEFT_OUT = frozenset(
    "script style noscript template svg math iframe object embed head nav footer aside select textarea button input "
    "datalist dialog".split()
)
_INLINE = frozenset(
    "a abbr b bdi bdo cite code em font i kbd mark q s samp small span strong sub sup time tt u var wbr".split()
)
_NO_TEXT = re.compile(
    r"(?:^|[\s_-])(?:ads?|advert\w*|sponsor\w*|promo\w*|banner|cookies?|captcha|csrf|breadcrumbs?)(?:$|[\s_-])"
)
_ANOTHERS = re.compile(
    r"(?:^|[\s_-])(?:comments?|repl(?:y|ies)|posts?|message|answers?|reviews?)(?:$|[\s_-])"
)
_CONTENT = re.compile(r"(?i)\A(?:magnet:|ed2k:|ipfs:|https?://)")


def parse(payload: Payload) -> Page:
    """The page as one observation: its title, and its lines as the text. Raises: LayoutChanged if there is nothing."""
    kind = payload.headers.get("content-type", "").lower()
    is_markup = "html" in kind or "xml" in kind or payload.body.lstrip()[:1] == b"<"
    if is_markup:
        root = _markup.document(payload).root
        title, lines = _markup.words(_markup.first(root, "title"), _MAX_LINE), [*_lines(root)]
    else:
        title, lines = "", [_squeezed(one) for one in text_of(payload.body, payload.headers).splitlines()]
    text = "\n".join([one for one in lines if one][:_MAX_LINES])
    seen = Observation(
        site=site_name(payload),
        native_id="page",
        title=title,
        text=text,
        url=payload.url,
        fetched_at=payload.fetched_at,
    )
    return Page(observations=(seen,))


def _lines(root: etree._Element) -> Iterator[str]:
    """Lines in the order of the page; the links of a line behind it. No recursion: a page may be nested without end."""
    parts, links = list[str](), list[str]()
    skipped: Any = None
    for event, one in etree.iterwalk(root, events=("start", "end")):
        tag = one.tag if isinstance(one.tag, str) else ""
        if skipped is None and event == "start":
            if not tag or tag in _LEFT_OUT or _NO_TEXT.search(_names(one)):
                skipped = one
                continue
            is_mark = tag == "article" or (tag not in _INLINE and _ANOTHERS.search(_names(one)))
            if tag not in _INLINE or tag == "br":
                yield from _ended(parts, links)
            if is_mark:
                yield MARK
            parts.append(one.text or "")
            href = str(one.get("href") or "").strip()
            if tag == "a" and _CONTENT.match(href):
                links.append(f"{LINK}{_bare(href)}"[:_MAX_LINE])
        elif event == "end" and (skipped is None or skipped is one):
            if skipped is None and tag not in _INLINE:
                yield from _ended(parts, links)
            skipped = None
            parts.append(one.tail or "")
    yield from _ended(parts, links)


def _ended(parts: list[str], links: list[str]) -> Iterator[str]:
    """The line that ends here, and its links."""
    line = _squeezed("".join(parts))
    if line:
        yield line
    yield from links
    parts.clear()
    links.clear()


def _names(element: etree._Element) -> str:
    """Class and id of an element."""
    return f"{element.get('class') or ''} {element.get('id') or ''}".lower()[:300]


def _bare(href: str) -> str:
    """A magnet URI without its trackers and name, which are often put in another order."""
    found = re.findall(r"xt=[^&]+", href) if href.lower().startswith("magnet:") else []
    return f"magnet:?{'&'.join(sorted(found))}" if found else href


def _squeezed(line: str) -> str:
    return " ".join(line.split())[:_MAX_LINE]


def _start(*_: object) -> Iterator[Request]:
    return iter(())


READABLE = PolledKind(name="_readable", settings=object, start=_start, parse=parse, is_markup=True)
"""No kind of site, and not in the register: only what reads a page that no kind knows."""
