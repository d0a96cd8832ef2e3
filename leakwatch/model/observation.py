"""Observation: what one site showed of one item at one time; a fact, never edited."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields, replace
from datetime import datetime
from enum import StrEnum

from leakwatch.model.origin import Origin
from leakwatch.torrent.infohash import Infohashes

MAX_KEY = 500
"""Characters of an id or artefact key; PostgreSQL indexes rows of at most 2,704 bytes."""


class LocatorKind(StrEnum):
    """Where content can be had."""

    MAGNET = "magnet"
    INFOHASH = "infohash"
    TORRENT_URL = "torrent_url"
    ED2K = "ed2k"
    IPFS = "ipfs"
    FILE_HOST = "file_host"
    REPOSITORY = "repository"


@dataclass(frozen=True, slots=True)
class Locator:
    """One way to the content, and where in the text it stood.

    Units:  `offset` counts characters of the text as the source gave it, before anything was decoded;
            -1 where the locator came from a field of its own.
    """

    kind: LocatorKind
    value: str
    infohashes: Infohashes | None = None
    offset: int = -1
    decode_chain: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedFile:
    """One file that a host says it has, or that a torrent's metadata lists."""

    path: str
    size_bytes: int | None = None
    sha256: str | None = None
    sha1: str | None = None
    md5: str | None = None
    git_blob: str | None = None
    pieces_root: str | None = None
    ed2k: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """One record shown by one site at one time. Absent facts are None; `text` is plain or HTML as shown.

    Identity is (site, native_id); a changed `content_digest` makes it a new observation of the same item.
    Counts (`seeders`, `leechers`) are samples, not content. `parameters` are the elements that a model hub counts in
    a repository, by dtype; under `GGUF` those of its GGUF files, of which hubs tell no dtypes. `origin` is what a
    repository is said to be a copy of; it is no content, for a listing may say less of it than another. `repository_id`
    is host and number of the repository that it shows, which stay when that is renamed; no content either.
    """

    site: str
    native_id: str
    title: str
    fetched_at: datetime
    url: str | None = None
    published_at: datetime | None = None
    author: str | None = None
    text: str | None = None
    size_bytes: int | None = None
    size_is_exact: bool = True
    torrent_url: str | None = None
    magnet: str | None = None
    infohash_v1: str | None = None
    infohash_v2: str | None = None
    seeders: int | None = None
    leechers: int | None = None
    files: tuple[ObservedFile, ...] = ()
    parameters: tuple[tuple[str, int], ...] = ()
    repository_id: str | None = None
    locators: tuple[Locator, ...] = ()
    origin: Origin | None = None
    evidence: str | None = None

    @property
    def content_digest(self) -> str:
        """SHA-256 over title, text, locators, files and hashes: what makes an edited item a new observation."""
        content = [
            self.title,
            self.text,
            self.size_bytes,
            self.torrent_url,
            sorted({f"{one.kind}:{one.infohashes or one.value}" for one in self.locators}),
            sorted(
                ((f.path, f.size_bytes, f.sha256, f.sha1, f.md5, f.git_blob) for f in self.files), key=repr
            )
            if all(f.path for f in self.files)
            else [],
            *([sorted(self.parameters)] if self.parameters else []),
        ]
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def storable(observation: Observation) -> Observation:
    """The observation with texts that every database takes: no NUL, no lone surrogates, no endless ids."""
    told = {one.name: getattr(observation, one.name) for one in fields(observation)}
    changed = {
        name: _sound(value)
        for name, value in told.items()
        if isinstance(value, str) and _sound(value) != value
    }
    files = tuple(replace(one, path=_sound(one.path)) for one in observation.files)
    locators = tuple(replace(one, value=_sound(one.value)) for one in observation.locators)
    changed["native_id"] = short_key(_sound(observation.native_id))
    return replace(observation, **changed, files=files, locators=locators)


def short_key(text: str) -> str:
    """A text that an index of every database takes (PostgreSQL: 2,704 bytes); a longer one ends in its digest."""
    if len(text) <= MAX_KEY and len(text.encode("utf-8", "replace")) <= 2 * MAX_KEY:
        return text
    return f"{text[:80]}…{hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()}"


def _sound(text: str) -> str:
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
