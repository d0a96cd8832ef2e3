"""All that is known of a search; it travels in the state of its requests."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime

from leakwatch.errors import LayoutChanged
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Cursor, FileText, Json, Payload, Request
from leakwatch.sources.cardigann import filters, requests, template
from leakwatch.sources.cardigann.categories import ids_of
from leakwatch.sources.cardigann.definition import Definition
from leakwatch.sources.cardigann.loading import load
from leakwatch.sources.cardigann.site import CardigannSite, config_of
from leakwatch.sources.cardigann.template import Value

DONE = 9
_MAX_KNOWN = 6000


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """All that is known of a search while its answers are read; it travels in the requests' state.

    `offset`: how many items stand on the pages before this one. `known`: by where an item is listed and its key, how often its page was read in vain, or DONE.
    """

    text: str
    file: str
    link: str
    settings: Mapping[str, str]
    categories: tuple[int, ...] = ()
    words: str = ""
    year: int = 0
    known: Mapping[str, int] = field(default_factory=dict[str, int])
    max_details: int = 50
    path: int = 0
    offset: int = 0

    @classmethod
    def of_site(cls, site: CardigannSite, words: str, cursor: Cursor) -> Job:
        known = {
            key[2:]: fields.count(value) or 0
            for key, value in list(cursor.items())[:_MAX_KNOWN]
            if key.startswith("d/")
        }
        return cls(
            text=site.definition.text,
            file=site.definition.file,
            link=site.url,
            settings=dict(site.settings),
            categories=site.categories,
            words=words,
            year=fields.count(cursor.get("year")) or 0,
            known=known,
            max_details=site.max_details,
        )

    @classmethod
    def of_state(cls, payload: Payload) -> Job:
        """The job that a request belongs to. Raises: LayoutChanged where the request came without one."""
        state = payload.request.state
        told = fields.mapping(state.get("job"))
        if not isinstance(told.get("text"), str):
            raise LayoutChanged("no definition came with the request; give `definition`")
        settings = {str(k): str(v) for k, v in fields.mapping(told.get("settings")).items()}
        categories = told.get("categories")
        return cls(
            text=told["text"],
            file=str(told.get("file", "")),
            link=fields.text(told.get("link"), 2000) or payload.url,
            settings=settings,
            categories=tuple(c for c in categories if isinstance(c, int))
            if isinstance(categories, list)
            else (),
            words=fields.text(told.get("words"), 1000) or "",
            year=fields.count(told.get("year")) or payload.fetched_at.year,
            known={key: fields.count(value) or 0 for key, value in fields.mapping(told.get("known")).items()},
            max_details=fields.count(told.get("max_details")) or 0,
            path=fields.count(told.get("path")) or 0,
            offset=fields.count(told.get("offset")) or 0,
        )

    @property
    def definition(self) -> Definition:
        return load(self.text, self.file)

    def state(self, step: str, **more: Json) -> dict[str, Json]:
        """The state of a request of this job."""
        told = asdict(self) | {"categories": list(self.categories)}
        return {"step": step, "job": told, **more}

    def variables(self) -> dict[str, Value]:
        """What templates may ask for."""
        definition = self.definition
        now = datetime(self.year or 2000, 1, 1, tzinfo=UTC)  # filters of words have no dates in them
        config = config_of(definition, self.settings, self.link)
        bare = requests.variables(config, self.words, self.words, self.ids, self.year)
        keywords = filters.apply(
            self.words, definition.search.keywords_filters, now, lambda text: template.expand(text, bare)
        )
        words = " ".join(keywords.split()) if self.words else ""
        told = requests.variables(config, words, self.words, self.ids, self.year)
        return told | ({requests.OFFSET: str(self.offset)} if self.offset else {})

    @property
    def place(self) -> str:
        """Where the items of this answer are listed: on a path of what is new, or among what was searched for."""
        return "w" if self.words else str(self.path)

    def tries(self, key: str) -> int:
        """How often the page of an item was read in vain, wherever it is listed; DONE if not in vain."""
        places = ("w", *map(str, range(len(self.definition.search.paths))))
        return max(self.known.get(f"{place}/{key}", 0) for place in places)

    @property
    def ids(self) -> tuple[str, ...]:
        """The site's ids of the categories that are wanted; none where all are."""
        return ids_of(self.categories, self.definition.categories)

    def searches(self) -> Iterator[Request]:
        """The requests of the search. Raises: ConfigError."""
        for index, address in requests.searches(self.definition, self.link, self.variables(), self.ids):
            state = replace(self, path=index).state("rows")
            yield Request(url=address.url, form=address.form, headers=address.headers, state=state)


def saved_state(definition: FileText, words: str = "") -> dict[str, Json]:
    """The state of a request whose answer somebody saved: of the first path, asked for `words` or for what is new.

    Raises: ConfigError where the definition cannot be followed.
    """
    site = CardigannSite(definition=definition, as_guest=True)
    return Job.of_site(site, words, {}).state("rows")
