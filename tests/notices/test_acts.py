"""What people do to notices, on both databases: who signed what, what is told, what is written down."""

from __future__ import annotations

import contextlib
import random
import unicodedata
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from leakwatch.cases import record
from leakwatch.errors import InputError, LeakwatchError
from leakwatch.model.asset import Asset
from leakwatch.model.audit import broken_at
from leakwatch.model.finding import EventKind, Finding, FindingEvent, FindingId, State, Verdict
from leakwatch.model.notice import NOTICE_CHANGES, Notice, NoticeState
from leakwatch.notices import acts
from leakwatch.notices.checks import struck_from
from leakwatch.notices.facts import Wishes
from leakwatch.ports import Work
from leakwatch.store.repository import SqlRepository

from .cases import ASSET, FINDING, HIDDEN, KINDS, MAGNET, NOON, OWNER, SPOTS, stored

S = NoticeState


async def draft(repository: SqlRepository, to: str = "github", **changes: Any) -> Notice:
    """A draft of the stored case."""
    told = {"owner": OWNER, "wishes": Wishes()} | changes
    return await acts.draft(
        FINDING.id, to, told["wishes"], told["owner"], KINDS, repository, "ada", told.get("at", NOON)
    )


async def test_draft_from_the_database_is_the_pure_one(repository: SqlRepository) -> None:
    """What is stored of a case gives the draft that its parts give, and the draft comes back as it was made."""
    await stored(repository)
    made = await draft(repository)
    text = open_draft("github")
    assert f"{made.subject}\n\n{made.body}" == text
    async with repository.reading() as work:
        assert await work.notices.get(made.id) == made
        assert [one.id for one in await work.notices.list(FINDING.id)] == [made.id]
        (spot,) = [one for one in await work.notices.spots(FINDING.id) if one.site == "hub"]
    assert (spot.files, spot.agrees, spot.author) == (SPOTS[6].files, ("sha256",), "somebody")
    again = await draft(repository, at=NOON + timedelta(minutes=1))
    assert again.id != made.id
    assert any(f"to github.com already: {made.id}, draft" in one for one in again.detail["warnings"])
    elsewhere = await draft(repository, "huggingface", at=NOON + timedelta(minutes=1))
    assert not any("already" in one for one in elsewhere.detail["warnings"])


def open_draft(case: str) -> str:
    """The text that somebody read."""
    from .test_drafting import HERE

    text = (HERE / f"{case}.txt").read_text("utf-8")
    return "".join(line for line in text.splitlines(keepends=True) if not line.startswith("! "))


async def test_one_person_signs_a_plain_work(repository: SqlRepository) -> None:
    """A signature makes it ready, with person, time and the digest of the text; it is told to nobody."""
    await stored(repository)
    made = await draft(repository)
    signed = await acts.sign(made.id, repository, "Ada Example", NOON + timedelta(hours=1))
    assert signed.state is S.READY
    (one,) = signed.signoffs
    assert (one.by, one.at, one.digest) == ("Ada Example", NOON + timedelta(hours=1), made.digest)
    async with repository.reading() as work:
        assert await work.notices.get(made.id) == signed
        assert [one.kind for one in await work.notices.events(made.id)] == ["draft", "signed", "ready"]
        entries = await work.audit.entries(made.id)
    assert [(one.actor, one.action) for one in entries] == [
        ("ada", "notice.draft"),
        ("Ada Example", "notice.signed"),
        ("Ada Example", "notice.ready"),
    ]
    assert made.digest in entries[1].detail


async def test_two_different_persons_sign_an_embargoed_work(repository: SqlRepository) -> None:
    """The same person, in whatever spelling, does not count twice."""
    await stored(repository, HIDDEN)
    made = await draft(repository)
    first = await acts.sign(made.id, repository, "Zoë Example", NOON)
    assert (first.state, first.signers) == (S.DRAFT, ("Zoë Example",))
    for again in (" zoë  EXAMPLE ", unicodedata.normalize("NFD", "Zoë Example")):
        with pytest.raises(InputError, match="another person"):
            await acts.sign(made.id, repository, again, NOON)
    with pytest.raises(InputError, match="can become"):
        await acts.submit(made.id, "", repository, "Ada Example", NOON)
    second = await acts.sign(made.id, repository, "Bo Example", NOON)
    assert (second.state, second.signers) == (S.READY, ("Zoë Example", "Bo Example"))


