"""E-mail over SMTP: `message` is pure, `send` is not.

The Message-ID is the delivery's own and the same for every attempt; all mails of one finding to one recipient hang
together by References (RFC 5322 §3.6.4), and List-Id (RFC 2919) lets people sort them.

How an attempt ends: 4xx at any verb is tried again, 5xx is dead, a connection that breaks from DATA on is uncertain,
and nothing that happens after the server has taken the mail matters.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import Any, Literal, NoReturn

import aiosmtplib

from leakwatch.alerts._facts import heading
from leakwatch.alerts._mail_parts import html_part, text_part
from leakwatch.display import clean
from leakwatch.errors import DeliveryError
from leakwatch.model.alert import Alert, AnyAlert, Delivery, DigestAlert, Receipt, Thread
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


def message(delivery: Delivery, smtp: Smtp, clock: Clock) -> EmailMessage:
    """The mail for one alert: text and HTML. Whatever a source wrote is cleaned before it gets near a header."""
    alert = delivery.alert
    domain = parseaddr(smtp.sender)[1].rpartition("@")[2] or "localhost"
    mail = EmailMessage()
    mail["From"] = smtp.sender
    mail["To"] = delivery.recipient or ", ".join(smtp.recipients)
    mail["Subject"] = _literal(heading(alert), _SUBJECT)
    mail["Date"] = format_datetime(clock.now())
    mail["Message-ID"] = f"<{delivery.key[:40]}@{domain}>"
    root = f"<{_list_name(alert.subject)}.leakwatch@{domain}>"
    first = _first_id(delivery.thread)
    mail["In-Reply-To"] = first or root
    mail["References"] = f"{root} {first}".strip()
    mail["List-Id"] = f"leakwatch <{_list_name(_list_of(alert))}.leakwatch.{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Leakwatch-Finding"] = _literal(alert.subject, 60)
    mail["X-Leakwatch-Event"] = alert.event.value
    mail["X-Leakwatch-Severity"] = alert.severity.value
    mail.set_content(text_part(delivery))
    mail.add_alternative(html_part(delivery), subtype="html")
    return mail


def _literal(text: str, limit: int) -> str:
    """Cleaned text for a header. EmailMessage decodes encoded words (RFC 2047) in what it is given, line ends and all."""
    return clean(text, limit).replace("=?", "= ?")[:limit]


def _first_id(thread: Thread | None) -> str:
    """The first mail of the matter that this recipient was sent; "" where this is the first."""
    told = thread.reference if thread else ""
    is_plain = told.isascii() and told.isprintable() and " " not in told
    return told if is_plain and told.startswith("<") and told.endswith(">") and len(told) < 250 else ""


def _list_of(alert: AnyAlert) -> str:
    if isinstance(alert, Alert):
        return alert.asset_id
    return "digest" if isinstance(alert, DigestAlert) else "sites"


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

    @property
    def recipients(self) -> tuple[str, ...]:
        """Those who are written to, each by a mail of his own with its own outcome."""
        return self._smtp.recipients

    async def send(self, delivery: Delivery) -> Receipt:
        """Send one alert, to its recipient or, where it names none, to all in one mail.

        Raises: DeliveryError, `uncertain` where the connection broke after the message was handed over.
        """
        smtp = self._smtp
        if delivery.recipient and delivery.recipient not in smtp.recipients:
            raise DeliveryError("he is not among the channel's recipients any more", permanent=True)
        mail = message(delivery, smtp, self._clock)
        client = _client(smtp)
        try:
            async with client:
                refused, answer = await client.send_message(mail)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            of_one = bool(delivery.recipient) and len(smtp.recipients) > 1
            _raise_for(error, smtp, is_handed_over=client.handed_over, of_one=of_one)
        reference = str(mail["Message-ID"])
        return Receipt(
            reference=reference,
            detail={"answer": clean(answer, 100), "refused": ", ".join(refused)},
            thread=delivery.thread or (None if delivery.alert.test else Thread(reference=reference)),
        )


def _client(smtp: Smtp) -> _Client:
    """A client that speaks TLS as it is told, or not at all."""
    return _Client(
        hostname=smtp.host,
        port=smtp.port,
        use_tls=smtp.tls == "tls",
        start_tls=smtp.tls == "starttls",
        username=smtp.username,
        password=smtp.password,
        timeout=smtp.timeout_s,
        tls_context=ssl.create_default_context() if smtp.tls != "none" else None,
    )


def _raise_for(error: Exception, smtp: Smtp, *, is_handed_over: bool, of_one: bool) -> NoReturn:
    """Say what went wrong, whether trying again helps, and whether the mail may have arrived."""
    host, said = smtp.host, clean(str(error), 200)
    match error:
        case aiosmtplib.SMTPRecipientsRefused():
            codes = [one.code for one in error.recipients]
            who = "the recipient" if len(codes) == 1 else "every recipient"
            told = clean(error.recipients[0].message, 200) if codes else "?"
            lasting = all(code not in _TRANSIENT for code in codes)
            failure = DeliveryError(
                f"{host} refuses {who} ({codes[0]}: {told})", permanent=lasting, of_one=of_one
            )
        case aiosmtplib.SMTPAuthenticationError():
            closes = error.code not in _TRANSIENT
            failure = DeliveryError(f"{host} refuses the user name or password ({error.code})", closes=closes)
        case aiosmtplib.SMTPResponseException():
            told = clean(str(error.message), 200)
            failure = DeliveryError(
                f"{host} answers {error.code}: {told}", permanent=error.code not in _TRANSIENT
            )
        case aiosmtplib.SMTPConnectError() | aiosmtplib.SMTPConnectTimeoutError():
            failure = DeliveryError(f"{host}:{smtp.port} cannot be reached: {said}")
        case _:
            failure = DeliveryError(f"{host}: {said}", uncertain=is_handed_over)
    raise failure from error
