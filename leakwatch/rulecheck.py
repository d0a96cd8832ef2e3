"""Every rule against its own examples: a list of problems, printed by whoever asked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leakwatch.matching.rules import Item, hits
from leakwatch.rulepack.schema import Example, Rule, RulePack


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one rule."""

    file: str
    line: int
    rule: str
    message: str


def check(pack: RulePack) -> list[Problem]:
    """Examples that do not match, counter-examples that do."""
    return [problem for rule in pack.rules for problem in _problems(rule, pack)]


def _problems(rule: Rule, pack: RulePack) -> Iterator[Problem]:
    alone = RulePack((rule,), kinds=pack.kinds)
    for one in rule.examples:
        if not _holds(one, alone):
            told = f"the example {_shown(one)!r} does not match"
            yield Problem(one.file or rule.file, one.line or rule.line, rule.id, told)
    for one in rule.counter_examples:
        if _holds(one, alone):
            told = f"the counter-example {_shown(one)!r} matches"
            yield Problem(one.file or rule.file, one.line or rule.line, rule.id, told)


def _holds(one: Example, alone: RulePack) -> bool:
    """Whether the rule holds. An example that names no source stands for any."""
    item = Item(one.name, files=one.files, site=one.source)
    return any(hits(item, alone, scoped=bool(one.source)))


def _shown(one: Example) -> str:
    return one.name or ", ".join(file.path for file in one.files[:3])
