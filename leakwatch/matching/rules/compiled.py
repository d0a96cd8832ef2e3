"""A pack made ready: each rule is found by its rarest word, so that 10,000 rules cost an item no 10,000 steps."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import lru_cache

from leakwatch.extract.names import readings, tokens
from leakwatch.matching.rules.item import Item
from leakwatch.rulepack.patterns import Pattern, PatternSet
from leakwatch.rulepack.schema import Rule, RulePack


@dataclass(frozen=True, slots=True)
class Ready:
    """A rule with its tokens folded and its patterns compiled; `written` has each folded token as the rule has it."""

    rule: Rule
    every: frozenset[str]
    some: frozenset[str]
    none: frozenset[str]
    patterns: tuple[Pattern, ...]
    written: Mapping[str, str]

    def shown(self, words: Iterable[str]) -> str:
        """Folded tokens as the rule has them."""
        return ", ".join(sorted(self.written[word] for word in words))


@dataclass(frozen=True, slots=True)
class Compiled:
    """A pack as look-ups. `phrases` says how many tokens in a row a rule may ask for, by the first of them."""

    by_word: Mapping[str, tuple[Ready, ...]]
    phrases: Mapping[str, frozenset[int]]
    by_pattern: PatternSet
    pattern_owners: tuple[Ready, ...]
    only_files: tuple[Ready, ...]
    kinds: Mapping[str, str]
    has_assets: bool

    def candidates(self, item: Item, words: set[str]) -> Iterator[Ready]:
        """Rules that may hold: one of their words, one of their patterns, or a list of files is there."""
        seen: set[int] = set()
        for word in sorted(self.by_word.keys() & words):
            for one in self.by_word[word]:
                if id(one) not in seen:
                    seen.add(id(one))
                    yield one
        if self.pattern_owners:
            for index in self.by_pattern.matching(item.data):
                one = self.pattern_owners[index]
                if id(one) not in seen:
                    seen.add(id(one))
                    yield one
        if item.files:
            yield from self.only_files

    def in_scope(self, rule: Rule, site: str) -> bool:
        """Whether the rule is meant for this site: its name or its kind fits one of the rule's sources."""
        if not rule.sources:
            return True
        names = (site.casefold(), self.kinds.get(site, ""))
        return any(fnmatchcase(name, one.casefold()) for one in rule.sources for name in names if name)


@lru_cache(maxsize=16)
def compiled(pack: RulePack) -> Compiled:
    """The pack made ready; kept for as long as the pack is in use."""
    ready = [_ready(rule) for rule in pack.rules]
    uses = Counter(word for one in ready for word in one.every)
    by_word: dict[str, list[Ready]] = defaultdict(list)
    owners: list[Ready] = []
    only_files: list[Ready] = []
    for one in ready:
        if one.every:
            by_word[min(one.every, key=lambda word: (uses[word], -len(word), word))].append(one)
        elif one.some:
            for word in one.some:
                by_word[word].append(one)
        elif one.patterns:
            owners += [one] * len(one.patterns)
        else:
            only_files.append(one)
    return Compiled(
        {word: tuple(rules) for word, rules in by_word.items()},
        _phrases(
            word for rule in pack.rules for word in (*rule.all_tokens, *rule.any_tokens, *rule.none_tokens)
        ),
        PatternSet([pattern for one in ready if _by_pattern(one) for pattern in one.patterns]),
        tuple(owners),
        tuple(only_files),
        pack.kinds,
        any(rule.asset for rule in pack.rules),
    )


def _by_pattern(one: Ready) -> bool:
    return not (one.every or one.some)


def _ready(rule: Rule) -> Ready:
    return Ready(
        rule,
        _folded(rule.all_tokens),
        _folded(rule.any_tokens),
        _folded(rule.none_tokens),
        tuple(Pattern(one) for one in rule.patterns),
        {_fold(one): one for one in (*rule.all_tokens, *rule.any_tokens, *rule.none_tokens)},
    )


def _folded(told: Iterable[str]) -> frozenset[str]:
    return frozenset(map(_fold, told))


def _fold(told: str) -> str:
    return "".join(tokens(readings(told)[0]))


def _phrases(words: Iterable[str]) -> dict[str, frozenset[int]]:
    """Words of a rule that are three tokens or more, as Han words are: a token a letter."""
    found: dict[str, set[int]] = defaultdict(set)
    for word in words:
        split = tokens(readings(word)[0])
        if len(split) > 2:
            found[split[0]].add(len(split))
    return {word: frozenset(lengths) for word, lengths in found.items()}
