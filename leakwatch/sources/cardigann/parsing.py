"""One answer of a site to a page: a search's rows, or the page of one item that gives its magnet or torrent."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from leakwatch.errors import LayoutChanged
from leakwatch.model.observation import Observation
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import Page, Payload, site_name
from leakwatch.sources.cardigann import details, filters, record
from leakwatch.sources.cardigann.answer import Answer, refuse
from leakwatch.sources.cardigann.job import Job
from leakwatch.sources.cardigann.json_rows import PathError
from leakwatch.sources.cardigann.record import Record
from leakwatch.sources.cardigann.rows import MAX_CHILDREN
from leakwatch.sources.cardigann.selectors import SelectorError
from leakwatch.sources.cardigann.template import TemplateError, Value


def parse(payload: Payload) -> Page:
    """The rows of a search, or one item's own page.

    Raises: Refused where the definition's `error` is on the page; LayoutChanged where the page has no rows.
    """
    try:
        job = Job.of_state(payload)
        step = payload.request.state.get("step")
        if step == "year":
            job = replace(job, year=payload.fetched_at.year)
            return Page(next_requests=tuple(job.searches()), cursor={"year": job.year})
        return details.read(payload, job) if step == "item" else _page(payload, job)
    except (*fields.UNREADABLE, RecursionError) as error:
        told = f"{type(error).__name__}: {str(error)[:200]}"
        raise LayoutChanged(f"the answer cannot be read: {told}") from error


def _page(payload: Payload, job: Job) -> Page:
    variables = job.variables()
    answer = Answer(payload, job, variables)
    found, total = answer.rows()
    refuse(answer, job.definition.search.refusals)
    records, bad = _records(answer, found, job, variables)
    if not records:
        _judge_empty(answer, job, len(found), bad)
    seen, undated = _observations(records, payload)
    if records and not seen:
        raise LayoutChanged(f"none of {len(records)} items could be read")
    follow, cursor, put_off = details.wanted(seen, payload, job)
    if job.year != payload.fetched_at.year:
        cursor["year"] = payload.fetched_at.year
    bad += len(records) - len(seen)
    said = (
        fields.unread(bad, len(seen) + bad),
        f"the dates of {undated} items could not be read" if undated else "",
        f"{total - len(found)} rows put aside" if total > len(found) else "",
        f"{answer.wide} elements of rows had more than {MAX_CHILDREN} others in them" if answer.wide else "",
        put_off,
    )
    if job.definition.download:  # the row's download is then a page to read, and no torrent
        seen = [replace(one, torrent_url=None) for one in seen]
    return Page(
        observations=tuple(seen),
        next_requests=follow,
        cursor=cursor,
        incomplete="; ".join(one for one in said if one),
    )


def _records(
    answer: Answer, found: Sequence[Any], job: Job, variables: Mapping[str, Value]
) -> tuple[list[Record], int]:
    """The rows that are items and stay, and how many could not be read."""
    records: list[Record] = []
    bad = 0
    for row in found:
        try:
            told = record.read(job.definition, answer.finder(row), variables, answer.now)
        except (TemplateError, SelectorError, PathError):
            bad += 1
            continue
        told = answer.dated(answer.hashed(told, row), row)
        keeps = filters.keeps_row(answer.rule.filters, told.values.get("title", ""), job.words)
        if told.is_item and keeps:
            records.append(told)
    return records, bad


def _observations(records: Sequence[Record], payload: Payload) -> tuple[list[Observation], int]:
    """The observations of rows that can be read, and how many have a date that cannot."""
    seen: list[Observation] = []
    undated = 0
    for told in records:
        try:
            one, is_undated = record.observation(told, site_name(payload), payload.url, payload.fetched_at)
        except fields.UNREADABLE:
            continue
        seen.append(one)
        undated += is_undated
    return _told_apart(seen), undated


def _told_apart(seen: list[Observation]) -> list[Observation]:
    """Several torrents of one page are several items: the page alone does not name them."""
    pages = Counter(one.native_id for one in seen)
    return [
        replace(one, native_id=f"{one.native_id}#{one.infohash_v1 or one.infohash_v2 or one.title}")
        if pages[one.native_id] > 1
        else one
        for one in seen
    ]


def _judge_empty(answer: Answer, job: Job, rows_there: int, bad: int) -> None:
    """Pass an answer without items that can be honest. Raises: LayoutChanged for any other.

    A search for words may find nothing; so may a further path, and JSON or XML of the right shape. A first HTML
    page of what is new has rows.
    """
    if bad:
        raise LayoutChanged(f"none of {bad} items could be read")
    if answer.path.response == "json" or answer.says_empty:
        return
    if answer.path.response == "xml":
        wanted, got = answer.expand(answer.rule.selector).split(">")[0].split()[0], str(answer.tree.tag)
        if wanted.isalnum() and wanted.lower() != got.lower():
            raise LayoutChanged(f"expected <{wanted}>, got <{got[:60]}>")
    elif not job.words and job.path == 0:
        told = "no row is an item" if rows_there else "nothing on the page is a row"
        raise LayoutChanged(f"{told} ({answer.rule.selector[:80]})")
