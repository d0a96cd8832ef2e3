"""One rule, one override, one example: fields checked and converted, each error with its line."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

from leakwatch.errors import RuleError
from leakwatch.model.observation import ObservedFile
from leakwatch.rulepack.condition import Condition
from leakwatch.rulepack.lexemes import ConditionError
from leakwatch.rulepack.parse import bytes_of, parse_condition
from leakwatch.rulepack.patterns import Pattern, PatternError
from leakwatch.rulepack.reading import Told, items, mapping, text, texts
from leakwatch.rulepack.schema import Confidence, Effect, Example, Override, Rule

MAX_LIST = 1000
_ID = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+){2,4}\Z")
_TOKENS = ("all_tokens", "any_tokens", "none_tokens")
_RULE = (
    *("id", "asset", "title", "confidence", "effect", *_TOKENS, "patterns", "files", "sources"),
    *("examples", "counter_examples", "references"),
)
_OVERRIDE = (
    *("override", "enabled", "confidence", "sources", "add_all_tokens", "add_any_tokens", "add_none_tokens"),
    *("add_patterns", "add_files", "examples", "counter_examples", "reason"),
)
_CHANGES = frozenset(_OVERRIDE) - {"override", "reason", "examples", "counter_examples"}
E_ = TypeVar("E_", bound=StrEnum)


def rule_of(told: Told, file: str) -> Rule:
    """A rule from its mapping. Raises: RuleError with file, line and field."""
    given = mapping(told, _RULE, file, "a rule")
    for name in ("id", "title", "confidence"):
        if name not in given:
            raise RuleError("is missing", file=file, line=told.line, field=name)
    ident = text(given["id"], "id", file)
    if not _ID.match(ident):
        raise RuleError("expected theme.subject.aspect", file=file, line=given["id"].line, field="id")
    rule = Rule(
        id=ident,
        title=text(given["title"], "title", file),
        confidence=_one_of(given["confidence"], "confidence", Confidence, file),
        effect=_one_of(given["effect"], "effect", Effect, file) if "effect" in given else Effect.SIGN,
        all_tokens=_tokens(given.get("all_tokens"), "all_tokens", file),
        any_tokens=_tokens(given.get("any_tokens"), "any_tokens", file),
        none_tokens=_tokens(given.get("none_tokens"), "none_tokens", file),
        patterns=_patterns(given.get("patterns"), "patterns", file),
        files=_condition(given["files"], "files", file) if "files" in given else None,
        sources=texts(given.get("sources"), "sources", file),
        asset=text(given["asset"], "asset", file) if "asset" in given else None,
        examples=_examples(given.get("examples"), "examples", file),
        counter_examples=_examples(given.get("counter_examples"), "counter_examples", file),
        references=texts(given.get("references"), "references", file),
        file=file,
        line=told.line,
    )
    _is_whole(rule, file)
    return rule


def _is_whole(rule: Rule, file: str) -> None:
    if rule.needs_only_files and rule.files is None:
        raise RuleError("needs all_tokens, any_tokens, patterns or files", file=file, line=rule.line)
    if rule.effect is Effect.NOISE and rule.asset:
        raise RuleError("noise speaks against any asset; leave out `asset`", file=file, line=rule.line)
    _are_enough(rule.examples, rule.counter_examples, file, rule.line)


def _are_enough(
    examples: Sequence[Example] | None, counter: Sequence[Example] | None, file: str, line: int
) -> None:
    """What is given is enough; None is not given."""
    if examples is not None and not examples:
        raise RuleError("at least one is needed", file=file, line=line, field="examples")
    if counter is not None and len(counter) < 2:
        raise RuleError("at least two are needed", file=file, line=line, field="counter_examples")


def override_of(told: Told, file: str) -> Override:
    """An override from its mapping. Raises: RuleError with file, line and field."""
    given = mapping(told, _OVERRIDE, file, "an override")
    for name in ("override", "reason"):
        if name not in given:
            raise RuleError("is missing", file=file, line=told.line, field=name)
    if not _CHANGES & given.keys():
        raise RuleError("changes nothing", file=file, line=told.line, field="override")
    enabled = text(given["enabled"], "enabled", file) if "enabled" in given else "true"
    if enabled not in ("true", "false"):
        raise RuleError("expected true or false", file=file, line=given["enabled"].line, field="enabled")
    examples, counter = (
        _examples(given[field], field, file) if field in given else None
        for field in ("examples", "counter_examples")
    )
    _are_enough(examples, counter, file, told.line)
    return Override(
        rule=text(given["override"], "override", file),
        reason=text(given["reason"], "reason", file),
        enabled=enabled == "true",
        confidence=_one_of(given["confidence"], "confidence", Confidence, file)
        if "confidence" in given
        else None,
        sources=texts(given["sources"], "sources", file) if "sources" in given else None,
        add_all_tokens=_tokens(given.get("add_all_tokens"), "add_all_tokens", file),
        add_any_tokens=_tokens(given.get("add_any_tokens"), "add_any_tokens", file),
        add_none_tokens=_tokens(given.get("add_none_tokens"), "add_none_tokens", file),
        add_patterns=_patterns(given.get("add_patterns"), "add_patterns", file),
        add_files=_condition(given["add_files"], "add_files", file) if "add_files" in given else None,
        examples=examples,
        counter_examples=counter,
        file=file,
        line=told.line,
    )


def _one_of(told: Told, field: str, kind: type[E_], file: str) -> E_:
    try:
        return kind(text(told, field, file))
    except ValueError:
        known = ", ".join(one.value for one in kind)
        raise RuleError(f"expected one of {known}", file=file, line=told.line, field=field) from None


def _tokens(told: Told | None, field: str, file: str) -> tuple[str, ...]:
    found = texts(told, field, file)
    if told and len(found) > MAX_LIST:
        raise RuleError(f"more than {MAX_LIST}", file=file, line=told.line, field=field)
    for one, at in zip(found, items(told, field, file), strict=True):
        if not any(char.isalnum() for char in one):
            raise RuleError(f"{one!r} has neither letters nor digits", file=file, line=at.line, field=field)
        if len(one) > 100:
            raise RuleError("a token longer than 100 characters", file=file, line=at.line, field=field)
    return found


def _patterns(told: Told | None, field: str, file: str) -> tuple[str, ...]:
    found = texts(told, field, file)
    for one, at in zip(found, items(told, field, file), strict=True):
        try:
            Pattern(one)
        except PatternError as error:
            message = f"{error}: {one[:60]!r}"
            raise RuleError(message, file=file, line=at.line, column=at.column, field=field) from error
    return found


def _condition(told: Told, field: str, file: str) -> Condition:
    written = text(told, field, file)
    try:
        return parse_condition(written)
    except ConditionError as error:
        column = told.column + error.at if told.column else 0
        message = str(error) if column else f"{error} (character {error.at + 1} of the expression)"
        raise RuleError(message, file=file, line=told.line, column=column, field=field) from error


def _examples(told: Told | None, field: str, file: str) -> tuple[Example, ...]:
    return tuple(_example(one, field, file) for one in items(told, field, file))


def _example(told: Told, field: str, file: str) -> Example:
    if not isinstance(told.value, dict):
        return Example(name=text(told, field, file), file=file, line=told.line)
    given = mapping(told, ("name", "files", "source"), file, "a name, or name, files and source")
    return Example(
        name=text(given["name"], "name", file) if "name" in given else "",
        files=tuple(_file(one, file) for one in items(given.get("files"), "files", file)),
        source=text(given["source"], "source", file) if "source" in given else "",
        file=file,
        line=told.line,
    )


def _file(told: Told, file: str) -> ObservedFile:
    if not isinstance(told.value, dict):
        return ObservedFile(path=text(told, "files", file))
    given = mapping(told, ("path", "size"), file, "a path, or path and size")
    if "path" not in given:
        raise RuleError("is missing", file=file, line=told.line, field="path")
    path = text(given["path"], "path", file)
    if "size" not in given:
        return ObservedFile(path=path)
    at = given["size"]
    size = bytes_of(text(at, "size", file))
    if size is None:
        raise RuleError("expected a size such as 1024 B or 1.4 GiB", file=file, line=at.line, field="size")
    return ObservedFile(path=path, size_bytes=size)
