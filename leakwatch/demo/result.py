"""What a replay showed, and its summary table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.table import Table

from leakwatch.demo.aftermath import Growth, Kept, steps
from leakwatch.demo.sinks import CHANNELS
from leakwatch.demo.story import Story
from leakwatch.demo.verdict import EXPECTED_SITES, Figures, Witness

_CHANNEL_NAMES = {"slack": "Slack", "mail": "e-mail", "hook": "webhook"}
_SITE_NAMES = {"board": "the imageboard", "code": "the code host", "hub": "the model hub"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayResult:
    """Every figure of a replay; all were taken outside the daemon, but for `growth.case`, which is its own account.

    Units:  seconds count from the moment an item became visible; None where nothing came. `sighted_s` is per
            site: the first alert of the leak's finding that names it. `repeats` on the webhook have the same
            `webhook-id`, by which a receiver can drop them, and are no failure.
    """

    seed: int
    leak: bool
    folder: Path
    asset: str
    torrent_kind: str
    piece_length: int
    size_bytes: int
    first_alert_s: Mapping[str, float | None]
    proved_alert_s: float | None
    sighted_s: Mapping[str, float]
    findings: int
    sites: tuple[str, ...]
    sightings: int
    alerts: Mapping[str, int]
    repeats: Mapping[str, int]
    payload_bytes: int
    control_payload_bytes: int
    strangers: int
    noise_items: int
    news_items: int
    false_alerts: int
    growth: Growth | None
    kept: Kept | None
    kills: int
    daemon_exit_code: int | None
    failures: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Whether everything was as it should be."""
        return not self.failures


def make_result(
    story: Story, folder: Path, witness: Witness, figures: Figures, failures: list[str]
) -> ReplayResult:
    """Put together what is known of a replay that has ended."""
    return ReplayResult(
        seed=story.seed,
        leak=witness.leak,
        folder=folder,
        asset=story.family.title,
        torrent_kind=story.torrent_kind,
        piece_length=story.piece_length,
        size_bytes=story.size_bytes,
        first_alert_s=figures.first_alert_s,
        proved_alert_s=figures.proved_alert_s,
        sighted_s=figures.sighted_s,
        findings=figures.findings,
        sites=tuple(sorted(figures.sites)),
        sightings=figures.sightings,
        alerts=figures.alerts,
        repeats=figures.repeats,
        payload_bytes=witness.uploaded_bytes,
        control_payload_bytes=witness.control_bytes,
        strangers=witness.strangers,
        noise_items=witness.noise_items,
        news_items=witness.news_items,
        false_alerts=figures.false_alerts,
        growth=witness.growth,
        kept=witness.kept,
        kills=witness.kills,
        daemon_exit_code=witness.daemon_exit_code,
        failures=tuple(failures),
    )


def result_json(result: ReplayResult) -> dict[str, object]:
    """The result as a JSON object."""
    return {**asdict(result), "folder": str(result.folder), "passed": result.passed}


def summary_table(result: ReplayResult) -> Table:
    """The result for a person."""
    table = Table(
        title=f"Replay of seed {result.seed}: {'passed' if result.passed else 'FAILED'}", show_header=False
    )
    table.add_column(justify="left")
    table.add_column(justify="right")
    table.add_row("protected work", f"{result.asset}, {result.size_bytes / (1 << 20):.1f} MiB")
    table.add_row("torrent", f"{result.torrent_kind}, pieces of {result.piece_length >> 10} KiB")
    if result.leak:
        _add_times(table, result)
    table.add_row("findings", str(result.findings))
    if result.leak:
        table.add_row("  sightings that its alerts name", f"{result.sightings} on {', '.join(result.sites)}")
    for channel in CHANNELS:
        repeats = f" ({result.repeats[channel]} repeated)" if result.repeats[channel] else ""
        table.add_row(f"alerts by {_CHANNEL_NAMES[channel]}", f"{result.alerts[channel]}{repeats}")
    table.add_row("false alerts", str(result.false_alerts))
    table.add_row("items seen that are not the leak", str(result.noise_items))
    table.add_row("news about the leak seen", str(result.news_items))
    if result.growth:
        _add_growth(table, result.growth)
    if result.kept:
        _add_kept(table, result.kept)
    table.add_row("payload bytes taken from the seeders", str(result.payload_bytes))
    table.add_row("  taken by the positive control", str(result.control_payload_bytes))
    table.add_row("peers announced besides the seeders", str(result.strangers))
    if result.kills:
        table.add_row("times the daemon was killed", str(result.kills))
    if result.daemon_exit_code is not None:
        table.add_row("exit code of the daemon", str(result.daemon_exit_code))
    table.add_row("records kept in", str(result.folder))
    for failure in result.failures:
        table.add_row("[red]failure[/red]", failure)
    return table


def _add_times(table: Table, result: ReplayResult) -> None:
    for channel in CHANNELS:
        table.add_row(
            f"post to first alert by {_CHANNEL_NAMES[channel]}", _seconds(result.first_alert_s[channel])
        )
    table.add_row("post to the verdict proved", _seconds(result.proved_alert_s))
    for site in sorted(EXPECTED_SITES):
        table.add_row(f"seen on {_SITE_NAMES[site]} after", _seconds(result.sighted_s.get(site)))


def _add_growth(table: Table, growth: Growth) -> None:
    case = growth.case
    table.add_row("seeders that the world has", steps(growth.joined))
    table.add_row("  seeds as `finding show` counts them", steps(case.counts) or "never")
    doubling = f", doubling every {case.doubling_s:.1f} s" if case.doubling_s else ""
    table.add_row("  and sums them up", f"peak {case.peak_seeds} ± {growth.error}{doubling}")


def _add_kept(table: Table, kept: Kept) -> None:
    whole = kept.files - kept.broken
    table.add_row("post deleted", "yes" if kept.deleted else "no")
    table.add_row("  still named by the finding", "yes" if kept.listed else "no")
    table.add_row("  evidence that shows it", f"{kept.pages} kept pages" if kept.pages else "none")
    table.add_row("evidence that has its SHA-256", f"{whole} of {kept.files}")


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f} s"
