"""A definition as values: what `loading.py` reads from its YAML and the rest of the package follows.

The format is that of Jackett and Prowlarr ("Cardigann", version 11). Texts that may hold templates are kept as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Response = Literal["html", "json", "xml"]


@dataclass(frozen=True, slots=True)
class Filter:
    """One step that changes a text: its name and its arguments."""

    name: str
    args: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """How one value is found: by a selector or as a text, then changed by filters."""

    name: str
    line: int = 0
    selector: str | None = None
    attribute: str | None = None
    text: str | None = None
    remove: str | None = None
    optional: bool = False
    default: str | None = None
    case: tuple[tuple[str, str], ...] = ()
    filters: tuple[Filter, ...] = ()

    @property
    def is_constant(self) -> bool:
        """Whether it says the same of every row: such a value is the definition's word, not the site's."""
        return self.text is not None and ".Result" not in self.text


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPath:
    """One address to search at. `categories` are those that it knows; all where there are none."""

    path: str
    line: int = 0
    is_post: bool = False
    categories: tuple[str, ...] = ()
    inputs: tuple[tuple[str, str], ...] = ()
    inherits_inputs: bool = True
    response: Response = "html"
    no_results: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Which parts of an answer are items. `after` following rows belong to each; `dates` are in heading rows."""

    selector: str
    line: int = 0
    after: int = 0
    filters: tuple[Filter, ...] = ()
    count: Block | None = None
    attribute: str | None = None
    multiple: bool = False
    missing_is_empty: bool = False
    dates: Block | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """A page that is asked for instead of an item's own, to read the download from."""

    path: str
    is_post: bool = False
    inputs: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """How the page of one item gives its magnet or torrent."""

    selectors: tuple[Block, ...] = ()
    infohash: Block | None = None
    before: Before | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A sign on the page that the site said no, and where its words are."""

    sign: Block
    message: Block | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """A setting of the definition's own. `options` are the values of a choice."""

    name: str
    type: str
    default: str = ""
    options: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """One category of the site: its id there and its Newznab name."""

    id: str
    cat: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """How the site is searched and its answers read."""

    paths: tuple[SearchPath, ...]
    rows: Rows
    fields: tuple[Block, ...]
    inputs: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    keywords_filters: tuple[Filter, ...] = ()
    text_filters: tuple[Filter, ...] = ()
    refusals: tuple[Refusal, ...] = ()
    allows_empty_inputs: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """One site as its definition has it. `login` is the method that its members sign in by, or nothing."""

    id: str
    name: str
    file: str
    links: tuple[str, ...]
    search: Search
    encoding: str = "UTF-8"
    request_delay_s: float = 0.0
    settings: Mapping[str, Setting] = field(default_factory=dict[str, Setting])
    categories: tuple[Category, ...] = ()
    download: Download | None = None
    login: str = ""
    login_line: int = 0
