"""The values of a notice's elements, in words. Pure. What is untrusted has been cleaned, or is quoted here."""

from __future__ import annotations

import re
from collections.abc import Sequence

from leakwatch.model.asset import Asset
from leakwatch.model.finding import FileProof, Proof, Verdict
from leakwatch.model.origin import OriginHow
from leakwatch.notices.facts import Facts, Wishes
from leakwatch.notices.recipient import Recipient
from leakwatch.notices.spots import Item
from leakwatch.notices.tables import Addressee
from leakwatch.notices.wording import one_line, quoted

_MAX_FILES, _MAX_EVIDENCE, _MAX_SWARMS, _MAX_NUMBERS = 20, 20, 10, 20
MANY_FORKS = 100
_PSEUDONYM = re.compile(r"(?:^|:)author-[0-9a-f]{4,}")
_METHODS = {
    "v1": "the SHA-1 piece hashes of the torrent's metadata (BEP 3)",
    "v2": "the SHA-256 Merkle roots of the torrent's metadata (BEP 52)",
}
_DECIDED = (Verdict.PROVED, Verdict.LIKELY)


def is_veiled(asset: Asset, wishes: Wishes) -> bool:
    """Whether the code name stands for the work, and whatever could tell its title is left out."""
    return asset.embargoed and not wishes.name_the_work


def work(facts: Facts, wishes: Wishes) -> str:
    """The copyrighted work, under the code name where it is under embargo."""
    asset, holder = facts.asset, facts.asset.owner or facts.owner.organisation or facts.owner.name
    by = f" The rights are held by {one_line(holder)}." if holder else ""
    if is_veiled(asset, wishes):
        told = f"An unpublished, proprietary work, which we refer to as {one_line(asset.shown_name)}."
    else:
        year = f", {asset.year}" if asset.year else ""
        kind = f" ({one_line(asset.kind)}{year})" if asset.kind else f" ({asset.year})" if asset.year else ""
        told = f'"{quoted(asset.title)}"{kind}.'
    own = f" {one_line(wishes.work, 2000)}" if wishes.work else ""
    return f"{told}{by}{own}"


def material(facts: Facts, recipient: Recipient, addressee: Addressee, wishes: Wishes) -> str:
    """Each address on a line of its own, with what lies there."""
    veiled = is_veiled(facts.asset, wishes)
    lines = [_ROLES[recipient.role]]
    first = {one.repository: number for number, one in reversed([*enumerate(recipient.items, 1)])}
    lines += [
        f"  {number}. {_line(one, first.get(one.like), veiled)}"
        for number, one in enumerate(recipient.items, 1)
    ]
    forks = [one for one in recipient.items if one.is_copy]
    if addressee.forks_must_be_listed:
        lines.append(_forks(recipient, forks, addressee))
    if (
        recipient.role in ("index", "tracker")
        and facts.swarms
        and not veiled
        and "magnet" not in addressee.must_not
    ):
        lines += ["The torrents concerned have these infohashes:"]
        lines += [f"  - {one}" for one in facts.swarms[:_MAX_SWARMS]]
    return "\n".join(lines)


_ROLES = {
    "host": "These addresses, all of which are on your service:",
    "pages": "These pages of your service. They do not hold the work; they tell people where to get it:",
    "index": "These pages of your index. They do not hold the work; they describe torrents of it and let people get them:",
    "tracker": "Torrents that your tracker coordinates, as these pages name them:",
}
_WHATS = {
    "copy": "a place that holds files of the work",
    "offered": "offered as the work",
    "repository": "a repository that offers the work",
    "pointer": "a page that tells where the work can be had",
    "torrent_file": "a torrent file of the work",
}


_COPIED = {
    OriginHow.FORK: "a fork of {of}, as the service itself states",
    OriginHow.DUPLICATE: "a duplicate of {of}, as its own card states",
    OriginHow.BASE_MODEL: "made from {of}, as its own card states",
    None: "it has the name of {of} under another account, and by that name we take it for a fork or copy of it",
}
"""How a repository is said to be a copy; last, where nobody says so."""


def _line(item: Item, origin: int | None, veiled: bool) -> str:
    told = [item.url, f"     {_WHATS[item.what]}; first seen {item.seen} UTC".replace("+00:00 UTC", " UTC")]
    if item.is_copy:
        of = f"number {origin}" if origin else "another one" if veiled or not item.like else item.like
        told.append(f"     {_COPIED[item.origin.how if item.origin else None].format(of=of)}")
    if item.files and not veiled:
        more = f" and {len(item.files) - _MAX_FILES} more" if len(item.files) > _MAX_FILES else ""
        told.append(f"     files: {', '.join(item.files[:_MAX_FILES])}{more}")
    elif item.what in ("copy", "repository"):
        told.append("     all of the content at this address")
    if item.title and not veiled:
        told.append(f'     shown there as "{quoted(item.title)}"')
    return "\n".join(told)


def _forks(recipient: Recipient, forks: Sequence[Item], addressee: Addressee) -> str:
    repositories = {one.repository for one in recipient.items if one.repository}
    if len(repositories) > MANY_FORKS:
        return addressee.statements["many_forks"]
    if not forks:
        return "We know of no forks or duplicates of these repositories on your service."
    stated = sum(one.origin is not None for one in forks)
    how = [f"{stated} as is stated there"] if stated else []
    how += [f"{len(forks) - stated} by their names alone"] if len(forks) > stated else []
    return (
        f"{len(forks)} of these addresses are in forks, duplicates or derivatives of others: {', '.join(how)}. Each is "
        "listed on its own; we have looked at each, and our statements below apply to each."
    )


