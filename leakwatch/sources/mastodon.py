"""`mastodon`: public timelines and hashtags of an instance, walked forward from the last status seen.

Source: docs.joinmastodon.org/methods/timelines (`min_id`), /methods/search, /entities/Status.

History
2026-11  first version
"""

from __future__ import annotations

import html
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from leakwatch.errors import Refused
from leakwatch.model.observation import Observation
from leakwatch.sources import _fields as fields
from leakwatch.sources._kind import (
    CredentialRef,
    Cursor,
    Json,
    Page,
    Payload,
    PolledKind,
    Question,
    Request,
    site_name,
)

_LIMIT = 40
_MAX_ATTACHMENTS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class MastodonSite:
    """Settings: the instance, hashtags (none: its public timeline), only its own posts or all it knows, a token's name.

    Many instances show public timelines to nobody without a token, and all of them ask for one to search statuses.
    """

    url: str
    tags: tuple[str, ...] = ()
    local: bool = True
    token: CredentialRef | None = None


def start(site: MastodonSite, cursor: Cursor) -> Iterator[Request]:
    """What came after the last status seen of each timeline; of a new one the newest."""
    for name in site.tags or ("",):
        yield _timeline(site.url, name, site.local, site.token, fields.text(cursor.get(f"#{name}"), 40))


def ask(site: MastodonSite, cursor: Cursor, question: Question) -> Iterator[Request]:  # noqa: ARG001 - newest first
    """Statuses that have these words, where a token lets us search."""
    if question.words and site.token:
        query = urlencode({"q": question.words, "type": "statuses", "limit": str(_LIMIT)})
        yield Request(
            url=f"{site.url}/api/v2/search?{query}", credential=site.token, state={"step": "search"}
        )


def _timeline(api: str, name: str, local: bool, token: CredentialRef | None, last: str | None) -> Request:
    """`min_id` gives the statuses right after it; `since_id` would give the newest and leave a hole."""
    query = {"limit": str(_LIMIT)} | ({"local": "true"} if local else {}) | ({"min_id": last} if last else {})
    path = f"tag/{quote(name, safe='')}" if name else "public"
    return Request(
        url=f"{api}/api/v1/timelines/{path}?{urlencode(query)}",
        credential=token,
        state={
            "step": "timeline",
            "api": api,
            "name": name,
            "local": local,
            "credential": token,
            "last": last,
        },
    )


def parse(payload: Payload) -> Page:
    """Every status as an observation, and the next page forward where this one was full.

    Raises: Refused where the instance says so in JSON; LayoutChanged if the JSON is not of the API's shape.
    """
    body, state = payload.json(), payload.request.state
    told = fields.mapping(body)
    if fields.text(told.get("error")):
        raise Refused(f"{payload.url} answers {fields.text(told['error'], 200)}")
    listed = told["statuses"] if "statuses" in told else [body] if isinstance(body, dict) else body
    statuses = fields.list_of(listed, "statuses", payload.url)
    observations, incomplete = fields.readable(statuses, lambda status: _observation(status, payload))
    if state.get("step") != "timeline":
        return Page(observations=observations, incomplete=incomplete)
    newest = max(
        (one for one in (fields.count(status.get("id")) for status in statuses) if one is not None),
        default=None,
    )
    last = fields.text(state.get("last"), 40)
    if newest is None or newest <= (fields.count(last) or -1):
        return Page(observations=observations, incomplete=incomplete)
    following: tuple[Request, ...] = ()
    if last and len(statuses) >= _LIMIT:
        api, name = fields.text(state.get("api"), 500) or "", fields.text(state.get("name"), 200) or ""
        token = fields.text(state.get("credential"), 200)
        following = (
            _timeline(
                api,
                name,
                state.get("local") is True,
                CredentialRef(token) if token else None,
                str(newest),
            ),
        )
    return Page(
        observations=observations,
        next_requests=following,
        cursor={f"#{fields.text(state.get('name'), 200) or ''}": str(newest)},
        incomplete=incomplete,
    )


def _observation(status: Mapping[str, Json], payload: Payload) -> Observation:
    """What was written, whoever passed it on. `uri` names it in all of the network."""
    passed_on = status.get("reblog")
    told = passed_on if isinstance(passed_on, dict) else status
    uri = fields.text(told.get("uri"), 2000) or fields.text(told.get("url"), 2000)
    if not uri or not isinstance(told.get("content"), str):
        raise ValueError("no status")
    card, account = fields.mapping(told.get("card")), fields.mapping(told.get("account"))
    return Observation(
        site=site_name(payload),
        native_id=uri,
        title=fields.text(told.get("spoiler_text"), 2000) or fields.text(card.get("title"), 2000) or "",
        fetched_at=payload.fetched_at,
        url=fields.text(told.get("url"), 2000) or uri,
        published_at=fields.when(told.get("created_at")),
        author=fields.text(account.get("acct"), 300),
        text=_text(told, card),
    )


def _text(status: Mapping[str, Json], card: Mapping[str, Json]) -> str | None:
    """The status, what its pictures are said to show, and where its card leads."""
    attached = status.get("media_attachments")
    some = attached[:_MAX_ATTACHMENTS] if isinstance(attached, list) else []
    shown = [fields.text(fields.mapping(one).get("description"), 5000) for one in some]
    told = [html.escape(one, quote=False) for one in (*shown, fields.text(card.get("url"), 4000)) if one]
    return "\n".join(filter(None, (fields.text(status.get("content")), *told))) or None


KIND = PolledKind(
    name="mastodon",
    settings=MastodonSite,
    start=start,
    parse=parse,
    ask=ask,
    empty_is_normal=True,
    is_api=True,
)
