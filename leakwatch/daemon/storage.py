"""A database that takes nothing more, such as one on a full disk: said at once on a channel, past the outbox that is in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import structlog

from leakwatch.errors import LeakwatchError, StoreError
from leakwatch.model.alert import BlindSite, Delivery, SiteAlert, SiteEvent, delivery_key
from leakwatch.model.finding import Severity
from leakwatch.ports import Clock, Notifier
from leakwatch.store.repository import SqlRepository

log = structlog.get_logger()

_NAME = "database"
_REMEDY = (
    "Make room where the database is. Nothing is read or sent meanwhile; then all goes on where it stood."
)


@dataclass(slots=True)
class Storage:
    """`suspect` once a job was refused by the database; `since` when it was found to take nothing."""

    repository: SqlRepository
    notifiers: Mapping[str, Notifier]
    clock: Clock
    suspect: bool = False
    since: datetime | None = None
    _because: str = ""
    _is_told: bool = False

    def suspects(self) -> None:
        """A job was refused by the database."""
        self.suspect = True

    async def look(self) -> None:
        """See whether a database that refused something takes anything at all; tell once when it does not, and when it does."""
        if not self.suspect and self.since is None:
            return
        self.suspect = False
        try:
            await self.repository.try_writing()
        except StoreError as error:
            if self.since is None:
                log.error("database_takes_nothing", error=error.message)
                self.since, self._because = self.clock.now(), error.message
            if not self._is_told:
                self._is_told = await self._tell(self._alert(SiteEvent.BLIND, self.since))
            return
        if self.since is not None:
            log.info("database_takes_again", since=self.since.isoformat())
            if self._is_told:
                await self._tell(self._alert(SiteEvent.RECOVERED, self.since))
            self.since, self._is_told = None, False

    async def _tell(self, alert: SiteAlert) -> bool:
        """Send it on the first channel that takes it."""
        for name, notifier in self.notifiers.items():
            told = [
                await _sent(notifier, _delivery(name, alert, recipient, self.clock.now()))
                for recipient in tuple(getattr(notifier, "recipients", ())) or ("",)
            ]
            if any(told):
                return True
        log.error("database_trouble_untold", headline=alert.headline)
        return False

    def _alert(self, event: SiteEvent, since: datetime) -> SiteAlert:
        now, began = self.clock.now(), since.isoformat(timespec="seconds")
        is_blind = event is SiteEvent.BLIND
        return SiteAlert(
            event=event,
            headline="I am blind: the database takes nothing more"
            if is_blind
            else "The database takes writes again",
            severity=Severity.HIGH if is_blind else Severity.LOW,
            at=now.isoformat(timespec="milliseconds"),
            sites=(
                BlindSite(
                    name=_NAME,
                    since=began,
                    because=self._because if is_blind else "there is room again",
                    remedy=_REMEDY if is_blind else "",
                ),
            ),
            advice=_REMEDY if is_blind else "Nothing to do.",
            content=f"database:{event.value}:{began}",
        )


def _delivery(channel: str, alert: SiteAlert, recipient: str, now: datetime) -> Delivery:
    key = delivery_key(channel, alert.subject, alert.content, recipient)
    return Delivery(
        id=0, key=key, channel=channel, alert=alert, attempts=1, created_at=now, recipient=recipient
    )


async def _sent(notifier: Notifier, delivery: Delivery) -> bool:
    try:
        await notifier.send(delivery)
    except LeakwatchError as error:
        log.warning("database_trouble_refused", channel=delivery.channel, error=error.message)
        return False
    except (
        ArithmeticError,
        LookupError,
        OSError,
        TypeError,
        ValueError,
    ) as error:  # a fault of this one channel
        log.exception("database_trouble_refused", channel=delivery.channel, error=repr(error))
        return False
    return True
