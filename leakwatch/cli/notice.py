"""`leakwatch notice`: draft, sign and follow notices to hosts. No command sends anything."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from leakwatch.cli._noticing import (
    figures_line,
    notice_json,
    notice_line,
    read_body,
    refuse_existing,
    say_checks,
    show_notice,
    write_new,
)
from leakwatch.cli._shared import (
    DEFAULT_CONFIG,
    ByOption,
    ConfigOption,
    JsonOption,
    actor,
    emit,
    load,
    now,
    repository,
    run_async,
    say,
    teller,
)
from leakwatch.model.finding import FindingId
from leakwatch.model.notice import NoticeState

if TYPE_CHECKING:
    from leakwatch.model.notice import Notice, NoticeEvent
    from leakwatch.notices.figures import HostFigures

app = typer.Typer(
    help="Notices to hosts: drafts that a person signs and sends. Not legal advice.", no_args_is_help=True
)
NoticeArgument = Annotated[str, typer.Argument(metavar="NOTICE")]
ReasonOption = Annotated[str, typer.Option("--reason", help="Why, or what the host said.")]


@app.command()
def draft(
    finding: Annotated[str, typer.Argument(metavar="FINDING")],
    to: Annotated[str, typer.Option("--to", help="github, huggingface, dmca, dsa or host.")],
    host: Annotated[str, typer.Option("--host", help="Which host, where the finding is on several.")] = "",
    mail: Annotated[
        str, typer.Option("--mail", help="The host's contact, where you know a better one.")
    ] = "",
    name_the_work: Annotated[
        bool, typer.Option("--name-the-work", help="Say the title of a work under embargo.")
    ] = False,
    work: Annotated[
        str, typer.Option("--work", help="More on the work: a link, a registration number.")
    ] = "",
    remedy: Annotated[str, typer.Option("--remedy", help="What must be done, in your words.")] = "",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the text to this new file.")] = None,
    strict: Annotated[bool, typer.Option("--strict", help="End with 1 if anything is missing.")] = False,
    as_json: JsonOption = False,
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Draft a notice and say what it lacks. Nothing is sent."""
    from leakwatch.notices.acts import draft as make  # noqa: PLC0415
    from leakwatch.notices.facts import Wishes  # noqa: PLC0415

    if out is not None:
        refuse_existing(out)
    settings = load(config)
    kinds = {site.name: site.kind for site in settings.sites}
    wishes = Wishes(host=host.lower(), mail=mail, name_the_work=name_the_work, work=work, remedy=remedy)

    async def do() -> Notice:
        async with repository(config) as opened:
            return await make(finding, to, wishes, settings.owner, kinds, opened, actor(by), now())

    made = run_async(do)
    if out is not None:
        write_new(out, made.body.encode())
    if as_json:
        emit(notice_json(made))
    elif out is None:
        typer.echo(made.body)
    say(f"{made.id}: a draft, sent to nobody; this is not legal advice")
    say_checks(made)
    if strict and (made.detail["missing"] or made.detail["forbidden"]):
        raise typer.Exit(1)


