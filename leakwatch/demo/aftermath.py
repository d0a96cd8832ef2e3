"""After the leak: how the swarm grew, and what is left of the post. Pure but for reading the evidence folder.

What the daemon says is read as any user would: by `leakwatch finding show --json`, and from the vault's files.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leakwatch.demo.board import Post, comment_html
from leakwatch.swarm.estimate import deviation


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What `finding show --json` says of the leak's finding: each count of its swarm, and where it was seen."""

    counts: tuple[int, ...] = ()
    peak_seeds: int = 0
    doubling_s: float | None = None
    urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """The swarm as the world knows it, and as the daemon counted it.

    `planned` seeders should have come; `joined` is how many the DHT knew at the start and after each step.
    """

    planned: int
    joined: tuple[int, ...]
    case: Case = field(default_factory=Case)

    @property
    def error(self) -> int:
        """How far off an estimate of so many seeds may be, in peers: what BEP 33's method states."""
        return math.ceil(2 * deviation(self.joined[-1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is left of the leak's post. `noticed`: the daemon read the board after it was `deleted`.

    `listed`: the finding still names the post's address. `pages` in the vault show the post word for word; of
    all `files` in it, `broken` no longer have the SHA-256 that names them.
    """

    deleted: bool
    noticed: bool
    listed: bool
    pages: int
    files: int
    broken: int


def read_case(output: bytes) -> Case:
    """What a command printed as JSON."""
    told: dict[str, Any] = json.loads(output)
    spread: dict[str, Any] = told["spread"] or {}
    return Case(
        counts=tuple(int(seeds) for _, seeds, _ in spread.get("curve", ())),
        peak_seeds=int(spread.get("peak_seeds", 0)),
        doubling_s=spread.get("doubling_s"),
        urls=tuple(str(place["url"]) for place in told["places"]),
    )


def growth_failures(growth: Growth) -> list[str]:
    """What is wrong with the growth of the swarm or with the daemon's account of it; empty if nothing is."""
    case, real = growth.case, growth.joined[-1]
    failures: list[str] = []
    if real != growth.planned:
        failures.append(f"{real} seeders instead of {growth.planned} joined the swarm")
    if not case.counts or case.counts[-1] <= case.counts[0]:
        failures.append(f"the counts of the swarm do not rise: {steps(case.counts) or 'there are none'}")
    if abs(case.peak_seeds - real) > growth.error:
        failures.append(f"the peak of {case.peak_seeds} seeds is not within {growth.error} of {real}")
    if case.doubling_s is None:
        failures.append("no time is told in which the swarm doubles")
    return failures


def kept_failures(kept: Kept) -> list[str]:
    """What is wrong with the evidence of a post that was deleted; empty if nothing is."""
    failures: list[str] = []
    if not kept.deleted:
        failures.append("the post was not deleted")
    elif not kept.noticed:
        failures.append("nobody read the board after the post was deleted")
    if not kept.listed:
        failures.append("the finding no longer names the deleted post")
    if not kept.pages:
        failures.append("no evidence shows the deleted post")
    if kept.broken:
        failures.append(f"{kept.broken} of {kept.files} pieces of evidence do not have their digest")
    return failures


def look_for(post: Post, vault: Path) -> tuple[int, int, int]:
    """Files in a vault that show a post word for word, all its files, and those that are not what their name says."""
    shown = json.dumps({"com": comment_html(post.text)})[1:-1].encode()
    contents = {path.name: path.read_bytes() for path in sorted(vault.glob("*/*"))}
    pages = sum(shown in data for data in contents.values())
    broken = sum(hashlib.sha256(data).hexdigest() != name for name, data in contents.items())
    return pages, len(contents), broken


def steps(counts: Sequence[int]) -> str:
    """Counts in their order, as `1 → 2 → 4`."""
    return " → ".join(str(count) for count in counts)
