"""CSS selectors as definitions write them, with jQuery's `:contains` and `:has`, as XPath.

A selector becomes a test of one element: `tr td > a` is "a, whose parent is a td, which is inside a tr". Texts are
put in as XPath variables, never into the expression. Raises SelectorError for what is not supported.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - compiled, without stubs

_MAX_SELECTOR = 4000
_MAX_DEPTH = 8
_NAME = re.compile(r"(?:[\w\-\u0080-\U0010ffff]|\\[0-9a-fA-F]{1,6}\s?|\\.)+")
_ESCAPE = re.compile(r"\\([0-9a-fA-F]{1,6})\s?|\\(.)", re.DOTALL)
_STRING = re.compile(r'"((?:\\.|[^"\\])*)"|' + r"'((?:\\.|[^'\\])*)'", re.DOTALL)
_COMBINATOR = re.compile(r"\s*([>+~])\s*|\s+")
_ATTRIBUTE = re.compile(r"\s*(?:\*\||[\w-]+\|)?([\w:.-]+)\s*(?:([~|^$*!]?=)\s*)?")
_NTH = re.compile(r"\s*(?:(odd|even)|([+-]?\d*)n\s*(?:([+-])\s*(\d+))?|([+-]?\d+))\s*$", re.IGNORECASE)
_NO_XML = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_PLAIN_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_SCOPE = "count(.|$scope)=1"
_FORWARD = {
    " ": "descendant::*",
    ">": "child::*",
    "+": "following-sibling::*[1]",
    "~": "following-sibling::*",
}
_BACKWARD = {
    " ": "ancestor::*",
    ">": "parent::*",
    "+": "preceding-sibling::*[1]",
    "~": "preceding-sibling::*",
}


class SelectorError(ValueError):
    """A selector that cannot be read, or asks for what is not supported."""


@dataclass(slots=True)
class Selector:
    """A selector, ready to look with. `is_of_page`: it speaks of the whole page, wherever it is asked."""

    find: Any
    texts: Mapping[str, str]
    is_of_page: bool


@dataclass(slots=True)
class _Reading:
    """Where reading stands, and the texts met so far."""

    text: str
    at: int = 0
    texts: dict[str, str] = field(default_factory=dict[str, str])

    def rest(self) -> str:
        return self.text[self.at :]

    def takes(self, start: str) -> bool:
        found = self.text.startswith(start, self.at)
        self.at += len(start) if found else 0
        return found

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self.text, self.at)
        self.at = found.end() if found else self.at
        return found

    def variable(self, text: str) -> str:
        if _NO_XML.search(text):
            raise SelectorError(f"a character that no page can have in {self.text[:80]!r}")
        name = f"t{len(self.texts)}"
        self.texts[name] = text
        return f"${name}"


@lru_cache(maxsize=2000)
def compiled(selector: str) -> Selector:
    """A selector as XPath. Raises: SelectorError."""
    if len(selector) > _MAX_SELECTOR:
        raise SelectorError(f"a selector of more than {_MAX_SELECTOR} characters")
    reading = _Reading(selector)
    tests = _group(reading, 0, scoped=True)
    if reading.at < len(selector):
        raise SelectorError(f"cannot read {reading.rest()[:40]!r} in {selector[:80]!r}")
    try:
        find = etree.XPath(f"descendant-or-self::*[{' or '.join(tests)}]", regexp=False, smart_strings=False)
    except etree.XPathSyntaxError as error:
        raise SelectorError(f"cannot read {selector[:80]!r}: {error}") from None
    return Selector(find, reading.texts, selector.lstrip().startswith(":root"))


def select(selector: str, element: etree._Element, *, with_self: bool = False) -> list[etree._Element]:
    """The elements inside this one that the selector means, in the page's order. Raises: SelectorError."""
    told = compiled(selector)
    where = element.getroottree().getroot() if told.is_of_page else element
    if "$scope" in told.find.path:
        found = told.find(where, scope=element, **told.texts)
    else:
        found = told.find(where, **told.texts)
    return found if told.is_of_page or with_self else [one for one in found if one is not element]


