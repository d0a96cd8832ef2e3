"""Hostile bytes are read in processes of their own, within limits: what takes too long or too much ends alone."""
