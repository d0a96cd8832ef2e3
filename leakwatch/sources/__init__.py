"""The one register of source kinds. To add one: its file, a line here, payloads, a page in docs/sources."""

from __future__ import annotations

from collections.abc import Mapping

from leakwatch.errors import ConfigError
from leakwatch.sources import (
    dht,
    discourse,
    feed,
    github,
    hackernews,
    huggingface,
    imageboard,
    lemmy,
    mastodon,
    phpbb,
    reddit,
    torznab,
)
from leakwatch.sources._kind import SourceKind

KINDS: Mapping[str, SourceKind] = {
    kind.name: kind
    for kind in (
        feed.KIND,
        torznab.KIND,
        imageboard.KIND,
        github.KIND,
        huggingface.KIND,
        hackernews.KIND,
        reddit.KIND,
        lemmy.KIND,
        mastodon.KIND,
        discourse.KIND,
        phpbb.KIND,
        dht.KIND,
    )
}
_ALIASES = {"rss": "feed"}


def kind_named(name: str) -> SourceKind:
    """The kind of this name or alias. Raises: ConfigError naming the kinds there are."""
    kind = KINDS.get(_ALIASES.get(name, name))
    if kind is None:
        raise ConfigError(f"no source kind {name!r}; there are {', '.join(sorted(KINDS))}")
    return kind
