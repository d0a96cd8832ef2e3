"""What comes first where much is told: the more severe, the surer, the exact. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from leakwatch.model.alert import Alert, AnyAlert
from leakwatch.model.finding import CORROBORATING_BITS, EXACT_SIGNALS, Severity, Verdict

SURENESS = (Verdict.REFUTED, Verdict.UNPROVED, Verdict.UNKNOWN, Verdict.LIKELY, Verdict.PROVED)
"""Verdicts from what matters least to what matters most: what is not known yet may still be proved."""
_SEVERITY, _VERDICT, _EXACT = 1000, 100, 50


def urgency(alert: AnyAlert, signals: Sequence[tuple[str, str, float]] = (), *, is_auto: bool = False) -> int:
    """A number that orders alerts: by severity, then verdict, then whether a hash agrees, then the score."""
    told = alert.severity.rank * _SEVERITY
    if not isinstance(alert, Alert):
        return told
    exact = any(kind in EXACT_SIGNALS and weight >= CORROBORATING_BITS for kind, _, weight in signals)
    told += SURENESS.index(alert.verdict) * _VERDICT + (_EXACT if exact else 0)
    return told + (20 if is_auto else 0) + min(9, int(alert.score * 10))


def least_of(severity: Severity, verdict: Verdict) -> int:
    """The least urgency that news of this severity and verdict have."""
    return severity.rank * _SEVERITY + SURENESS.index(verdict) * _VERDICT


def level(told: int) -> int:
    """What of an urgency lets a message pass when a budget is used up: severity, verdict, and whether a hash agrees."""
    return told - told % _EXACT


def severity_of(told: int) -> Severity:
    """The severity in an urgency."""
    return list(Severity)[told // _SEVERITY]