def _group(reading: _Reading, depth: int, *, scoped: bool = False) -> list[str]:
    """Selectors with commas between, each a test of one element."""
    if depth > _MAX_DEPTH:
        raise SelectorError("nested too deeply")
    tests = [_complex(reading, depth, scoped=scoped)]
    while reading.takes(","):
        tests.append(_complex(reading, depth, scoped=scoped))
    return [f"({one})" for one in tests]


def _steps(reading: _Reading, depth: int) -> list[tuple[str, str]]:
    """Compounds with the combinator before each; the first has none, unless the selector is relative."""
    leading = reading.match(_COMBINATOR)
    combinator = (leading[1] or " ") if leading else " "
    steps = [(combinator, _compound(reading, depth))]
    while True:
        before = reading.at
        found = reading.match(_COMBINATOR)
        if not found or reading.rest()[:1] in (",", ")", ""):
            reading.at = before + (len(found[0]) if found and not found[1] else 0)
            return steps
        steps.append((found[1] or " ", _compound(reading, depth)))


def _complex(reading: _Reading, depth: int, *, scoped: bool) -> str:
    steps = _steps(reading, depth)
    if steps[0][0] != " ":
        if not scoped:
            raise SelectorError("a selector begins with a combinator")
        steps.insert(0, (" ", _SCOPE))
    test = steps[0][1]
    for combinator, compound in steps[1:]:
        test = f"{compound} and {_BACKWARD[combinator]}[{test}]"
    return test


def _relative(reading: _Reading, depth: int) -> list[str]:
    """What `:has` asks for: paths from the element."""
    if depth > _MAX_DEPTH:
        raise SelectorError("nested too deeply")
    paths: list[str] = []
    while True:
        paths.append(
            "/".join(f"{_FORWARD[combinator]}[{test}]" for combinator, test in _steps(reading, depth))
        )
        if not reading.takes(","):
            return paths


def _compound(reading: _Reading, depth: int) -> str:
    tests: list[str] = []
    tag = ""
    start = reading.at
    if reading.takes("*"):
        tests.append("true()")
    else:
        found = reading.match(_NAME)
        if found:
            tag = _plain(found[0])
    if reading.takes("|"):
        found = reading.match(_NAME)
        tag = _plain(found[0]) if found else ""
    if tag:
        lower = f" or name()={reading.variable(tag.lower())}" if tag != tag.lower() else ""
        tests.append(f"(name()={reading.variable(tag)}{lower})")
    while True:
        if reading.takes("#"):
            tests.append(f"@id={reading.variable(_identifier(reading))}")
        elif reading.takes("."):
            name = reading.variable(f" {_identifier(reading)} ")
            tests.append(f"contains(concat(' ',normalize-space(@class),' '),{name})")
        elif reading.takes("["):
            tests.append(_attribute(reading))
        elif reading.takes(":"):
            tests.append(_pseudo(reading, tag, depth))
        else:
            break
    if not tests:
        raise SelectorError(f"cannot read {reading.text[start : start + 40]!r} in {reading.text[:80]!r}")
    return " and ".join(tests)


def _identifier(reading: _Reading) -> str:
    found = reading.match(_NAME)
    if not found:
        raise SelectorError(f"expected a name before {reading.rest()[:20]!r}")
    return _plain(found[0])