def remedy(recipient: Recipient, wishes: Wishes) -> str:
    """What is to be done."""
    if wishes.remedy:
        return one_line(wishes.remedy, 2000)
    if recipient.role == "index":
        return "Remove these pages with the torrent files and magnet links on them, and do not list the same torrents again."
    if recipient.role == "tracker":
        return "Stop to coordinate these torrents, and refuse their infohashes."
    links = "the links and instructions by which the work can be had; what else is there may stay"
    pointers = [one.what in ("pointer", "torrent_file") for one in recipient.items]
    if all(pointers):
        return f"Remove {links}."
    told = "Remove the content at the listed addresses entirely; the users can remedy it in no other way."
    if not any(pointers):
        return told
    return f"{told} Of pages that only tell where the work can be had, remove just {links}."


def issue(recipient: Recipient) -> str:
    """What kind of issue it is."""
    if any(one.what not in ("pointer", "torrent_file") for one in recipient.items):
        return "An unauthorized direct copy of the work."
    return "Links and instructions by which an unauthorized copy of the work can be had."


def _account(item: Item) -> str:
    """Whose it is, as the page says; where that is kept as a pseudonym only, as the address itself does."""
    return item.author if item.author and not _PSEUDONYM.search(item.author) else item.handle


def unnamed(recipient: Recipient) -> list[int]:
    """The numbers of addresses of whose account only a pseudonym is kept."""
    return [number for number, one in enumerate(recipient.items, 1) if one.author and not _account(one)]


def infringer(recipient: Recipient, addressee: Addressee, secrets: Sequence[str]) -> str | None:
    """The accounts as pages or addresses give them, but for those that hold a name which must not be said.

    None where nothing is known.
    """
    authors = dict.fromkeys(one for one in map(_account, recipient.items) if one)
    accounts = [one for one in authors if not any(name in one.casefold() for name in secrets)]
    told = [f"{addressee.infringer}: {', '.join(accounts)}."] if accounts else []
    if numbers := unnamed(recipient):
        told.append(
            f"Of {numbered(numbers)} we keep the account under a pseudonym only; the page at the address shows it."
        )
    return " ".join([*told, "We know no other contact."]) if told else None


def numbered(numbers: Sequence[int]) -> str:
    """Numbers of the list of addresses, in words; of very many the first."""
    shown = ", ".join(str(one) for one in numbers[:_MAX_NUMBERS])
    more = f" and {len(numbers) - _MAX_NUMBERS} more" if len(numbers) > _MAX_NUMBERS else ""
    return f"number{'s' if len(numbers) > 1 else ''} {shown}{more}"


def reasons(facts: Facts, recipient: Recipient, wishes: Wishes) -> str | None:
    """The proof that concerns these addresses, and how to check it; None where nothing was proved of any of them."""
    veiled, count = is_veiled(facts.asset, wishes), len(recipient.items)
    decided = [one for one in facts.proofs if one.verdict in _DECIDED]
    naming, lines = sum(one.names_torrent for one in recipient.items), list[str]()
    if decided and naming:
        lines = [line for one in decided[:3] for line in _proof(one, veiled)]
        lines.append(
            f"- Of the listed addresses {naming} of {count} name such a torrent, or come from pages that do."
        )
    if agreeing := sum(one.agrees for one in recipient.items):
        lines.append(
            f"- For {agreeing} of {count} listed addresses the service itself shows the digest of a file, and it equals "
            "that of the work's file."
        )
    return "\n".join(lines) or None


def _proof(proof: Proof, veiled: bool) -> list[str]:
    chance = f"; the chance of an error is below {proof.error:.2g}" if proof.error else ""
    how = _METHODS.get(proof.method, f"the method `{one_line(proof.method)}`")
    told = "is proved to carry" if proof.verdict is Verdict.PROVED else "likely carries"
    lines = [f"- A torrent that circulates {told} the work, by {how}{chance}."]
    lines += [f"  {_file(one, number, veiled)}" for number, one in enumerate(proof.files[:_MAX_FILES], 1)]
    if len(proof.files) > _MAX_FILES:
        lines.append(f"  and {len(proof.files) - _MAX_FILES} more files")
    lines.append(
        "  To check: hash the same ranges of the original with the same function, and compare with the metadata. "
        "No content was downloaded for this."
    )
    return lines


def _file(file: FileProof, number: int, veiled: bool) -> str:
    name = f"file {number}" if veiled else f'"{quoted(file.asset_path)}"'
    told = f"{name}: {file.pieces_ok} of {file.pieces_tested} pieces that were compared agree"
    total = f" ({file.pieces_total} in all)" if file.pieces_total > file.pieces_tested else ""
    return told + total


def evidence(recipient: Recipient) -> str:
    """The digests of the pages that were kept, by which they can be told from changed ones."""
    kept: dict[str, list[str]] = {}
    for number, one in enumerate(recipient.items, 1):
        if one.evidence:
            kept.setdefault(one.evidence, []).append(str(number))
    if not kept:
        return ""
    lines = [
        "We keep what showed these addresses to us as we got it. The SHA-256 digests, by the numbers above:"
    ]
    lines += [
        f"  {digest}  ({', '.join(numbers[:_MAX_EVIDENCE])})"
        for digest, numbers in list(kept.items())[:_MAX_EVIDENCE]
    ]
    more = len(kept) - _MAX_EVIDENCE
    return "\n".join([*lines, *([f"  and {more} more"] if more > 0 else [])])
