"""robots.txt as RFC 9309 has it: text in, rules out. Pure; `robots_cache` fetches and remembers it.

Crawl-delay is no part of the RFC; many hosts write it, so it is honoured.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

PRODUCT = "leakwatch"
"""What a robots.txt calls us (RFC 9309, 2.2.1)."""
MAX_BYTES = 512 * 1024
"""As much is read of it: RFC 9309, 2.5 asks for at least 500 KiB."""
_MAX_RULES, _MAX_STARS = 10_000, 50
_MAX_DELAY_S = 3600.0
_LINE = re.compile(r"\s*([A-Za-z-]{1,40})\s*:\s*([^#]*)")
_ESCAPED = re.compile(r"%([0-9a-fA-F]{2})")
_PLAIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


@dataclass(frozen=True, slots=True)
class Rule:
    """One line of a robots.txt. `pattern` is percent-encoded in one way, with `*` and a final `$`; `octets` as it stood."""

    line: int
    told: str
    allows: bool
    pattern: str
    octets: int

    def fits(self, path: str) -> bool:
        """Whether a path with its query, encoded in the same way, begins as the pattern says. Linear in both."""
        whole = self.pattern.endswith("$")
        first, *others = (self.pattern[:-1] if whole else self.pattern).split("*")
        if not path.startswith(first):
            return False
        at = len(first)
        for part in others[:-1]:
            found = path.find(part, at)
            if found < 0:
                return False
            at = found + len(part)
        if not others:
            return not whole or at == len(path)
        last = others[-1]
        return path.endswith(last) and len(path) - len(last) >= at if whole else path.find(last, at) >= 0


@dataclass(frozen=True, slots=True)
class Robots:
    """What a host says to us: the rules of our group, longest first, and how long to wait between two requests."""

    rules: tuple[Rule, ...] = ()
    delay_s: float = 0.0

    def against(self, path: str) -> Rule | None:
        """The rule that forbids a path with its query; None where it is allowed.

        The longest pattern decides, and an `Allow` where two are as long (RFC 9309, 2.2.2).
        """
        path = encoded(path)
        for rule in self.rules:
            if rule.fits(path):
                return None if rule.allows else rule
        return None


def read(body: bytes) -> Robots:
    """The rules for us in a robots.txt; a line that is none is passed over, as the RFC wants. Never raises."""
    ours, others = _Group(), _Group()
    is_named = False
    for group, names in _groups(body[:MAX_BYTES].decode("utf-8-sig", "replace")):
        if PRODUCT in names:
            ours.add(group)
            is_named = True
        elif "*" in names:
            others.add(group)
    chosen = ours if is_named else others
    rules = sorted(chosen.rules, key=lambda rule: (-rule.octets, not rule.allows))
    return Robots(tuple(rules), chosen.delay_s)


def encoded(text: str) -> str:
    """A path or pattern percent-encoded in one way: `/a%3c`, `/a<` and `/a%3C` are the same (RFC 9309, 2.2.2)."""
    plain = _ESCAPED.sub(_decoded, text)
    return quote(plain, safe="%/?:@!$&'()*+,;=[]~", errors="replace")


def _decoded(found: re.Match[str]) -> str:
    char = chr(int(found[1], 16))
    return char if char in _PLAIN else found[0].upper()


class _Group:
    def __init__(self) -> None:
        self.rules: list[Rule] = []
        self.delay_s = 0.0

    def add(self, other: _Group) -> None:
        """Groups for the same name are read as one."""
        self.rules += other.rules[: _MAX_RULES - len(self.rules)]
        self.delay_s = max(self.delay_s, other.delay_s)


def _groups(text: str) -> Iterator[tuple[_Group, frozenset[str]]]:
    """Each group with the names it is for: lines of `User-agent` in a row, then rules."""
    group, names, in_head = _Group(), set[str](), True
    for number, line in enumerate(re.split(r"\r\n|\n|\r", text), 1):
        found = _LINE.match(line)
        if found is None:
            continue
        key, value = found[1].lower(), found[2].strip()
        if key == "user-agent":
            if not in_head:
                yield group, frozenset(names)
                group, names, in_head = _Group(), set[str](), True
            names.add(re.split(r"[\s/]", value, maxsplit=1)[0].lower())
        elif key in ("allow", "disallow", "crawl-delay"):
            in_head = False
            _add_line(group, key, value, number, line)
    yield group, frozenset(names)


def _add_line(group: _Group, key: str, value: str, number: int, line: str) -> None:
    if key == "crawl-delay":
        if re.fullmatch(r"\d{1,9}(?:\.\d{1,6})?", value):
            group.delay_s = max(group.delay_s, min(float(value), _MAX_DELAY_S))
    elif value.startswith(("/", "*")) and value.count("*") <= _MAX_STARS and len(group.rules) < _MAX_RULES:
        whole = encoded(value)
        told, pattern = line.strip()[:200], re.sub(r"\*+", "*", whole)
        group.rules.append(Rule(number, told, key == "allow", pattern, len(whole)))
