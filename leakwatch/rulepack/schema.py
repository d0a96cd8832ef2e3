"""What a rule is. A rule says which words, patterns and files together mean something, and has its own examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from leakwatch.model.observation import ObservedFile
from leakwatch.rulepack.condition import Condition


class Confidence(StrEnum):
    """How likely a hit of the rule means what it says."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Effect(StrEnum):
    """What a hit speaks for: that this is a leak, or that it is mere talk, a review, a request, a joke."""

    SIGN = "sign"
    NOISE = "noise"


@dataclass(frozen=True, slots=True)
class Example:
    """An item as a site might show it: a name or text, a list of files, and where it stood."""

    name: str = ""
    files: tuple[ObservedFile, ...] = ()
    source: str = ""
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Words, patterns and files that together mean something; every condition that is given holds.

    All of `all_tokens`, one of `any_tokens`, none of `none_tokens` are there, one of `patterns` matches a line, `files`
    holds of the list of files, and one of `sources` is the site or its kind.

    With `asset` a hit speaks for that asset by itself; without, it is context for whatever was named. Tokens are
    folded as names are, patterns are not. At least one example matches, and at least two counter-examples do not.
    """

    id: str
    title: str
    confidence: Confidence
    effect: Effect = Effect.SIGN
    all_tokens: tuple[str, ...] = ()
    any_tokens: tuple[str, ...] = ()
    none_tokens: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    files: Condition | None = None
    sources: tuple[str, ...] = ()
    asset: str | None = None
    examples: tuple[Example, ...] = ()
    counter_examples: tuple[Example, ...] = ()
    references: tuple[str, ...] = ()
    file: str = ""
    line: int = 0

    @property
    def needs_only_files(self) -> bool:
        """Whether nothing but the list of files decides, so that no word and no pattern can rule it out first."""
        return not (self.all_tokens or self.any_tokens or self.patterns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """What an operator changes about a rule without editing it, and why. None leaves as it is.

    `add_all_tokens`, `add_none_tokens` and `add_files` narrow a rule, `add_any_tokens` and `add_patterns` widen it.
    Examples take the place of the rule's own, which a changed rule may no longer fit.
    """

    rule: str
    reason: str
    enabled: bool = True
    confidence: Confidence | None = None
    sources: tuple[str, ...] | None = None
    add_all_tokens: tuple[str, ...] = ()
    add_any_tokens: tuple[str, ...] = ()
    add_none_tokens: tuple[str, ...] = ()
    add_patterns: tuple[str, ...] = ()
    add_files: Condition | None = None
    examples: tuple[Example, ...] | None = None
    counter_examples: tuple[Example, ...] | None = None
    file: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class RulePack:
    """All rules that are in force, ids unique; the ids of those that are switched off; the kind of each site.

    Two packs are equal only if they are the same one: what is compiled from a pack is kept by that.
    """

    rules: tuple[Rule, ...] = ()
    switched_off: tuple[str, ...] = ()
    kinds: Mapping[str, str] = field(default_factory=dict)
