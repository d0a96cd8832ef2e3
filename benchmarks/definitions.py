"""Which Cardigann definitions of a folder load, which of them read a recorded page, and what stops the others.

    python benchmarks/definitions.py [FOLDER]

FOLDER has `cardigann/*.yml` and `payloads/` with `expected.json` (default: LEAKWATCH_SHARED_DATA). A page belongs to a
definition by the name of its site. Facts of items only: how many, their titles, infohashes, sizes and peers, against
what other readers found in the same page.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from leakwatch.errors import LeakwatchError
from leakwatch.sources._kind import FileText, Page, Payload, Request
from leakwatch.sources.cardigann import KIND, examine, patterns, saved_state
from leakwatch.sources.cardigann.definition import Definition

PAGES = {
    "limetorrents": ["indexer_html/limetorrents__daily.html", "indexer_html/limetorrents__backlog.html"],
    "bitmagnet": ["indexer_api/bitmagnet__result1.xml"],
    "animetosho-xyz": ["indexer_api/Torznab__torznab_animetosho.xml"],
    "pandacd": ["indexer_api/Torznab__torznab_animetosho.xml"],
}
"""By site; pandacd's API is Torznab too, so it reads the same page."""
HOSTILE = [
    " ",
    "\u0434",
    "Сезон 1 ",
    "S01 - ",
    "1 ",
    "[",
    "[a] ",
    "- \u0434",
    "Season 1 \u0434",
    "(\u0434 ",
    "2026 ",
    "1",
    "\u04341",
]
HOSTILE += ["сезон 1 сери 1 из ", "Сезон 1" + " " * 300]


def read(definition: FileText, body: bytes) -> Page | LeakwatchError:
    """What a definition makes of a page."""
    state = saved_state(definition)
    url = str(state["job"]["link"])
    now = datetime.now(UTC)
    request = Request(url=url, state=state)
    try:
        return KIND.parse(
            Payload(request=request, url=url, status=200, headers={}, body=body, fetched_at=now)
        )
    except LeakwatchError as error:
        return error


def facts(page: Page, expected: dict[str, Any]) -> dict[str, tuple[object, object]]:
    """Each fact that others recorded, as they and we have it."""
    seen = page.observations
    told: dict[str, tuple[object, object]] = {}
    if "item_count" in expected:
        told["items"] = (expected["item_count"], len(seen))
    if "titles_sha256" in expected:
        digest = hashlib.sha256("\n".join(one.title for one in seen).encode()).hexdigest()
        told["titles"] = (expected["titles_sha256"], digest)
    if expected.get("items_with_infohash"):
        told["infohashes"] = (expected["items_with_infohash"], sum(bool(one.infohash_v1) for one in seen))
    first = expected.get("first_item", {})
    if "size_raw" in first:
        told["first size"] = (first["size_raw"], str(seen[0].size_bytes) if seen else None)
    for number, row in enumerate(expected.get("upstream_test_expects", {}).get("results", [])):
        one = seen[number] if number < len(seen) else None
        told[f"{number + 1}. title"] = (row["title"], one and one.title)
        told[f"{number + 1}. size"] = (row["size"], one and one.size_bytes)
        told[f"{number + 1}. peers"] = (
            (row["seeders"], row["leechers"]),
            one and (one.seeders, one.leechers),
        )
        wanted = row["link"].partition("btih:")[2][:40].lower()
        told[f"{number + 1}. infohash"] = (wanted, one and one.infohash_v1)
    return told


def patterns_of(definition: Definition) -> set[str]:
    """The patterns in a definition's filters, but those with a template in them."""
    search, download = definition.search, definition.download
    blocks = [*search.fields, *(download.selectors if download else ())]
    blocks += [download.infohash] if download and download.infohash else []
    steps = [*search.keywords_filters, *(step for block in blocks for step in block.filters)]
    return {
        step.args[0] for step in steps if step.name in ("regexp", "re_replace") and "{{" not in step.args[0]
    }


def show_patterns(told: set[str]) -> None:
    """How the patterns are read, and what the dearest of them costs on hostile text."""
    size = patterns.MAX_BACKTRACKED
    read_by = [patterns.compiled(one) for one in told]
    linear = sum(one.linear is not None for one in read_by)
    on_ascii = sum(one.linear is None and one.ascii is not None for one in read_by)
    worst = 0.0
    for one in told:
        for piece in HOSTILE:
            for text in ((piece * size)[:size], (piece * size)[: size - 1] + "\u0436"):
                began = time.process_time()
                patterns.replaced(one, "x", text)
                worst = max(worst, time.process_time() - began)
    print(
        f"{len(told)} patterns: {linear} are RE2's on any text, {on_ascii} on ASCII, {len(told) - linear - on_ascii} backtrack"
    )
    print(f"the dearest on {2 * len(HOSTILE)} hostile texts of {size} characters: {worst * 1000:.0f} ms")


def main() -> None:
    """Print the tables."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else os.environ["LEAKWATCH_SHARED_DATA"])
    files = sorted((folder / "cardigann").glob("*.yml"))
    recorded = {
        row["file"]: row["expected"]
        for row in json.loads((folder / "payloads/expected.json").read_text("utf-8"))
    }
    loads = signed = parsed = pages = same = there = 0
    told: set[str] = set()
    began = time.process_time()
    for file in files:
        text = FileText(file.name, file.read_text("utf-8"))
        definition, problems = examine(text.text, file.name)
        loads += definition is not None and not problems
        login = definition.login if definition else ""
        told |= patterns_of(definition) if definition else set()
        signed += bool(login)
        note = "; ".join(one.message for one in problems) or (
            f"loads; sign-in by {login} not supported" if login else "loads"
        )
        print(f"{file.stem:24} {note}")
        for name in PAGES.get(file.stem, []):
            pages += 1
            page = read(text, (folder / "payloads" / name).read_bytes())
            if isinstance(page, LeakwatchError):
                print(f"    {name}: {page.message}")
                continue
            parsed += 1
            compared = facts(page, recorded[name])
            agreed = sum(theirs == ours for theirs, ours in compared.values())
            same, there = same + agreed, there + len(compared)
            print(f"    {name}: {len(page.observations)} items, {agreed} of {len(compared)} facts")
            for fact, (theirs, ours) in compared.items():
                if theirs != ours:
                    print(f"        {fact}: {str(theirs)[:70]!r}, here {str(ours)[:70]!r}")
    print(f"{loads} of {len(files)} load, {signed} of them with a sign-in that is not supported")
    print(f"{parsed} of {pages} recorded pages are read, {same} of {there} facts of items agree")
    print(f"{time.process_time() - began:.1f} s of this process")
    show_patterns(told)


if __name__ == "__main__":
    main()