@app.command("list")
def list_(
    finding: Annotated[str | None, typer.Option("--finding", help="Only of this finding.")] = None,
    state: Annotated[NoticeState | None, typer.Option("--state", help="Only in this state.")] = None,
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """List the notices, newest first."""

    async def do() -> list[Notice]:
        async with repository(config) as opened, opened.reading() as work:
            return await work.notices.list(FindingId(finding) if finding else None)

    found = [one for one in run_async(do) if state in (None, one.state)]
    for one in found:
        if as_json:
            emit(notice_json(one))
        else:
            typer.echo(notice_line(one))
    if not found and not as_json:
        say("no notices")


@app.command()
def show(
    ident: NoticeArgument,
    text: Annotated[bool, typer.Option("--text", help="Only the text, signed as far as it is.")] = False,
    eml: Annotated[
        Path | None,
        typer.Option("--eml", help="Write an unsent message for your mail program to this new file."),
    ] = None,
    as_json: JsonOption = False,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Show where a notice stands, what it lacks, and its history."""
    from leakwatch.notices.acts import shown  # noqa: PLC0415
    from leakwatch.notices.letter import letter, message  # noqa: PLC0415

    async def do() -> tuple[Notice, list[NoticeEvent]]:
        async with repository(config) as opened:
            return await shown(ident, opened, now())

    notice, events = run_async(do)
    if eml is not None:
        write_new(eml, message(notice))
    if as_json:
        emit(notice_json(notice, events))
    elif text:
        typer.echo(letter(notice))
    else:
        show_notice(notice, events)
        say_checks(notice)


@app.command()
def edit(
    ident: NoticeArgument,
    file: Annotated[Path, typer.Option("--file", help="The new text.")],
    subject: Annotated[str | None, typer.Option("--subject", help="Another subject.")] = None,
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Replace the text of a notice. Whoever signed the old one must sign anew."""
    from leakwatch.notices.acts import edit as change  # noqa: PLC0415

    body = read_body(file)

    async def do() -> Notice:
        async with repository(config) as opened:
            return await change(ident, body, subject, opened, actor(by), now())

    changed = run_async(do)
    say(f"{changed.id}: {changed.state.value}, signed by nobody")
    say_checks(changed)


@app.command()
def sign(ident: NoticeArgument, by: ByOption = None, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Stand for the text as it is now, by your full legal name."""
    from leakwatch.notices.acts import sign as put  # noqa: PLC0415

    async def do() -> Notice:
        async with repository(config) as opened:
            return await put(ident, opened, actor(by), now())

    signed = run_async(do)
    say(f"{signed.id}: {signed.state.value}, {len(signed.signers)} of {signed.signatures_needed} signed")
    say_checks(signed)


@app.command()
def submit(
    ident: NoticeArgument,
    reference: Annotated[
        str, typer.Option("--reference", help="The host's ticket, or the message's id.")
    ] = "",
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Write down that you have sent a notice. The daemon looks from now on whether the content is gone."""
    from leakwatch.notices.acts import submit as note  # noqa: PLC0415

    tell = teller(config)

    async def do() -> Notice:
        async with repository(config) as opened:
            return await note(ident, reference, opened, actor(by), now(), tell=tell)

    changed = run_async(do)
    for one in changed.detail["of_case"]:
        say(f"warning: {one}")
    say(
        f"{changed.id}: {changed.state.value}; the first look is at {changed.next_check_at:%Y-%m-%d %H:%M} UTC"
    )


@app.command("set")
def set_(
    ident: NoticeArgument,
    state: Annotated[
        NoticeState, typer.Argument(help="waiting, refused, removed, counter_notice or closed.")
    ],
    reason: ReasonOption = "",
    since: Annotated[
        datetime | None, typer.Option("--since", help="When it happened, in UTC, if that was earlier.")
    ] = None,
    by: ByOption = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Write down what the host did, or that the matter is closed."""
    from leakwatch.notices.acts import move  # noqa: PLC0415

    tell, then = teller(config), since.replace(tzinfo=UTC) if since else None

    async def do() -> Notice:
        async with repository(config) as opened:
            return await move(ident, state, reason, opened, actor(by), now(), since=then, tell=tell)

    changed = run_async(do)
    say(f"{changed.id}: {changed.state.value}")
    if changed.deadline_at:
        say(
            f"unless the host hears of a lawsuit, it may restore the content from {changed.deadline_at:%Y-%m-%d} on, and "
            f"must by {changed.detail['restored_by'][:10]}; US holidays, which are not counted here, put that off"
        )


@app.command()
def stats(as_json: JsonOption = False, config: ConfigOption = DEFAULT_CONFIG) -> None:
    """Show per host how many notices there were, and the median times to submission and to removal."""
    from leakwatch.notices.figures import figures  # noqa: PLC0415

    async def do() -> list[HostFigures]:
        async with repository(config) as opened, opened.reading() as work:
            notices = await work.notices.list(limit=100_000)
            found = await work.findings.list(merged=True)
            return figures(notices, {one.id: one.opened_at for one in found})

    for one in run_async(do):
        if as_json:
            emit(dataclasses.asdict(one))
        else:
            typer.echo(figures_line(one))
