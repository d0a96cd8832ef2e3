"""The nodes that a sampler knows: whom to ask next, and whom not yet. Bounded, whatever strangers name."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass, field

from leakwatch.swarm.hosts import Endpoint, place_of
from leakwatch.swarm.krpc import MAX_INTERVAL_S
from leakwatch.swarm.seen import SeenFilter

_REMEMBERED = 2_200_000
"""Nodes left out of the table whose rest is still held to: six hours at a hundred a second, in 6 MB."""
_MISTAKEN = 0.01
_LAST_TRY = 2
_TRY_AGAIN_S = 300.0


@dataclass(slots=True)
class Known:
    """A node. `has_samples` is None until it is known whether it speaks BEP 51."""

    endpoint: Endpoint = field(repr=False)
    has_samples: bool | None = None
    failures: int = 0


class NodeTable:
    """Nodes not asked yet, first come first served; then those whose rest is over, longest over first.

    One node for each address (of IPv6: each /64). Where there is no room, a new node takes the place of a
    resting one; that and the dead are kept in a filter for at least six hours, the longest rest there is, so
    that nobody is asked again too soon because it was forgotten.
    Units: seconds of a monotonic clock.
    """

    def __init__(self, max_nodes: int, now: float) -> None:
        self._max_nodes = max_nodes
        self._nodes: dict[str, Known] = {}
        self._waiting: deque[Known] = deque()
        self._resting: list[tuple[float, int, Known]] = []
        self._left_out = SeenFilter(_REMEMBERED, _MISTAKEN, rotates_when_full=False)
        self._rotated_at = now
        self._number = 0

    def __len__(self) -> int:
        return len(self._nodes)

    def learn(self, endpoint: Endpoint, now: float) -> bool:
        """Take a node in; whether it is a new one and there is room."""
        self._rotate(now)
        place = place_of(endpoint[0])
        if place in self._nodes or place.encode() in self._left_out:
            return False
        if len(self._nodes) >= self._max_nodes:
            if not self._resting:
                return False
            self._leave_out(self._resting.pop()[2])  # a heap without its last leaf is a heap
        self._nodes[place] = known = Known(endpoint)
        self._waiting.append(known)
        return True

    def next(self, now: float) -> Known | None:
        """The node to ask now, which is then in hand until `rest` or `failed`."""
        if self._waiting:
            return self._waiting.popleft()
        if self._resting and self._resting[0][0] <= now:
            return heapq.heappop(self._resting)[2]
        return None

    def wait_s(self, now: float) -> float | None:
        """Seconds until some node may be asked; None if none ever."""
        if self._waiting:
            return 0.0
        return max(self._resting[0][0] - now, 0.0) if self._resting else None

    def rest(self, known: Known, until: float) -> None:
        """Leave a node that answered alone until then."""
        known.failures = 0
        self._rest(known, until)

    def failed(self, known: Known, now: float) -> bool:
        """A node did not answer; whether it is taken for dead: the second time in a row."""
        known.failures += 1
        if known.failures >= _LAST_TRY:
            self._leave_out(known)
            return True
        self._rest(known, now + _TRY_AGAIN_S)
        return False

    def _rest(self, known: Known, until: float) -> None:
        self._number += 1
        heapq.heappush(self._resting, (until, self._number, known))

    def _leave_out(self, known: Known) -> None:
        place = place_of(known.endpoint[0])
        del self._nodes[place]
        self._left_out.add(place.encode())

    def _rotate(self, now: float) -> None:
        if now - self._rotated_at >= MAX_INTERVAL_S:
            self._rotated_at = now
            self._left_out.rotate()