async def test_embargo_that_came_later_counts(repository: SqlRepository) -> None:
    """A work that came under embargo after one person signed needs two before it is submitted, and names no title."""
    await stored(repository)
    made = await draft(repository)
    await acts.sign(made.id, repository, "Ada Example", NOON)
    async with repository.writing() as work:
        await work.catalogue.save(HIDDEN, NOON)
    with pytest.raises(InputError, match="needs 2 persons"):
        await acts.submit(made.id, "", repository, "Ada Example", NOON)
    again = await acts.edit(made.id, made.body, None, repository, "Ada Example", NOON)
    assert again.detail["forbidden"] == [
        "the title or another name of a work under embargo, unless --name-the-work"
    ]
    with pytest.raises(InputError, match="must not hold"):
        await acts.sign(made.id, repository, "Bo Example", NOON)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"state": State.FALSE_POSITIVE}, "judged a false positive"),
        ({"state": State.ALLOWED}, "it is official"),
        ({"verdict": Verdict.REFUTED}, "*refuted*"),
        ({"drill": True}, "a DRILL"),
    ],
)
async def test_what_was_judged_after_the_draft_is_said(
    repository: SqlRepository, change: dict[str, Any], told: str
) -> None:
    """Whoever reads, signs or submits a notice is warned by how the case stands now, not by how it stood at the draft."""
    await stored(repository)
    made = await draft(repository)
    assert not any(told in one for one in made.detail["warnings"])
    async with repository.writing() as work:
        await work.findings.save(replace(FINDING, **change))
    read, _ = await acts.shown(made.id, repository, NOON)
    signed = await acts.sign(made.id, repository, "Ada Example", NOON)
    for one in (read, signed):
        assert told in one.detail["warnings"][0]
        assert one.detail["warnings"][1:] == made.detail["warnings"]
    async with repository.writing() as work:
        await work.findings.save(FINDING)
    sent = await acts.submit(made.id, "", repository, "Ada Example", NOON)
    assert sent.detail["warnings"] == made.detail["warnings"]


async def test_a_draft_of_before_an_embargo_is_not_signed(repository: SqlRepository) -> None:
    """The text is checked by what holds when it is signed: a draft that names a work under embargo since is not."""
    await stored(repository)
    made = await draft(repository)
    async with repository.writing() as work:
        await work.catalogue.save(HIDDEN, NOON)
    with pytest.raises(InputError, match="must not hold: the title"):
        await acts.sign(made.id, repository, "Ada Example", NOON)


async def test_changed_text_voids_signatures(repository: SqlRepository) -> None:
    """Any other text is a draft that nobody signed; the old text again is what was signed."""
    await stored(repository)
    made = await draft(repository)
    await acts.sign(made.id, repository, "Ada Example", NOON)
    same = await acts.edit(made.id, made.body, None, repository, "Bo", NOON)
    assert same.signers == ("Ada Example",)
    async with repository.reading() as work:
        assert (await work.notices.events(made.id))[-1].detail["void"] == "", "the same text voids nothing"
    changed = await acts.edit(made.id, made.body + "\nP.S. x", None, repository, "Bo", NOON)
    assert (changed.state, changed.signers) == (S.DRAFT, ())
    async with repository.reading() as work:
        event = (await work.notices.events(made.id))[-1]
    assert event.detail == {"digest": changed.digest, "before": made.digest, "void": "Ada Example"}
    other = await acts.edit(made.id, made.body, "another subject", repository, "Bo", NOON)
    assert other.signers == ()
    assert (await acts.sign(made.id, repository, "Ada Example", NOON)).state is S.READY


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda body: body.replace("[SIGNATURE]", ""), "must stay"),
        (lambda body: body + "\u202e", "cannot be seen"),
        (lambda body: body + "\x1b[2J", "cannot be seen"),
        (lambda body: body * 200, "at most 200000"),
    ],
)
async def test_bad_text_is_refused(repository: SqlRepository, change: Any, told: str) -> None:
    """A text that nobody could sign, or that hides something, does not come in."""
    await stored(repository)
    made = await draft(repository)
    with pytest.raises(InputError, match=told):
        await acts.edit(made.id, change(made.body), None, repository, "ada", NOON)
    with pytest.raises(InputError, match="subject"):
        await acts.edit(made.id, made.body, "a\r\nBcc: b@example.org", repository, "ada", NOON)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda body: body.replace("I have taken fair use into consideration.", ""), "lacks: that fair use"),
        (lambda body: body + MAGNET, "must not hold: a magnet URI"),
    ],
)
async def test_incomplete_text_is_not_signed(repository: SqlRepository, change: Any, told: str) -> None:
    """Whoever struck out a statement, or wrote a magnet into a public notice, is told so when somebody signs."""
    await stored(repository)
    made = await draft(repository)
    await acts.edit(made.id, change(made.body), None, repository, "ada", NOON)
    with pytest.raises(InputError, match=told):
        await acts.sign(made.id, repository, "Ada Example", NOON)


