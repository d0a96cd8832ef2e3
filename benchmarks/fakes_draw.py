"""What the recipes of `benchmarks/fakes.py` share: a made torrent, and a work's name with a source of randomness.

A recipe draws a name and a file list; sizes follow what is published (encodes by resolution, scene volumes,
repacks, quantised weights). Recipes know nothing of the score's tables.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

KB, MB, GB = 10**3, 10**6, 10**9
Files = list[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Made:
    """One torrent: what it is called, what it holds, and how the recipe is called."""

    recipe: str
    kind: str
    name: str
    files: Files


@dataclass(frozen=True, slots=True)
class Draw:
    """A work's name and a source of randomness for one torrent."""

    rng: Random
    title: str

    def size(self, low: float, high: float) -> int:
        """A size between two bounds, small ones as likely as large ones; odd to the byte, as encodes are."""
        return int(low * (high / low) ** self.rng.random()) + self.rng.randrange(1, 997)

    def pick(self, *choices: str) -> str:
        """One of them."""
        return self.rng.choice(choices)

    def dots(self) -> str:
        """The title as a release name writes it."""
        return self.title.replace(" ", ".")

    def video(self, low: float = 1, high: float = 1) -> tuple[str, int]:
        """A resolution and a size that encodes of it have."""
        lines, least, most = self.rng.choice(
            [("480p", 350, 1400), ("720p", 600, 5000), ("1080p", 900, 16000), ("2160p", 3500, 70000)]
        )
        return lines, self.size(least * MB * low, most * MB * high)

    def volumes(self, stem: str, total: int) -> Files:
        """A scene set: volumes of a round size, the last one shorter, with checksums and an nfo."""
        each = self.rng.choice([15, 20, 50, 100, 250]) * MB
        count = max(2, min(90, total // each))
        names = [f"{stem}.rar", *(f"{stem}.r{number:02}" for number in range(count - 1))]
        files = [(name, each) for name in names[:-1]]
        return [*files, (names[-1], self.size(MB, each)), (f"{stem}.sfv", 60 * count), (f"{stem}.nfo", 6123)]


Recipe = Callable[[Draw], tuple[str, Files]]
