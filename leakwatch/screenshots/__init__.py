"""Draws pages that were kept for a finding, as people saw them. `draw_due` is the only door."""

from leakwatch.screenshots.job import Studio, draw_due

__all__ = ["Studio", "draw_due"]
