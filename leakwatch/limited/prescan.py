"""A cheap look at markup before a parser builds a tree of it: how deep it goes, and how much one tag carries. Pure.

A scan along the tags in one pass, not a parser: what a parser would close by itself is not counted as open.
"""

from __future__ import annotations

from leakwatch.errors import LayoutChanged

MAX_DEPTH = 512
MAX_ATTRIBUTES = 1000
_VOID = frozenset(b"area base br col embed hr img input link meta param source track wbr".split())
_CLOSED_BY_OTHERS = frozenset(
    b"p li dt dd tr td th thead tbody tfoot option optgroup colgroup caption rt rp html head body".split()
)
_RAW = frozenset((b"script", b"style", b"textarea", b"title", b"xmp"))
_XML = (b"<?xml", b"<rss", b"<feed", b"<rdf:", b"<opml")
_ASCII_NUL = b"\0"


def check(body: bytes) -> None:
    """Raises: LayoutChanged for markup that is nested or laden beyond all sense."""
    bare = body.replace(_ASCII_NUL, b"")  # UTF-16 and its like: tags are ASCII between NULs
    is_xml = bare[:200].lstrip(b"\xef\xbb\xbf\xff\xfe\xfe\xff \t\r\n").lower().startswith(_XML)
    depth, inside = 0, b""
    for chunk in bare.split(b"<")[1:]:
        if inside:
            inside = _still(inside, chunk)
            continue
        head = chunk[:40].lower()
        if head.startswith(b"!--"):
            inside = _still(b"-->", chunk)
            continue
        if head.startswith(b"![cdata["):
            inside = _still(b"]]>", chunk)
            continue
        name = _name(head.removeprefix(b"/"))
        if not name:
            continue
        if head.startswith(b"/"):
            depth -= depth > 0 and _counts(name, is_xml=is_xml)
            continue
        tag = chunk.partition(b">")[0]
        if tag.count(b"=") > MAX_ATTRIBUTES:
            raise LayoutChanged(f"a tag has more than {MAX_ATTRIBUTES} attributes; the page is not read")
        if name in _RAW and not is_xml:
            inside = b"/" + name
        elif _counts(name, is_xml=is_xml) and not tag.rstrip().endswith(b"/"):
            depth += 1
            if depth > MAX_DEPTH:
                raise LayoutChanged(f"the page is nested more than {MAX_DEPTH} deep; it is not read")


def _counts(name: bytes, *, is_xml: bool) -> bool:
    return is_xml or name not in _VOID | _CLOSED_BY_OTHERS


def _still(end: bytes, chunk: bytes) -> bytes:
    """What ends the comment, section or element that we are in, or nothing where this chunk does."""
    ended = chunk[: len(end)].lower() == end if end.startswith(b"/") else end in chunk
    return b"" if ended else end


def _name(head: bytes) -> bytes:
    """The name that a tag begins with; nothing where it is none."""
    if not head[:1].isalpha():
        return b""
    end = next((at for at, byte in enumerate(head) if byte in b" \t\r\n\f/>"), len(head))
    return head[:end]
