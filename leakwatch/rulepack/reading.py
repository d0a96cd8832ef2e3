"""YAML to values that know their line. Scalars stay text: an infohash of digits is no number.

Anchors, aliases, tags and repeated keys are refused: a rule file is read by people in a hurry.
"""

from __future__ import annotations

import difflib
from typing import NamedTuple, TypeAlias

import yaml

from leakwatch.errors import RuleError

MAX_BYTES = 4 * 2**20
_MAX_DEPTH = 20
_Loader: TypeAlias = yaml.SafeLoader | yaml.CSafeLoader
_FAST: type[_Loader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's reader, where PyYAML was built with it."""


class Told(NamedTuple):
    """A value, and where it stands: its line, and its column where it is text on one line (else 0)."""

    value: str | list[Told] | dict[str, Told]
    line: int
    column: int = 0


def read(text: str, file: str) -> Told:
    """A YAML text as values. Raises: RuleError with file and line."""
    if len(text) > MAX_BYTES:
        raise RuleError(f"larger than {MAX_BYTES} bytes", file=file)
    try:
        node = _composed(text, file, _FAST)
    except yaml.YAMLError:
        node = _again(text, file)
    if node is None:
        raise RuleError("the file is empty", file=file, line=1)
    return _value(node, file)


def _again(text: str, file: str) -> yaml.Node | None:
    """The same by the reader in Python, a tenth as fast, whose errors say more."""
    try:
        return _composed(text, file, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise RuleError(f"broken YAML: {error.problem}", file=file, line=line) from error
    except yaml.YAMLError as error:
        raise RuleError(f"broken YAML: {error}", file=file) from error


def _composed(text: str, file: str, loader: type[_Loader]) -> yaml.Node | None:
    depth = 0
    for event in yaml.parse(text, loader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:  # before the tree is built: the reader takes a minute for 5,000 brackets
            mark = event.start_mark
            raise RuleError("nested too deeply", file=file, line=mark.line + 1 if mark else 0)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            mark = event.start_mark
            at = mark.line + 1 if mark else 0
            raise RuleError("anchors and aliases are not used here", file=file, line=at)
    return yaml.compose(text, loader)


def _value(node: yaml.Node, file: str) -> Told:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.ScalarNode):
        quoted = node.style in ("'", '"')
        one_line = node.style not in ("|", ">") and node.start_mark.line == node.end_mark.line
        return Told(str(node.value), line, node.start_mark.column + 1 + quoted if one_line else 0)
    if isinstance(node, yaml.SequenceNode):
        return Told([_value(one, file) for one in node.value], line)
    found: dict[str, Told] = {}
    for key, value in node.value:
        name = str(key.value)
        at = key.start_mark.line + 1
        if name in found:
            raise RuleError(f"the key was used in line {found[name].line}", file=file, line=at, field=name)
        read_value = _value(value, file)
        found[name] = read_value if read_value.column else read_value._replace(line=at)
    return Told(found, line)


def mapping(told: Told, known: tuple[str, ...], file: str, what: str) -> dict[str, Told]:
    """The value as a mapping with known keys only."""
    if not isinstance(told.value, dict):
        raise RuleError(f"expected {what}", file=file, line=told.line)
    for key, one in told.value.items():
        if key not in known:
            close = difflib.get_close_matches(key, known, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(known)}"
            raise RuleError(f"unknown key{hint}", file=file, line=one.line, field=key)
    return told.value


def items(told: Told | None, field: str, file: str) -> list[Told]:
    """The value as a list; nothing is an empty one."""
    if told is None:
        return []
    if not isinstance(told.value, list):
        raise RuleError("expected a list", file=file, line=told.line, field=field)
    return told.value


def text(told: Told, field: str, file: str) -> str:
    """The value as text that says something."""
    if not isinstance(told.value, str) or not told.value.strip():
        raise RuleError("expected text", file=file, line=told.line, field=field)
    return told.value


def texts(told: Told | None, field: str, file: str) -> tuple[str, ...]:
    """The value as a list of texts."""
    return tuple(text(one, field, file) for one in items(told, field, file))
