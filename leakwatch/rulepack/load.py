"""Rule text to rules. Scalars stay text (an infohash of digits is no number), and every error has its line.

Anchors, aliases, tags, repeated keys and unknown keys are refused: a rule file is read by people in a hurry.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import NamedTuple

import yaml

from leakwatch.errors import RuleError
from leakwatch.rulepack.schema import Confidence, Rule, RulePack

MAX_BYTES = 2**20
_ID = re.compile(r"[a-z0-9_-]+(?:\.[a-z0-9_-]+){2,4}\Z")
_TEXTS = ("id", "title", "confidence", "asset")
_LISTS = ("all_tokens", "any_tokens", "examples", "counter_examples", "references")
_MAX_DEPTH = 20


class Told(NamedTuple):
    """A value and the line it stands in."""

    value: str | list[Told] | dict[str, Told]
    line: int


def load_pack(files: Iterable[tuple[str, str]]) -> RulePack:
    """Rules from (file name, text) pairs. Raises: RuleError with file, line and field."""
    rules: dict[str, Rule] = {}
    for file, text in files:
        for rule in load_rules(text, file):
            if rule.id in rules:
                other = rules[rule.id]
                raise RuleError(
                    f"the id was used in {other.file}:{other.line}", file=file, line=rule.line, field="id"
                )
            rules[rule.id] = rule
    return RulePack(tuple(rules.values()))


def load_rules(text: str, file: str) -> list[Rule]:
    """The rules of one file."""
    top = _read(text, file)
    if not isinstance(top.value, dict):
        raise RuleError("expected `schema: 1` and `rules:`", file=file, line=top.line)
    _known(top, ("schema", "rules"), file)
    schema = top.value.get("schema")
    if schema is None or schema.value != "1":
        raise RuleError(
            "expected schema: 1", file=file, line=schema.line if schema else top.line, field="schema"
        )
    rules = top.value.get("rules")
    if rules is None or not isinstance(rules.value, list):
        raise RuleError("expected a list", file=file, line=rules.line if rules else top.line, field="rules")
    return [_rule(told, file) for told in rules.value]


def _rule(told: Told, file: str) -> Rule:
    if not isinstance(told.value, dict):
        raise RuleError("expected a rule", file=file, line=told.line)
    _known(told, (*_TEXTS, *_LISTS), file)
    texts = {name: _text(told.value[name], name, file) for name in _TEXTS if name in told.value}
    lists = {name: _texts(told.value[name], name, file) for name in _LISTS if name in told.value}
    for name in ("id", "title", "confidence"):
        if not texts.get(name):
            raise RuleError("is missing", file=file, line=told.line, field=name)
    if not _ID.match(texts["id"]):
        raise RuleError("expected theme.subject.aspect", file=file, line=told.value["id"].line, field="id")
    if texts["confidence"] not in list(Confidence):
        at = told.value["confidence"].line
        raise RuleError(f"expected one of {', '.join(Confidence)}", file=file, line=at, field="confidence")
    if not lists.get("all_tokens") and not lists.get("any_tokens"):
        raise RuleError("needs all_tokens or any_tokens", file=file, line=told.line)
    if not lists.get("examples"):
        raise RuleError("at least one is needed", file=file, line=told.line, field="examples")
    if len(lists.get("counter_examples", ())) < 2:
        raise RuleError("at least two are needed", file=file, line=told.line, field="counter_examples")
    return Rule(
        id=texts["id"],
        title=texts["title"],
        confidence=Confidence(texts["confidence"]),
        asset=texts.get("asset"),
        file=file,
        line=told.line,
        **lists,
    )


def _text(told: Told, field: str, file: str) -> str:
    if not isinstance(told.value, str) or not told.value.strip():
        raise RuleError("expected text", file=file, line=told.line, field=field)
    return told.value


def _texts(told: Told, field: str, file: str) -> tuple[str, ...]:
    if not isinstance(told.value, list):
        raise RuleError("expected a list", file=file, line=told.line, field=field)
    return tuple(_text(one, field, file) for one in told.value)


def _known(told: Told, known: tuple[str, ...], file: str) -> None:
    if not isinstance(told.value, dict):
        return
    for key, one in told.value.items():
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}"
            raise RuleError(f"unknown key{hint}", file=file, line=one.line, field=key)


def _read(text: str, file: str) -> Told:
    if len(text) > MAX_BYTES:
        raise RuleError(f"larger than {MAX_BYTES} bytes", file=file)
    try:
        for event in yaml.parse(text, yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
                mark = event.start_mark
                at = mark.line + 1 if mark else 0
                raise RuleError("anchors and aliases are not used here", file=file, line=at)
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise RuleError(f"broken YAML: {error.problem}", file=file, line=line) from error
    except yaml.YAMLError as error:
        raise RuleError(f"broken YAML: {error}", file=file) from error
    if node is None:
        raise RuleError("the file is empty", file=file, line=1)
    return _value(node, file, 0)


def _value(node: yaml.Node, file: str, depth: int) -> Told:
    line = node.start_mark.line + 1
    if depth > _MAX_DEPTH:
        raise RuleError("nested too deeply", file=file, line=line)
    if isinstance(node, yaml.ScalarNode):
        return Told(str(node.value), line)
    if isinstance(node, yaml.SequenceNode):
        return Told([_value(one, file, depth + 1) for one in node.value], line)
    found: dict[str, Told] = {}
    for key, value in node.value:
        name = str(key.value)
        at = key.start_mark.line + 1
        if name in found:
            raise RuleError(f"the key was used in line {found[name].line}", file=file, line=at, field=name)
        found[name] = _value(value, file, depth + 1)._replace(line=at)
    return Told(found, line)
