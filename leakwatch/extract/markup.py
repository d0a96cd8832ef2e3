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
COMMENT = re.compile(r"<!--((?:[^<]|<(?!!--)){8,4000}?)-->")
_MAX_ATTRIBUTES = _MAX_COMMENTS = 20_000


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


def hidden(layer: Layer) -> Layer | None:
    """What markup holds beside its text, None where there is nothing: values of attributes, and comments.

    A link may stand in `href` only; and what is a comment to HTML is shown by sites that read Markdown.
    """
    built = Builder(layer)
    if "=" in layer.text:
        _attributes(layer, built)
    if "<!--" in layer.text:
        for number, found in enumerate(COMMENT.finditer(layer.text)):
            if number == _MAX_COMMENTS:
                break
            _take(found, 1, built)
    return built.layer("html") if built.length else None


def _attributes(layer: Layer, built: Builder) -> None:
    for number, found in enumerate(ATTRIBUTE.finditer(layer.text)):
        if number == _MAX_ATTRIBUTES:
            break
        if _ITS_NAME.search(layer.text, max(0, found.start() - 44), found.start()):
            _take(found, 1 if found[1] is not None else 2, built)


def _take(found: re.Match[str], group: int, built: Builder) -> None:
    built.copy(*found.span(group))
    built.put("\n\n", found.end(), found.end())
