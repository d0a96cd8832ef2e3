"""What a person does to notices: one function each, one transaction each, with history and audit. None sends anything."""

from __future__ import annotations

import base64
import hashlib
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from leakwatch.cases import Tell, record
from leakwatch.errors import InputError
from leakwatch.model.asset import Asset
from leakwatch.model.finding import Finding, State
from leakwatch.model.notice import Notice, NoticeEvent, NoticeId, NoticeState, SignOff
from leakwatch.notices.checks import forbidden_in, missing_in, secrets_of, struck_from
from leakwatch.notices.drafting import SIGNATURE, compose
from leakwatch.notices.facts import Facts, Wishes
from leakwatch.notices.life import check_step, stepped
from leakwatch.notices.settings import OwnerConfig
from leakwatch.notices.spots import items_of
from leakwatch.notices.tables import addressee_named
from leakwatch.notices.telling import found_finding, locked_finding, locked_notice, moved_finding, written
from leakwatch.notices.warnings import of_case
from leakwatch.ports import Repository, Work

MAX_BODY, MAX_TEXT = 200_000, 2000
BY_STEP = frozenset({NoticeState.WAITING, NoticeState.REFUSED, NoticeState.REMOVED}) | frozenset(
    {NoticeState.COUNTER_NOTICE, NoticeState.CLOSED}
)
"""The states that a person sets; the others come about by drafting, signing and submitting."""


async def draft(
    ident: str,
    to: str,
    wishes: Wishes,
    owner: OwnerConfig,
    kinds: Mapping[str, str],
    repository: Repository,
    actor: str,
    at: datetime,
) -> Notice:
    """Draft a notice. `kinds` says of what kind each configured site is. Raises: InputError."""
    addressee = addressee_named(to)
    async with repository.writing() as work:
        finding, asset = await locked_finding(ident, work)
        facts = await _facts(finding, asset, owner, kinds, at, work)
        made = compose(addressee, facts, wishes)
        notice = Notice(
            id=_new_id(finding, to, made.host, actor, at),
            finding=finding.id,
            addressee=to,
            host=made.host,
            state=NoticeState.DRAFT,
            subject=made.subject,
            body=made.body,
            detail=made.detail,
            drafted_by=actor,
            drafted_at=at,
        )
        told = {"digest": notice.digest, "addressee": to, "host": made.host, "addresses": len(notice.urls)}
        await written(notice, finding, asset, "draft", actor, told, at, work, record)
    return notice


async def _facts(
    finding: Finding, asset: Asset, owner: OwnerConfig, kinds: Mapping[str, str], at: datetime, work: Work
) -> Facts:
    keys = await work.findings.keys(finding.id)
    others = await work.notices.list(finding.id)
    return Facts(
        finding=finding,
        asset=asset,
        items=tuple(items_of(await work.notices.spots(finding.id), kinds)),
        proofs=tuple(await work.findings.proofs(finding.id)),
        owner=owner,
        at=at,
        swarms=tuple(one.removeprefix("swarm:") for one in keys if one.startswith("swarm:")),
        others=tuple(
            (one.id, one.host, one.state.value) for one in others if one.state is not NoticeState.CLOSED
        ),
    )


def _new_id(finding: Finding, to: str, host: str, actor: str, at: datetime) -> NoticeId:
    told = f"{finding.id}\0{to}\0{host}\0{actor}\0{at.isoformat()}"
    return NoticeId("LN-" + base64.b32encode(hashlib.sha256(told.encode()).digest()[:5]).decode())


async def edit(
    ident: str, body: str, subject: str | None, repository: Repository, actor: str, at: datetime
) -> Notice:
    """Put another text in the place of a notice's: it is a draft again, and whoever signed it must sign anew.

    Raises: InputError if it was submitted, or the text cannot stand in a letter.
    """
    _check_text(body, subject)
    async with repository.writing() as work:
        notice, finding, asset = await locked_notice(ident, work)
        if notice.state is not NoticeState.DRAFT:
            check_step(notice, NoticeState.DRAFT)
        changed = replace(notice, body=body, subject=subject or notice.subject, state=NoticeState.DRAFT)
        changed = warned(await _checked(changed, asset, work), finding, asset, at)
        void = [one.by for one in notice.signoffs if one.digest == notice.digest != changed.digest]
        told = {"digest": changed.digest, "before": notice.digest, "void": ", ".join(void)}
        if changed.detail["struck"]:
            told["addresses_left"] = str(len(changed.urls))
        await written(changed, finding, asset, "edited", actor, told, at, work, record)
    return changed


def _check_text(body: str, subject: str | None) -> None:
    if len(body) > MAX_BODY:
        raise InputError(f"a notice has at most {MAX_BODY} characters, not {len(body)}")
    if SIGNATURE not in body:
        raise InputError(f"the line {SIGNATURE} must stay: the names of those who sign are put there")
    if any(not (char.isprintable() or char in "\n\t") for char in body):
        raise InputError("the text holds characters that cannot be seen (control or bidi); take them out")
    if subject is not None and not (subject.strip() and subject.isprintable() and len(subject) <= 200):
        raise InputError("the subject is one line of at most 200 printable characters")


