"""What a newcomer wants to know of an address: `finding` tries, `guessing` says what it may be, `judging` what it shows."""

from __future__ import annotations

from leakwatch.probing.finding import Means, Probed, Tried, probe_site, probe_url
from leakwatch.probing.guessing import Guess
from leakwatch.probing.judging import Shown, judge
from leakwatch.probing.remedies import remedy

__all__ = ["Guess", "Means", "Probed", "Shown", "Tried", "judge", "probe_site", "probe_url", "remedy"]
