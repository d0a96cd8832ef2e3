"""The part of Go's text/template that definitions use: values, if, range, and, or, not, eq, ne, join, re_replace.

A value is a text, a list of texts or nothing. Unlike in Go a name that is not known is nothing, and backslashes in
quoted texts are kept as they are, for they belong to patterns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from leakwatch.sources.cardigann.patterns import replaced

Value: TypeAlias = str | tuple[str, ...] | None
Variables: TypeAlias = Mapping[str, Value]

MAX_OUTPUT = 64_000
_MAX_DEPTH = 20
_ACTION = re.compile(r"\{\{(-\s)?(.*?)(\s-)?\}\}", re.DOTALL)
_TOKEN = re.compile(
    r"""\s*(?:(?P<name>\.[A-Za-z_][\w.\-]*|\.)|"(?P<text>(?:\\.|[^"\\])*)"|`(?P<raw>[^`]*)`"""
    r"""|(?P<number>-?\d+)|(?P<word>[A-Za-z_]\w*)|(?P<mark>[()|]))""",
    re.DOTALL,
)
_FUNCTIONS = frozenset({"and", "or", "not", "eq", "ne", "join", "re_replace"})


class TemplateError(ValueError):
    """A template is not one, or asks for what is not supported."""


@dataclass(frozen=True, slots=True)
class _Name:
    path: str


@dataclass(frozen=True, slots=True)
class _Call:
    function: str
    args: tuple[_Expression, ...]


_Expression: TypeAlias = "str | _Name | _Call"


@dataclass(slots=True)
class _Branch:
    kind: str
    test: _Expression
    then: list[_Node] = field(default_factory=list["_Node"])
    other: list[_Node] = field(default_factory=list["_Node"])


@dataclass(frozen=True, slots=True)
class _Shown:
    value: _Expression


_Node: TypeAlias = "str | _Shown | _Branch"


def expand(template: str, variables: Variables, escape: Callable[[str, str], str] | None = None) -> str:
    """The template's text. `escape` is given each value that is put in, and the name it came by.

    Raises: TemplateError, a ValueError.
    """
    if "{{" not in template:
        return template
    parts: list[str] = []
    _write(compiled(template), variables, escape, parts)
    text = "".join(parts)
    if len(text) > MAX_OUTPUT:
        raise TemplateError(f"a template gives more than {MAX_OUTPUT} characters")
    return text


@lru_cache(maxsize=2000)
def compiled(template: str) -> tuple[_Node, ...]:
    """The template as a tree. Raises: TemplateError."""
    top: list[_Node] = []
    open_: list[tuple[_Branch, int]] = []
    into = top
    position, trims = 0, False
    for found in _ACTION.finditer(template):
        text = template[position : found.start()]
        text = text.lstrip() if trims else text
        into.append(text.rstrip() if found[1] else text)
        position, trims = found.end(), bool(found[3])
        word, _, rest = found[2].strip().partition(" ")
        if word in ("if", "range"):
            branch = _Branch(word, _expression(rest))
            into.append(branch)
            open_.append((branch, 1))
            into = branch.then
        elif word == "else":
            if not open_:
                raise TemplateError("else without if")
            into = open_[-1][0].other
            if rest.strip():
                kind, _, test = rest.strip().partition(" ")
                if kind != "if":
                    raise TemplateError(f"not supported: else {kind[:40]}")
                nested = _Branch("if", _expression(test))
                into.append(nested)
                open_.append((nested, 0))
                into = nested.then
        elif word == "end":
            if not open_:
                raise TemplateError("end without if or range")
            while open_ and open_.pop()[1] == 0:
                continue
            into = _innermost(open_, top)
        else:
            into.append(_Shown(_expression(found[2])))
        if len(open_) > _MAX_DEPTH:
            raise TemplateError("nested too deeply")
    if open_:
        raise TemplateError(f"{open_[-1][0].kind} without end")
    rest = template[position:]
    if "{{" in rest:
        raise TemplateError("{{ without }}")
    top.append(rest.lstrip() if trims else rest)
    return tuple(top)


def _innermost(open_: Sequence[tuple[_Branch, int]], top: list[_Node]) -> list[_Node]:
    """Where writing goes on after an end: the part of the enclosing branch that is being read."""
    if not open_:
        return top
    branch = open_[-1][0]
    return branch.other or branch.then


