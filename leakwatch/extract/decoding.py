"""Encoded runs inside a text: base64, base32, hex; and whole texts turned round or by thirteen letters.

Nothing here is slower than a look at each run's first letters, and what does not read as text goes no further.
Runs of one encoding are read together as one layer, so that many small ones cost no more than one large.
"""

from __future__ import annotations

import base64
import binascii
import codecs
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from leakwatch.extract.layers import Builder, Layer
from leakwatch.extract.runs import LEAST_RUN, Run, runs

_SAMPLE = 64
_PAIRS_SIGN = re.compile(r"[3\\](?:(?<=3)a(?:[ \t\r\n:,;-]|\\x|0x){1,3}[0-9a-f]{2}|(?<=\\)x[0-9a-f]{2}\\x)")
_PAIRS = re.compile(
    r"(?<![0-9A-Za-z])(?:(?:\\x|0x|%)?[0-9a-f]{2}[ \t\r\n:,;-]{0,2}){15,}(?<![\s:,;-])(?![0-9A-Za-z])",
    re.IGNORECASE,
)
_HEX, _BASE32 = re.compile(r"[0-9a-fA-F]+\Z"), re.compile(r"[A-Z2-7]+\Z|[a-z2-7]+\Z")
_ROT13_SIGNS = (
    "zntarg", "oguv", "oguz", "uggc", "ukkc", ".gbeerag", "rq2x", "vcsf", "vcaf", "bvasb", "&#k",
    "gratnz", "uvgo", "vugo", "cggu", "cttu", "//:f", "gareebg.", "k2qe", "x2qr", "sfci",
)  # fmt: skip
"""What links become when turned by thirteen letters, and what those become when also turned round."""
_REVERSED_SIGNS = (
    "tengam",
    "htib",
    "hmtb",
    "//:ptth",
    "//:sptth",
    "pxxh",
    "ptth",
    "tnerrot.",
    "k2de",
    "sfpi",
    "snpi",
    "#&",
)
_ESCAPED_ROT13 = re.compile(r"%[0-9a-f][n-s]")
_ESCAPED_REVERSED = re.compile(r"%[0-9a-f]{2}%[0-9a-f]{2}%[0-9a-f]{2}%")


@dataclass(slots=True)
class Budget:
    """What one text may cost. Units: characters read, runs looked at, layers read; all only go down."""

    characters: int = 8 * 2**20
    runs: int = 20_000
    layers: int = 300
    seen: set[bytes] = field(default_factory=set[bytes])


def turned(layer: Layer, lowered: str) -> list[Layer]:
    """The whole text by thirteen letters, and turned round, where something in it looks like a link so turned."""
    found: list[Layer] = []
    escaped = "%" in lowered
    if any(sign in lowered for sign in _ROT13_SIGNS) or (escaped and _ESCAPED_ROT13.search(lowered)):
        text = codecs.encode(layer.text, "rot13")
        found.append(Layer(text, layer, ("rot13",), (0,), ((0, len(text)),)))
    if any(sign in lowered for sign in _REVERSED_SIGNS) or (escaped and _ESCAPED_REVERSED.search(lowered)):
        found.append(Layer(layer.text[::-1], layer, ("reversed",), is_reversed=True))
    return found


def decoded(
    layer: Layer, lowered: str, words: Sequence[tuple[int, int]], depth: int, budget: Budget
) -> list[Layer]:
    """Readings of the encoded runs, one for each way in which any can be read in at most `depth` steps."""
    built: dict[tuple[str, ...], Builder] = {}
    found_runs = sorted(runs(layer.text, words), key=lambda run: run.start - run.end)
    kept = sorted(found_runs[: budget.runs], key=lambda run: run.start)
    budget.runs -= len(kept)
    for run in kept:
        for steps, start, text in _readings(run):
            if len(steps) <= depth:
                _put(built, layer, steps, text, start, run.end)
    if _PAIRS_SIGN.search(lowered):
        for found in _PAIRS.finditer(layer.text):
            digits = re.sub(r"\\x|0x|[^0-9a-f]", "", found[0].lower())
            text = _decode("hex", digits)
            if text and not _HEX.match(found[0]):
                _put(built, layer, ("hex",), text, found.start(), found.end())
    return [one.layer(*steps) for steps, one in built.items()]


