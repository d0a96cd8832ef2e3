"""Other works under embargo in what is known of a finding: a page may name two, and a pack is passed on.

They are looked for in every kept body and every text, by their names as words and as letters in a row, and by what else the
same body is evidence of. What is the finding's own work's name does not count. Without them (`without_others`) the raw records
that name them are left out, with their digests and why, and so is what texts of the pack say of them.
"""

from __future__ import annotations

import gzip
import html
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any, TypeVar
from urllib.parse import unquote

from leakwatch.evidence.dossier import Dossier, LeftOut
from leakwatch.model.asset import Asset
from leakwatch.ports import Repository
from leakwatch.sources._encoding import text_of

_SHORTEST, _JOINED_FROM = 3, 7
_ESCAPE = re.compile(r"\\u([0-9a-fA-F]{4})")
_TAG = re.compile(r"<[^<>]{0,2000}>")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Names:
    """Names of other works, each with what that may be called; `own` are the finding's own work's, which are no news."""

    others: tuple[tuple[str, str], ...]
    own: tuple[str, ...]

    @classmethod
    def of(cls, asset: Asset, every: Iterable[Asset]) -> Names:
        """The names of all works under embargo but one."""
        told = [one for one in every if one.embargoed and one.id != asset.id]
        others = [(_words(name), one.shown_name) for one in told for name in one.names]
        own = sorted(map(_words, asset.names), key=len, reverse=True)
        return cls(tuple(one for one in others if len(one[0].replace(" ", "")) >= _SHORTEST), tuple(own))

    def found_in(self, text: str) -> set[str]:
        """What the works may be called that a text names."""
        if not self.others:
            return set()
        words = f" {_words(unquote(text))} "
        for name in self.own:
            words = words.replace(f" {name} ", "  ")
        joined = words.replace(" ", "")
        return {
            shown
            for name, shown in self.others
            if f" {name} " in words or (len(bare := name.replace(" ", "")) >= _JOINED_FROM and bare in joined)
        }


async def named_in(dossier: Dossier, repository: Repository) -> tuple[Names, dict[str, set[str]]]:
    """Digests of bodies that name, or are evidence of, other works under embargo, and what those may be called."""
    async with repository.reading() as work:
        every = await work.catalogue.all()
        names = Names.of(dossier.asset, every)
        shown = {one.id: one.shown_name for one in every if one.embargoed and one.id != dossier.asset.id}
        bodies = {one.digest for one in dossier.captures}
        found = {
            digest: {shown[one] for one in assets & shown.keys()}
            for digest, assets in (await work.evidence.assets_of(bodies)).items()
        }
    metadata = {one.metadata for one in dossier.torrents if one.metadata}
    for digest in bodies | metadata:
        text = _text(digest, dossier)
        found[digest] = found.get(digest, set()) | names.found_in(text)
    for one in dossier.captures:  # its record tells the address and all headers, whatever the body says
        record = gzip.decompress(dossier.blobs.get(one.warc or "", b""))
        found[one.digest] |= names.found_in(f"{one.url}\n{record.decode('utf-8', 'replace')}")
    for one in dossier.captures:  # a picture or a diff shows what its page says
        found[one.digest] |= found.get(str(one.request.get("of")), set())
    return names, {digest: told for digest, told in found.items() if told}


def _text(digest: str, dossier: Dossier) -> str:
    """A body as text; what is a picture, by its type, has none."""
    headers = next((one.headers for one in dossier.captures if one.digest == digest), {})
    if str(headers.get("content-type", "")).startswith(("image/", "video/", "audio/")):
        return ""
    told = text_of(dossier.blobs.get(digest, b""), {name: str(value) for name, value in headers.items()})
    told = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), told)
    return f"{told}\n{html.unescape(_TAG.sub('', told))}" if "<" in told or "&" in told else told


def texts_that_name(dossier: Dossier, names: Names) -> dict[str, set[str]]:
    """Which parts of the pack's own documents name other works, and what those may be called."""
    told = {
        "finding.json": [dossier.finding.title, *(_strings(dossier.sightings))],
        "captures.json": [
            told for one in dossier.captures for told in (one.url, *_strings(dict(one.headers)))
        ],
        "proofs.json": [*_strings(dossier.torrents)],
        "timeline.json": [*_strings(dossier.events), *(one.url for one in dossier.looks)],
        "audit.jsonl": [one.detail for one in dossier.chain if one.subject in dossier.subjects],
    }
    found = {name: names.found_in("\n".join(some)) for name, some in told.items()}
    return {name: works for name, works in found.items() if works}


def without_others(dossier: Dossier, names: Names, named: dict[str, set[str]]) -> Dossier:
    """The dossier without what names other works: raw records left out, texts replaced, audit entries by digest alone."""
    left: dict[str, LeftOut] = {}
    for digest, works in sorted(named.items()):
        why = f"names another work under embargo: {', '.join(sorted(works))}"
        warcs = [
            one
            for capture in dossier.captures
            if capture.digest == digest
            for one in (capture.warc, capture.refers_to)
        ]
        for one in (digest, *filter(None, warcs)):
            left.setdefault(one, LeftOut(one, len(dossier.blobs.get(one, b"")), why))
    hidden = {
        one.seq for one in dossier.chain if one.subject in dossier.subjects and names.found_in(one.detail)
    }
    told = _Replaced(names)
    return replace(
        dossier,
        finding=told.of(dossier.finding),
        sightings=tuple(told.of(one) for one in dossier.sightings),
        events=tuple(told.of(one) for one in dossier.events),
        torrents=tuple(replace(one, proof=told.of(one.proof)) for one in dossier.torrents),
        captures=tuple(
            replace(one, url=told.text(one.url), headers=told.of(dict(one.headers)))
            for one in dossier.captures
        ),
        looks=tuple(replace(one, url=told.text(one.url)) for one in dossier.looks),
        screenshots=tuple(replace(one, url=told.text(one.url)) for one in dossier.screenshots),
        blobs={digest: data for digest, data in dossier.blobs.items() if digest not in left},
        left_out=tuple(left.values()),
        hidden=frozenset(hidden),
    )


@dataclass(frozen=True, slots=True)
class _Replaced:
    """Values with a word in place of each text that names another work."""

    names: Names

    def text(self, text: str) -> str:
        works = self.names.found_in(text)
        return f"[left out: names {', '.join(sorted(works))}]" if works else text

    def of(self, value: T) -> T:
        return self._of(value)

    def _of(self, value: Any) -> Any:
        if isinstance(value, str):
            told = self.text(value)
            return value if told == value else told  # an unchanged word of an enumeration stays one
        if is_dataclass(value) and not isinstance(value, type):
            changed = {one.name: self._of(getattr(value, one.name)) for one in fields(value)}
            return replace(value, **changed)
        if isinstance(value, dict):
            return {key: self._of(one) for key, one in value.items()}
        if isinstance(value, (tuple, list, frozenset)):
            return type(value)(map(self._of, value))
        return value


def _strings(value: Any) -> Iterable[str]:
    """All texts in a value."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        yield from _strings([getattr(value, one.name) for one in fields(value)])
    elif isinstance(value, dict):
        yield from _strings(list(value.values()))
    elif isinstance(value, Sequence | frozenset) and not isinstance(value, bytes):
        for one in value:
            yield from _strings(one)


def _words(text: str) -> str:
    return " ".join(re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", text).casefold()))
