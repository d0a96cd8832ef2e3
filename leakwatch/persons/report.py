"""What personal data is kept where, why, and for how long."""

from __future__ import annotations

from dataclasses import dataclass

from leakwatch.ports import Repository
from leakwatch.privacy import AuthorsMode
from leakwatch.retention import RetentionConfig

_AUTHORS: dict[AuthorsMode, str] = {
    "pseudonym": "a pseudonym for each platform",
    "plain": "the name as the site shows it",
    "none": "nothing",
}


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of personal data. `count` is None where rows are not counted."""

    what: str
    where: str
    why: str
    how_long: str
    count: int | None = None


async def report(authors: AuthorsMode, retention: RetentionConfig, repository: Repository) -> list[Kept]:
    """What there is now. Raises: StoreError."""
    async with repository.reading() as work:
        counts = await work.persons.counts()
    seen = f"{retention.observations_days} days, or as long as its finding"
    page = f"{retention.evidence_days} days, or as long as its finding"
    named = counts["observations with an author"]
    hidden, erased = counts["observations with a pseudonym"], counts["observations whose author was erased"]
    return [
        Kept(
            f"who posted: {_AUTHORS[authors]} ({named} by name, {hidden} by pseudonym, {erased} erased)",
            "observation.author, sighting.author",
            "to see that several leaks are of one hand, on one platform",
            seen,
            named + hidden,
        ),
        Kept(
            "titles, texts and addresses of posts, with whatever their authors wrote, mail addresses and telephone numbers included",
            "observation",
            "to find leaks, also of works that are registered later",
            seen,
            counts["observations with a text"],
        ),
        Kept(
            "pages as they came, with the names of all who are on them",
            "evidence, and the folder evidence",
            "to prove a leak after it was deleted",
            page,
            counts["pages kept as evidence"],
        ),
        Kept(
            "digests of 32 bits of the last authors of each site",
            "site.ledger",
            "to see that a page has changed its form",
            "until others follow",
            counts["sites with digests of known authors"],
        ),
        Kept(
            "peers that a post named",
            "proof.peers",
            "to ask them for the metadata of a torrent",
            "until it is there, at most 3 days",
            counts["torrents with peers that a post named"],
        ),
        Kept(
            "your own people: who did what to a finding",
            "finding, finding_event, notice, silence",
            "so that colleagues know",
            "for good",
            counts["events by one of your people"],
        ),
        Kept(
            "your own people: the audit",
            "audit",
            "so that nothing is changed unnoticed; it cannot be changed itself",
            "for good",
            counts["audit entries"],
        ),
        Kept(
            "addresses of those who are told",
            "outbox.recipient, leakwatch.toml",
            "to tell them",
            f"{retention.sent_days} days after it was sent",
            counts["alerts with an address of a recipient"],
        ),
    ]
