"""What a rule is. A rule says which words together mean something, and carries its own examples."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Confidence(StrEnum):
    """How likely a hit of the rule means what it says."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """All of `all_tokens` and, where given, one of `any_tokens` stand in the title, text or file names.

    With `asset` a hit speaks for that asset by itself; without, it is context for whatever was named. Tokens are
    folded as names are. At least one example matches, and at least two counter-examples do not.
    """

    id: str
    title: str
    confidence: Confidence
    all_tokens: tuple[str, ...] = ()
    any_tokens: tuple[str, ...] = ()
    asset: str | None = None
    examples: tuple[str, ...] = ()
    counter_examples: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class RulePack:
    """All rules, ids unique."""

    rules: tuple[Rule, ...] = ()
