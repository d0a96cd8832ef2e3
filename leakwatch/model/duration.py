"""A length of time as the configuration writes it."""

from __future__ import annotations


class Duration(float):
    """Seconds; in the configuration written as `500ms`, `30s`, `5m`, `2h` or `1d`."""
