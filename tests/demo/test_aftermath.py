"""How the replay judges the growth of the swarm and the evidence of a deleted post."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import pytest

from leakwatch.demo.aftermath import (
    Case,
    Growth,
    Kept,
    growth_failures,
    kept_failures,
    look_for,
    read_case,
)
from leakwatch.demo.board import Post, comment_html

CASE = Case(counts=(1, 4, 8), peak_seeds=8, doubling_s=5.0, urls=("http://board/1#p2",))
GROWN = Growth(planned=8, joined=(1, 2, 4, 8), case=CASE)
KEPT = Kept(deleted=True, noticed=True, listed=True, pages=2, files=5, broken=0)
POST = Post(number=92, resto=90, at=1.0, text=f"get it: magnet:?xt=urn:btih:{'ab' * 20} <now>")


def test_a_swarm_that_grew_and_was_counted_so_passes() -> None:
    """A curve that rises to what the world has, give or take the error of the method, is right."""
    assert GROWN.error == 1
    assert growth_failures(GROWN) == []
    for peak in (7, 9):
        assert growth_failures(replace(GROWN, case=replace(CASE, peak_seeds=peak))) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"case": replace(CASE, peak_seeds=6)}, "the peak of 6 seeds is not within 1 of 8"),
        ({"case": replace(CASE, peak_seeds=10)}, "the peak of 10 seeds is not within 1 of 8"),
        ({"case": replace(CASE, counts=(8, 8))}, "the counts of the swarm do not rise: 8 → 8"),
        ({"case": replace(CASE, counts=())}, "the counts of the swarm do not rise: there are none"),
        ({"case": replace(CASE, doubling_s=None)}, "no time is told in which the swarm doubles"),
        ({"joined": (1, 2, 4, 7)}, "7 seeders instead of 8 joined the swarm"),
    ],
)
def test_a_swarm_that_is_told_wrongly_fails(change: dict[str, object], words: str) -> None:
    """A flat curve, a peak that cannot be, no doubling time, and a world that did not grow are failures."""
    assert growth_failures(replace(GROWN, **change)) == [words]


def test_each_part_of_the_evidence_is_needed() -> None:
    """A post that stays, a board nobody read again, a lost address, lost pages and changed bytes are failures."""
    assert kept_failures(KEPT) == []
    worse = ({"deleted": False}, {"noticed": False}, {"listed": False}, {"pages": 0}, {"broken": 1})
    assert [len(kept_failures(replace(KEPT, **change))) for change in worse] == [1] * 5


def test_a_case_is_read_from_what_the_command_prints() -> None:
    """Counts, peak, doubling time and addresses come from the JSON of `finding show`; before a count there are none."""
    spread = {"curve": [["t", 1, 0], ["u", 4, 1]], "peak_seeds": 4, "doubling_s": 2.5}
    told = {"places": [{"url": "http://board/1#p2"}], "spread": spread}
    assert read_case(json.dumps(told).encode()) == Case(
        counts=(1, 4), peak_seeds=4, doubling_s=2.5, urls=("http://board/1#p2",)
    )
    assert read_case(json.dumps(told | {"spread": None}).encode()).counts == ()


def test_evidence_is_looked_for_in_the_bytes_of_the_vault(tmp_path: Path) -> None:
    """Files that show the post word for word are counted, and those whose bytes are not what their name says."""
    shown = json.dumps({"posts": [{"no": POST.number, "com": comment_html(POST.text)}]}).encode()
    for data, name in ((shown, None), (b"other", None), (shown[:-1], "0" * 64)):
        digest = name or hashlib.sha256(data).hexdigest()
        (tmp_path / digest[:2]).mkdir(exist_ok=True)
        (tmp_path / digest[:2] / digest).write_bytes(data)
    assert look_for(POST, tmp_path) == (2, 3, 1)
    assert look_for(replace(POST, text="something else"), tmp_path) == (0, 3, 1)
