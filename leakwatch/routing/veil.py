"""What may be said of an asset under embargo: neither its title, nor where it shows, nor what speaks for it in its words. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from leakwatch.model.alert import Alert, AnyAlert, DigestAlert, Place
from leakwatch.model.asset import Asset

_SINCE = "It is under embargo now: `leakwatch finding show` tells what is known."


def veiled_place(place: Place) -> Place:
    """A place without its address and title: both may name what is secret."""
    return Place(
        site=place.site,
        url=None,
        title="(behind the code name)",
        seen_at=place.seen_at,
        published_at=place.published_at,
    )


def veiled(alert: AnyAlert, secret: Mapping[str, Asset]) -> AnyAlert:
    """An alert that was written before an embargo began, as it may be told now. `secret` are assets by their ids."""
    if isinstance(alert, Alert):
        return _veiled(alert, secret)
    if not isinstance(alert, DigestAlert):
        return alert
    topic = secret[alert.topic].shown_id if alert.topic in secret else alert.topic
    return replace(alert, topic=topic, entries=tuple(_veiled(one, secret) for one in alert.entries))


def named_in(alert: AnyAlert) -> set[str]:
    """The ids by which an alert names assets."""
    if isinstance(alert, Alert):
        return {alert.asset_id}
    return {one.asset_id for one in alert.entries} if isinstance(alert, DigestAlert) else set()


def _veiled(alert: Alert, secret: Mapping[str, Asset]) -> Alert:
    asset = secret.get(alert.asset_id)
    if asset is None:
        return alert
    said = alert.headline.removeprefix(f"{alert.asset}: ").replace(alert.asset, asset.shown_name)
    return replace(
        alert,
        asset_id=asset.shown_id,
        asset=asset.shown_name,
        headline=f"{asset.shown_name}: {said}",
        verdict_detail=_SINCE if alert.verdict_detail else "",
        places=tuple(veiled_place(one) for one in alert.places),
        reasons=tuple(one.partition(":")[0] for one in alert.reasons),
    )
