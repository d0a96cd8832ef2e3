"""E-mail over SMTP: `message` is pure, `send` is not.

The Message-ID is the delivery's own and the same for every attempt; all mails of one finding hang together by
References (RFC 5322 §3.6.4), and List-Id (RFC 2919) lets people sort them.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from typing import Any, Literal

import aiosmtplib
from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from leakwatch.alerts._facts import facts, heading, place_lines, reason_lines, told, where_to_look
from leakwatch.display import clean
from leakwatch.errors import DeliveryError
from leakwatch.model.alert import Alert, Delivery, Receipt
from leakwatch.ports import Clock

Tls = Literal["none", "starttls", "tls"]
_SUBJECT = 200
_TRANSIENT = range(400, 500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Smtp:
    """A mail server and the addresses to use."""

    host: str
    port: int
    sender: str
    recipients: tuple[str, ...]
    tls: Tls = "starttls"
    username: str | None = None
    password: str | None = None
    timeout_s: float = 30.0


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("leakwatch.alerts"),
        autoescape=select_autoescape(("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def message(delivery: Delivery, smtp: Smtp, clock: Clock) -> EmailMessage:
    """The mail for one alert: text and HTML. Whatever a source wrote is cleaned before it gets near a header."""
    alert = delivery.alert
    domain = parseaddr(smtp.sender)[1].rpartition("@")[2] or "localhost"
    mail = EmailMessage()
    mail["From"] = smtp.sender
    mail["To"] = ", ".join(smtp.recipients)
    # EmailMessage decodes encoded words (RFC 2047) in what it is given, line ends and all.
    mail["Subject"] = heading(alert).replace("=?", "= ?")[:_SUBJECT]
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = f"<{delivery.key[:40]}@{domain}>"
    thread = f"<{_list_name(alert.subject)}.leakwatch@{domain}>"
    mail["In-Reply-To"] = thread
    mail["References"] = thread
    mail["List-Id"] = (
        f"leakwatch <{_list_name(alert.asset_id if isinstance(alert, Alert) else 'sites')}.leakwatch.{domain}>"
    )
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Leakwatch-Finding"] = clean(alert.subject, 60).replace("=?", "= ?")
    mail["X-Leakwatch-Event"] = alert.event.value
    mail["X-Leakwatch-Severity"] = alert.severity.value
    values = {
        "heading": heading(alert),
        "alert": alert,
        "facts": facts(alert),
        "places": place_lines(alert),
        "reasons": reason_lines(alert),
        "look": where_to_look(alert),
        "subject": told(alert.subject, 80),
        "repeat": delivery.repeat,
        "key": delivery.key[:16],
    }
    mail.set_content(_templates().get_template("alert.txt.j2").render(values))
    mail.add_alternative(_templates().get_template("alert.html.j2").render(values), subtype="html")
    return mail


def _list_name(asset: str) -> str:
    return (
        "".join(char if char.isascii() and (char.isalnum() or char == "-") else "-" for char in asset)[:60]
        or "asset"
    )


class _Client(aiosmtplib.SMTP):
    """Knows whether the message itself may have gone out."""

    handed_over = False

    async def data(self, *args: Any, **options: Any) -> aiosmtplib.SMTPResponse:
        """Send DATA and the message."""
        self.handed_over = True
        return await super().data(*args, **options)


class EmailNotifier:
    """Sends through one mail server, on a fresh connection each time."""

    def __init__(self, smtp: Smtp, clock: Clock) -> None:
        self._smtp, self._clock = smtp, clock

    async def send(self, delivery: Delivery) -> Receipt:
        """Send one alert. A connection that broke after the message was handed over is `uncertain`."""
        mail = message(delivery, self._smtp, self._clock)
        smtp = self._smtp
        client = _Client(
            hostname=smtp.host,
            port=smtp.port,
            use_tls=smtp.tls == "tls",
            start_tls=smtp.tls == "starttls",
            username=smtp.username,
            password=smtp.password,
            timeout=smtp.timeout_s,
            tls_context=ssl.create_default_context() if smtp.tls != "none" else None,
        )
        try:
            async with client:
                refused, answer = await client.send_message(mail)
        except aiosmtplib.SMTPRecipientsRefused as error:
            codes = [one.code for one in error.recipients]
            lasting = all(code not in _TRANSIENT for code in codes)
            raise DeliveryError(
                f"{smtp.host} refuses every recipient ({codes[0] if codes else '?'})", permanent=lasting
            ) from error
        except aiosmtplib.SMTPAuthenticationError as error:
            raise DeliveryError(f"{smtp.host} refuses the user name or password ({error.code})") from error
        except aiosmtplib.SMTPResponseException as error:
            told = clean(str(error.message), 200)
            raise DeliveryError(
                f"{smtp.host} answers {error.code}: {told}", permanent=error.code not in _TRANSIENT
            ) from error
        except (aiosmtplib.SMTPConnectError, aiosmtplib.SMTPConnectTimeoutError) as error:
            raise DeliveryError(
                f"{smtp.host}:{smtp.port} cannot be reached: {clean(str(error), 200)}"
            ) from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            raise DeliveryError(
                f"{smtp.host}: {clean(str(error), 200)}", uncertain=client.handed_over
            ) from error
        return Receipt(
            reference=str(mail["Message-ID"]),
            detail={"answer": clean(answer, 100), "refused": ", ".join(refused)},
        )
