"""A notice as it is to be sent by hand: its text with the names of those who signed, or a message file for a mail program."""

from __future__ import annotations

from email.message import EmailMessage
from email.policy import SMTP

from leakwatch.errors import InputError
from leakwatch.model.notice import Notice
from leakwatch.notices.drafting import SIGNATURE
from leakwatch.notices.wording import one_line


def letter(notice: Notice) -> str:
    """The text, signed as far as it is."""
    dates = {one.by: one.at for one in notice.signoffs if one.digest == notice.digest}
    signed = "\n   ".join(f"/s/ {one_line(name, 100)}, {at:%Y-%m-%d}" for name, at in dates.items())
    return notice.body.replace(SIGNATURE, signed or "[not signed: `leakwatch notice sign` does it]")


def message(notice: Notice) -> bytes:
    """An unsent message: a mail program opens it, and a person sends it. Raises: InputError without a mail address."""
    to = str(notice.detail.get("recipient", {}).get("mail", ""))
    if not to:
        raise InputError(
            f"{notice.id} has no mail address: {notice.host} takes a form, or its contact is not known"
        )
    mail = EmailMessage(policy=SMTP)
    mail["X-Unsent"] = "1"
    mail["To"] = to
    mail["Subject"] = one_line(notice.subject, 200)
    mail.set_content(letter(notice), cte="quoted-printable")
    return mail.as_bytes()
