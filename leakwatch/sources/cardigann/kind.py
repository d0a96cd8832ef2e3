"""`cardigann`: sites that a YAML definition in the format of Jackett and Prowlarr describes.

The definition's text travels in every request's state, for `parse` may know nothing else.

History
2026-11  first version: HTML, JSON and XML rows, details pages, templates, filters, dates; no sign-in
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from leakwatch.sources._kind import Cursor, Page, Payload, PolledKind, Question, Request
from leakwatch.sources.cardigann import requests
from leakwatch.sources.cardigann.job import Job
from leakwatch.sources.cardigann.parsing import parse
from leakwatch.sources.cardigann.site import CardigannSite

_MAX_WORDS, _ANY_YEAR = 500, 2000
_MAX_OFFSET = 5000


def start(site: CardigannSite, cursor: Cursor) -> Iterator[Request]:
    """The search without words, or what the definition asks for instead of it: what is new, and names nothing."""
    yield from _search(site, cursor, "")


def ask(site: CardigannSite, cursor: Cursor, question: Question) -> Iterator[Request]:
    """The search for the words of a name."""
    if question.words.strip():
        yield from _search(site, cursor, question.words.strip()[:_MAX_WORDS])


def back(site: CardigannSite, payload: Payload, page: Page) -> Request | None:  # noqa: ARG001 - the job says it all
    """The items behind those of a page, where the definition's search can be asked for them."""
    job = Job.of_state(payload)
    listed = sum(not one.native_id.endswith("#page") for one in page.observations)
    paths = job.definition.search.paths
    if job.words or payload.request.state.get("step") != "rows" or not listed or job.path >= len(paths):
        return None
    if not requests.has_pages(job.definition, job.path) or job.offset + listed > _MAX_OFFSET:
        return None
    behind = replace(job, offset=job.offset + listed).searches()
    return next((one for one in behind if one.state["job"]["path"] == job.path), None)


def _search(site: CardigannSite, cursor: Cursor, words: str) -> Iterator[Request]:
    """The requests of a search. Where it asks for the year and none is known yet, the site's own page tells it first.

    Raises: ConfigError for words that the site cannot be asked for.
    """
    job = Job.of_site(site, words, cursor)
    if requests.needs_year(site.loaded) and not job.year:
        tuple(replace(job, year=_ANY_YEAR).searches())  # what cannot be asked is known before anything is
        yield Request(url=site.url, state=job.state("year"))
        return
    yield from job.searches()


KIND = PolledKind(
    name="cardigann",
    settings=CardigannSite,
    start=start,
    parse=parse,
    ask=ask,
    back=back,
    empty_is_normal=True,
    is_window=True,
    is_markup=True,
)
