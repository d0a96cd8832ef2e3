"""Sites by a definition in the format of Jackett and Prowlarr ("Cardigann")."""

from __future__ import annotations

from leakwatch.sources.cardigann.job import saved_state
from leakwatch.sources.cardigann.kind import KIND
from leakwatch.sources.cardigann.loading import examine
from leakwatch.sources.cardigann.site import CardigannSite

__all__ = ["KIND", "CardigannSite", "examine", "saved_state"]