def _put(
    built: dict[tuple[str, ...], Builder],
    layer: Layer,
    steps: tuple[str, ...],
    text: str,
    start: int,
    end: int,
) -> None:
    one = built.setdefault(steps, Builder(layer))
    if one.length:
        one.put("\n\n", start, start)
    one.put(text, start, end)


def _readings(run: Run) -> Iterator[tuple[tuple[str, ...], int, str]]:
    """Each way in which a run reads as text: the steps, where it begins, and the text."""
    for steps in ((), ("reversed",), ("rot13",), ("rot13", "reversed")):
        any_of_it = False
        for skipped, digits in _cuts(run, steps):
            for encoding in ("hex", "base32", "base64"):
                text = _decode(encoding, digits)
                if text:
                    before = run.padding_before if "reversed" in steps else 0
                    yield (*steps, encoding), run.start - before + skipped, text
                    any_of_it = True
            if any_of_it:
                break


def _cuts(run: Run, steps: tuple[str, ...]) -> Iterator[tuple[int, str]]:
    """The digits of a run, whole first, then without its last line, then from behind each of six separators."""
    for count in (len(run.lines), len(run.lines) - 1):
        if count:
            digits = "".join(run.lines[:count])
            yield 0, _turn(digits, steps)
    if len(run.lines) == 1 and "reversed" not in steps:
        line = run.lines[0]
        for number, found in enumerate(re.finditer(r"[/_+-]", line)):
            if number == 6 or len(line) - found.end() < LEAST_RUN:
                break
            yield found.end(), _turn(line[found.end() :], steps)


def _turn(digits: str, steps: tuple[str, ...]) -> str:
    digits = digits.strip("=")
    if "rot13" in steps:
        digits = codecs.encode(digits, "rot13")
    return digits[::-1] if "reversed" in steps else digits


def _decode(encoding: str, digits: str) -> str:
    """The text that the digits stand for; empty where it is none. Beginning and end are looked at first."""
    if not _reads(_bytes(encoding, digits[:_SAMPLE])):
        return ""
    if len(digits) > _SAMPLE and not _reads(_bytes(encoding, digits[len(digits) // 40 * 40 - 40 :])):
        return ""
    data = _bytes(encoding, digits)
    return data.decode("utf-8", "replace") if _reads(data) else ""


def _bytes(encoding: str, digits: str) -> bytes:
    """The bytes of digits of any length; digits too few for a whole byte at the end are left out."""
    try:
        if encoding == "hex":
            return bytes.fromhex(digits[: len(digits) // 2 * 2]) if _HEX.match(digits) else b""
        if encoding == "base32":
            if not _BASE32.match(digits):
                return b""
            spare = {1: 1, 3: 1, 6: 1}.get(len(digits) % 8, 0)
            digits = digits[: len(digits) - spare].upper()
            return base64.b32decode(digits + "=" * (-len(digits) % 8))
        digits = digits[: len(digits) - (len(digits) % 4 == 1)]
        return base64.b64decode(digits.translate(_STANDARD) + "=" * (-len(digits) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


_STANDARD = str.maketrans("-_", "+/")


def _reads(data: bytes) -> bool:
    """Whether bytes read as text: nine of ten characters are shown ones; a cut may halve one at either end."""
    if len(data) < 8:
        return False
    text = data.decode("utf-8", "replace")
    shown = (
        len(text)
        if text.isascii() and text.isprintable()
        else sum(1 for char in text if (char.isprintable() or char in "\r\n\t") and char != "\ufffd")
    )
    return shown >= 0.9 * len(text)
