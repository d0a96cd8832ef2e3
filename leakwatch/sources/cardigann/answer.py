"""One answer of a search: its rows, and how a value is found in one, be it HTML, XML or JSON."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from leakwatch.errors import Refused
from leakwatch.sources._kind import Payload
from leakwatch.sources.cardigann import documents, filters, json_rows, rows, template
from leakwatch.sources.cardigann.definition import Block, Refusal
from leakwatch.sources.cardigann.job import Job
from leakwatch.sources.cardigann.record import Record
from leakwatch.sources.cardigann.template import Value

MAX_ROWS = 5000


class Answer:
    """One answer: its rows, and how a block finds something in one. `wide` counts what had too much side by side in a row."""

    def __init__(self, payload: Payload, job: Job, variables: Mapping[str, Value]) -> None:
        search = job.definition.search
        self.path = search.paths[min(job.path, len(search.paths) - 1)]
        self.rule, self.now, self._variables = search.rows, payload.fetched_at, variables
        text = documents.text_of(payload, job.definition.encoding)
        self._text = filters.apply_long(text, search.text_filters, self.now, self.expand)
        self.tree: Any = None
        self.wide = 0

    @property
    def says_empty(self) -> bool:
        """Whether the page says in words that there is nothing."""
        return bool(self.path.no_results) and (self.path.no_results or "") in self._text

    def expand(self, text: str) -> str:
        return template.expand(text, self._variables)

    def rows(self) -> tuple[Sequence[Any], int]:
        """The rows, and how many there were. Raises: LayoutChanged."""
        selector = self.expand(self.rule.selector)
        if self.path.response == "json":
            self.tree = documents.decoded_json(self._text)
            if self._is_counted_empty():
                return (), 0
            found = json_rows.rows(self.tree, self.rule, selector)
            return found[:MAX_ROWS], len(found)
        self.tree = documents.xml(self._text) if self.path.response == "xml" else documents.markup(self._text)
        kept, total = rows.rows(self.tree, self.rule, selector, MAX_ROWS)
        self.wide = rows.slimmed(kept)
        return kept, total

    def _is_counted_empty(self) -> bool:
        if self.rule.count is None or not self.rule.count.selector:
            return False
        told = json_rows.value(self.rule.count.selector, json_rows.JsonRow(self.tree))
        return told is None or json_rows.text_of(told).strip() in ("", "0")

    def finder(self, row: Any) -> Callable[[Block, Callable[[str], str]], str | None]:
        """How a block's value is found in this row."""
        if self.path.response != "json":
            return lambda block, expand: rows.value(row, block, expand)
        return lambda block, expand: _of_json(row, block, expand)

    def hashed(self, told: Record, row: Any) -> Record:
        """The record with the one infohash that its row's links tell, where the definition reads none."""
        if self.path.response == "json" or told.has_torrent:
            return told
        found = rows.told_hashes(row)
        return (
            replace(told, values={**told.values, "infohash": next(iter(found))}) if len(found) == 1 else told
        )

    def dated(self, told: Record, row: Any) -> Record:
        """The record with the date of the heading above its row, where it has none of its own."""
        block = self.rule.dates
        if block is None or told.values.get("date") or self.path.response == "json":
            return told
        date = filters.apply(
            rows.heading(row, block, self.expand) or "", block.filters, self.now, self.expand
        )
        return replace(told, values={**told.values, "date": date})


def _of_json(row: json_rows.JsonRow, block: Block, expand: Callable[[str], str]) -> str | None:
    told = json_rows.value(expand(block.selector), row) if block.selector else row.value
    if block.attribute and isinstance(told, dict):
        told = told.get(block.attribute)
    if told is None:
        return None
    text = json_rows.text_of(told)[: rows.MAX_VALUE].strip()
    if block.case:
        cases = dict(block.case)
        return cases.get(text, cases.get("*"))
    return text


def refuse(answer: Answer, refusals: Sequence[Refusal]) -> None:
    """Raises: Refused where one of the definition's signs of an error is on the page."""
    whole = json_rows.JsonRow(answer.tree) if answer.path.response == "json" else answer.tree
    find = answer.finder(whole)
    for one in refusals:
        told = find(one.sign, answer.expand)
        if told is None:
            continue
        block = one.message
        words = (
            None if block is None else block.text if block.text is not None else find(block, answer.expand)
        )
        raise Refused(f"the site answers with an error: {' '.join((words or told).split())[:300]}")
