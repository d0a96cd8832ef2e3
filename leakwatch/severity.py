"""How urgent a case is, and why in words. Pure.

What speaks: the asset and its release window, the verdict, how strong the match is, how public the places are, whether
the swarm grows, and what looks like a fake. What is proved comes before what is likely, and a critical asset is one
step up. Each step has its reason.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from leakwatch.model.asset import Asset, Stage
from leakwatch.model.finding import Proof, Severity, Tier, Verdict
from leakwatch.model.place import PlaceClass, wide
from leakwatch.model.swarm import Spread

IN_WINDOW, GROWS = "in its release window", "the swarm doubles"
"""What the reasons say of what time moves by itself: by these words a case is found whose reasons are out of date."""
GROWING_SEEDS = 20
"""Seeds below which a swarm's growth says nothing yet."""
GROWING_DOUBLING_S = 6 * 3600.0
"""A swarm that doubles within this time is growing fast."""


@dataclass(frozen=True, slots=True)
class Weighed:
    """A severity and its reasons, the weightiest first."""

    severity: Severity
    why: str


def severity_of(asset: Asset, tier: Tier, verdict: Verdict, *times: datetime) -> Severity:
    """How urgent by asset, match and verdict alone.

    An asset that was in its release window at one of these `times`, when the case was opened or last seen, is as good
    as critical; of one that is retired nothing is urgent.
    """
    if verdict is Verdict.REFUTED or asset.stage is Stage.RETIRED:
        return Severity.LOW
    base = Severity.HIGH if verdict is Verdict.PROVED or tier is Tier.AUTO else Severity.MEDIUM
    if not asset.is_urgent(*times):
        return base
    return Severity.CRITICAL if base is Severity.HIGH else Severity.HIGH


def lowered(
    severity: Severity, proofs: Sequence[Proof], verdict: Verdict, asset: Asset, *times: datetime
) -> Severity:
    """The severity after fakes: as many steps down as the least suspect torrent allows.

    Nothing is taken from what is proved or likely, and from an urgent asset one step at most: of honest torrents
    that are taken for fakes most look very much like ones (docs/benchmarks.md).
    """
    fakes = [proof.fake for proof in proofs]
    if verdict in (Verdict.PROVED, Verdict.LIKELY) or not fakes or not all(fakes):
        return severity
    steps = min(one.steps for one in fakes if one)
    return _moved(severity, -(min(steps, 1) if asset.is_urgent(*times) else steps))


def weighed(
    asset: Asset,
    tier: Tier,
    verdict: Verdict,
    times: Sequence[datetime],
    proofs: Sequence[Proof] = (),
    places: Collection[PlaceClass] = (),
    spread: Spread | None = None,
) -> Weighed:
    """How urgent by all that is known, and why. What is refuted, and what is retired, is low whatever else speaks."""
    base = severity_of(asset, tier, verdict, *times)
    why = [_about_match(tier, verdict), *_about_asset(asset, times)]
    if verdict is Verdict.REFUTED or asset.stage is Stage.RETIRED:
        return Weighed(base, "; ".join(why))
    steps = 0
    for step, told in (_reach(places, verdict), _growth(spread)):
        steps += step
        why += [told] if told else []
    risen = _moved(base, steps)
    least = lowered(risen, proofs, verdict, asset, *times)
    why += ["looks like a fake"] if least is not risen else []
    return Weighed(least, "; ".join(why))


def _moved(severity: Severity, steps: int) -> Severity:
    return list(Severity)[min(len(Severity) - 1, max(0, severity.rank + steps))]


def _about_match(tier: Tier, verdict: Verdict) -> str:
    if verdict in (Verdict.PROVED, Verdict.REFUTED):
        return verdict.value
    match = "more than a name agrees" if tier is Tier.AUTO else "little more than a name agrees"
    return match if verdict is Verdict.UNKNOWN else f"{match}, {verdict.value}"


def _about_asset(asset: Asset, times: Sequence[datetime]) -> list[str]:
    if asset.stage is Stage.RETIRED:
        return ["the work is retired"]
    told = ["the work is critical"] if asset.critical else []
    return told + ([IN_WINDOW] if any(map(asset.in_release_window, times)) else [])


def _reach(places: Collection[PlaceClass], verdict: Verdict) -> tuple[int, str]:
    public = wide(places)
    if len(public) > 1:
        return 1, f"public on several kinds of places ({', '.join(public)})"
    if set(places) == {PlaceClass.DHT} and verdict not in (Verdict.PROVED, Verdict.LIKELY):
        return -1, "heard in the DHT only"
    return 0, ""


def _growth(spread: Spread | None) -> tuple[int, str]:
    if spread is None or spread.doubling_s is None or spread.seeds < GROWING_SEEDS:
        return 0, ""
    if spread.doubling_s > GROWING_DOUBLING_S:
        return 0, ""
    return 1, f"{GROWS} every {spread.doubling_s / 3600:.1f} h and has {spread.seeds} seeds"
