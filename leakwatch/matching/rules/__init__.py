"""Rules against an item: which hold, and why."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from leakwatch.matching.rules.compiled import Ready, compiled
from leakwatch.matching.rules.item import Item
from leakwatch.rulepack.schema import Rule, RulePack

__all__ = ["Hit", "Item", "Reason", "compiled", "hits", "reasons"]


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that holds, and what decided: a word, what a pattern found, or `files`."""

    rule: Rule
    told: str


@dataclass(frozen=True, slots=True)
class Reason:
    """One condition of a rule, whether it holds for an item, and what was found."""

    condition: str
    holds: bool
    found: str


def hits(item: Item, pack: RulePack, *, scoped: bool = True) -> Iterator[Hit]:
    """Rules that hold for an item. Unscoped, rules speak of any source: examples have none."""
    ready = compiled(pack)
    words = item.words(ready.phrases)
    for one in ready.candidates(item, words):
        told = _told(one, item, words)
        if told is not None and (not scoped or ready.in_scope(one.rule, item.site)):
            yield Hit(one.rule, told)


def _told(one: Ready, item: Item, words: set[str]) -> str | None:
    """What decided, or None if a condition does not hold; the cheap conditions first."""
    if not one.every <= words or not one.none.isdisjoint(words):
        return None
    some = one.some & words
    if one.some and not some:
        return None
    if one.rule.files is not None and not (item.files and item.listing.holds(one.rule.files)):
        return None
    found = next((text for text in (each.find(item.data) for each in one.patterns) if text is not None), None)
    if one.patterns and found is None:
        return None
    deciding = some or one.every
    return one.written[min(deciding)] if deciding else found or "files"


def reasons(item: Item, rule: Rule, pack: RulePack, *, scoped: bool = True) -> list[Reason]:
    """Every condition of a rule of the pack, and how the item stands to it."""
    ready = compiled(RulePack((rule,), kinds=pack.kinds))
    words = item.words(ready.phrases)
    one = next(
        iter((*ready.pattern_owners, *ready.only_files, *(r for rs in ready.by_word.values() for r in rs)))
    )
    found: list[Reason] = []
    if one.every:
        missing = one.every - words
        told = f"missing: {one.shown(missing)}" if missing else one.shown(one.every)
        found.append(Reason("all_tokens", not missing, told))
    if one.some:
        some = one.some & words
        found.append(Reason("any_tokens", bool(some), one.shown(some)))
    if one.none:
        none = one.none & words
        found.append(Reason("none_tokens", not none, one.shown(none)))
    if one.patterns:
        texts = [text for text in (each.find(item.data) for each in one.patterns) if text is not None]
        found.append(Reason(f"patterns {' , '.join(rule.patterns)}", bool(texts), ", ".join(texts)))
    if rule.files is not None:
        told = "; ".join(f"{text} = {value}" for text, value in item.listing.told(rule.files))
        found.append(Reason(f"files {rule.files.text}", item.listing.holds(rule.files), told or "no files"))
    if rule.sources and scoped:
        found.append(Reason(f"sources {', '.join(rule.sources)}", ready.in_scope(rule, item.site), item.site))
    return found
