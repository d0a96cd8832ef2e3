"""The spread of a finding as a drawing: seeds over time by each method, and when it was seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape

from leakwatch.evidence.dossier import Dossier
from leakwatch.model.swarm import SampleMethod, SwarmSample

_WIDTH, _HEIGHT, _LEFT, _TOP, _BOTTOM = 720, 250, 46, 14, 46
_DASHES = {
    SampleMethod.INDEX: ("#b35900", "2 3"),
    SampleMethod.TRACKER: ("#0b5394", ""),
}
_OTHER = ("#38761d", "7 3")


@dataclass(frozen=True, slots=True)
class _Frame:
    begins: datetime
    ends: datetime
    most: int

    def x(self, at: datetime) -> float:
        span = (self.ends - self.begins).total_seconds() or 1.0
        return _LEFT + (_WIDTH - _LEFT - 10) * (at - self.begins).total_seconds() / span

    def y(self, seeds: int) -> float:
        return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * seeds / self.most


def curve_svg(dossier: Dossier) -> str:
    """The drawing, or "" where there is nothing to draw. No text from outside is in it but names of sources, escaped."""
    samples = [one for one in dossier.samples if one.seeds is not None]
    seen = [one.seen_at for one in dossier.sightings]
    times = [*(one.at for one in samples), *seen]
    if not times:
        return ""
    frame = _Frame(min(times), max(times), max([one.seeds or 0 for one in samples] + [1]))
    parts = [*_axes(frame), *_lines(samples, frame), *_ticks(seen, frame)]
    label = f"Seeds over time, at most {frame.most}; {len(seen)} sightings"
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def _axes(frame: _Frame) -> list[str]:
    bottom = _HEIGHT - _BOTTOM
    told = [
        f'<path d="M{_LEFT} {_TOP}V{bottom}H{_WIDTH - 10}" fill="none" stroke="#666"/>',
        f'<text x="{_LEFT}" y="{_HEIGHT - 6}" class="axis">{frame.begins:%Y-%m-%d %H:%M} UTC</text>',
        f'<text x="{_WIDTH - 10}" y="{_HEIGHT - 6}" class="axis" text-anchor="end">{frame.ends:%Y-%m-%d %H:%M} UTC</text>',
    ]
    told += [
        f'<text x="{_LEFT - 6}" y="{frame.y(seeds) + 4:.1f}" class="axis" text-anchor="end">{seeds}</text>'
        for seeds in sorted({0, (frame.most + 1) // 2, frame.most})
    ]
    return told


def _lines(samples: Sequence[SwarmSample], frame: _Frame) -> list[str]:
    series: dict[tuple[str, SampleMethod, str], list[SwarmSample]] = {}
    for one in samples:
        series.setdefault((one.swarm_key, one.method, one.source), []).append(one)
    told: list[str] = []
    for (_, method, source), some in sorted(series.items()):
        colour, dash = _DASHES.get(method, _OTHER)
        points = " ".join(
            f"{frame.x(one.at):.1f},{frame.y(one.seeds or 0):.1f}"
            for one in sorted(some, key=lambda one: one.at)
        )
        name = escape(f"{method.value}: {source}"[:80])
        told.append(
            f'<polyline points="{points}" fill="none" stroke="{colour}" stroke-width="2" '
            f'stroke-dasharray="{dash}"><title>{name}</title></polyline>'
        )
        told += [
            f'<circle cx="{point.split(",")[0]}" cy="{point.split(",")[1]}" r="2" fill="{colour}"/>'
            for point in points.split(" ")[:200]
        ]
    return told


def _ticks(seen: Sequence[datetime], frame: _Frame) -> list[str]:
    bottom = _HEIGHT - _BOTTOM
    return [
        f'<path d="M{frame.x(at):.1f} {bottom + 3}v9" stroke="#a61c00" stroke-width="2"/>'
        for at in seen[:500]
    ]


def legend(dossier: Dossier) -> list[tuple[str, str, str]]:
    """What the lines mean: colour, dashes, and the method in words."""
    words = {
        SampleMethod.INDEX: "as an index shows it",
        SampleMethod.TRACKER: "by the torrent's trackers",
    }
    told = {one.method for one in dossier.samples if one.seeds is not None}
    return [
        (*_DASHES.get(one, _OTHER), words.get(one, f"counted: {one.value}"))
        for one in sorted(told, key=lambda one: one.value)
    ]
