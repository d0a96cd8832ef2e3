"""Answers as trees: text in the right encoding, HTML with the parts that browsers add, XML without namespaces."""

from __future__ import annotations

import json
import re

from lxml import etree, html  # pyright: ignore[reportAttributeAccessIssue] - compiled, without stubs

from leakwatch.errors import LayoutChanged
from leakwatch.sources import _encoding
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Json, Payload

MAX_CHARS = 16 * 2**20
_DOCTYPE = re.compile(r"<!doctype[^>]*(?:\[|\bsystem\b|\bpublic\b)", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>", re.IGNORECASE)


def text_of(payload: Payload, encoding: str) -> str:
    """The answer as text. The definition's encoding counts where the answer tells none, but UTF-8, which all definitions say."""
    known = "" if _encoding.codec_of(encoding) == "utf-8" else encoding
    return _encoding.text_of(payload.body[: 4 * MAX_CHARS], payload.headers, known)[:MAX_CHARS]


def markup(text: str) -> etree._Element:
    """HTML as a tree, rows of tables inside a tbody. Raises: LayoutChanged if there is nothing to read."""
    parser = html.HTMLParser(
        recover=True, no_network=True, remove_comments=True, remove_pis=True, encoding="utf-8"
    )
    try:
        data = _DECLARATION.sub("", text).encode("utf-8", "replace")
        root = etree.fromstring(data, parser) if data.strip() else None
    except (etree.XMLSyntaxError, ValueError) as error:
        raise LayoutChanged(f"expected HTML: {error}") from error
    if root is None:
        raise LayoutChanged("expected HTML, got nothing")
    for table in list(root.iter("table")):
        _with_body(table)
    return root


def _with_body(table: etree._Element) -> None:
    """Put rows that stand in the table itself into a tbody, as HTML has it (13.2.6.4.9)."""
    body = None
    for child in list(table):
        if child.tag == "tr":
            if body is None:
                body = etree.Element("tbody")
                table.replace(child, body)
            body.append(child)
        else:
            body = None


def xml(text: str) -> etree._Element:
    """XML as a tree whose names have no namespace. Raises: LayoutChanged if it is none."""
    if _DOCTYPE.search(text[:4096]):
        raise LayoutChanged("the answer declares XML entities of its own; it is not read")
    parser = etree.XMLParser(
        recover=True,
        resolve_entities=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        data = fields.mended(_DECLARATION.sub("", text).encode("utf-8", "replace"))
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise LayoutChanged(f"expected XML: {error}") from error
    if root is None:
        raise LayoutChanged("expected XML, got none")
    for element in root.iter(etree.Element):
        if "}" in str(element.tag):
            element.tag = str(element.tag).rpartition("}")[2] or "x"
    return root


def decoded_json(text: str) -> Json:
    """JSON as values. Raises: LayoutChanged if it is none."""
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise LayoutChanged(f"expected JSON: {error}") from error
