"""Polling: a site is read once, and what was covered is written down."""

from leakwatch.polling.blind import tell_blind
from leakwatch.polling.closing import Polled
from leakwatch.polling.once import poll
from leakwatch.polling.site import SCHEDULE, Duration, SiteConfig

__all__ = ["SCHEDULE", "Duration", "Polled", "SiteConfig", "poll", "tell_blind"]
