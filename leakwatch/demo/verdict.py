"""From what arrived outside to a result. Pure: arrivals and counters in, figures and failures out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from leakwatch.demo.aftermath import Growth, Kept, growth_failures, kept_failures
from leakwatch.demo.sinks import CHANNELS, Arrival, Channel

EXPECTED_SITES = frozenset({"board", "code", "hub"})
_TEST = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """What the world saw. Times in seconds since the epoch; `visible_at` is per site of the leak.

    `uploaded_bytes` is the seeders' counter before the positive control, `control_bytes` its rise in it;
    `strangers` are peers other than the seeders that announced themselves in the leak's swarm. `growth` and
    `kept` are None where nothing leaks.
    """

    leak: bool
    arrivals: Sequence[Arrival]
    visible_at: Mapping[str, float]
    kills: int
    uploaded_bytes: int
    control_bytes: int
    strangers: int
    noise_items: int
    news_items: int
    growth: Growth | None = None
    kept: Kept | None = None
    daemon_exit_code: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What the arrivals say. Times in seconds after the item became visible; None if it never came.

    `leak` is the id of the leak's finding, empty while nothing was told. `sighted_s` is per site: the first alert of the leak's finding that names it.
    """

    leak: str
    first_alert_s: Mapping[str, float | None]
    proved_alert_s: float | None
    sighted_s: Mapping[str, float]
    findings: int
    sites: frozenset[str]
    sightings: int
    alerts: Mapping[str, int]
    repeats: Mapping[str, int]
    false_alerts: int
    forged: int


def read_figures(arrivals: Sequence[Arrival], visible_at: Mapping[str, float]) -> Figures:
    """Count and time the arrivals.

    The leak's finding is the one that names most of the leak's sites after the post; every other is false. An
    alert that does not say which finding or event it is about is taken for the leak's opening.
    """
    arrivals = [arrival for arrival in arrivals if arrival.event != _TEST]
    began = visible_at.get("board")
    after = [arrival for arrival in arrivals if began is not None and arrival.at >= began]
    leak = _leak_finding([arrival for arrival in after if arrival.finding])
    openings = [one for one in after if one.finding in ("", leak) and one.event in ("", "opened")]
    ours = [arrival for arrival in after if arrival.channel == "hook" and arrival.finding == leak]
    return Figures(
        leak=leak,
        first_alert_s={channel: _first_s(_of(openings, channel), began) for channel in CHANNELS},
        proved_alert_s=_first_s([one for one in ours if one.verdict == "proved"], began),
        sighted_s={
            site: seconds
            for site, at in visible_at.items()
            if (seconds := _first_s([one for one in ours if site in one.sites], at)) is not None
        },
        findings=len(
            {arrival.finding for arrival in arrivals if arrival.channel == "hook" and arrival.finding}
        ),
        sites=frozenset(site for one in ours for site in one.sites),
        sightings=len({place for one in ours for place in one.places}),
        alerts={channel: len(_of(arrivals, channel)) for channel in CHANNELS},
        repeats={channel: _repeats(_of(arrivals, channel)) for channel in CHANNELS},
        false_alerts=sum(1 for one in arrivals if one not in after or one.finding not in ("", leak)),
        forged=sum(1 for one in arrivals if not one.authentic),
    )


def has_all(figures: Figures) -> bool:
    """Whether everything that a leak must lead to has arrived."""
    return not _missing(figures)


def failures_of(witness: Witness, figures: Figures) -> list[str]:
    """Everything that is not as it should be, in words; empty if the replay passed."""
    failures = _missing(figures) if witness.leak else []
    failures += growth_failures(witness.growth) if witness.growth else []
    failures += kept_failures(witness.kept) if witness.kept else []
    if witness.leak and figures.findings > 1:
        failures.append(f"{figures.findings} findings instead of one")
    if figures.false_alerts:
        failures.append(f"{figures.false_alerts} false alerts")
    for channel in ("slack", "mail"):
        if figures.repeats[channel] > witness.kills:
            failures.append(f"{figures.repeats[channel]} repeats on {channel} after {witness.kills} kills")
    if figures.forged:
        failures.append(f"{figures.forged} webhooks with a wrong signature")
    if witness.uploaded_bytes:
        failures.append(f"the seeders gave away {witness.uploaded_bytes} payload bytes")
    if not witness.control_bytes:
        failures.append("the positive control got nothing, so the seeder's counter proves nothing")
    if witness.strangers:
        failures.append(f"{witness.strangers} peers besides the seeders announced themselves in the swarm")
    if witness.daemon_exit_code not in (0, None):
        failures.append(f"the daemon ended with exit code {witness.daemon_exit_code}")
    return failures


def _missing(figures: Figures) -> list[str]:
    missing = [f"no alert on {channel}" for channel, at in figures.first_alert_s.items() if at is None]
    if figures.proved_alert_s is None:
        missing.append("no alert with the verdict proved")
    if not figures.sites >= EXPECTED_SITES:
        missing.append(f"the finding does not name {', '.join(sorted(EXPECTED_SITES - figures.sites))}")
    return missing


def _leak_finding(arrivals: Sequence[Arrival]) -> str:
    """Ties go to the finding that was told of first."""
    sites: dict[str, set[str]] = {}
    for one in arrivals:
        sites.setdefault(one.finding, set()).update(one.sites & EXPECTED_SITES)
    return max(sites, key=lambda finding: len(sites[finding]), default="")


def _of(arrivals: Iterable[Arrival], channel: Channel) -> list[Arrival]:
    return [arrival for arrival in arrivals if arrival.channel == channel]


def _first_s(arrivals: Sequence[Arrival], began: float | None) -> float | None:
    return min(arrival.at for arrival in arrivals) - began if arrivals and began is not None else None


def _repeats(arrivals: Sequence[Arrival]) -> int:
    """How many arrivals came a second time or more."""
    return sum(count - 1 for key, count in Counter(arrival.key for arrival in arrivals).items() if key)
