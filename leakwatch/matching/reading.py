"""One item as it is read: cut by its locators, its texts, and what names were found where in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leakwatch.matching.context import Context, context_of
from leakwatch.matching.index import Index
from leakwatch.matching.names import Field, Text
from leakwatch.matching.offers import Place, Shown, is_its_name, is_repository, is_torrent, shown
from leakwatch.matching.weights import Weights
from leakwatch.model.asset import AssetId
from leakwatch.model.finding import KnownArtefact, Signal
from leakwatch.model.observation import Observation
from leakwatch.rulepack.schema import RulePack

_MAX_FILES = 100_000


class Read:
    """An item cut by its locators, what names were read in it, and where. What rules say of it is asked for once."""

    __slots__ = ("_context", "cut", "known", "names", "places", "seen")

    def __init__(self, seen: Observation, known: Sequence[KnownArtefact]) -> None:
        self.seen, self.known, self.cut = seen, known, shown(seen)
        self.names: dict[AssetId, list[Signal]] = {}
        self.places: dict[AssetId, set[Place]] = {}
        self._context: Context | None = None

    def add(self, asset: AssetId, some: list[Signal], place: Place, least: float) -> None:
        """The best of title, display names, files and text: one name counts once, not once a field."""
        bits = sum(one.weight for one in some)
        if asset not in self.names or bits > sum(one.weight for one in self.names[asset]):
            self.names[asset] = some
        if place is not Place.OWN or bits >= least:
            self.places.setdefault(asset, set()).add(place)

    def context(self, index: Index, weights: Weights, pack: RulePack) -> Context:
        """What the rules say of it."""
        if self._context is None:
            self._context = context_of(self.seen, self.cut, index, weights, pack)
        return self._context


def is_bare(seen: Observation) -> bool:
    """Whether there is nothing but a title: of most items there is not, where names stream."""
    return not (seen.locators or seen.files or seen.text or seen.parameters or seen.size_bytes is not None)


def texts_of(seen: Observation, cut: Shown) -> Iterator[tuple[Place, Text]]:
    """What may bear a name, and where it stands: the title, the names of its torrents and files, the text."""
    own = is_its_name(seen)
    yield (
        Place.OWN if own else Place.TITLE,
        Text(seen.title, Field.RELEASE if is_torrent(seen) else Field.NAME),
    )
    if is_repository(seen) and "/" in seen.title:
        yield Place.OWN, Text(seen.title.rpartition("/")[2], Field.NAME)
    if cut.is_mute and not own:
        yield Place.TITLE, Text(seen.title, Field.PROSE)
    for name in cut.own:
        if not own or name != seen.title:
            yield Place.OWN, Text(name, Field.RELEASE)
    for file in seen.files[:_MAX_FILES]:
        yield Place.OWN, Text(file.path, Field.FILE)
    if cut.near:
        yield Place.NEAR, Text(cut.near, Field.PROSE)
    for apart in filter(None, (cut.far, cut.links)):
        yield Place.FAR, Text(apart, Field.PROSE)
