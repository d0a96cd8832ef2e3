"""Every rule against its own examples: a list of problems, printed by whoever asked."""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.matching.rules import hits, words_of
from leakwatch.rulepack.schema import RulePack


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with one rule."""

    file: str
    line: int
    rule: str
    message: str


def check(pack: RulePack) -> list[Problem]:
    """Examples that do not match, counter-examples that do."""
    found: list[Problem] = []
    for rule in pack.rules:
        alone = RulePack((rule,))
        missed = [one for one in rule.examples if not any(hits(words_of([one]), alone))]
        caught = [one for one in rule.counter_examples if any(hits(words_of([one]), alone))]
        told = [f"the example {one!r} does not match" for one in missed]
        told += [f"the counter-example {one!r} matches" for one in caught]
        found += [Problem(rule.file, rule.line, rule.id, message) for message in told]
    return found
