"""Everything else, by an address of Apprise: `text` is pure, `send` is not.

Apprise opens its connections itself, past the door: the operator names the service, and it is the one exception among
the channels. It says of a failure only what it wrote into its log: an HTTP status there means that the service refused;
without one the alert may have arrived. Many services make mentions, markup or HTML of what they are sent, each in its own
way, so that the characters for that are replaced by others that look alike.

Source: the documentation of the library apprise 2.3; installed by the extra `apprise`.
"""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

from leakwatch.alerts._facts import heading, text_lines
from leakwatch.display import clean
from leakwatch.errors import ConfigError, DeliveryError
from leakwatch.model.alert import Delivery, Receipt
from leakwatch.model.finding import Severity

if TYPE_CHECKING:
    from types import ModuleType

_MISSING = "the extra is not installed: pip install 'leakwatch[apprise]'"
_STATUS = re.compile(r"error\s*=\s*(\d{3})\b")
_CLOSING, _REFUSING = frozenset({401, 403, 404, 410}), frozenset({400, 405, 413, 422})
_MEANING = str.maketrans("@<>&[]`*{}", "＠‹›＆()'∗()")
_MOST = 4000
_TYPES = {
    Severity.CRITICAL: "failure",
    Severity.HIGH: "warning",
    Severity.MEDIUM: "warning",
    Severity.LOW: "info",
}


def text(delivery: Delivery) -> tuple[str, str]:
    """Title and body of one alert, as text that means nothing to any service."""
    body = "\n".join(text_lines(delivery)).translate(_MEANING)
    if len(body) > _MOST:
        body = f"{body[: _MOST - 1]}…"
    return heading(delivery.alert).translate(_MEANING), body


def _library() -> ModuleType:
    try:
        import apprise  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise ConfigError(_MISSING, field="url") from error
    return apprise


def service(url: str) -> Any:
    """The one service that an address means. Raises: ConfigError without the extra, or where Apprise knows none."""
    apprise = _library()
    asset = apprise.AppriseAsset(async_mode=False, http_redirects=False, interpret_escapes=False)
    made = apprise.Apprise(asset=asset)
    if not made.add(url) or len(made) != 1:
        raise ConfigError("Apprise knows no service of this address", field="url")
    return made


class AppriseNotifier:
    """Tells one service, in a thread. There is no idempotency key: a repeat says so itself."""

    def __init__(self, url: str, timeout_s: float) -> None:
        self._url, self._timeout_s = url, timeout_s
        service(url)

    async def send(self, delivery: Delivery) -> Receipt:
        """Send one alert."""
        try:
            async with asyncio.timeout(self._timeout_s):
                result = await asyncio.to_thread(self._notify, delivery)
        except TimeoutError as error:
            raise DeliveryError(f"apprise: no answer within {self._timeout_s:g} s", uncertain=True) from error
        if not result:
            raise _error(self._said(result))
        return Receipt()

    def _notify(self, delivery: Delivery) -> Any:
        title, body = text(delivery)
        kind = _TYPES[delivery.alert.severity]
        return service(self._url).notify(body=body, title=title, notify_type=kind, body_format="text")

    def _said(self, result: Any) -> str:
        """What Apprise wrote into its log, without the address, in which its secrets are."""
        told = "; ".join(str(one.message) for one in result.logs())
        for part in sorted(re.findall(r"[^/:@?&=]{6,}", self._url), key=len, reverse=True):
            told = told.replace(part, "***")
        return clean(told, 200)


def _error(said: str) -> DeliveryError:
    found = _STATUS.search(said)
    if found is None:
        return DeliveryError(f"apprise: {said or 'it failed and says nothing'}", uncertain=True)
    status = int(found[1])
    return DeliveryError(f"apprise: {said}", permanent=status in _REFUSING, closes=status in _CLOSING)
