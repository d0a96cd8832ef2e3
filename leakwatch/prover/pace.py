"""How many bytes a prover hashes a second, over all who ask."""

from __future__ import annotations


class Pace:
    """A bucket that holds one second's bytes and may be overdrawn by one request, which the next one waits out.

    Units:  bytes and seconds; times are those of a monotonic clock.
    """

    __slots__ = ("_at", "_left", "_rate")

    def __init__(self, bytes_per_s: float, now: float) -> None:
        self._rate, self._left, self._at = bytes_per_s, bytes_per_s, now

    def take(self, count: int, now: float) -> float:
        """0 if the bytes may be hashed now, which counts them; else the seconds until one may ask again."""
        self._left = min(self._rate, self._left + max(0.0, now - self._at) * self._rate)
        self._at = now
        if self._left <= 0:
            return max(-self._left / self._rate, 0.001)
        self._left -= count
        return 0.0