async def test_draft_with_gaps_is_not_signed(repository: SqlRepository) -> None:
    """Without an owner nobody can sign."""
    await stored(repository)
    made = await draft(repository, owner=replace(OWNER, phone=""))
    with pytest.raises(InputError, match="lacks: your telephone number"):
        await acts.sign(made.id, repository, "Ada Example", NOON)


async def test_submission_and_answers_are_told(repository: SqlRepository) -> None:
    """Submission reports the finding; each answer is an event of the finding with actor, and an entry of the audit."""
    await stored(repository)
    told: list[FindingEvent] = []

    async def tell(event: FindingEvent, finding: Finding, asset: Asset, work: Work, /) -> int:
        told.append(event)
        return await record(event, finding, asset, work)

    made = await draft(repository)
    await acts.sign(made.id, repository, "Ada Example", NOON)
    sent = await acts.submit(made.id, "ticket 7", repository, "Bo", NOON + timedelta(hours=2), tell=tell)
    assert (sent.submitted_at, sent.detail["reference"]) == (NOON + timedelta(hours=2), "ticket 7")
    assert [(one.kind, one.actor) for one in told] == [(EventKind.STATE, "Bo"), (EventKind.NOTICE, "Bo")]
    steps = (
        (S.WAITING, ""),
        (S.REMOVED, "they wrote so"),
        (S.COUNTER_NOTICE, ""),
        (S.WAITING, "restored"),
        (S.REFUSED, "they say it is not ours"),
        (S.CLOSED, "counsel decided"),
    )
    for number, (to, reason) in enumerate(steps):
        at = NOON + timedelta(days=number + 1)
        moved = await acts.move(made.id, to, reason, repository, "Bo", at, tell=tell)
        assert moved.state is to
        assert told[-1].kind is EventKind.NOTICE
        assert (told[-1].detail["to"], told[-1].reason) == (to.value, reason or None)
        assert ("deadline" in told[-1].detail) is (to is S.COUNTER_NOTICE)
    async with repository.reading() as work:
        finding = await work.findings.get(FINDING.id)
        events = await work.findings.events(FINDING.id)
        entries = await work.audit.entries()
    assert finding
    assert finding.state is State.REPORTED
    assert [e.detail["to"] for e in events if e.kind is EventKind.NOTICE] == [
        "draft", "signed", "ready", "submitted", *(to.value for to, _ in steps),
    ]  # fmt: skip
    assert broken_at(entries) is None
    assert [one.action for one in entries[-6:]] == [f"notice.{to.value}" for to, _ in steps]


async def test_refusal_needs_a_reason_and_nothing_lies_ahead(repository: SqlRepository) -> None:
    """A refusal and an end say why; nothing has happened in the future; submission is not set by hand."""
    await stored(repository)
    made = await draft(repository)
    await acts.sign(made.id, repository, "Ada Example", NOON)
    await acts.submit(made.id, "", repository, "Bo", NOON)
    with pytest.raises(InputError, match="say why"):
        await acts.move(made.id, S.REFUSED, " ", repository, "Bo", NOON)
    with pytest.raises(InputError, match="future"):
        await acts.move(made.id, S.REMOVED, "", repository, "Bo", NOON, since=NOON + timedelta(hours=1))
    with pytest.raises(InputError, match="not set by hand"):
        await acts.move(made.id, S.SUBMITTED, "", repository, "Bo", NOON)
    with pytest.raises(InputError, match="no notice"):
        await acts.move("LN-NONE", S.REMOVED, "", repository, "Bo", NOON)


async def test_finding_that_cannot_be_reported_stays(repository: SqlRepository) -> None:
    """A finding that was removed is not reported again by a late submission."""
    await stored(repository, state=State.REMOVED)
    made = await draft(repository)
    await acts.sign(made.id, repository, "Ada Example", NOON)
    await acts.submit(made.id, "", repository, "Bo", NOON)
    async with repository.reading() as work:
        finding = await work.findings.get(FINDING.id)
    assert finding
    assert finding.state is State.REMOVED


async def test_random_acts_keep_the_rules(repository: SqlRepository) -> None:
    """400 acts in random order: the table is kept, nothing is submitted unsigned, each change has an event and an entry."""
    await stored(repository, replace(HIDDEN, codename="BLUE"))
    chance, at = random.Random(8), NOON
    made = [await draft(repository), await draft(repository, "huggingface")]
    before, seen = {one.id: one for one in made}, set[NoticeState]()
    for step in range(400):
        at += timedelta(minutes=step + 1)
        ident, who = chance.choice(made).id, chance.choice(["Ada", "Bo", "Cy"])
        old = before[ident]
        with contextlib.suppress(InputError):
            await _act(chance, ident, old, who, repository, at)
        async with repository.reading() as work:
            new = await work.notices.get(ident)
            events = await work.notices.events(ident)
            entries = await work.audit.entries(ident)
        assert new
        assert new.state is old.state or new.state in NOTICE_CHANGES[old.state]
        if old.state is S.READY and new.state is S.SUBMITTED:
            assert len(new.signers) == 2
        if new.state is S.READY:
            assert len({one.casefold() for one in new.signers}) >= 2
        assert (new != old) == (events[-1].at == at)
        assert [f"notice.{one.kind}" for one in events] == [one.action for one in entries]
        assert [one.actor for one in events] == [one.actor for one in entries]
        before[ident] = new
        seen.add(new.state)
        if new.state is S.CLOSED:
            fresh = await draft(repository, new.addressee, at=at + timedelta(seconds=1))
            made[[one.id for one in made].index(ident)] = fresh
            before[fresh.id] = fresh
    assert len(before) > 4
    assert seen == set(S)


