"""The table of a run of the fleet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import quantiles
from typing import TYPE_CHECKING, Any

from fleet_judge import TOLERANCE_S
from fleet_memory import MIB, POLLS_AN_HOUR, slope, tenths
from loopback import Cost

if TYPE_CHECKING:
    from fleet import Result


def occupancy(result: Result) -> tuple[float, int]:
    """Seconds of fetches over slots and time, and the most fetches at once, from a quarter of the time on."""
    first, last = result.began + result.plan.spec.seconds / 4, result.began + result.plan.spec.seconds
    spans = [(max(row["at"], first), min(row.get("ended", last), last)) for row in result.log]
    spans = [(a, b) for a, b in spans if b > a]
    busy = sum(b - a for a, b in spans)
    steps = sorted([*((a, 1) for a, _ in spans), *((b, -1) for _, b in spans)])
    most = at_once = 0
    for _, step in steps:
        at_once += step
        most = max(most, at_once)
    return busy / (result.plan.concurrency * (last - first)), most


def _held(samples: Sequence[tuple[float, Cost]]) -> list[tuple[float, float]]:
    return [(at, cost.rss_bytes / MIB) for at, cost in samples]


def _hour_s(result: Result) -> float:
    """How long twelve polls of a site took."""
    polls = len(result.windows) / result.plan.spec.sites
    return POLLS_AN_HOUR * result.plan.spec.seconds / max(polls, 1e-9)


def is_flat(result: Result) -> bool:
    """Whether the daemon's memory stays what it is; a run too short to say it passes."""
    found = slope(_held(result.samples.own), _hour_s(result))
    return found is None or found.is_flat


def _inside(told: Sequence[Mapping[str, Any]]) -> str:
    """What the daemon counted in itself at half of the time and at the end."""
    if len(told) < 2:
        return "not asked (--inside)"
    rows = [
        f"{one['objects']} objects, {one['blocks']} blocks, {one.get('used_bytes', 0) / MIB:.1f} MiB of malloc in use"
        f" and {one.get('free_bytes', 0) / MIB:.1f} MiB free, {one['threads']} threads"
        for one in (told[0], told[-1])
    ]
    return "; at the end ".join(rows)


def tell(result: Result) -> None:
    """Print the table."""
    found, pace, plan = result.coverage, result.pace, result.plan
    polls = len(result.windows) / plan.spec.sites
    hour_s = _hour_s(result)
    cpu = result.samples.own[-1][1].cpu_s - result.samples.own[0][1].cpu_s
    span = result.samples.own[-1][0] - result.samples.own[0][0]
    p = quantiles(result.latency_s, n=100) if len(result.latency_s) > 1 else [0.0] * 99
    share, most = occupancy(result)
    rows = {
        "sites, hosts, seconds, requests": f"{plan.spec.sites}, {plan.spec.hosts}, {plan.spec.seconds:.0f}, {len(result.log)}",
        "polls a site; a second": f"{polls:.1f}; {len(result.windows) / plan.spec.seconds:.1f}",
        "windows true": f"{found.true} of {found.windows}",
        "verdicts": ", ".join(f"{name} {count}" for name, count in found.verdicts.most_common()),
        "gaps: by the log; of those told; told in all": f"{found.gaps_missed}; {found.gaps_right}; {found.gaps_told}",
        "sites whose stored items are those shown": f"{found.sites_right} of {found.sites} ({found.items} items)",
        "drift found within two polls": f"{found.drift_found} of {found.drifted}",
        "drift told where there was none": f"{found.false_drift.total()} windows of {len(found.false_drift)} sites",
        "polls without a request": str(found.unasked),
        "least time between two requests to a host": f"{pace.least_s:.3f} s, not counting repeats after a reset {pace.least_else_s:.3f} s (pace {plan.pace_s} s)",
        f"closer than the pace by {TOLERANCE_S} s": f"{pace.early} of {pace.pairs} ({pace.after_reset} repeat after a reset), not counting {pace.excused} that the fleet itself noted late",
        "lateness of the fleet's own clock": f"p99 {result.lag_s:.3f} s",
        "asked before Retry-After was over": f"{pace.too_soon} of {pace.limited}; other sites of their hosts meanwhile: {pace.neighbours} times",
        "slots busy; most fetches at once": f"{share:.2f} of {plan.concurrency}; {most}",
        "due and visible to stored": f"p50 {p[49]:.2f} s, p99 {p[98]:.2f} s, of {len(result.latency_s)}",
        "an hour of every = 5m": f"{POLLS_AN_HOUR} polls a site, here {hour_s:.0f} s; the run is {plan.spec.seconds / hour_s:.1f} of them",
        "memory, daemon, second half": str(slope(_held(result.samples.own), hour_s) or "too short to say"),
        "memory, with its children": str(slope(_held(result.samples.tree), hour_s) or "too short to say"),
        "memory, daemon, at each tenth of the time": tenths(_held(result.samples.own)),
        "inside the daemon, at half the time": _inside(result.inside),
        "CPU of the daemon": f"{cpu / span:.0%} of a core, {1000 * cpu / max(len(result.windows), 1):.0f} ms a poll",
        "exit code; crashes": f"{result.exit_code}; {result.told['job_crashed']} crashed, {result.told['poll_failed']} failed, {result.told['poll_lost']} lost",
    }
    for name, value in rows.items():
        print(f"| {name} | {value} |")
    print(f"{len(found.differences)} differences")
    for line in found.differences[:60]:
        print("  ", line)
