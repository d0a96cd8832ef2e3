"""How fast names are matched, end to end, from strings to explained matches: one run, one table.

    LEAKWATCH_SHARED_DATA=../shared/data python benchmarks/matching_speed.py [--million] [--names N] [--sizes 1000,10000]

Catalogues: up to 50,000 assets are drawn from `assets_50k`, each with its first title and year (no aliases, so that a
title is an asset in every row). More are made of those titles: the first half of the words of one and the second half of
another, drawn with a fixed seed, none twice. Names: Reddit titles, game files, Debian paths and torrent names of the
background sets, and labelled release names, a tenth of them. Each size runs in a process of its own, so that peak memory is
its own. `names/s` is per second of processor time, median of three; the command's leaves out its start, which is told
beside. Two cores: two commands at once on half of the names each; what a name then costs beside what it costs alone says how well
that scales, where the clock says how busy the machine was, too. Beside it on the same folded letters:
rapidfuzz `process.cdist` (OSA and ratio, one worker, on a sample), and where they are installed pyahocorasick (exact
titles only, as substrings) and tantivy (words, best ten); these explain nothing and decide nothing.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import os
import platform
import random
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

from matching_data import background, lines, titles
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA

from leakwatch.catalogue import parse_catalogue
from leakwatch.extract.fold import fold
from leakwatch.extract.words import Meanings
from leakwatch.matching import candidates, engine, names
from leakwatch.matching.engine import match_names
from leakwatch.matching.index import Index, build_index
from leakwatch.service import load_rules, load_weights

_AT = datetime(2026, 1, 1, tzinfo=UTC)
_BATCH, _RUNS = 4096, 3
_COMMAND = [sys.executable, "-m", "leakwatch", "match", "--json", "--catalogue"]
_BUDGETS = {100_000: 50, 1_000_000: 200}
_STEPS: Sequence[tuple[str, Any, str]] = (
    ("columns", names, "columns"),
    ("meanings", Meanings, "of"),
    ("regions", names, "regions"),
    ("windows", candidates, "_windows"),
    ("bags", candidates, "_bags"),
    ("slips", candidates, "_slips"),
    ("consonants", candidates, "_skeletons"),
    ("features", names, "features"),
    ("explain", names, "tell"),
    ("judge", engine, "_match_one"),
)


def catalogue(count: int) -> list[str]:
    """Catalogue lines."""
    draw = random.Random(count)
    known = [json.loads(line) for line in lines("assets/assets_50k.jsonl.zst")]
    told = [
        {"title": one["title"], "year": one.get("year")} for one in draw.sample(known, min(count, len(known)))
    ]
    seen = {one["title"] for one in told}
    while len(told) < count:
        first, second = (draw.choice(known)["title"].split() for _ in range(2))
        title = " ".join(first[: (len(first) + 1) // 2] + second[len(second) // 2 :])
        if title not in seen:
            seen.add(title)
            told.append({"title": title, "year": draw.randint(1950, 2025)})
    return [json.dumps({"id": f"a{number}", **one}) for number, one in enumerate(told)]


def some_names(count: int) -> list[str]:
    """Names as they come by, in a fixed order."""
    draw = random.Random(1)
    sets = background()
    told = [row for row, _, _ in draw.sample(titles(), min(count // 10, len(titles())))]
    told += draw.sample(sets["torrent"], min(count // 10, len(sets["torrent"])))
    rest = count - len(told)
    for which, part in (("reddit", rest // 2), ("game", rest // 4), ("debian", rest - rest // 2 - rest // 4)):
        told += draw.sample(sets[which], part)
    draw.shuffle(told)
    return [one.replace("\t", " ").replace("\n", " ") for one in told]


def seconds(work: Callable[[], object], runs: int = 1) -> float:
    """Processor seconds of this process, the median of some runs."""
    told: list[float] = []
    for _ in range(runs):
        start = time.process_time()
        work()
        told.append(time.process_time() - start)
    return statistics.median(told)


def peak_mib(running: subprocess.Popen[bytes]) -> float:
    """Peak memory of a command when it is done. That of `wait4` would be this process's, which it was forked from."""
    peak = 0.0
    while running.poll() is None:
        told = Path(f"/proc/{running.pid}/status").read_text("utf-8")
        found = re.search(r"VmHWM:\s*(\d+) kB", told)
        peak = max(peak, int(found[1]) / 1024 if found else 0.0)
        time.sleep(0.02)
    return peak


