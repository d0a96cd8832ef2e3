"""Answers as trees: text in the right encoding, HTML with the parts that browsers add, XML without namespaces."""

from __future__ import annotations

import codecs
import json
import re

from lxml import etree, html  # pyright: ignore[reportAttributeAccessIssue] - compiled, without stubs

from leakwatch.errors import LayoutChanged
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Json, Payload

MAX_CHARS = 16 * 2**20
_DOCTYPE = re.compile(r"<!doctype[^>]*(?:\[|\bsystem\b|\bpublic\b)", re.IGNORECASE)
_DECLARATION = re.compile(r"^\s*<\?xml[^>]*\?>", re.IGNORECASE)
_XML_CHARSET = re.compile(rb"""^\s*<\?xml[^>]{0,200}encoding\s*=\s*["']([\w.:-]{1,40})["']""", re.IGNORECASE)
_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]{1,40})""", re.IGNORECASE)
_NEVER = frozenset({"utf-7", "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined"})
_MARKS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def text_of(payload: Payload, encoding: str, *, is_xml: bool = False) -> str:
    """The answer as text: by its byte order mark, its XML declaration, its header, or as the definition says."""
    body = payload.body[: MAX_CHARS + 4]
    told = next((name for mark, name in _MARKS.items() if body.startswith(mark)), "")
    declared = _XML_CHARSET.match(body[:300]) if is_xml else None
    header = _CHARSET.search(payload.headers.get("content-type", "")[:200])
    names = [told, declared[1].decode() if declared else "", header[1] if header else "", encoding, "utf-8"]
    for name in names:
        decoded = _decoded(body, name)
        if decoded is not None:
            return decoded.lstrip("\ufeff")[:MAX_CHARS].replace("\0", "\ufffd")
    return ""


def _decoded(body: bytes, name: str) -> str | None:
    try:
        if not name or codecs.lookup(name).name in _NEVER:
            return None
        return body.decode(name, "replace")
    except (LookupError, ValueError):
        return None


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
