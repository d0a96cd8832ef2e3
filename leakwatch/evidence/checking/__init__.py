"""Checks a pack: offline, without a database, a configuration or anything of ours but what reads the formats."""

from leakwatch.evidence.checking.pack import Checked, verify

__all__ = ["Checked", "verify"]
