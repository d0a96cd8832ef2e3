"""Looks again at places where a finding was seen: still up, edited, or gone. `look_at_host` is the only door."""

from leakwatch.lookagain.desk import LookDesk
from leakwatch.lookagain.job import look_at_host

__all__ = ["LookDesk", "look_at_host"]
