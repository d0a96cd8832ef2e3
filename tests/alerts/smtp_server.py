"""A real SMTP server on loopback that answers, refuses or breaks off at any verb, and what it took."""

# ruff: noqa: N802 - aiosmtpd names its hooks after the verbs

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass(slots=True)
class Post:
    """What a mail server says and does at each verb, and the mails it took."""

    replies: dict[str, str] = field(default_factory=dict)
    cut: str = ""
    mails: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    was_encrypted: list[bool] = field(default_factory=list)

    def reply(self, server: SMTP, verb: str, otherwise: str) -> str:
        """The answer to a verb; the connection breaks first if it is the one to break at."""
        if self.cut == verb and server.transport is not None:
            server.transport.abort()
        return self.replies.get(verb, otherwise)

    async def handle_EHLO(
        self, server: SMTP, session: Session, _envelope: Envelope, name: str, answer: list[str]
    ) -> list[str]:
        """The greeting."""
        session.host_name = name
        told = self.reply(server, "EHLO", "")
        return [told] if told else answer

    async def handle_HELO(self, server: SMTP, session: Session, _envelope: Envelope, name: str) -> str:
        """The old greeting, refused like the new one."""
        session.host_name = name
        return self.reply(server, "EHLO", "250 hello")

    async def handle_MAIL(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """The sender."""
        envelope.mail_from = address
        return self.reply(server, "MAIL", "250 ok")

    async def handle_RCPT(
        self, server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """One recipient."""
        told = self.reply(server, "RCPT", "") or self.reply(server, address, "250 ok")
        if told.startswith("250"):
            envelope.rcpt_tos.append(address)
        return told

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """The end of the message."""
        told = self.reply(server, "END", "250 queued as 1")
        if told.startswith("250"):
            sender, raw = envelope.mail_from or "", envelope.original_content or b""
            self.mails.append((sender, list(envelope.rcpt_tos), raw))
            self.was_encrypted.append(session.ssl is not None)
        return told

    async def handle_QUIT(self, server: SMTP, _session: Session, _envelope: Envelope) -> str:
        """The end of the session."""
        return self.reply(server, "QUIT", "221 bye")


class SmtpSession(SMTP):
    """A session that may also refuse or break off before the greeting, and at the command DATA."""

    async def push(self, status: str | bytes) -> None:
        """Say something; the first word of a session can be another one."""
        post = cast("Post", self.event_handler)
        if isinstance(status, str) and status.startswith("220 ") and "TLS" not in status:
            status = post.reply(self, "CONNECT", status)
        await super().push(status)

    async def _unless_told(self, verb: str, otherwise: Callable[[str], Awaitable[Any]], arg: str) -> None:
        told = cast("Post", self.event_handler).reply(self, verb, "")
        if told:
            await self.push(told)
        elif cast("Post", self.event_handler).cut != verb:
            await otherwise(arg)

    async def smtp_DATA(self, arg: str) -> None:
        """The command before the message."""
        await self._unless_told("DATA", super().smtp_DATA, arg)

    async def smtp_STARTTLS(self, arg: str) -> None:
        """The command before TLS."""
        await self._unless_told("STARTTLS", super().smtp_STARTTLS, arg)

    async def smtp_AUTH(self, arg: str) -> None:
        """The command that names the user."""
        await self._unless_told("AUTH", super().smtp_AUTH, arg)


class Server(Controller):
    """A mail server on a free port."""

    def factory(self) -> SMTP:
        """One session."""
        return SmtpSession(self.handler, **self.SMTP_kwargs)

    def _trigger_server(self) -> None:
        self.port = cast("asyncio.Server", self.server).sockets[0].getsockname()[1]
        post, kept = cast("Post", self.handler), (self.handler.replies, self.handler.cut)
        post.replies, post.cut = {}, ""
        super()._trigger_server()
        post.replies, post.cut = kept


@contextmanager
def serving(post: Post, **options: Any) -> Iterator[int]:
    """A running mail server; answers its port."""
    server = Server(post, hostname="127.0.0.1", port=0, **options)
    server.start()
    try:
        yield server.port
    finally:
        server.stop()


def piped_to(port: int) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], Any]:
    """Takes the TLS off a connection and passes the rest on."""

    async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)

        async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                sink.write(data)
                await sink.drain()
            sink.close()

        await asyncio.gather(pump(reader, inner_writer), pump(inner_reader, writer), return_exceptions=True)

    return pipe
