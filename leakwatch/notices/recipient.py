"""Which addresses a notice is about, and whom it goes to: each host gets those that it can take down. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from leakwatch.errors import InputError
from leakwatch.notices.spots import MAX_ITEMS, Item, by_host
from leakwatch.notices.tables import Addressee, Contact, addressee_named, contact_of, is_of
from leakwatch.notices.wording import host_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """Whom it goes to. `role` is what the host has of the work; `left_out` counts addresses beyond the most of one notice."""

    title: str
    host: str
    items: tuple[Item, ...]
    role: str
    submit: str
    mail: str = ""
    form: str = ""
    contact: Contact | None = None
    left_out: int = 0


def choose(addressee: Addressee, items: Sequence[Item], host: str) -> Recipient:
    """The recipient of a finding's notice. Raises: InputError that names the hosts there are."""
    hosts, host = by_host(items), host_of(host) if "://" in host else host.removeprefix("www.")
    if not hosts:
        raise InputError("no web address is known of this finding; a notice needs exact ones")
    if addressee.hosts:
        mine = [one for one in items if any(is_of(one.host, known) for known in addressee.hosts)]
        if not mine or (host and not any(is_of(host, known) for known in addressee.hosts)):
            raise InputError(f"nothing of this finding is on {addressee.title}; {_there_are(hosts)}")
        if host:
            mine = [one for one in mine if is_of(one.host, host)]
        return _recipient(addressee, host or addressee.hosts[0], mine, None)
    if not host:
        left = [one for one in hosts if suggested(one) == "host"]
        if len(left) != 1:
            raise InputError(f"say which host with --host; {_there_are(hosts)}")
        host = left[0]
    mine = [one for one in items if is_of(one.host, host)]
    if not mine:
        raise InputError(f"nothing of this finding is on {host}; {_there_are(hosts)}")
    return _recipient(addressee, host, mine, contact_of(host))


def _recipient(addressee: Addressee, host: str, items: list[Item], contact: Contact | None) -> Recipient:
    return Recipient(
        title=contact.title if contact else addressee.title if addressee.hosts else host,
        host=host,
        items=tuple(items[:MAX_ITEMS]),
        role=role_of(items, contact),
        submit=addressee.submit if addressee.hosts else "form" if contact and contact.form else "mail",
        mail=addressee.mail or (contact.mail if contact else ""),
        form=addressee.form or (contact.form if contact else ""),
        contact=contact,
        left_out=max(0, len(items) - MAX_ITEMS),
    )


def role_of(items: Sequence[Item], contact: Contact | None) -> str:
    """What a host has of the work: as the table says, else as what is known there.

    `index` where all are listings of torrents, `pages` where all are pages that tell where it is, `host` otherwise.
    """
    if contact and contact.role != "host":
        return contact.role
    if all(one.is_index or one.what == "torrent_file" for one in items):
        return "index"
    return "pages" if all(one.what in ("pointer", "torrent_file") for one in items) else "host"


def suggested(host: str) -> str:
    """The addressee that has a form of its own for a host; `host` where none has."""
    for name in ("github", "huggingface"):
        if any(is_of(host, known) for known in addressee_named(name).hosts):
            return name
    return "host"


def _there_are(hosts: dict[str, list[Item]]) -> str:
    told = [f"{host or '?'} ({len(items)}, --to {suggested(host)})" for host, items in hosts.items()]
    more = f" and {len(told) - 10} more" if len(told) > 10 else ""
    return f"it is on {', '.join(told[:10])}{more}"
