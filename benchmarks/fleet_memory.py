"""Is the memory of the daemon flat once it is warm? Samples over time, and their slope. Pure.

An hour is that of an ordinary configuration, which polls each site every five minutes: twelve polls of each site,
however little time they take here. Caches fill and the allocator finds its size in the first half of a run; what is
judged is the second half, by a straight line through the means of twelve equal parts of it (single samples are too
much like their neighbours for an honest error). Flat is what rises by at most 1 MiB an hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import linear_regression, mean

MIB = 2**20
POLLS_AN_HOUR = 12
"""Of one site, at `every = "5m"`."""
_PARTS = 12
_FLAT = 1.0

Sample = tuple[float, float]
"""A time in seconds, and MiB."""


@dataclass(frozen=True, slots=True)
class Slope:
    """A rise in MiB an hour, its standard error, and the line's ends in MiB."""

    rise: float
    error: float
    first: float
    last: float

    @property
    def is_flat(self) -> bool:
        """Whether it rises by no more than is allowed."""
        return self.rise <= _FLAT

    def __str__(self) -> str:
        """In words."""
        told = f"{self.rise:+.2f} ± {self.error:.2f} MiB an hour ({self.first:.1f} to {self.last:.1f} MiB)"
        return f"{told}: {'flat' if self.is_flat else 'NOT FLAT'}"


def slope(samples: Sequence[Sample], hour_s: float) -> Slope | None:
    """The slope over the second half of the samples; None where they are too few."""
    late = samples[len(samples) // 2 :]
    size = len(late) // _PARTS
    if not size:
        return None
    parts = [late[start : start + size] for start in range(0, size * _PARTS, size)]
    times = [mean(at for at, _ in part) / hour_s for part in parts]
    held = [mean(mib for _, mib in part) for part in parts]
    rise, begin = linear_regression(times, held)
    off = sum((mib - begin - rise * at) ** 2 for at, mib in zip(times, held, strict=True))
    middle = mean(times)
    error = (off / (_PARTS - 2) / sum((at - middle) ** 2 for at in times)) ** 0.5
    return Slope(rise, error, begin + rise * times[0], begin + rise * times[-1])


def tenths(samples: Sequence[Sample]) -> str:
    """What was held at each tenth of the time."""
    step = max(len(samples) // 10, 1)
    return ", ".join(f"{mib:.0f}" for _, mib in samples[::step]) + " MiB"
