"""The file of hosts as a value. Every mistake in it has its line."""

from __future__ import annotations

import re

import yaml

from leakwatch.errors import ConfigError
from leakwatch.extract.hosts import HostPath, Hosts

_FIELDS = ("host", "also", "paths", "canonical", "code", "dead", "source")
_PART = re.compile(r"\{(\*|[a-z]+)(\.)?(?::(\d{1,3})-(\d{1,3}))?\}")
_HOST = re.compile(r"(?:[a-z0-9-]{1,63}\.){1,4}[a-z]{2,12}\Z")
_MONTH = re.compile(r"20\d\d-\d\d\Z")


def parse_hosts(text: str, file: str = "hosts.yaml") -> Hosts:
    """Read the table. Raises: ConfigError with file, line and field."""
    try:
        node = yaml.compose(text, yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
        raise ConfigError("this is not YAML", file=file, line=mark.line + 1 if mark else 0) from error
    top = _mapping(node, file, ("schema", "no_ids", "hosts"))
    if _text(top.get("schema"), file, "schema", node) != "1":
        raise ConfigError("expected schema: 1", file=file, line=_line(top["schema"]), field="schema")
    paths: dict[str, tuple[HostPath, ...]] = {}
    told = top.get("hosts")
    if not isinstance(told, yaml.SequenceNode):
        raise ConfigError("expected a list", file=file, line=_line(told or node), field="hosts")
    for one in told.value:
        names, forms = _host(one, file)
        for name in names:
            paths[name] = (*paths.get(name, ()), *forms)
    return Hosts(paths, frozenset(_text(top.get("no_ids"), file, "no_ids", node).split()))


def _host(node: yaml.Node, file: str) -> tuple[list[str], tuple[HostPath, ...]]:
    told = _mapping(node, file, _FIELDS)
    names = [_text(told.get("host"), file, "host", node)]
    names += _text(told["also"], file, "also", node).split() if "also" in told else []
    for name in names:
        if not _HOST.match(name):
            raise ConfigError(f"not a host: {name!r}", file=file, line=_line(node), field="host")
    _text(told.get("source"), file, "source", node)
    dead = _text(told["dead"], file, "dead", node) if "dead" in told else ""
    if dead and not _MONTH.match(dead):
        raise ConfigError("expected a month, YYYY-MM", file=file, line=_line(told["dead"]), field="dead")
    canonical = _text(told.get("canonical"), file, "canonical", node)
    with_code = "code" in told and _text(told["code"], file, "code", node) == "true"
    forms: list[HostPath] = []
    for path in _text(told.get("paths"), file, "paths", node).split():
        pattern = _pattern(path, file, _line(told["paths"]))
        wanted = {found[1] for found in _PART.finditer(canonical)}
        if not wanted <= set(pattern.groupindex):
            raise ConfigError(
                f"{path!r} lacks {min(wanted - set(pattern.groupindex))!r}",
                file=file,
                line=_line(node),
                field="canonical",
            )
        forms.append(HostPath(pattern, canonical, with_code, dead))
    return names, tuple(forms)


def _pattern(path: str, file: str, line: int) -> re.Pattern[str]:
    """A path as a pattern, in which any text is matched in time that grows with its length alone.

    `{id}` is a word of letters, digits, `_` and `-`; `{id:5-9}` one of that length; `{file.}` may have dots and
    escapes; `{*}` is anything up to 200 characters.
    """
    if not path.startswith("/") or re.search(r"[{}]", _PART.sub("", path)):
        raise ConfigError(f"not a path: {path!r}", file=file, line=line, field="paths")
    out, last = "", 0
    for found in _PART.finditer(path):
        out += re.escape(path[last : found.start()])
        last = found.end()
        low, high = found[3] or "1", found[4] or "200"
        letters = r"[\w.%~+-]" if found[2] else r"[A-Za-z0-9_-]"
        out += ".{0,200}?" if found[1] == "*" else f"(?P<{found[1]}>{letters}{{{low},{high}}})"
    end = r"(?![A-Za-z0-9_-])" if path.endswith("}") else ""
    try:
        return re.compile(out + re.escape(path[last:]) + end)
    except re.error as error:
        raise ConfigError(f"not a path: {path!r}", file=file, line=line, field="paths") from error


def _mapping(node: yaml.Node | None, file: str, known: tuple[str, ...]) -> dict[str, yaml.Node]:
    if not isinstance(node, yaml.MappingNode):
        raise ConfigError("expected names and values", file=file, line=_line(node))
    found: dict[str, yaml.Node] = {}
    for key, value in node.value:
        name = str(key.value)
        if name not in known:
            raise ConfigError(
                f"unknown; known are {', '.join(known)}", file=file, line=_line(key), field=name
            )
        if name in found:
            raise ConfigError(f"is in line {_line(found[name])}, too", file=file, line=_line(key), field=name)
        found[name] = value
    return found


def _text(node: yaml.Node | None, file: str, field: str, parent: yaml.Node | None) -> str:
    if not isinstance(node, yaml.ScalarNode) or not str(node.value).strip():
        raise ConfigError("expected text", file=file, line=_line(node or parent), field=field)
    return str(node.value)


def _line(node: yaml.Node | None) -> int:
    return node.start_mark.line + 1 if node and node.start_mark else 1