async def _checked(notice: Notice, asset: Asset, work: Work) -> Notice:
    """The notice with what its text lacks, or must not hold, found anew."""
    addressee, keys = addressee_named(notice.addressee), await work.findings.keys(notice.finding)
    swarms = [one.removeprefix("swarm:") for one in keys if one.startswith("swarm:")]
    secrets = secrets_of(asset, notice.detail)
    struck = struck_from(notice.body, notice.drafted_urls)
    missing = missing_in(notice.body, addressee)
    if notice.drafted_urls and len(struck) == len(notice.drafted_urls):
        missing.append("the material: none of the draft's addresses stands in the text")
    told = {
        "missing": missing,
        "struck": struck,
        "forbidden": forbidden_in(
            f"{notice.subject}\n{notice.body}", addressee, swarms, secrets, notice.drafted_urls
        ),
        "signatures": max(notice.signatures_needed, 2 if asset.embargoed else 1),
    }
    return replace(notice, detail={**notice.detail, **told})


def warned(notice: Notice, finding: Finding, asset: Asset, at: datetime) -> Notice:
    """The notice with its warnings as the case stands now: one may have been judged since the draft."""
    now, before = list(of_case(finding, asset, notice.urls, at)), notice.detail.get("of_case", ())
    rest = [one for one in notice.detail.get("warnings", ()) if one not in (*now, *before)]
    return replace(notice, detail={**notice.detail, "warnings": [*now, *rest], "of_case": now})


async def shown(ident: str, repository: Repository, at: datetime) -> tuple[Notice, list[NoticeEvent]]:
    """A notice with its history; of one that nobody sent yet the warnings as the case stands now. Raises: InputError."""
    async with repository.reading() as work:
        notice = await work.notices.get(NoticeId(ident))
        if notice is None:
            raise InputError(f"no notice {ident!r}; `leakwatch notice list` shows them")
        events = await work.notices.events(notice.id)
        if notice.state in (NoticeState.DRAFT, NoticeState.READY):
            notice = warned(notice, *await found_finding(notice.finding, work), at)
    return notice, events


async def sign(ident: str, repository: Repository, actor: str, at: datetime) -> Notice:
    """Stand for the text as it is now. With enough different persons the notice is ready.

    Raises: InputError if an element is missing, or the same person signs twice.
    """
    async with repository.writing() as work:
        notice, finding, asset = await locked_notice(ident, work)
        notice = warned(await _checked(notice, asset, work), finding, asset, at)
        if notice.state is not NoticeState.DRAFT:
            raise InputError(f"{notice.id} is {notice.state.value}; only a draft is signed")
        for what, name in (("lacks", "missing"), ("must not hold", "forbidden")):
            if notice.detail[name]:
                raise InputError(f"{notice.id} {what}: {'; '.join(notice.detail[name])}")
        if _person(actor) in map(_person, notice.signers):
            raise InputError(f"{actor} has signed this text already; another person must")
        mine = SignOff(by=actor, at=at, digest=notice.digest)
        signed = replace(notice, signoffs=(*notice.signoffs, mine))
        told = {"digest": signed.digest, "signed": len(signed.signers), "needed": signed.signatures_needed}
        await written(signed, finding, asset, "signed", actor, told, at, work, record)
        if len(signed.signers) >= signed.signatures_needed:
            signed = stepped(signed, NoticeState.READY, at, addressee_named(signed.addressee))
            await written(signed, finding, asset, "ready", actor, told, at, work, record)
    return signed


def _person(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).split()).casefold()


async def submit(
    ident: str,
    reference: str,
    repository: Repository,
    actor: str,
    at: datetime,
    *,
    tell: Tell = record,
) -> Notice:
    """Write down that a person has sent a notice. The finding is *reported* from now on. Raises: InputError."""
    async with repository.writing() as work:
        notice, finding, asset = await locked_notice(ident, work)
        check_step(notice, NoticeState.SUBMITTED)
        notice = warned(await _checked(notice, asset, work), finding, asset, at)
        if len(notice.signers) < notice.signatures_needed:
            raise InputError(
                f"{notice.id} needs {notice.signatures_needed} persons who sign its present text"
            )
        told = {"reference": _text(reference), "digest": notice.digest}
        changed = stepped(notice, NoticeState.SUBMITTED, at, addressee_named(notice.addressee), told)
        finding = await moved_finding(
            finding, asset, State.REPORTED, actor, f"notice {notice.id} to {notice.host}", at, work, tell
        )
        await written(changed, finding, asset, "submitted", actor, told, at, work, tell)
    return changed


async def move(
    ident: str,
    to: NoticeState,
    reason: str,
    repository: Repository,
    actor: str,
    at: datetime,
    *,
    since: datetime | None = None,
    tell: Tell = record,
) -> Notice:
    """Write down what the host did, or that the matter is closed. `since` is when, where that was earlier.

    Raises: InputError if the table has no such step.
    """
    if to not in BY_STEP:
        raise InputError(f"{to.value} is not set by hand; use draft, edit, sign or submit")
    if since is not None and since > at:
        raise InputError("it cannot have happened in the future")
    async with repository.writing() as work:
        notice, finding, asset = await locked_notice(ident, work)
        told = {"reason": _text(reason)} if reason.strip() else {}
        if to in (NoticeState.REFUSED, NoticeState.CLOSED) and not told:
            raise InputError("say why with --reason")
        changed = stepped(notice, to, since or at, addressee_named(notice.addressee), told)
        told |= {"since": since.isoformat(timespec="minutes")} if since else {}
        if changed.deadline_at:
            told |= {"deadline": changed.deadline_at.isoformat(timespec="minutes")}
            told |= {"restored_by": changed.detail["restored_by"]}
        await written(changed, finding, asset, to.value, actor, told, at, work, tell)
    return changed


def _text(text: str) -> str:
    told = " ".join(text.split())
    if len(told) > MAX_TEXT:
        raise InputError(f"at most {MAX_TEXT} characters, not {len(told)}")
    return told
