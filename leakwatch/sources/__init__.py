"""The one register of source kinds. To add one: its file, its name here, payloads, a page in docs/sources."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module

from leakwatch.errors import ConfigError
from leakwatch.sources._kind import SourceKind

_NAMES = (
    *("feed", "torznab", "cardigann", "page", "imageboard", "telegram", "paste", "inbox", "dht"),
    *("github", "gitlab", "huggingface", "registry", "archive", "academic"),
    *("hackernews", "reddit", "lemmy", "mastodon", "discourse", "phpbb"),
)
_ALIASES = {"rss": "feed"}


class _Kinds(Mapping[str, SourceKind]):
    """Kinds by name. A kind is imported when it is first asked for: no command needs all of them."""

    def __init__(self) -> None:
        self._read: dict[str, SourceKind] = {}

    def __getitem__(self, name: str) -> SourceKind:
        if name not in self._read:
            if name not in _NAMES:
                raise KeyError(name)
            self._read[name] = import_module(f"leakwatch.sources.{name}").KIND
        return self._read[name]

    def __contains__(self, name: object) -> bool:
        return name in _NAMES

    def __iter__(self) -> Iterator[str]:
        return iter(_NAMES)

    def __len__(self) -> int:
        return len(_NAMES)


KINDS: Mapping[str, SourceKind] = _Kinds()


def kind_named(name: str) -> SourceKind:
    """The kind of this name or alias. Raises: ConfigError naming the kinds there are."""
    kind = KINDS.get(_ALIASES.get(name, name))
    if kind is None:
        raise ConfigError(f"no source kind {name!r}; there are {', '.join(sorted(KINDS))}")
    return kind
