"""Rule files to a pack: shipped rules, the operator's own, and what these override. Every error has its line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from leakwatch.errors import RuleError
from leakwatch.rulepack.condition import Both, Condition
from leakwatch.rulepack.fields import override_of, rule_of
from leakwatch.rulepack.reading import items, mapping, read
from leakwatch.rulepack.schema import Override, Rule, RulePack

MAX_ONLY_FILES = 200
"""Rules that nothing but the list of files decides: each is tried on every list."""


def load_pack(files: Iterable[tuple[str, str]], kinds: Mapping[str, str] | None = None) -> RulePack:
    """Rules from (file name, text) pairs, overrides applied. `kinds` says of what kind each site is.

    Raises: RuleError with file, line and field.
    """
    rules: dict[str, Rule] = {}
    overrides: dict[str, Override] = {}
    for file, text in files:
        made, changes = load_file(text, file)
        for rule in made:
            if rule.id in rules:
                other = rules[rule.id]
                raise RuleError(
                    f"the id was used in {other.file}:{other.line}", file=file, line=rule.line, field="id"
                )
            rules[rule.id] = rule
        for change in changes:
            if change.rule in overrides:
                other = overrides[change.rule]
                told = f"{change.rule} is overridden in {other.file}:{other.line} already"
                raise RuleError(told, file=file, line=change.line, field="override")
            overrides[change.rule] = change
    for change in overrides.values():
        rules[change.rule] = _overridden(change, rules)
    off = tuple(one.rule for one in overrides.values() if not one.enabled)
    kept = tuple(rule for rule in rules.values() if rule.id not in off)
    _bounded(kept)
    return RulePack(kept, off, dict(kinds or {}))


def load_file(text: str, file: str) -> tuple[list[Rule], list[Override]]:
    """The rules and the overrides of one file."""
    top = read(text, file)
    told = mapping(top, ("schema", "rules", "overrides"), file, "`schema: 1` and `rules:` or `overrides:`")
    schema = told.get("schema")
    if schema is None or schema.value != "1":
        raise RuleError(
            "expected schema: 1", file=file, line=schema.line if schema else top.line, field="schema"
        )
    if "rules" not in told and "overrides" not in told:
        raise RuleError("expected a list", file=file, line=top.line, field="rules")
    rules = [rule_of(one, file) for one in items(told.get("rules"), "rules", file)]
    return rules, [override_of(one, file) for one in items(told.get("overrides"), "overrides", file)]


def _overridden(change: Override, rules: Mapping[str, Rule]) -> Rule:
    rule = rules.get(change.rule)
    if rule is None:
        raise RuleError(f"no rule {change.rule!r}", file=change.file, line=change.line, field="override")
    for field in ("any_tokens", "patterns"):
        if getattr(change, f"add_{field}") and not getattr(rule, field):
            told = f"{rule.id} has no {field}; to add some would narrow it"
            raise RuleError(told, file=change.file, line=change.line, field=f"add_{field}")
    return replace(
        rule,
        confidence=change.confidence or rule.confidence,
        sources=rule.sources if change.sources is None else change.sources,
        all_tokens=(*rule.all_tokens, *change.add_all_tokens),
        any_tokens=(*rule.any_tokens, *change.add_any_tokens),
        none_tokens=(*rule.none_tokens, *change.add_none_tokens),
        patterns=(*rule.patterns, *change.add_patterns),
        files=_both(rule.files, change.add_files),
        examples=rule.examples if change.examples is None else change.examples,
        counter_examples=rule.counter_examples
        if change.counter_examples is None
        else change.counter_examples,
    )


def _both(own: Condition | None, added: Condition | None) -> Condition | None:
    if own is None or added is None:
        return own or added
    return Condition(f"({own.text}) and ({added.text})", Both((own.root, added.root)))


def _bounded(rules: Sequence[Rule]) -> None:
    only = [rule for rule in rules if rule.needs_only_files]
    if len(only) > MAX_ONLY_FILES:
        told = (
            f"more than {MAX_ONLY_FILES} rules that have neither tokens nor patterns; give this one a token"
        )
        raise RuleError(told, file=only[MAX_ONLY_FILES].file, line=only[MAX_ONLY_FILES].line)