def index_bytes(index: Index) -> int:
    """Bytes of the arrays and letters by which names are found."""
    book = index.book
    parts = [book, book.names, *book.whole, *book.loose]
    arrays = sum(getattr(getattr(one, field.name), "nbytes", 0) for one in parts for field in fields(one))
    return arrays + sys.getsizeof(book.names.letters) + sys.getsizeof(book.names.canon)


def matched(rows: Sequence[str], index: Index, weights: Any, pack: Any) -> int:
    """As the command does it, without reading and writing."""
    found = 0
    for start in range(0, len(rows), _BATCH):
        found += sum(map(len, match_names(rows[start : start + _BATCH], "stdin", _AT, index, weights, pack)))
    return found


def profiled(work: Callable[[], object]) -> dict[str, float]:
    """Processor seconds of each step while some work is done."""
    spent: Counter[str] = Counter()

    def timed(step: str, done: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: Any, **named: Any) -> Any:
            start = time.process_time()
            try:
                return done(*given, **named)
            finally:
                spent[step] += time.process_time() - start

        return run

    whole = {(place, name): getattr(place, name) for _, place, name in _STEPS}
    for step, place, name in _STEPS:
        setattr(place, name, timed(step, whole[place, name]))
    try:
        spent["all"] = seconds(work)  # type: ignore[assignment]
    finally:
        for (place, name), done in whole.items():
            setattr(place, name, done)
    return dict(spent)


