"""Observations against assets: one door, `engine.match`."""