async def _act(
    chance: random.Random, ident: str, old: Notice, who: str, repository: SqlRepository, at: Any
) -> None:
    match chance.randrange(8):
        case 0 | 1 | 2:
            await acts.sign(ident, repository, who, at)
        case 3:
            await acts.edit(ident, f"{old.body}\n{at}", None, repository, who, at)
        case 4 | 5:
            await acts.submit(ident, "", repository, who, at)
        case _:
            to = chance.choice(list(S))
            await acts.move(ident, to, "said so", repository, who, at)


async def test_notice_follows_its_finding_into_another(repository: SqlRepository) -> None:
    """A notice of a case that became part of another one is that one's, and is worked on as before."""
    await stored(repository)
    made = await draft(repository)
    older = replace(FINDING, id=FindingId("LW-OLDER"), opened_at=NOON - timedelta(days=1))
    async with repository.writing() as work:
        await work.findings.save(older)
        await work.findings.merge(older, FINDING, NOON)
        assert [one.id for one in await work.notices.list(older.id)] == [made.id]
    await acts.sign(made.id, repository, "Ada Example", NOON)
    await acts.submit(made.id, "", repository, "Ada Example", NOON)
    async with repository.reading() as work:
        finding = await work.findings.get(older.id)
    assert finding
    assert finding.state is State.REPORTED


async def test_errors_are_ours(repository: SqlRepository) -> None:
    """An unknown finding is named."""
    with pytest.raises(LeakwatchError, match="no finding 'LW-NORTHWIND7'"):
        await draft(repository)
    assert ASSET.id


async def test_an_address_that_was_struck_out_is_asked_of_nobody(repository: SqlRepository) -> None:
    """What is in the text no more is not looked at, until it is put in again; a text without any address is not signed."""
    await stored(repository)
    made = await draft(repository)
    first, *rest = made.urls
    assert rest
    body = "\n".join(line for line in made.body.splitlines() if not line.endswith(f" {first}"))
    changed = await acts.edit(made.id, body, None, repository, "Bo", NOON)
    assert changed.urls == tuple(rest)
    async with repository.reading() as work:
        assert (await work.notices.events(made.id))[-1].detail["addresses_left"] == str(len(rest))
    assert (await acts.edit(made.id, made.body, None, repository, "Bo", NOON)).urls == made.urls
    for url in sorted(made.urls, key=len, reverse=True):
        body = body.replace(url, "(none)")
    empty = await acts.edit(made.id, body, None, repository, "Bo", NOON)
    assert empty.urls == ()
    with pytest.raises(InputError, match="none of the draft's addresses"):
        await acts.sign(made.id, repository, "Ada Example", NOON)


@pytest.mark.parametrize(
    ("body", "is_struck"),
    [
        ("1. https://a.example/x\n", False),
        ("see https://a.example/x.", False),
        ("(https://a.example/x),", False),
        ("1. https://a.example/x.html\n", True),
        ("1. https://a.example/x/y", True),
        ("", True),
    ],
)
def test_a_longer_address_is_another_one(body: str, *, is_struck: bool) -> None:
    """An address is in a text only as a whole."""
    assert bool(struck_from(body, ["https://a.example/x"])) == is_struck


async def test_when_it_happened_is_written_down(repository: SqlRepository) -> None:
    """A day that is given with a step stands in the history and in the audit, also where no clock follows from it."""
    await stored(repository)
    made = await draft(repository, "github")
    await acts.sign(made.id, repository, "Ada Example", NOON)
    await acts.submit(made.id, "", repository, "Ada Example", NOON)
    earlier, now = NOON + timedelta(days=1), NOON + timedelta(days=2)
    await acts.move(made.id, S.REMOVED, "", repository, "Ada Example", now, since=earlier)
    async with repository.reading() as work:
        event, entry = (await work.notices.events(made.id))[-1], (await work.audit.entries(made.id))[-1]
    assert event.detail["since"] == earlier.isoformat(timespec="minutes")
    assert earlier.isoformat(timespec="minutes") in entry.detail