def command(catalogue_file: str, parts: Sequence[Sequence[str]]) -> tuple[float, float, float]:
    """Processor and clock seconds of as many commands at once as there are parts, and the first one's peak memory in MiB."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    running: list[subprocess.Popen[bytes]] = []
    for part in parts:
        with tempfile.TemporaryFile() as given:
            given.write("\n".join([*part, ""]).encode())
            given.seek(0)
            running.append(
                subprocess.Popen([*_COMMAND, catalogue_file], stdin=given, stdout=subprocess.DEVNULL)
            )
    peak = peak_mib(running[0])
    if any(one.wait() for one in running):
        raise SystemExit("the command failed")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return spent, time.perf_counter() - start, peak


def letters(text: str) -> str:
    """What the other programs are given: folded words."""
    return " ".join("".join(char if char.isalnum() else " " for char in fold(text)).split())


def others(titles_: Sequence[str], rows: Sequence[str]) -> dict[str, float | str]:
    """Names a second of other programs."""
    size = max(8, min(len(rows), 20_000_000 // len(titles_)))
    sample = rows[:size]
    told: dict[str, float | str] = {}
    for name, scorer, cutoff in (("cdist OSA", OSA.distance, 2), ("cdist ratio", fuzz.ratio, 85)):
        told[name] = size / seconds(
            lambda: process.cdist(sample, titles_, scorer=scorer, score_cutoff=cutoff, workers=1)  # noqa: B023
        )
    told["ahocorasick"] = _ahocorasick(titles_, rows)
    told["tantivy"] = _tantivy(titles_, rows[: max(200, size)])
    return told


def _ahocorasick(titles_: Sequence[str], rows: Sequence[str]) -> float | str:
    try:
        import ahocorasick  # noqa: PLC0415
    except ImportError:
        return "not installed"
    found = ahocorasick.Automaton()
    for number, title in enumerate(titles_):
        if title:
            found.add_word(f" {title} ", number)
    found.make_automaton()
    return len(rows) / seconds(lambda: [list(found.iter(f" {row} ")) for row in rows], _RUNS)


def _tantivy(titles_: Sequence[str], rows: Sequence[str]) -> float | str:
    try:
        import tantivy  # noqa: PLC0415
    except ImportError:
        return "not installed"
    schema = tantivy.SchemaBuilder().add_text_field("title", stored=False).build()
    index = tantivy.Index(schema)
    writer = index.writer()
    for title in titles_:
        writer.add_document(tantivy.Document(title=title))
    writer.commit()
    index.reload()
    searcher = index.searcher()
    asked = [row for row in rows if row.isascii() and row]
    return len(asked) / seconds(
        lambda: [searcher.search(index.parse_query(f"{row.lower()}", ["title"]), 10) for row in asked]
    )


def measured(size: int, count: int) -> dict[str, Any]:
    """All figures of one size."""
    rows, told = some_names(count), catalogue(size)
    with tempfile.NamedTemporaryFile("w", suffix=".jsonl") as file:
        file.write("\n".join(told))
        file.flush()
        often = range(_RUNS if size <= 100_000 else 1)
        starts = [command(file.name, [rows[:1]]) for _ in often]
        runs = [command(file.name, [rows]) for _ in often]
        half = len(rows) // 2
        pairs = [command(file.name, [rows[:half], rows[half:]]) for _ in often]
    start, spent, pair = (statistics.median(one[0] for one in some) for some in (starts, runs, pairs))
    result: dict[str, Any] = {"start_s": start, "command_mib": max(one[2] for one in runs)}
    result["command"] = len(rows) / (spent - start)
    result["two cores"] = (pair - 2 * start) / (spent - start)
    result["clock"] = statistics.median(one[1] for one in runs) / statistics.median(one[1] for one in pairs)
    assets = parse_catalogue("\n".join(told)).assets
    made: list[Index] = []
    result["build_s"] = seconds(lambda: made.append(build_index(assets)))
    index, weights, pack = made[0], load_weights(), load_rules(None)
    gc.freeze()  # as the command does
    result["index_mib"] = index_bytes(index) / 2**20
    result["candidates"] = matched(rows, index, weights, pack) / len(rows)
    result["match_all"] = len(rows) / seconds(lambda: matched(rows, index, weights, pack), _RUNS)
    result["profile"] = profiled(lambda: matched(rows, index, weights, pack))
    result["count"] = len(rows)
    result["others"] = others([letters(one.title) for one in assets], [letters(row) for row in rows])
    return result


def table(told: dict[int, dict[str, Any]]) -> Iterable[str]:
    """The table, ratios first."""
    sizes = list(told)
    yield f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    yield "| assets | " + " | ".join(f"{size:,}" for size in sizes) + " |"
    yield "| --- |" + " ---: |" * len(sizes)

    def row(name: str, value: Callable[[dict[str, Any]], float | str], form: str = ",.0f") -> str:
        cells = [value(one) for one in told.values()]
        return (
            f"| {name} | "
            + " | ".join(one if isinstance(one, str) else format(one, form) for one in cells)
            + " |"
        )

    for other in next(iter(told.values()))["others"]:
        yield row(
            f"match_all is faster than {other}, times",
            lambda one: _ratio(one["match_all"], one["others"][other]),  # noqa: B023
            ",.1f",
        )
    yield row("two commands at once: processor time a name, times one's", lambda one: one["two cores"], ".2f")
    yield row(
        "two commands at once: faster by the clock, start and all, times", lambda one: one["clock"], ".2f"
    )
    yield row("match_all, names/s", lambda one: one["match_all"])
    yield row("command, names/s", lambda one: one["command"])
    for other in next(iter(told.values()))["others"]:
        yield row(f"{other}, names/s", lambda one: one["others"][other])  # noqa: B023
    yield row("start of the command, s", lambda one: one["start_s"], ".2f")
    yield row("build of the index, s", lambda one: one["build_s"], ".2f")
    yield row("index, MiB", lambda one: one["index_mib"], ",.1f")
    yield row("command, peak MiB", lambda one: one["command_mib"])
    yield row("matches told a name", lambda one: one["candidates"], ".2f")
    for step, _, _ in _STEPS:
        yield row(f"{step}, µs a name", lambda one: one["profile"].get(step, 0.0) / one["count"] * 1e6, ".1f")  # noqa: B023
    yield row("all, µs a name", lambda one: one["profile"]["all"] / one["count"] * 1e6, ".1f")
    for small, large in pairwise(sizes):
        grown = math.log(told[small]["match_all"] / told[large]["match_all"]) / math.log(large / small)
        yield f"cost a name from {small:,} to {large:,} assets: N^{grown:.2f}"
    for size, budget in _BUDGETS.items():
        if size in told:
            ratio = _ratio(told[size]["match_all"], told[size]["others"]["cdist OSA"])
            yield f"{size:,}: {ratio:.0f}x cdist (OSA), budget {budget}x: {'held' if ratio >= budget else 'MISSED'}"


def _ratio(own: float, other: float | str) -> float | str:
    return other if isinstance(other, str) else own / other


def main() -> None:
    """One process a size, then the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--million", action="store_true", help="also a million assets")
    parser.add_argument("--names", type=int, default=20_000)
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(measured(given.one, given.names)))
        return
    sizes = [int(size) for size in given.sizes.split(",")] + [1_000_000] * given.million
    told: dict[int, dict[str, Any]] = {}
    for size in sizes:
        call = [sys.executable, __file__, "--one", str(size), "--names", str(given.names)]
        told[size] = json.loads(subprocess.run(call, check=True, stdout=subprocess.PIPE).stdout)
    print("\n".join(table(told)))


if __name__ == "__main__":
    main()
