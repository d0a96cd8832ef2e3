"""Does what a daemon and its libtorrent child hold stay flat? Samples over time, and their slope.

Flat is what grows by at most 1 MiB an hour in the last quarter of the time (DESIGN §12).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from loopback import Cost

_EVERY_S = 10.0
_KIB = 1024
_FLAT_KIB_PER_MINUTE = 1024 / 60


@dataclass(frozen=True, slots=True)
class Sample:
    """What both processes held and had used at one time; `done` are the fetches that had ended."""

    at_s: float
    daemon: Cost
    child: Cost
    done: int

    def line(self, before: Sample) -> str:
        """One row; CPU is of the time since the row before."""
        span = max(self.at_s - before.at_s, 1e-9)
        parts = [f"{self.at_s:7.0f} s"]
        for now, then in ((self.daemon, before.daemon), (self.child, before.child)):
            share = (now.cpu_s - then.cpu_s) / span
            parts.append(f"{now.rss_bytes / _KIB / _KIB:8.1f} MiB {share:6.1%}")
        return "  ".join((*parts, f"{self.done} ended"))


def slope(samples: Sequence[Sample], rss: Sequence[int]) -> float:
    """KiB per minute, by least squares."""
    times = [sample.at_s / 60 for sample in samples]
    mean_t, mean_r = sum(times) / len(times), sum(rss) / len(rss)
    over = sum((t - mean_t) * (r - mean_r) for t, r in zip(times, rss, strict=True))
    return over / max(sum((t - mean_t) ** 2 for t in times), 1e-9) / _KIB


def told(name: str, samples: Sequence[Sample], rss: Sequence[int]) -> bool:
    """Print the slopes of one process; whether it ends flat."""
    quarter = max(len(samples) // 4, 2)
    first = slope(samples[:quarter], rss[:quarter])
    last = slope(samples[-quarter:], rss[-quarter:])
    is_flat = last <= _FLAT_KIB_PER_MINUTE
    print(
        f"{name}: {rss[0] / _KIB / _KIB:.1f} MiB at the start, {rss[-1] / _KIB / _KIB:.1f} at the end,"
        f" most {max(rss) / _KIB / _KIB:.1f}; first quarter {first:+.1f} KiB/min, last quarter {last:+.1f} KiB/min:"
        f" {'flat' if is_flat else 'NOT FLAT'}"
    )
    return is_flat


async def watch(seconds: float, daemon: int, child: int, done: Callable[[], int]) -> list[Sample]:
    """A sample of two processes every ten seconds; printed once a minute."""
    print(f"{'':9}  {'daemon':>19}  {'child':>19}")
    started, samples = time.monotonic(), list[Sample]()
    printed = 0
    while True:
        at_s = time.monotonic() - started
        samples.append(Sample(at_s, Cost.of(daemon), Cost.of(child), done()))
        if len(samples) % 6 == 1:
            print(samples[-1].line(samples[printed]), flush=True)
            printed = len(samples) - 1
        if at_s >= seconds:
            return samples
        await asyncio.sleep(min(_EVERY_S, max(seconds - at_s, 0.1)))


def both_flat(samples: Sequence[Sample]) -> bool:
    """Print the slopes of both processes; whether both end flat."""
    daemon = told("daemon", samples, [sample.daemon.rss_bytes for sample in samples])
    return told("child", samples, [sample.child.rss_bytes for sample in samples]) and daemon


def told_cost(samples: Sequence[Sample], before: dict[str, int], after: dict[str, int]) -> None:
    """Print CPU and packets over the whole time."""
    span = samples[-1].at_s - samples[0].at_s
    daemon = samples[-1].daemon.cpu_s - samples[0].daemon.cpu_s
    child = samples[-1].child.cpu_s - samples[0].child.cpu_s
    packets = after["dht.dht_messages_in"] - before["dht.dht_messages_in"]
    print(
        f"CPU in {span:.0f} s: daemon {daemon:.2f} s ({daemon / span:.2%} of a core), child {child:.2f} s"
        f" ({child / span:.2%}); the DHT's nodes received {packets / span:.1f} packets/s, announces"
        f" {after['announces'] - before['announces']}"
    )
