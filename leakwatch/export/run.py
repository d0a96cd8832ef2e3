"""Reads lines from the store in batches and writes them as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import IO, Literal, TypeVar, get_args

from leakwatch.errors import InputError
from leakwatch.export import atom, lines_csv, lines_json, misp, stix
from leakwatch.export.fields import FIELDS, SCHEMAS, What
from leakwatch.export.records import Line, record
from leakwatch.export.table import ParquetFile
from leakwatch.export.terms import Terms
from leakwatch.model.asset import AssetId
from leakwatch.model.lines import FindingLine, Wanted
from leakwatch.ports import Repository, Work

T = TypeVar("T")
Format = Literal["csv", "jsonl", "parquet", "atom", "stix", "misp"]
FORMATS: tuple[Format, ...] = get_args(Format)
_OF_FINDINGS = frozenset({"atom", "stix", "misp"})
_NEVER = datetime(1970, 1, 1, tzinfo=UTC)


async def export(
    what: What, how: Format, wanted: Wanted, terms: Terms, repository: Repository, out: IO[bytes]
) -> int:
    """Write what is wanted; answers how many lines. Raises: InputError, ConfigError without an extra, StoreError."""
    if how in _OF_FINDINGS and what != "findings":
        raise InputError(f"{how} holds findings only; {what} go as csv, jsonl or parquet")
    async with repository.reading() as work:
        for asset in wanted.assets:
            if await work.catalogue.get(AssetId(asset)) is None:
                raise InputError(f"no asset {asset!r}; `leakwatch asset list` shows them")
        match how:
            case "csv":
                return await _csv(what, wanted, terms, work, out)
            case "jsonl":
                schema = SCHEMAS[what]
                return await _each(
                    _lines(what, wanted, work),
                    lambda some: out.write(lines_json.rows([record(one, terms) for one in some], schema)),
                )
            case "parquet":
                return await _parquet(what, wanted, terms, work, out)
            case "atom":
                return await _atom(wanted, terms, work, out)
            case "stix":
                return await _stix(wanted, terms, work, out)
            case "misp":
                return await _misp(wanted, terms, work, out)


def _lines(what: What, wanted: Wanted, work: Work) -> AsyncIterator[Sequence[Line]]:
    match what:
        case "findings":
            return work.lines.findings(wanted)
        case "sightings":
            return work.lines.sightings(wanted)
        case "events":
            return work.lines.events(wanted)


async def _each(batches: AsyncIterator[Sequence[T]], write: Callable[[Sequence[T]], object]) -> int:
    """Write each batch beside the event loop."""
    count = 0
    async for some in batches:
        await asyncio.to_thread(write, some)
        count += len(some)
    return count


async def _csv(what: What, wanted: Wanted, terms: Terms, work: Work, out: IO[bytes]) -> int:
    out.write((lines_csv.BOM if terms.bom else b"") + lines_csv.head(FIELDS[what]))
    return await _each(
        _lines(what, wanted, work),
        lambda some: out.write(lines_csv.rows([record(one, terms) for one in some])),
    )


async def _parquet(what: What, wanted: Wanted, terms: Terms, work: Work, out: IO[bytes]) -> int:
    file = ParquetFile(what, out)
    count = await _each(
        _lines(what, wanted, work), lambda some: file.add([record(one, terms) for one in some])
    )
    file.close()
    return count


async def _atom(wanted: Wanted, terms: Terms, work: Work, out: IO[bytes]) -> int:
    out.write(atom.begin(await work.lines.newest(wanted) or _NEVER, terms))
    count = await _each(work.lines.findings(wanted), lambda some: out.write(atom.entries(some, terms)))
    out.write(atom.END)
    return count


async def _stix(wanted: Wanted, terms: Terms, work: Work, out: IO[bytes]) -> int:
    made = stix.Stix(terms)
    head = f'{{"type":"bundle","id":"{made.bundle_id}","objects":[\n'
    out.write((head + ",\n".join(made.first())).encode())

    def write(some: Sequence[FindingLine]) -> None:
        for line in some:
            out.write("".join(f",\n{one}" for one in made.objects(line)).encode())

    count = await _each(work.lines.findings(wanted), write)
    out.write(b"\n]}\n")
    return count


async def _misp(wanted: Wanted, terms: Terms, work: Work, out: IO[bytes]) -> int:
    events, separator = misp.Events(terms), b""

    def write(some: Sequence[FindingLine]) -> None:
        nonlocal separator
        for told in events.add(some):
            out.write(separator + told.encode())
            separator = b",\n"

    out.write(b'{"response":[\n')
    count = await _each(work.lines.findings(wanted, by_asset=True), write)
    for told in events.rest():
        out.write(separator + told.encode())
    out.write(b"\n]}\n")
    return count
