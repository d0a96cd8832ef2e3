"""Each format as other programs read it: from a real database of both kinds, and with hostile texts."""

from __future__ import annotations

import csv
import io
import itertools
import json
import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from lxml import etree

from leakwatch.errors import ConfigError, InputError
from leakwatch.export import Terms, atom, export, lines_json
from leakwatch.export.fields import FIELDS
from leakwatch.export.records import record
from leakwatch.model.finding import Severity, State
from leakwatch.model.lines import Wanted
from leakwatch.privacy import Authors
from leakwatch.store.repository import SqlRepository

from .filled import NOON, SECRET, event, fill, finding, line, sighting

TERMS = Terms(organisation="Example Studio")
ALL = Wanted()
HOSTILE = "<script>x</script>&amp;\x1b[31m\u202egnp\x00\ud800\ufffe]]> =1\r\nX: y"


async def exported(
    repository: SqlRepository, what: Any, how: Any, wanted: Wanted = ALL, terms: Terms = TERMS
) -> bytes:
    out = io.BytesIO()
    await export(what, how, wanted, terms, repository, out)
    return out.getvalue()


@pytest.mark.parametrize("what", ["findings", "sightings", "events"])
async def test_csv_jsonl_and_parquet_say_the_same(repository: SqlRepository, what: Any) -> None:
    """The three have the same columns in the same order and the same lines."""
    pytest.importorskip("pyarrow")
    from pyarrow import parquet

    await fill(repository)
    names = [one.name for one in FIELDS[what]]
    cells = list(csv.DictReader(io.StringIO((await exported(repository, what, "csv")).decode(), newline="")))
    lines = [json.loads(one) for one in (await exported(repository, what, "jsonl")).splitlines()]
    table = parquet.read_table(io.BytesIO(await exported(repository, what, "parquet")))
    assert list(cells[0]) == names == table.column_names == list(lines[0])[1:]
    assert len(cells) == len(lines) == table.num_rows == (4 if what == "sightings" else 3)
    assert [one["id"] for one in lines] == table.column("id").to_pylist()
    assert [str(one["id"]) for one in lines] == [one["id"] for one in cells]
    assert {one["schema"] for one in lines} == {f"leakwatch.{what[:-1]}/1"}
    for field in table.schema:
        assert field.metadata[b"description"]
    times = [field for field in table.schema if str(field.type) == "timestamp[us, tz=UTC]"]
    assert times
    assert all(field.metadata[b"unit"] == b"UTC" for field in times)


async def test_what_is_told_of_a_finding(repository: SqlRepository) -> None:
    """Places, torrents and the proof belong to the line."""
    await fill(repository)
    first = json.loads((await exported(repository, "findings", "jsonl")).splitlines()[0])
    assert (first["id"], first["sightings"], first["sites"]) == ("LW-A", 2, ["board", "index"])
    assert first["infohashes"] == ["11" * 20, "22" * 32]
    assert first["proof"] == "1 of 1 pieces"
    assert first["opened_at"] == "2026-11-19T12:00:00Z"


WANTED = [
    (ALL, ["LW-A", "LW-B", "LW-C"]),
    (Wanted(least=Severity.HIGH), ["LW-A", "LW-C"]),
    (Wanted(assets=("tideglass",)), ["LW-A", "LW-B"]),
    (Wanted(states=(State.CONFIRMED,)), []),
    (Wanted(since=NOON), ["LW-A", "LW-B", "LW-C"]),
    (Wanted(since=NOON + timedelta(seconds=1)), []),
]


async def test_filters(repository: SqlRepository) -> None:
    """By time, asset, state and severity."""
    await fill(repository)
    for wanted, found in WANTED:
        told = (await exported(repository, "findings", "jsonl", wanted)).splitlines()
        assert [json.loads(one)["id"] for one in told] == found


