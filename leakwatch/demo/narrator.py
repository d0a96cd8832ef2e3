"""Tells the story on stderr: one calm line per beat, with the time since the replay began."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import TextIO

from leakwatch.demo.verdict import Figures


class Narrator:
    """Speaks to whoever watches. `clock` is the world's, in seconds."""

    def __init__(self, clock: Callable[[], float], stream: TextIO | None = None) -> None:
        self._clock = clock
        self._began = clock()
        self._stream = stream
        self._told: set[str] = set()

    def tell(self, line: str) -> None:
        """Say one line, as `00:07 a reply with a magnet appears on the board`."""
        minutes, seconds = divmod(int(self._clock() - self._began), 60)
        print(f"{minutes:02d}:{seconds:02d} {line}", file=self._stream or sys.stderr, flush=True)

    def tell_news_of(self, figures: Figures) -> None:
        """Say what has arrived since the last time."""
        for line in _news_of(figures):
            if line not in self._told:
                self._told.add(line)
                self.tell(f"  {line}")


def _news_of(figures: Figures) -> Iterator[str]:
    for channel, seconds in figures.first_alert_s.items():
        if seconds is not None:
            yield f"the {channel} channel is alerted, {seconds:.1f} s after the post"
    if figures.proved_alert_s is not None:
        yield f"an alert says proved, {figures.proved_alert_s:.1f} s after the post"
    for site, seconds in figures.sighted_s.items():
        yield f"the finding names the {site} site, {seconds:.1f} s after it was to be seen there"
    if figures.false_alerts:
        yield "FALSE: an alert that is not the leak"
