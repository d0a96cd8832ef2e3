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
    """One kind of data, personal or not. `count` is None where rows are not counted; `tables` are the database's."""

    what: str
    where: str
    why: str
    how_long: str
    count: int | None = None
    tables: tuple[str, ...] = ()


async def report(authors: AuthorsMode, retention: RetentionConfig, repository: Repository) -> list[Kept]:
    """What there is now. Raises: StoreError."""
    async with repository.reading() as work:
        counts = await work.persons.counts()
    seen = f"{retention.observations_days} days, or as long as its finding"
    page = f"{retention.evidence_days} days, or as long after its finding was closed"
    named = counts["observations with an author"]
    hidden, erased = counts["observations with a pseudonym"], counts["observations whose author was erased"]
    return [
        Kept(
            f"who posted: {_AUTHORS[authors]} ({named} by name, {hidden} by pseudonym, {erased} erased)",
            "observation.author, sighting.author",
            "to see that several leaks are of one hand, on one platform",
            seen,
            named + hidden,
            ("observation", "sighting"),
        ),
        Kept(
            "titles, texts and addresses of posts, with whatever their authors wrote, mail addresses and telephone numbers included",
            "observation",
            "to find leaks, also of works that are registered later",
            seen,
            counts["observations with a text"],
            ("observation", "observed_swarm", "suppressed", "signal"),
        ),
        Kept(
            "pages as they came, with the names of all who are on them",
            "evidence, and the folder evidence",
            "to prove a leak after it was deleted",
            page,
            counts["pages kept as evidence"],
            ("evidence",),
        ),
        Kept(
            "pictures of such pages, where `screenshot` is on, and what was edited on them",
            "screenshot, recheck, and the folder evidence",
            "to show what a page looked like, and what became of it",
            f"{retention.looks_days} days after its finding was closed",
            counts["further looks"] + counts["screenshots"],
            ("screenshot", "recheck"),
        ),
        Kept(
            "digests of 32 bits of the last authors of each site",
            "site.ledger",
            "to see that a page has changed its form",
            "until others follow",
            counts["sites with digests of known authors"],
            ("site",),
        ),
        Kept(
            "peers that a post named",
            "proof.peers",
            "to ask them for the metadata of a torrent",
            "until it is there, at most 3 days",
            counts["torrents with peers that a post named"],
            ("proof",),
        ),
        Kept(
            "your own people: who did what to a finding, who wrote, signed and sent a notice, who silenced what",
            "finding, finding_event, notice, notice_event, silence, kept_apart, asset.released_by",
            "so that colleagues know",
            "until the asset is removed; silences for good",
            counts["events by one of your people"] + counts["events of notices"],
            ("finding", "finding_event", "notice", "notice_event", "silence", "kept_apart"),
        ),
        Kept(
            "your own people: the audit",
            "audit",
            "so that nothing is changed unnoticed; it cannot be changed itself",
            "for good",
            counts["audit entries"],
            ("audit", "stamp"),
        ),
        Kept(
            "addresses of those who are told",
            "outbox.recipient, message_thread.recipient, leakwatch.toml",
            "to tell them",
            f"{retention.sent_days} days after it was sent; threads as long after their finding was closed",
            counts["alerts with an address of a recipient"],
            ("outbox", "message_thread"),
        ),
        *_of_no_person(retention),
    ]


def _of_no_person(retention: RetentionConfig) -> list[Kept]:
    """The rest of the database, which is of no person but as a text may name one."""
    return [
        Kept(
            "your works: names, files, digests, what they are known by",
            "asset, asset_file, piece_table, artefact",
            "to know them again",
            "until the asset is removed",
            tables=("asset", "asset_file", "piece_table", "artefact"),
        ),
        Kept(
            "what was to be told of closed findings, by which route, and when messages went out",
            "announcement, told_message",
            "to tell nothing twice, and not too much",
            f"{retention.announcements_days} days",
            tables=("announcement", "told_message"),
        ),
        Kept(
            "what is told again until somebody acknowledges it",
            "standing",
            "to tell it again",
            f"as long as it is; at most {retention.sent_days} days after its finding was closed",
            tables=("standing",),
        ),
        Kept(
            "how many take part in a swarm, by which way of counting; no address",
            "swarm, swarm_sample",
            "to say how fast a leak spreads",
            f"{retention.samples_days} days after its finding was closed",
            tables=("swarm", "swarm_sample"),
        ),
        Kept(
            "when each site was read, and holes",
            "coverage_window",
            "to say what was not seen",
            f"{retention.coverage_days} days; a hole until it is repaired",
            tables=("coverage_window",),
        ),
        Kept(
            "whether each channel works, and numbers that count on",
            "channel, counter",
            "to tell elsewhere of one that fails",
            "for good: a row for each",
            tables=("channel", "counter"),
        ),
    ]
