"""What whoever signs should know first. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from leakwatch.model.allow import place_of
from leakwatch.model.asset import Asset
from leakwatch.model.finding import Finding, State, Verdict
from leakwatch.model.origin import OriginHow
from leakwatch.notices.checks import tells_name
from leakwatch.notices.elements import MANY_FORKS, is_veiled, numbered, unnamed
from leakwatch.notices.facts import Facts, Wishes
from leakwatch.notices.recipient import Recipient, suggested
from leakwatch.notices.spots import UNSEEN
from leakwatch.notices.tables import Addressee

_OLD_MONTHS = 12


def warnings(facts: Facts, addressee: Addressee, recipient: Recipient, wishes: Wishes) -> Iterator[str]:
    """Everything that speaks against sending this as it is, the gravest first."""
    yield from of_case(facts.finding, facts.asset, [one.url for one in recipient.items], facts.at)
    yield from _of_proof(facts, recipient)
    yield from _of_publicity(facts, addressee, wishes, recipient)
    yield from _of_recipient(facts, addressee, recipient)
    if addressee.law == "dmca":
        yield (
            "Whoever knowingly misrepresents that material is infringing is liable for damages (17 USC 512(f)); consider "
            "fair use first. The user may answer with a counter-notice, and then only a lawsuit keeps the content down."
        )
    elif addressee.law == "dsa":
        yield "Who often sends notices that are manifestly unfounded is not heard for a while (Article 23(2) DSA)."


def of_case(finding: Finding, asset: Asset, urls: Sequence[str], at: datetime) -> Iterator[str]:
    """What speaks against it by how the case stands now: that may change between the draft and its signature."""
    if finding.drill:
        yield "The finding is a DRILL: nothing has leaked. Do not send this."
    verdict = finding.verdict
    if verdict is Verdict.REFUTED:
        yield "The verdict is *refuted*: the metadata shows that this is not the work. Do not send this."
    elif verdict is not Verdict.PROVED:
        yield f"The verdict is *{verdict.value}*, below *proved*: look at the content yourself before you swear to anything."
    if finding.state is State.FALSE_POSITIVE:
        yield "The finding was judged a false positive."
    if finding.state is State.ALLOWED:
        yield "The finding is allowed: it is official."
    for url in official(asset, urls, at):
        yield f"The asset's allow list says that this is official: {url}"


def _of_proof(facts: Facts, recipient: Recipient) -> Iterator[str]:
    unseen = sum(one.what in UNSEEN for one in recipient.items)
    if unseen:
        yield (
            f"{unseen} of {len(recipient.items)} addresses are only offered as the work, or are repositories of which no "
            "files are known: nobody has looked inside. Look, and strike out what is not the work."
        )
    decided = any(one.verdict is Verdict.PROVED for one in facts.proofs)
    if decided and not any(one.names_torrent or one.agrees for one in recipient.items):
        yield "What is proved is a torrent, and no address of this notice names it: the draft says nothing of that proof."


def official(asset: Asset, urls: Sequence[str], at: datetime) -> list[str]:
    """Addresses that lie under an entry of the allow list which is in force."""
    live = [one.value for one in asset.allow if one.is_live(at.date())]
    return [url for url in urls if any(_is_under(url, value) for value in live)]


def _is_under(url: str, value: str) -> bool:
    place, known = place_of(url), place_of(value)
    if place is None:
        return False
    if known is None:
        return place[0] == value.lower() or place[0].endswith(f".{value.lower()}")
    own, prefix = place[2].casefold(), known[2].casefold().rstrip("/")
    return place[:2] == known[:2] and (own == prefix or own.startswith(f"{prefix}/"))


def _of_publicity(facts: Facts, addressee: Addressee, wishes: Wishes, recipient: Recipient) -> Iterator[str]:
    if addressee.public is True:
        yield f"This notice WILL BE PUBLIC, with its addresses: {addressee.published_at}."
    elif addressee.public:
        yield f"This notice may become public: {addressee.published_at}."
    if not facts.asset.embargoed:
        return
    yield "The asset is under embargo: two different persons must sign."
    if not is_veiled(facts.asset, wishes):
        yield "The draft NAMES the work although it is under embargo, as --name-the-work says."
    elif tells_name([one.url for one in recipient.items], facts.asset.names):
        yield "The draft uses the code name, but an address in it holds the work's own name."
    if is_veiled(facts.asset, wishes):
        yield "A host may refuse a notice that names the work by a code name only; it may ask you in private."


def _of_recipient(facts: Facts, addressee: Addressee, recipient: Recipient) -> Iterator[str]:
    own = suggested(recipient.host)
    if own not in ("host", addressee.name):
        yield f"{recipient.host} has requirements of its own: use --to {own}."
    if recipient.role == "index":
        yield (
            f"{recipient.host} is an index, not a host: it has no copy, and removing its pages leaves the torrent alive. "
            "Never write to the issue tracker of the software that an index runs."
        )
    if not recipient.mail and not recipient.form:
        yield (
            f"No contact is known for {recipient.host}: look for its copyright or legal page, /.well-known/security.txt, "
            "the US Copyright Office's directory of agents, and the abuse contact in RDAP."
        )
    if recipient.contact and _is_old(recipient.contact.checked, facts.at):
        yield f"The contact of {recipient.host} was last checked in {recipient.contact.checked}."
    if recipient.contact and recipient.contact.note:
        yield f"{recipient.title}: {recipient.contact.note}."
    if addressee.forks_must_be_listed:
        yield from _of_forks(recipient)
    numbers = unnamed(recipient)
    if numbers and any(one.id == "infringer" for one in addressee.elements):
        yield (
            f"The account of {numbered(numbers)} is kept as a pseudonym. The kept pages show it: `leakwatch evidence pack "
            f"{facts.finding.id}`, and in its folder bodies/ the digests that stand under Evidence; write it in with "
            "`leakwatch notice edit`."
        )
    if recipient.left_out:
        yield f"{recipient.left_out} more addresses did not fit; draft another notice for them."
    for ident, host, state in facts.others:
        if host == recipient.host:
            yield f"There is a notice of this finding to {host} already: {ident}, {state}."


def _of_forks(recipient: Recipient) -> Iterator[str]:
    repositories = {one.repository for one in recipient.items if one.repository}
    if len(repositories) > MANY_FORKS:
        yield "The draft says that a representative number of forks was reviewed: review them."
    elif any(one.is_copy for one in recipient.items):
        yield "The draft says that you have looked at each listed fork: do. Forks that are not listed stay up."
    if guessed := sum(one.is_copy and one.origin is None for one in recipient.items):
        yield f"{guessed} of the repositories are taken for forks or copies by their names alone: strike out what is none."
    if any(one.origin and one.origin.how is not OriginHow.FORK for one in recipient.items):
        yield "What a repository's card states of its origin is the word of whoever uploaded it."
    yield "Look for further forks and duplicates now: only those that are listed are disabled."


def _is_old(checked: str, at: datetime) -> bool:
    year, month = (int(part) for part in checked.split("-"))
    return (at.year - year) * 12 + at.month - month > _OLD_MONTHS
