"""Findings, sightings and events for other programs, read and written in batches so that memory does not grow."""

from __future__ import annotations

from leakwatch.export.run import FORMATS, Format, export
from leakwatch.export.terms import ExportConfig, Terms

__all__ = ["FORMATS", "ExportConfig", "Format", "Terms", "export"]
