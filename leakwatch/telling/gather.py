"""Announcements that are due -> messages in the outbox, in one transaction.

Of a channel, what waits in one group becomes one message; then `routing.budget` says which of them are sent, which are told
as one of many, and which wait. What is told again comes last, and takes nothing that news may need.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from leakwatch.model.alert import delivery_key
from leakwatch.model.announcement import DRILL, Message, MessageKind, Waiting
from leakwatch.model.route import Routing
from leakwatch.ports import Repository, Work
from leakwatch.routing.budget import (
    HOUR,
    Bundle,
    Rationed,
    Shares,
    ration,
    ration_again,
    repeats_of,
    shares,
)
from leakwatch.routing.tree import ROOT, every_leg, policy_of
from leakwatch.telling.announce import AGAIN, SETTLE, TOGETHER
from leakwatch.telling.asleep import let_sleep
from leakwatch.telling.drafts import Draft, apart, asset_of, event_of, message_of, readable
from leakwatch.telling.remind import begin_standing, remind
from leakwatch.telling.silences import hush, lift
from leakwatch.telling.turned_back import start_over

_LONGEST_SETTLING = timedelta(minutes=15)
_MANY = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Messages an hour in all that one channel gets."""

    per_channel: int = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What the engine works with: the routes, who the recipients of a channel are, and the limits."""

    routing: Routing
    recipients: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    limits: Limits = field(default_factory=Limits)


async def is_due(work: Work, now: datetime) -> bool:
    """Whether there is anything to do for `tell_due`."""
    return bool(
        await work.announcements.is_due(now)
        or await work.standings.due(now, 1)
        or await work.silences.over(now)
    )


async def tell_due(telling: Telling, repository: Repository, now: datetime, *, settle: bool = True) -> int:
    """Remind, look at silences that ended, and make messages of all that is due; answers how many.

    `settle`: a first run is told when nothing more has come of it for a while; else at once.
    """
    while await remind(telling.routing, repository, now) and not settle:
        pass
    await lift(telling.routing, repository, now)
    due = now if settle else now + SETTLE
    async with repository.reading() as work:
        if not await work.announcements.is_due(due):
            return 0
    async with repository.writing() as work:
        await work.announcements.lock()
        await start_over(telling.routing, work, now)
        by_channel: dict[str, list[Waiting]] = defaultdict(list)
        for one in await hush(await work.announcements.due(due), telling.routing, work, now):
            by_channel[one.channel].append(one)
        return sum(
            [
                await _tell(channel, rows, telling, work, now, settle=settle)
                for channel, rows in by_channel.items()
            ]
        )


async def _tell(
    channel: str, rows: Sequence[Waiting], telling: Telling, work: Work, now: datetime, *, settle: bool
) -> int:
    bundles = _bundles(rows)
    if settle:
        bundles = [one for one in bundles if not await _unsettled(one, work, now)]
    bundles = await let_sleep(bundles, telling.routing, work, now)
    drills = [one for one in bundles if one.rows[0].group.startswith(DRILL)]
    repeats = await _all_there([one for one in bundles if one.rows[0].group == AGAIN], work, now)
    rest = [one for one in bundles if one not in drills and one.rows[0].group != AGAIN]
    told = await work.announcements.messages(channel, now - HOUR)
    drafts = await _within_routes(rest, told, telling.routing, work, now)
    share = shares(telling.limits.per_channel, _repeats_on(channel, telling.routing))
    drafts = await _within_channel(drafts, told, share, work, now)
    drafts += [Draft(one, MessageKind.SINGLE, _MANY) for one in drills]
    drafts += await _again(repeats, told, share, telling.routing, work, now)
    messages = [part for draft in drafts for part in apart(draft)]
    for one in messages:
        await _write(one, channel, telling, work, now)
    return len(messages)


def _bundles(rows: Sequence[Waiting]) -> list[Bundle]:
    groups: dict[tuple[str, str], list[Waiting]] = defaultdict(list)
    for one in rows:
        groups[one.route, one.group].append(one)
    return [Bundle(tuple(some)) for some in groups.values()]


async def _unsettled(bundle: Bundle, work: Work, now: datetime) -> bool:
    """Whether more may come of a first run, or a look back; then it waits a little longer."""
    first, last = bundle.rows[0], max(one.at for one in bundle.rows)
    if first.group not in TOGETHER or last + SETTLE <= now or now - first.at >= _LONGEST_SETTLING:
        return False
    early = [one.id for one in bundle.rows if one.due_at <= now]
    await work.announcements.put_off(early, last + SETTLE, first.group)
    return True


async def _all_there(repeats: Sequence[Bundle], work: Work, now: datetime) -> Sequence[Bundle]:
    """What is told again, unless more of it is due and only not written down yet; that does not last for ever."""
    if not repeats or not await work.standings.due(now, 1):
        return repeats
    return [one for one in repeats if now - one.rows[0].at >= _LONGEST_SETTLING]


async def _within_routes(
    bundles: Sequence[Bundle], told: Sequence[Message], routing: Routing, work: Work, now: datetime
) -> list[Draft]:
    """What each route sends of each asset. What is told together anyway is one message, whatever the budget."""
    drafts: list[Draft] = []
    scopes: dict[tuple[str, str], list[Bundle]] = defaultdict(list)
    for one in bundles:
        if event_of(one.rows[0].group) is not None:
            drafts.append(Draft(one, MessageKind.SINGLE, _MANY))
        else:
            scopes[one.rows[0].route, asset_of(one)].append(one)
    for (route, asset), some in scopes.items():
        mine = [one for one in told if (one.route, one.asset) == (route, asset)]
        policy = policy_of(routing.routes, route) or ROOT
        share = shares(policy.budget, repeats_of(policy))
        drafts += await _drafts(ration(some, mine, share, now), asset, work)
    return drafts


async def _again(
    repeats: Sequence[Bundle],
    told: Sequence[Message],
    on_channel: Shares,
    routing: Routing,
    work: Work,
    now: datetime,
) -> list[Draft]:
    """What is told again, one message a route: after all news, and when its own share has room; else it waits for that."""
    drafts: list[Draft] = []
    sent = list(told)
    for one in repeats:
        first = one.rows[0]
        policy = policy_of(routing.routes, first.route) or ROOT
        mine = [message for message in told if message.route == first.route]
        until = max(
            ration_again(mine, shares(policy.budget, repeats_of(policy)), now),
            ration_again(sent, on_channel, now, apart=False),
        )
        if until > now:
            await work.announcements.put_off([row.id for row in one.rows], until, "budget")
            continue
        drafts.append(Draft(one, MessageKind.REPEAT, asset_of(one)))
        sent.append(message_of(drafts[-1], "", now))
    return drafts


def _repeats_on(channel: str, routing: Routing) -> int:
    """How many messages an hour may tell something again on a channel, by all routes."""
    policies = {leg.route: leg.policy for _, leg in every_leg(routing.routes)}
    return sum(
        shares(one.budget, repeats_of(one)).repeats
        for one in policies.values()
        if channel in one.channels or any(channel in step.channels for step in one.escalate)
    )


async def _drafts(rationed: Rationed, asset: str, work: Work) -> list[Draft]:
    if rationed.until is not None:
        ids = [row.id for one in rationed.held for row in one.rows]
        await work.announcements.put_off(ids, rationed.until, "budget")
    drafts = [Draft(one, MessageKind.SINGLE, asset) for one in rationed.singles]
    drafts += [Draft(one, MessageKind.RESERVE, asset) for one in rationed.reserved]
    return drafts + ([Draft(rationed.flood, MessageKind.FLOOD, asset)] if rationed.flood else [])


async def _within_channel(
    drafts: Sequence[Draft], told: Sequence[Message], share: Shares, work: Work, now: datetime
) -> list[Draft]:
    """What a channel sends in all: the flood of one asset counts as one message, that of the channel as its own."""
    single = MessageKind.SINGLE
    counted = [
        replace(one, kind=single) if one.kind is MessageKind.FLOOD and one.asset != _MANY else one
        for one in told
    ]
    by_bundle = {id(one.bundle): one for one in drafts}
    rationed = ration([one.bundle for one in drafts], counted, share, now)
    kept = [by_bundle[id(one)] for one in (*rationed.singles, *rationed.reserved)]
    rest = replace(rationed, singles=(), reserved=())
    return kept + await _drafts(rest, _MANY, work)


async def _write(draft: Draft, channel: str, telling: Telling, work: Work, now: datetime) -> None:
    recipients = telling.recipients.get(channel) or ("",)
    await begin_standing(draft.bundle.rows, telling.routing, work, now)
    draft, alert = await readable(draft, recipients, work, now)
    if alert is None:
        return
    route = draft.first.route
    for recipient in recipients:
        await work.outbox.enqueue(channel, alert, now, recipient=recipient, route=route)
    message = message_of(draft, delivery_key(channel, alert.subject, alert.content), now)
    await work.announcements.told([one.id for one in draft.bundle.rows], message)
