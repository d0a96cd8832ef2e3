"""Links written so that machines pass them by: `hxxp`, `[.]`, `(dot)`, letters apart, percent escapes."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from leakwatch.extract.layers import Layer, places, substituted_near

_DEFANGED = re.compile(
    r"(?P<scheme>(?<![a-z])h(?:xx|XX|\*\*|__)p(?P<s>s?)(?=\s?[\[(:]))"
    r"|[ ]?[\[({<]\s?(?:\.|dot|punkt|punto|point|точка|点|點)\s?[\])}>][ ]?"
    r"|(?P<colon>[ ]?[\[({]\s?(?::|colon)\s?[\])}][ ]?|：|(?<=magnet)\s?colon\s?)"
    r"|(?P<slashes>[\[({]\s?(?P<c>:?)//?\s?[\])}])"
    r"|(?P<ask>(?<=[:：\])}])\s?[\[({]\s?\?\s?[\])}]|？)",
    re.IGNORECASE,
)
_DEFANG_SIGNS = ("xxp", "**p", "__p", "magnet colon", "magnetcolon")
_DEFANG_SIGN = re.compile(r"[\[({<：？](?:(?<=[：？])|\s?(?:[.:/?]|dot|punkt|punto|point|точка|点|點|colon))")
_APART = re.compile(r"(?<!\S)(?:\S[ \t\u00a0\u3000]){7,}\S(?!\S)")
_APART_SIGN = re.compile(r" \S \S \S ")
_APART_SIGN_WIDE = re.compile(r"[\t\u00a0\u3000]\S[\t\u00a0\u3000]\S[\t\u00a0\u3000]\S[\t\u00a0\u3000]")
_GAP = r"\s{0,3}"
_TOPIC = _GAP.join(["x", "t", "=", "u", "r", "n", ":", "b", "t", "[im]", "h", ":"])
_DIGITS = rf"1{_GAP}2{_GAP}2{_GAP}0(?:{_GAP}[0-9a-f]){{64}}|(?:[0-9a-f]{_GAP}){{39}}[0-9a-f]|(?:[a-z2-7]{_GAP}){{31}}[a-z2-7]"
_GAPPY = re.compile(
    rf"{_GAP.join('magnet')}{_GAP}:{_GAP}\?{_GAP}(?:dn{_GAP}={_GAP}[^\s&]{{0,200}}{_GAP}&{_GAP})?{_TOPIC}{_GAP}(?:{_DIGITS})(?![0-9a-z])"
    rf"(?:{_GAP}&{_GAP}(?:dn|tr|xl|xt|ws|as|xs){_GAP}={_GAP}[^\s\"'<>&]{{1,500}}){{0,40}}",
    re.IGNORECASE,
)
_PERCENT = re.compile(r"(?:%[0-9a-fA-F]{2})+")


def refanged(layer: Layer, lowered: str) -> list[Layer]:
    """Readings of a text with one kind of this armour taken off; only lines that change are in them."""
    text = layer.text
    apart = [one.start() for sign in (_APART_SIGN, _APART_SIGN_WIDE) for one in sign.finditer(text)]
    gappy = places(text, "=") if ":" in text and "?" in text else ()
    fanged = [*places(lowered, _DEFANG_SIGNS), *(one.start() for one in _DEFANG_SIGN.finditer(lowered))]
    readings = (
        substituted_near(layer, apart, _APART, _together, "spaces"),
        substituted_near(layer, fanged, _DEFANGED, _meant, "defang"),
        substituted_near(layer, gappy, _GAPPY, _together, "spaces"),
        substituted_near(layer, places(text, "%"), _PERCENT, _unescaped, "percent"),
    )
    return [one for one in readings if one is not None]


def _together(found: re.Match[str]) -> str:
    return "".join(found[0].split())


def _unescaped(found: re.Match[str]) -> str:
    return unquote_to_bytes(found[0]).decode("utf-8", "replace")


def _meant(found: re.Match[str]) -> str:
    if found["scheme"]:
        return f"http{found['s']}"
    if found["colon"]:
        return ":"
    if found["slashes"]:
        return f"{found['c']}//"
    return "?" if found["ask"] else "."
