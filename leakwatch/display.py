"""Untrusted text made safe to show, and links made unclickable."""

from __future__ import annotations

import re
import unicodedata

# C0, DEL, C1, bidi controls (CVE-2021-42574), zero-width marks, line and paragraph separators.
_INVISIBLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_SURROGATES = re.compile("[\ud800-\udfff]")
_STEERING = re.compile(f"{_INVISIBLE.pattern}|{_SURROGATES.pattern}")
_MAX_MARKS = 4


def clean(text: str, limit: int = 500) -> str:
    """One line that a terminal, a log, a mail header and a chat client can show without being steered.

    Control, bidi and zero-width characters become visible escapes, runs of combining marks are cut,
    lone surrogates become U+FFFD, and the text is cut at `limit` characters with an ellipsis.
    """
    text = _SURROGATES.sub("\ufffd", text[: limit * 4])
    text = _INVISIBLE.sub(_escape, text.replace("\r\n", "\n").replace("\t", " "))
    out: list[str] = []
    marks = 0
    for char in text:
        marks = marks + 1 if unicodedata.category(char) in ("Mn", "Me") else 0
        if marks <= _MAX_MARKS:
            out.append(char)
    shown = "".join(out)
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def _escape(found: re.Match[str]) -> str:
    char = found[0]
    if char == "\n":
        return " "
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def defang(url: str) -> str:
    """A link that no client opens or unfurls by itself: `https://a.example/x` becomes `hxxps://a[.]example/x`."""
    shown = clean(url, 2000)
    scheme, separator, rest = shown.partition("://")
    if not separator or shown[:7].lower() == "magnet:":
        return re.sub(r"^magnet:", "magnet[:]", shown, flags=re.IGNORECASE).replace("://", "[:]//")
    host, slash, path = rest.replace("://", "[:]//").partition("/")
    return f"{scheme.lower().replace('http', 'hxxp')}://{host.replace('.', '[.]')}{slash}{path}"


def visible(text: str) -> str:
    """The text with control, bidi and zero-width characters as escapes; tabs and line ends stay."""
    told = _SURROGATES.sub("\ufffd", text)
    return _INVISIBLE.sub(lambda found: found[0] if found[0] in "\t\r\n" else _escape(found), told)


def escaped_json(text: str) -> str:
    r"""JSON on one line in which control, bidi and zero-width characters and lone surrogates are `\u` escapes."""
    return _STEERING.sub(_json_escape, text)


def _json_escape(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{int.from_bytes(units[at : at + 2], 'big'):04x}" for at in range(0, len(units), 2))
