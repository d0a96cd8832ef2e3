"""Text without markup: tags fall away, entities are decoded, characters that nobody sees vanish."""

from __future__ import annotations

import html
import re

from leakwatch.extract.layers import Builder, Layer, substituted

_UNSEEN = "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]"
MARKUP = re.compile(
    rf"[<&{_UNSEEN[1:-1]}](?:(?<=<)(?:(?P<tag>/?[a-zA-Z][a-zA-Z0-9]{{0,15}})(?=[\s/>])[^<>]{{0,4000}}>"
    r"|!--(?:[^<]|<(?!!--)){0,4000}?-->)"
    r"|(?<=&)(?:[a-zA-Z]{2,24}|#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6});"
    rf"|(?<={_UNSEEN}){_UNSEEN}*)",
    re.DOTALL,
)
"""Begins with one set of characters, for which `re` looks quickly."""
_BREAKS = frozenset("br p div li tr td th pre blockquote h1 h2 h3 h4 h5 h6 ul ol table hr code".split())
ATTRIBUTE = re.compile(r"""=\s{0,4}(?:"([^"<>]{8,9000})"|'([^'<>]{8,9000})')""")
_ITS_NAME = re.compile(r"\b(?:href|src|value|content|data-[\w-]{1,30})\s{0,4}\Z")
_MAX_ATTRIBUTES = 20_000


def projected(layer: Layer) -> Layer:
    """The text as a reader sees it: a `<wbr>` or `<b>` inside a link leaves no gap, a `<br>` ends the line."""
    return substituted(layer, MARKUP, _instead, "html") or layer


def _instead(found: re.Match[str]) -> str:
    tag = found["tag"]
    if tag:
        return "\n" if tag.lower().lstrip("/") in _BREAKS else ""
    if found[0].startswith("&"):
        decoded = html.unescape(found[0])
        return "" if re.fullmatch(_UNSEEN, decoded) else decoded
    return ""


def attributes(layer: Layer) -> Layer | None:
    """The values of attributes, for a link may stand in `href` only; None where there are none."""
    if "=" not in layer.text:
        return None
    built = Builder(layer)
    for number, found in enumerate(ATTRIBUTE.finditer(layer.text)):
        if number == _MAX_ATTRIBUTES:
            break
        if not _ITS_NAME.search(layer.text, max(0, found.start() - 44), found.start()):
            continue
        group = 1 if found[1] is not None else 2
        built.copy(*found.span(group))
        built.put("\n\n", found.end(), found.end())
    return built.layer("html") if built.length else None
