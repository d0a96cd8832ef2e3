"""Items as the site's own address shows them: which of its addresses has answered is no sign of another layout. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from leakwatch.model.observation import Observation


def at_home(items: Sequence[Observation], home: str, mirrors: Sequence[str]) -> list[Observation]:
    """The items with addresses at a mirror told as those at home."""
    ours = _origin(home)
    for mirror in map(_origin, mirrors):
        items = [_moved(one, mirror, ours) for one in items]
    return list(items)


def _moved(one: Observation, mirror: str, home: str) -> Observation:
    def at(told: str | None) -> str | None:
        return home + told[len(mirror) :] if told and told.startswith(mirror) else told

    return replace(one, native_id=at(one.native_id) or "", url=at(one.url), torrent_url=at(one.torrent_url))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"
