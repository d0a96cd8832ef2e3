"""The second half of the pipeline: take due alerts from the outbox, send them, write down how it went.

Outcomes of one attempt: sent; retry (the channel refused this time); uncertain (it may have arrived, so it is sent
again and says so); dead (it never will, or a day has passed).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from leakwatch.display import clean
from leakwatch.errors import DeliveryError
from leakwatch.model.alert import Delivery, DeliveryState
from leakwatch.ports import Clock, Notifier, Repository

LEASE_S = 120.0
_FIRST_S, _LONGEST_S = 5.0, 3600.0
_GIVE_UP = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Attempt:
    """How one attempt ended."""

    delivery: Delivery
    state: DeliveryState
    error: str = ""


def retry_delay_s(attempts: int, retry_after_s: float | None, chance: float) -> float:
    """Seconds until the next attempt: full jitter between 5 s and a ceiling that doubles up to an hour.

    Units:  `chance` from 0 to 1. A channel's own Retry-After is obeyed, up to an hour.
    """
    ceiling = min(_LONGEST_S, _FIRST_S * 2 ** min(attempts, 12))
    delay = _FIRST_S + chance * (ceiling - _FIRST_S)
    return max(delay, min(retry_after_s or 0.0, _LONGEST_S))


async def deliver(
    channel: str,
    notifier: Notifier,
    repository: Repository,
    clock: Clock,
    report: Callable[[Attempt], None],
    stopping: Callable[[], bool],
) -> None:
    """Send everything that is due on one channel, oldest first, until nothing is left or the daemon stops."""
    while not stopping():
        async with repository.writing() as work:
            delivery = await work.outbox.claim(channel, clock.now(), LEASE_S)
        if delivery is None:
            return
        report(await _attempt(delivery, notifier, repository, clock))


async def _attempt(delivery: Delivery, notifier: Notifier, repository: Repository, clock: Clock) -> Attempt:
    try:
        receipt = await notifier.send(delivery)
    except DeliveryError as error:
        return await _failed(delivery, error, repository, clock)
    except (ArithmeticError, LookupError, OSError, TypeError, ValueError) as error:
        told = f"the channel cannot send this alert: {type(error).__name__}: {error}"
        return await _failed(delivery, DeliveryError(clean(told, 300)), repository, clock)
    refused = receipt.detail.get("refused") or None
    async with repository.writing() as work:
        await work.outbox.settle(
            delivery,
            DeliveryState.SENT,
            clock.now(),
            reference=receipt.reference,
            error=f"refused for {refused}" if refused else None,
        )
        if receipt.thread:
            await work.outbox.keep_thread(delivery, receipt.thread, clock.now())
    return Attempt(delivery, DeliveryState.SENT)


async def _failed(delivery: Delivery, error: DeliveryError, repository: Repository, clock: Clock) -> Attempt:
    now = clock.now()
    too_old = now - delivery.created_at > _GIVE_UP
    state = DeliveryState.UNCERTAIN if error.uncertain else DeliveryState.RETRY
    if error.permanent or too_old:
        state = DeliveryState.DEAD
    delay = retry_delay_s(delivery.attempts, error.retry_after_s, random.random())  # noqa: S311
    async with repository.writing() as work:
        await work.outbox.settle(
            delivery, state, now, due_at=now + timedelta(seconds=delay), error=error.message
        )
    return Attempt(delivery, state, error.message)