def _expression(text: str) -> _Expression:
    tokens: list[tuple[str, str]] = []
    position = 0
    text = text.rstrip()
    while position < len(text):
        found = _TOKEN.match(text, position)
        if not found or not found.lastgroup:
            raise TemplateError(f"cannot read {text[position : position + 40]!r}")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        position = found.end()
    expression, left = _pipeline(tokens, 0)
    if left:
        raise TemplateError(f"cannot read {text[:60]!r}")
    return expression


def _pipeline(tokens: list[tuple[str, str]], depth: int) -> tuple[_Expression, list[tuple[str, str]]]:
    """Operands up to a closing bracket or the end; `a | f b` is `f b a`."""
    if depth > _MAX_DEPTH:
        raise TemplateError("nested too deeply")
    operands: list[_Expression] = []
    function = ""
    piped: _Expression | None = None
    while tokens and tokens[0] != ("mark", ")"):
        (kind, told), tokens = tokens[0], tokens[1:]
        if (kind, told) == ("mark", "|"):
            piped, operands, function = _command(function, operands, piped), [], ""
        elif (kind, told) == ("mark", "("):
            inner, tokens = _pipeline(tokens, depth + 1)
            if not tokens:
                raise TemplateError("( without )")
            tokens = tokens[1:]
            operands.append(inner)
        elif kind == "word" and told not in ("true", "false"):
            if function or operands or told not in _FUNCTIONS:
                raise TemplateError(f"not supported: the function {told[:40]!r}")
            function = told
        elif kind == "name":
            operands.append(_Name(told))
        else:
            operands.append(told.replace('\\"', '"') if kind == "text" else "" if told == "false" else told)
    return _command(function, operands, piped), tokens


def _command(function: str, operands: list[_Expression], piped: _Expression | None) -> _Expression:
    args = (*operands, *(() if piped is None else (piped,)))
    if not function:
        if len(args) != 1:
            raise TemplateError("expected one value")
        return args[0]
    wanted = {"not": 1, "eq": 2, "ne": 2, "join": 2, "re_replace": 3}.get(function)
    if not args or (wanted and len(args) != wanted):
        raise TemplateError(f"{function} has {len(args)} values")
    return _Call(function, args)


def _write(
    nodes: Sequence[_Node], variables: Variables, escape: Callable[[str, str], str] | None, into: list[str]
) -> None:
    for node in nodes:
        if isinstance(node, str):
            into.append(node)
        elif isinstance(node, _Shown):
            text = _text(_valued(node.value, variables))
            name = node.value.path if isinstance(node.value, _Name) else ""
            into.append(escape(text, name) if escape and not isinstance(node.value, str) else text)
        elif node.kind == "if":
            branch = node.then if _valued(node.test, variables) else node.other
            _write(branch, variables, escape, into)
        else:
            values = _valued(node.test, variables)
            listed = values if isinstance(values, tuple) else (values,) if values else ()
            for one in listed:
                _write(node.then, {**variables, ".": one}, escape, into)
                if sum(map(len, into)) > MAX_OUTPUT:
                    raise TemplateError(f"a template gives more than {MAX_OUTPUT} characters")
            if not listed:
                _write(node.other, variables, escape, into)


def _valued(expression: _Expression, variables: Variables) -> Value:
    if isinstance(expression, str):
        return expression
    if isinstance(expression, _Name):
        return variables.get(expression.path)
    values = [_valued(one, variables) for one in expression.args]
    if expression.function in ("and", "or"):
        stops = expression.function == "or"
        return next((one for one in values if bool(one) is stops), values[-1])
    if expression.function == "not":
        return None if values[0] else "True"
    if expression.function in ("eq", "ne"):
        same = _text(values[0]) == _text(values[1])
        return "True" if same is (expression.function == "eq") else None
    if expression.function == "join":
        listed = values[0] if isinstance(values[0], tuple) else (_text(values[0]),)
        return _text(values[1]).join(listed)
    return replaced(_text(values[1]), _text(values[2]), _text(values[0]))


def _text(value: Value) -> str:
    return ", ".join(value) if isinstance(value, tuple) else value or ""