async def test_more_lines_than_a_batch(repository: SqlRepository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches follow one another without a gap or a repeat, in either order."""
    monkeypatch.setattr("leakwatch.store.lines._BATCH", 2)
    await fill(repository)
    for what, count in (("findings", 3), ("sightings", 4), ("events", 3)):
        lines = [json.loads(one)["id"] for one in (await exported(repository, what, "jsonl")).splitlines()]
        assert len(lines) == len(set(lines)) == count
        assert lines == sorted(lines)
    async with repository.reading() as work:
        told = [one.finding.id async for some in work.lines.findings(ALL, by_asset=True) for one in some]
    assert told == ["LW-C", "LW-A", "LW-B"]


async def test_works_under_embargo(repository: SqlRepository) -> None:
    """Neither the title nor where it shows is in any format, the code name is; `--with-names` tells them."""
    pytest.importorskip("stix2")
    pytest.importorskip("pymisp")
    await fill(repository)
    whats: tuple[Any, ...] = ("findings", "sightings", "events")
    hows: tuple[Any, ...] = ("csv", "jsonl", "atom", "stix", "misp")
    for what, how in itertools.product(whats, hows):
        if what != "findings" and how not in ("csv", "jsonl"):
            with pytest.raises(InputError, match="holds findings only"):
                await exported(repository, what, how)
            continue
        told = (await exported(repository, what, how)).decode().casefold()
        assert "quiet" not in told
        assert "blue-07" in told
        open_ = (await exported(repository, what, how, terms=Terms(with_names=True))).decode().casefold()
        assert "quiet harbour" in open_


async def test_an_unknown_asset(repository: SqlRepository) -> None:
    """An asset that is not there is a mistake, not an empty file."""
    with pytest.raises(InputError, match="no asset 'nothing'"):
        await exported(repository, "findings", "csv", Wanted(assets=("nothing",)))


@pytest.mark.parametrize(
    ("authors", "told"),
    [
        (Authors("plain"), "board.example:skylark"),
        (Authors("none"), None),
        (Authors("pseudonym", b"k" * 32), "board.example:author-"),
    ],
)
def test_authors_of_earlier_days(authors: Authors, told: str | None) -> None:
    """Names that were stored before pseudonyms were turned on leave as pseudonyms."""
    shown = record(sighting(1), Terms(authors=authors))["author"]
    assert shown == told if told is None or authors.mode == "plain" else str(shown).startswith(told)
    assert "skylark" not in str(shown) or authors.mode == "plain"


def test_hostile_texts_in_json() -> None:
    """A line of JSON holds no character that steers a terminal, and yet the text as it was."""
    raw = lines_json.rows([record(sighting(1, title=HOSTILE), TERMS)], "s/1")
    assert raw.count(b"\n") == 1
    text = raw.decode("utf-8").rstrip("\n")
    assert not re.search("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text)
    assert json.loads(text)["title"] == HOSTILE


def test_atom_is_plain_and_stable() -> None:
    """The feed is valid XML without markup from outside, and the same finding has the same id each time."""
    hostile = line(
        finding("LW-A", title=HOSTILE), urls=["https://x.example/<b>\u202e", "javascript:alert(1)"]
    )
    raw = atom.feed([hostile, line(finding("LW-B"))], NOON, TERMS)
    assert raw == atom.feed([hostile, line(finding("LW-B"))], NOON, TERMS)
    root, ns = etree.fromstring(raw), {"a": "http://www.w3.org/2005/Atom"}
    for parent in (root, *root.findall("a:entry", ns)):
        for name in ("id", "title", "updated"):
            assert len(parent.findall(f"a:{name}", ns)) == 1
        updated = datetime.fromisoformat(parent.findtext("a:updated", "", ns))
        assert updated.tzinfo is not None
    ids = [one.text for one in root.iter("{http://www.w3.org/2005/Atom}id")]
    assert len(set(ids)) == 3
    assert all(str(one).startswith("urn:uuid:") for one in ids)
    allowed = {
        "feed",
        "entry",
        "id",
        "title",
        "updated",
        "published",
        "author",
        "name",
        "rights",
        "generator",
    }
    assert {etree.QName(one).localname for one in root.iter()} <= allowed | {"category", "content", "link"}
    assert "https://" not in "".join(root.itertext())
    assert not root.findall(".//a:link", ns)


def test_atom_with_links() -> None:
    """Links are there only when they are wanted, and only of the web."""
    urls = [
        "https://x.example/a",
        "javascript:alert(1)",
        'https://x.example/"><b>',
        "magnet:?xt=urn:btih:" + "1" * 40,
    ]
    raw = atom.feed([line(finding("LW-A"), urls=urls)], NOON, Terms(links=True))
    links = [one.get("href") for one in etree.fromstring(raw).iter("{http://www.w3.org/2005/Atom}link")]
    assert links == ["https://x.example/a", 'https://x.example/"><b>']


@pytest.mark.parametrize(
    ("how", "module", "extra"),
    [("parquet", "pyarrow", "parquet"), ("stix", "stix2", "stix"), ("misp", "pymisp", "misp")],
)
async def test_an_extra_that_is_absent(
    repository: SqlRepository, monkeypatch: pytest.MonkeyPatch, how: Any, module: str, extra: str
) -> None:
    """The error names the install command."""
    monkeypatch.setitem(__import__("sys").modules, module, None)
    with pytest.raises(ConfigError, match=re.escape(f"pip install 'leakwatch[{extra}]'")):
        await exported(repository, "findings", how)


def test_reasons_of_a_work_under_embargo() -> None:
    """Words of people may name the work: they stay here."""
    assert record(event("Quiet Harbour is out", SECRET), TERMS)["reason"] is None
    assert record(event("it is out"), TERMS)["reason"] == "it is out"