def _plain(text: str) -> str:
    """A name or a text without its CSS escapes."""

    def char(found: re.Match[str]) -> str:
        code = int(found[1], 16) if found[1] else 0
        return (
            (chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd")
            if found[1]
            else found[2]
        )

    return _ESCAPE.sub(char, text)


def _value(reading: _Reading, end: str) -> str:
    """A text, quoted or bare, up to `end`."""
    found = reading.match(_STRING)
    if found:
        text = found[1] if found[1] is not None else found[2]
    else:
        stop = reading.text.find(end, reading.at)
        if stop < 0 or reading.rest()[:1] in ("'", '"'):
            raise SelectorError(f"expected {end} or the end of a text")
        text, reading.at = reading.text[reading.at : stop].strip(), stop
    return _plain(text)


def _attribute(reading: _Reading) -> str:
    found = reading.match(_ATTRIBUTE)
    if not found:
        raise SelectorError(f"cannot read the attribute {reading.rest()[:40]!r}")
    name = f"@*[name()={reading.variable(found[1])}]"
    if not found[2]:
        test = name
    else:
        text = _value(reading, "]")
        value = reading.variable(text)
        tests = {
            "=": f"{name}={value}",
            "!=": f"not({name}={value})",
            "*=": f"contains({name},{value})",
            "^=": f"starts-with({name},{value})",
            "$=": f"substring({name},string-length({name})-{len(text) - 1})={value}",
            "|=": f"({name}={value} or starts-with({name},concat({value},'-')))",
            "~=": f"contains(concat(' ',normalize-space({name}),' '),concat(' ',{value},' '))",
        }
        test = tests[found[2]] if text or found[2] in ("=", "!=", "|=") else "false()"
    reading.match(re.compile(r"\s*[iIsS]?\s*"))
    if not reading.takes("]"):
        raise SelectorError(f"expected ] before {reading.rest()[:20]!r}")
    return test


def _pseudo(reading: _Reading, tag: str, depth: int) -> str:
    name = _identifier(reading).lower()
    is_typed = name.endswith("of-type")
    if is_typed and tag and not _PLAIN_TAG.fullmatch(tag):
        raise SelectorError(f"not supported: :{name} of {tag[:40]!r}")
    same = tag if is_typed else "*"  # a bare name lets XPath stop at the place that is asked for
    if name.endswith("of-type") and not tag:
        raise SelectorError(f"not supported: :{name} without a tag before it")
    if name in _PLAIN:
        return _PLAIN[name].replace("SAME", same)
    if not reading.takes("("):
        raise SelectorError(f"not supported: :{name[:40]}")
    reading.match(re.compile(r"\s*"))
    if name == "has":
        test = f"({' or '.join(_relative(reading, depth + 1))})"
    elif name in ("not", "is", "matches", "where"):
        inner = " or ".join(_group(reading, depth + 1))
        test = f"not({inner})" if name == "not" else f"({inner})"
    elif name in ("contains", "-soup-contains"):
        test = f"contains(string(.),{reading.variable(_value(reading, ')'))})"
    elif name.startswith("nth-"):
        stop = reading.text.find(")", reading.at)
        if stop < 0:
            raise SelectorError("expected )")
        formula, reading.at = reading.text[reading.at : stop], stop
        axis = "following-sibling" if "last" in name else "preceding-sibling"
        test = _nth(formula, f"{axis}::{same}")
    else:
        raise SelectorError(f"not supported: :{name[:40]}()")
    reading.match(re.compile(r"\s*"))
    if not reading.takes(")"):
        raise SelectorError(f"expected ) before {reading.rest()[:20]!r}")
    return test


_PLAIN = {
    "first-child": "not(preceding-sibling::*[1])",
    "last-child": "not(following-sibling::*[1])",
    "only-child": "not(preceding-sibling::*[1] or following-sibling::*[1])",
    "first-of-type": "not(preceding-sibling::SAME[1])",
    "last-of-type": "not(following-sibling::SAME[1])",
    "only-of-type": "not(preceding-sibling::SAME[1] or following-sibling::SAME[1])",
    "empty": "not(* or string-length(.)>0)",
    "root": "not(parent::*)",
    "scope": _SCOPE,
    "checked": "(@checked or @selected)",
}


def _nth(formula: str, before: str) -> str:
    """A test of an element's place, by the siblings before it; a fixed place looks no further than that."""
    found = _NTH.match(formula)
    if not found:
        raise SelectorError(f"cannot read the number {formula[:20]!r}")
    place = f"(count({before})+1)"
    if found[1]:
        return f"{place} mod 2={1 if found[1].lower() == 'odd' else 0}"
    step = 0 if found[5] else int(found[2] + "1" if found[2] in ("", "+", "-") else found[2])
    offset = int(found[5]) if found[5] else int((found[3] or "+") + (found[4] or "0"))
    if step == 0:
        if offset < 1:
            return "false()"
        return f"not({before}[{offset}])" + (f" and {before}[{offset - 1}]" if offset > 1 else "")
    side = ">=" if step > 0 else "<="
    return f"({place}{side}{offset} and ({place}-({offset})) mod {abs(step)}=0)"
