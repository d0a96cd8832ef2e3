"""Explanations: sums that add up, and changes that do what they say."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from leakwatch.catalogue import asset_json
from leakwatch.cli import app
from leakwatch.matching.engine import match
from leakwatch.matching.explain import Explained, explain
from leakwatch.model.finding import Tier

from .test_engine import HEX, INDEX, SIZE, WEIGHTS, seen


def explained(title: str, asset: str, size: int | None = None) -> Explained:
    """The explanation of one candidate."""
    found = explain(seen(title, size_bytes=size), INDEX, WEIGHTS)
    return next(one for one in found if one.asset.id == asset)


def change(one: Explained, what: str) -> tuple[float, Tier | None]:
    """Bits and tier after the change whose words hold these."""
    (found,) = [change for change in one.changes if what in change.what]
    return found.bits, found.tier


@pytest.mark.parametrize(
    "title", ["Northwind Model 7B", "The.Silent.Harbour.2019.1080p.WEB.x264-GRP", "Quartz Lantern"]
)
def test_the_running_sum_leads_to_the_score(title: str) -> None:
    """The sum begins with the prior, takes one signal after the other, and ends at the score and what is lacking."""
    for one in explain(seen(title), INDEX, WEIGHTS):
        sums = [WEIGHTS["prior"], *(step.sum_bits for step in one.steps)]
        for before, step, after in zip(sums, one.steps, sums[1:], strict=False):
            assert after - before == pytest.approx(step.signal.weight, abs=0.011)
        assert one.match.score == pytest.approx(1 / (1 + 2 ** -sums[-1]), abs=0.0005)
        assert one.to_review == pytest.approx(-sums[-1], abs=0.02)
        assert one.to_auto > one.to_review


def test_what_corroborates_makes_auto() -> None:
    """An exact size and a digest lift a name to *auto*, a locator adds its bits and does not."""
    one = explained("Northwind Model 7B", "m7")
    assert one.match.tier is Tier.REVIEW
    assert change(one, f"an exact size of {SIZE}") == (WEIGHTS["size"], Tier.AUTO)
    assert change(one, "SHA-256")[1] is Tier.AUTO
    bits, tier = change(one, "a locator")  # then it is the name of a torrent, too
    assert bits is not None
    assert bits >= WEIGHTS["offer_own"]
    assert tier is Tier.REVIEW
    assert [found.tier for found in one.changes[:2]] == [Tier.AUTO, Tier.AUTO]
    assert change(explained("Quartz Lantern", "hashed"), HEX.upper())[1] is Tier.AUTO


def test_what_speaks_against_a_name_is_named() -> None:
    """A number that follows and a year that differs are named, and the title without them is tried."""
    size = explained("Northwind Model 7B", "m7", SIZE)
    assert change(size, "without the size") == (-WEIGHTS["size"], Tier.REVIEW)
    sequel = explained("The Silent Harbour 2 2021 1080p WEB x264-GRP", "film")
    assert change(sequel, "the title without '2'")[0] > 5
    year = explained("The Silent Harbour 2015 1080p WEB x264-GRP", "film")
    assert change(year, "the year 2021")[0] == pytest.approx(
        WEIGHTS["name_year_agrees"] - WEIGHTS["name_year_differs"], abs=0.02
    )
    assert change(year, "without a year")[0] == pytest.approx(-WEIGHTS["name_year_differs"], abs=0.7)


def test_without_anything_registered_it_says_so() -> None:
    """An asset with neither files nor infohashes cannot be *auto*, and no change claims it."""
    one = explained("The Silent Harbour 2021", "film")
    assert not one.is_registered
    assert not [found for found in one.changes if found.tier is Tier.AUTO]


def test_changes_are_what_the_matcher_says() -> None:
    """The change "an exact size" is the match of that observation."""
    one = explained("Northwind Model 7B", "m7")
    found = match(seen("Northwind Model 7B", size_bytes=SIZE), INDEX, WEIGHTS)[0]
    (told,) = [change for change in one.changes if "exact size" in change.what]
    assert (told.score, told.tier) == (found.score, found.tier)


def test_the_command_shows_it(tmp_path: Path) -> None:
    """`rule explain` prints signals, sums and changes for people, and the same as JSON."""
    file = tmp_path / "c.jsonl"
    file.write_text("".join(json.dumps(asset_json(asset)) + "\n" for asset in INDEX.assets.values()))
    told = ["rule", "explain", "Northwind Model 7B", "--catalogue", str(file)]
    shown = CliRunner().invoke(app, told)
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.startswith("m7  Northwind Model 7")
    assert "    tier review, score 0." in shown.stdout
    assert f"-> auto   {WEIGHTS['size']:+7.2f}  an exact size of {SIZE} bytes" in shown.stdout
    value = json.loads(CliRunner().invoke(app, [*told, "--json", "--size", str(SIZE)]).stdout)
    first = value["candidates"][0]
    assert (first["asset"], first["tier"]) == ("m7", "auto")
    assert first["signals"][-1]["sum"] == pytest.approx(
        value["prior"] + sum(s["weight"] for s in first["signals"]), abs=0.05
    )
    nothing = CliRunner().invoke(app, ["rule", "explain", "zzz qqq", "--catalogue", str(file)])
    assert "anywhere near" in nothing.stderr
