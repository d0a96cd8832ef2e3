"""Locators inside plain text and markup, with the offset where each stood and the steps that it took to read it.

A text is read in layers: as it stands, then with each kind of armour taken off, each of these again, at most four
steps deep and within one budget (`decoding.Budget`). What a layer gives is blanked before it is read further, and a
decoded layer counts only if a locator comes out of it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import replace
from hashlib import blake2b

from leakwatch.errors import InfohashError
from leakwatch.extract.decoding import Budget, decoded, turned
from leakwatch.extract.fragments import speaks
from leakwatch.extract.hosts import NO_HOSTS, Hosts, without_key
from leakwatch.extract.ipfs import cid_v1
from leakwatch.extract.layers import Layer, trace
from leakwatch.extract.markup import hidden, projected
from leakwatch.extract.refang import refanged
from leakwatch.extract.runs import long_words
from leakwatch.extract.scanning import Hit, bare, scan
from leakwatch.model.observation import Locator, LocatorKind, Observation
from leakwatch.torrent.infohash import Infohashes, InfohashV2, parse_v1

MAX_TEXT = 2 * 2**20
"""Characters read of one text; the rest is cut, and the caller's evidence keeps the whole."""
MAX_DEPTH = 4
"""Steps of armour that are taken off; markup is none."""
_MAX_LOCATORS = 1000
_SHORT = 400
_SIGN_OF_ANY = re.compile(r"[:/%&<=|\\[({：？]|[A-Za-z0-9+_-]{16}|\S \S \S \S |3[aA]\W")
"""What every locator has in every armour, but for infohashes, which need words around them."""


def plain(text: str) -> str:
    """The text as a reader sees it, without markup."""
    return projected(Layer(text[:MAX_TEXT])).text


def find_locators(text: str, hosts: Hosts = NO_HOSTS) -> tuple[Locator, ...]:
    """All locators in plain text or markup, in order; each is given once, at its least decoded and its fullest."""
    found: dict[str, Locator] = {}
    if len(text) < _SHORT and not _SIGN_OF_ANY.search(text) and not speaks(text.lower()):
        return ()
    budget = Budget()
    queue = deque([(Layer(text[:MAX_TEXT]), 0)])
    while queue and len(found) <= _MAX_LOCATORS:
        layer, depth = queue.popleft()
        inner = hidden(layer)
        for shown in (projected(layer), *([projected(inner)] if inner else [])):
            lowered = _lower(shown.text)
            words = long_words(shown.text)
            hits = scan(shown.text, lowered, words, hosts)
            for hit in hits:
                _keep(found, _placed(shown, hit))
            if depth < MAX_DEPTH:
                rest = _blanked(shown, hits)
                if hits:
                    lowered, words = _lower(rest.text), [(a, b) for a, b in words if rest.text[a] != " "]
                queue.extend(_next(rest, lowered, words, depth, budget))
    told = {one.infohashes for one in found.values() if one.kind is LocatorKind.MAGNET}
    kept = (
        one for one in found.values() if one.kind is not LocatorKind.INFOHASH or one.infohashes not in told
    )
    return tuple(sorted(kept, key=lambda one: one.offset)[:_MAX_LOCATORS])


def _lower(text: str) -> str:
    """Lower case, letter by letter: only for İ is that another length."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(char.lower()[:1] for char in text)


def _placed(shown: Layer, hit: Hit) -> Locator:
    offset, chain = trace(shown, hit.start, hit.end)
    return replace(hit.locator, offset=offset, decode_chain=chain + hit.steps)


def _blanked(shown: Layer, hits: list[Hit]) -> Layer:
    """What was read is not read again in another way; but a bare infohash may be part of what is not read yet."""
    links = [one for one in hits if one.locator.kind is not LocatorKind.INFOHASH]
    parts, last = [], 0
    for hit in sorted(links, key=lambda one: one.start):
        parts += [shown.text[last : hit.start], " " * (hit.end - hit.start)]
        last = hit.end
    return shown.with_text("".join(parts) + shown.text[last:])


def _next(
    rest: Layer, lowered: str, words: Sequence[tuple[int, int]], depth: int, budget: Budget
) -> Iterator[tuple[Layer, int]]:
    """What the rest of a layer says with one more step, as far as the budget goes."""
    again = projected(rest)
    deeper = [again] if again is not rest else []
    deeper += refanged(rest, lowered) + turned(rest, lowered)
    deeper += decoded(rest, lowered, words, MAX_DEPTH - depth, budget)
    for layer in deeper:
        digest = blake2b(layer.text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        if digest in budget.seen or len(layer.text) > budget.characters or not budget.layers:
            continue
        budget.seen.add(digest)
        budget.characters -= len(layer.text)
        budget.layers -= 1
        yield layer, depth + len(layer.steps)


def _keep(found: dict[str, Locator], locator: Locator) -> None:
    key = identity(locator)
    known = found.get(key)
    if known is None:
        found[key] = locator
    elif len(locator.value) > len(known.value) and len(locator.decode_chain) <= max(
        1, len(known.decode_chain)
    ):
        found[key] = replace(locator, offset=min(locator.offset, known.offset))


def identity(locator: Locator) -> str:
    """What two locators of the same content share, however each is written."""
    what = str(locator.infohashes or locator.value)
    if locator.kind is LocatorKind.FILE_HOST:
        what = without_key(locator.value)
    elif locator.kind is LocatorKind.IPFS:
        what = cid_v1(locator.value) or locator.value
    return f"{locator.kind}:{what}"


def locate(observation: Observation, hosts: Hosts = NO_HOSTS) -> Observation:
    """The observation with every locator that its fields and its text give; existing ones are kept.

    Where an item disagrees with itself (a magnet and an infohash field that differ), both are kept.
    """
    found = list(observation.locators)
    if observation.magnet:
        found += find_locators(observation.magnet, hosts)
    for field, version in ((observation.infohash_v1, 1), (observation.infohash_v2, 2)):
        if field:
            try:
                hashes = (
                    Infohashes(v1=parse_v1(field))
                    if version == 1
                    else Infohashes(v2=InfohashV2(bytes.fromhex(field)))
                )
            except (InfohashError, ValueError):
                continue
            found.append(bare(hashes, -1))
    if observation.torrent_url:
        found.append(Locator(LocatorKind.TORRENT_URL, observation.torrent_url))
    found = [replace(one, offset=-1) for one in found]
    found += find_locators(observation.text or "", hosts)
    found += find_locators(observation.title, hosts)
    return replace(observation, locators=_distinct(found))


def _distinct(locators: list[Locator]) -> tuple[Locator, ...]:
    kept: dict[str, Locator] = {}
    magnets = {
        key
        for one in locators
        if one.kind is LocatorKind.MAGNET and one.infohashes
        for key in one.infohashes.swarm_keys
    }
    for one in locators:
        if one.kind is LocatorKind.INFOHASH and one.infohashes and set(one.infohashes.swarm_keys) <= magnets:
            continue
        kept.setdefault(identity(one), one)
    return tuple(kept.values())
