"""Pages of kinds with JSON and HTML, composed from words for every poll as the sites' documentation shows them.

None of it is in a payload that a test of a parser reads. Fields that such sites have now and then are there now and
then; ids and times are new in every poll.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any

from drift_pages import Documents, Site

from leakwatch.sources import KINDS
from leakwatch.sources._kind import CredentialRef, FileText, PolledKind
from leakwatch.sources.cardigann.site import CardigannSite
from leakwatch.sources.discourse import DiscourseSite
from leakwatch.sources.huggingface import HuggingfaceSite
from leakwatch.sources.imageboard import ImageboardSite
from leakwatch.sources.mastodon import MastodonSite
from leakwatch.sources.page import PageSite
from leakwatch.sources.reddit import RedditSite
from leakwatch.sources.telegram import TelegramSite

_WORDS = (
    *(
        "amber",
        "anchor",
        "basin",
        "beacon",
        "birch",
        "bramble",
        "brook",
        "cedar",
        "chalk",
        "cinder",
        "clover",
    ),
    *(
        "copper",
        "coral",
        "cove",
        "delta",
        "drift",
        "ember",
        "falcon",
        "fern",
        "ferry",
        "flint",
        "gale",
        "glade",
    ),
    *(
        "granite",
        "harbour",
        "hazel",
        "heron",
        "hollow",
        "iris",
        "juniper",
        "kelp",
        "lantern",
        "larch",
        "ledge",
    ),
    *(
        "maple",
        "marsh",
        "meadow",
        "mesa",
        "mill",
        "moss",
        "orchard",
        "osprey",
        "pebble",
        "pine",
        "quarry",
        "reed",
    ),
)
_PEOPLE = tuple(f"{one}_{other}" for one in _WORDS[:12] for other in _WORDS[12:17])
_DEFINITION = """\
id: driftmill
name: Driftmill
language: en-US
type: public
encoding: UTF-8
links: [https://driftmill.example/]
caps:
  categorymappings:
    - {id: 1, cat: Movies, desc: Films}
  modes:
    search: [q]
search:
  paths:
    - path: browse
  rows:
    selector: table.torrents > tbody > tr
  fields:
    category: {text: "1"}
    title: {selector: "td:nth-child(1) a"}
    details: {selector: "td:nth-child(1) a", attribute: href}
    download: {selector: "a[href^=\\"magnet:\\"]", attribute: href}
    size: {selector: "td:nth-child(3)"}
    date:
      selector: td:nth-child(4)
      filters:
        - {name: dateparse, args: "2006-01-02 15:04"}
    seeders: {selector: "td:nth-child(5)"}
    leechers: {selector: "td:nth-child(6)"}
    downloadvolumefactor: {text: "0"}
    uploadvolumefactor: {text: "1"}
"""

_Compose = Callable[[random.Random, datetime], Documents]


def composed() -> list[Site]:
    """One site of each kind; two plain pages."""
    return [
        _site("imageboard", _board, lambda url: ImageboardSite(url=url, web_url="https://boards.example", boards=("tec",))),
        _site("mastodon", _mastodon, lambda url: MastodonSite(url=url)),
        _site("reddit", _reddit, lambda url: RedditSite(url=url, web_url=url, subreddits=("lanterns",), comments=False, app=CredentialRef("app"))),
        _site("discourse", _discourse, lambda url: DiscourseSite(url=url)),
        _site("huggingface", _hub, lambda url: HuggingfaceSite(url=url)),
        _site("page", _table, lambda url: PageSite(url=f"{url}/list", rows="table.list tr.item", title="td.name a", link="td.name a@href", date="td.when", size="td.size", author="td.by")),
        _site("page", _articles, lambda url: PageSite(url=f"{url}/news", rows="div.post", title="h2 a", link="h2 a@href", date="time", author="span.author", text="div.body"), "articles"),
        _site("cardigann", _index, lambda url: CardigannSite(definition=FileText("driftmill.yml", _DEFINITION), url=url)),
        _site("telegram", _channel, lambda url: TelegramSite(url=url, channel="driftmill")),
    ]  # fmt: skip


def _site(kind: str, page: _Compose, settings: Callable[[str], Any], name: str = "composed") -> Site:
    found = KINDS[kind]
    assert isinstance(found, PolledKind)
    return Site(f"{kind}:{name}", found, page, settings, requests=20)


def _some(rng: random.Random, least: int, most: int) -> str:
    return " ".join(rng.choice(_WORDS) for _ in range(rng.randint(least, most)))


def _sentence(rng: random.Random, least: int = 6, most: int = 40) -> str:
    return _some(rng, least, most).capitalize() + "."


def _times(rng: random.Random, at: datetime, count: int) -> list[datetime]:
    """Times of items, the newest first."""
    return sorted((at - timedelta(minutes=1 + rng.expovariate(1 / 120)) for _ in range(count)), reverse=True)


def _address(rng: random.Random) -> str:
    return f"https://{rng.choice(_WORDS)}.example/{rng.choice(_WORDS)}/{rng.randrange(10**6)}"


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _told(value: Any) -> bytes:
    return json.dumps(value).encode()


def _board(rng: random.Random, at: datetime) -> Documents:
    """Six threads of ten posts or so."""
    documents: dict[str, bytes] = {}
    threads: list[dict[str, Any]] = []
    for _ in range(6):
        first = rng.randrange(10**7, 10**8)
        times = _times(rng, at, rng.randint(7, 14))[::-1]
        posts = [_post(rng, first, first + 17 * number, time) for number, time in enumerate(times)]
        posts[0] |= {"sub": _some(rng, 2, 6), "replies": len(posts) - 1, "images": 3, "semantic_url": "a-b"}
        documents[f"/tec/thread/{first}.json"] = _told({"posts": posts})
        threads.append({**posts[0], "last_modified": int(times[-1].timestamp()), "omitted_posts": 2})
    documents["/tec/catalog.json"] = _told([{"page": 1, "threads": threads}])
    return documents


def _post(rng: random.Random, first: int, number: int, at: datetime) -> dict[str, Any]:
    said = escape(_sentence(rng, 3, 50))
    post: dict[str, Any] = {
        "no": number,
        "now": at.strftime("%m/%d/%y(%a)%H:%M:%S"),
        "name": "Anonymous" if rng.random() < 0.9 else rng.choice(_PEOPLE),
        "com": f'<a href="#p{first}" class="quotelink">&gt;&gt;{first}</a><br>{said}' if rng.random() < 0.5 else said,
        "time": int(at.timestamp()),
        "resto": 0 if number == first else first,
    }  # fmt: skip
    if number == first or rng.random() < 0.3:
        post |= {
            "filename": _some(rng, 1, 2),
            "ext": rng.choice((".jpg", ".png", ".webm")),
            "w": 800,
            "h": 600,
            "tim": int(at.timestamp() * 1000),
            "fsize": rng.randrange(20_000, 3_000_000),
            "md5": base64.b64encode(rng.randbytes(16)).decode(),
        }
    return post


def _mastodon(rng: random.Random, at: datetime) -> Documents:
    statuses: list[dict[str, Any]] = []
    for time in _times(rng, at, rng.randint(24, 40)):
        number, who, host = str(int(time.timestamp() * 65536)), rng.choice(_PEOPLE), "social.example"
        status: dict[str, Any] = {
            "id": number,
            "created_at": _iso(time),
            "edited_at": None,
            "sensitive": False,
            "spoiler_text": _some(rng, 2, 4) if rng.random() < 0.1 else "",
            "visibility": "public",
            "language": "en",
            "uri": f"https://{host}/users/{who}/statuses/{number}",
            "url": f"https://{host}/@{who}/{number}",
            "replies_count": rng.randrange(5),
            "content": f"<p>{_sentence(rng)}</p>",
            "reblog": None,
            "account": {
                "id": str(rng.randrange(10**6)),
                "username": who,
                "acct": who,
                "display_name": who.replace("_", " ").title(),
                "url": f"https://{host}/@{who}",
                "note": f"<p>{_sentence(rng)}</p>",
            },
            "media_attachments": [],
            "card": None,
        }
        if rng.random() < 0.4:
            status["card"] = {"url": _address(rng), "title": _some(rng, 3, 8), "description": _sentence(rng)}
        if rng.random() < 0.25:
            status["media_attachments"] = [
                {"type": "image", "url": _address(rng), "description": _sentence(rng)}
            ]
        statuses.append(status)
    return {"/api/v1/timelines/public": _told(statuses)}


def _reddit(rng: random.Random, at: datetime) -> Documents:
    children: list[dict[str, Any]] = []
    for time in _times(rng, at, rng.randint(25, 50)):
        name, title, is_self = f"{rng.randrange(36**6):x}", _some(rng, 4, 12).capitalize(), rng.random() < 0.6
        permalink = f"/r/lanterns/comments/{name}/{title.lower().replace(' ', '_')[:50]}/"
        data = {
            "id": name,
            "name": f"t3_{name}",
            "title": title,
            "author": rng.choice(_PEOPLE) if rng.random() < 0.95 else "[deleted]",
            "selftext": _sentence(rng, 10, 80) if is_self else "",
            "permalink": permalink,
            "url": f"https://www.reddit.com{permalink}" if is_self else _address(rng),
            "is_self": is_self,
            "created_utc": int(time.timestamp()),
            "subreddit": "lanterns",
            "domain": "self.lanterns" if is_self else "cedar.example",
            "score": rng.randrange(100),
            "num_comments": rng.randrange(30),
            "link_flair_text": rng.choice((None, "News")),
            "removed_by_category": None,
        }
        children.append({"kind": "t3", "data": data})
    listing = {"kind": "Listing", "data": {"after": "t3_zz", "before": None, "children": children}}
    token = {"access_token": "token-of-the-benchmark", "token_type": "bearer", "expires_in": 3600}
    return {"/r/lanterns/new": _told(listing), "/api/v1/access_token": _told(token)}


def _discourse(rng: random.Random, at: datetime) -> Documents:
    posts: list[dict[str, Any]] = []
    for number, time in enumerate(_times(rng, at, rng.randint(15, 30))):
        raw, who, topic, title = (
            _sentence(rng, 8, 60),
            rng.choice(_PEOPLE),
            rng.randrange(5000),
            _some(rng, 3, 8),
        )
        posts.append(
            {
                "id": int(time.timestamp()) // 10 * 100 - number,
                "name": who.replace("_", " ").title(),
                "username": who,
                "avatar_template": "/user_avatar/a/{size}/1.png",
                "created_at": _iso(time),
                "updated_at": _iso(time + timedelta(minutes=rng.randrange(3))),
                "cooked": f"<p>{raw}</p>",
                "raw": raw,
                "post_number": rng.randrange(1, 40),
                "reads": rng.randrange(40),
                "topic_id": topic,
                "topic_slug": title.replace(" ", "-"),
                "topic_title": title.capitalize(),
                "category_id": 4,
                "hidden": False,
                "user_deleted": False,
            }
        )
    return {"/posts.json": _told({"latest_posts": posts})}


def _hub(rng: random.Random, at: datetime) -> Documents:
    """A listing, and the page of each model that shows weights in it."""
    documents: dict[str, bytes] = {}
    listed: list[dict[str, Any]] = []
    for time in _times(rng, at, rng.randint(20, 30)):
        owner, name = (
            rng.choice(_PEOPLE),
            f"{rng.choice(_WORDS)}-{rng.choice(_WORDS)}-{rng.randrange(10**5)}b",
        )
        names = ["README.md", "config.json"]
        if len(documents) < 12 and rng.random() < 0.6:
            names += [f"model-0000{one}-of-00002.safetensors" for one in (1, 2)]
        model: dict[str, Any] = {
            "_id": rng.randbytes(12).hex(),
            "id": f"{owner}/{name}",
            "modelId": f"{owner}/{name}",
            "author": owner,
            "sha": rng.randbytes(20).hex(),
            "lastModified": _iso(time),
            "createdAt": _iso(time - timedelta(minutes=rng.expovariate(1 / 3000))),
            "private": False,
            "gated": False,
            "downloads": rng.randrange(1000),
            "tags": ["transformers"],
            "siblings": [{"rfilename": one} for one in names],
        }
        listed.append(model)
        if len(names) > 2:
            count = rng.randrange(10**9, 7 * 10**9)
            documents[f"/api/models/{owner}/{name}"] = _told(
                {
                    **model,
                    "safetensors": {"parameters": {"BF16": count}, "total": count},
                    "siblings": [_sibling(rng, one) for one in names],
                }
            )
    return {**documents, "/api/models": _told(listed)}


def _sibling(rng: random.Random, name: str) -> dict[str, Any]:
    size = rng.randrange(10**9, 5 * 10**9) if name.endswith("safetensors") else rng.randrange(300, 9000)
    told: dict[str, Any] = {"rfilename": name, "size": size, "blobId": rng.randbytes(20).hex()}
    if size > 10**6:
        told["lfs"] = {"sha256": rng.randbytes(32).hex(), "size": size, "pointerSize": 135}
    return told


def _size(rng: random.Random) -> str:
    size = 2 ** rng.uniform(26, 35)
    return f"{size / 2**30:.2f} GB" if size > 2**30 else f"{size / 2**20:.1f} MB"


def _html(body: str) -> bytes:
    return f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>Mill</title></head><body>{body}</body></html>'.encode()


def _table(rng: random.Random, at: datetime) -> Documents:
    rows = "".join(
        f'<tr class="item"><td class="name"><a href="/t/{rng.randrange(10**6)}">{_some(rng, 3, 7)}</a></td>'
        f'<td class="size">{_size(rng)}</td><td class="when">{time:%Y-%m-%d %H:%M}</td>'
        f'<td class="by">{rng.choice(_PEOPLE)}</td><td class="hits">{rng.randrange(900)}</td></tr>\n'
        for time in _times(rng, at, rng.randint(20, 40))
    )
    return {"/list": _html(f'<div id="main"><table class="list"><tr><th>Name</th></tr>{rows}</table></div>')}


def _articles(rng: random.Random, at: datetime) -> Documents:
    rows = "".join(
        f'<div class="post"><h2><a href="/news/{time:%Y}/{rng.randrange(10**6)}">{_some(rng, 4, 10)}</a></h2>'
        f'<p class="meta"><span class="author">{rng.choice(_PEOPLE).replace("_", " ")}</span> '
        f'<time datetime="{_iso(time)}">{time:%d.%m.%Y}</time></p>'
        f'<div class="body"><p>{_sentence(rng, 10, 60)}</p></div></div>\n'
        for time in _times(rng, at, rng.randint(12, 20))
    )
    return {"/news": _html(f'<main class="posts">{rows}</main>')}


def _index(rng: random.Random, at: datetime) -> Documents:
    rows = "".join(
        f'<tr><td><a href="/torrent/{rng.randrange(10**6)}">{_some(rng, 3, 7)}</a></td>'
        f'<td><a href="magnet:?xt=urn:btih:{rng.randbytes(20).hex()}">M</a></td><td>{_size(rng)}</td>'
        f"<td>{time:%Y-%m-%d %H:%M}</td><td>{rng.randrange(400)}</td><td>{rng.randrange(200)}</td></tr>\n"
        for time in _times(rng, at, rng.randint(25, 50))
    )
    return {"/browse": _html(f'<table class="torrents"><tbody>{rows}</tbody></table>')}


def _channel(rng: random.Random, at: datetime) -> Documents:
    first = int(at.timestamp()) // 60 % 10**6
    posts = "".join(
        _message(rng, first + number, time)
        for number, time in enumerate(reversed(_times(rng, at, rng.randint(12, 20))))
    )
    return {"/s/driftmill": _html(f'<section class="tgme_channel_history">{posts}</section>')}


def _message(rng: random.Random, number: int, at: datetime) -> str:
    document = (
        '<div class="tgme_widget_message_document"><div class="tgme_widget_message_document_title">'
        f'{_some(rng, 1, 2)}.zip</div><div class="tgme_widget_message_document_extra">{_size(rng)}</div></div>'
        if rng.random() < 0.4
        else ""
    )
    return (
        f'<div class="tgme_widget_message_wrap"><div class="tgme_widget_message" data-post="driftmill/{number}">'
        '<div class="tgme_widget_message_author"><a class="tgme_widget_message_owner_name" '
        f'href="https://t.me/driftmill"><span dir="auto">Drift Mill</span></a></div>{document}'
        f'<div class="tgme_widget_message_text" dir="auto">{_sentence(rng)}<br/>{_address(rng)}</div>'
        '<div class="tgme_widget_message_footer"><span class="tgme_widget_message_views">1.2K</span>'
        f'<a class="tgme_widget_message_date" href="https://t.me/driftmill/{number}">'
        f'<time datetime="{at:%Y-%m-%dT%H:%M:%S}+00:00" class="time">{at:%H:%M}</time></a></div></div></div>\n'
    )
