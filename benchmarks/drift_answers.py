"""Answers in JSON, composed as the documentation of boards, networks, forums and hubs shows them."""

from __future__ import annotations

import base64
import json
import random
from datetime import datetime, timedelta
from html import escape
from typing import Any

from drift_pages import Documents
from drift_words import PEOPLE, WORDS, address, iso, sentence, some, times


def board(rng: random.Random, at: datetime) -> Documents:
    """Six threads of ten posts or so."""
    documents: dict[str, bytes] = {}
    threads: list[dict[str, Any]] = []
    for _ in range(6):
        first = rng.randrange(10**7, 10**8)
        told = times(rng, at, rng.randint(7, 14))[::-1]
        posts = [_post(rng, first, first + 17 * number, time) for number, time in enumerate(told)]
        posts[0] |= {"sub": some(rng, 2, 6), "replies": len(posts) - 1, "images": 3, "semantic_url": "a-b"}
        documents[f"/tec/thread/{first}.json"] = _told({"posts": posts})
        threads.append({**posts[0], "last_modified": int(told[-1].timestamp()), "omitted_posts": 2})
    documents["/tec/catalog.json"] = _told([{"page": 1, "threads": threads}])
    return documents


def mastodon(rng: random.Random, at: datetime) -> Documents:
    """A public timeline."""
    statuses: list[dict[str, Any]] = []
    for time in times(rng, at, rng.randint(24, 40)):
        number, who, host = str(int(time.timestamp() * 65536)), rng.choice(PEOPLE), "social.example"
        status: dict[str, Any] = {
            "id": number,
            "created_at": iso(time),
            "edited_at": None,
            "sensitive": False,
            "spoiler_text": some(rng, 2, 4) if rng.random() < 0.1 else "",
            "visibility": "public",
            "language": "en",
            "uri": f"https://{host}/users/{who}/statuses/{number}",
            "url": f"https://{host}/@{who}/{number}",
            "replies_count": rng.randrange(5),
            "content": f"<p>{sentence(rng)}</p>",
            "reblog": None,
            "account": {
                "id": str(rng.randrange(10**6)),
                "username": who,
                "acct": who,
                "display_name": who.replace("_", " ").title(),
                "url": f"https://{host}/@{who}",
                "note": f"<p>{sentence(rng)}</p>",
            },
            "media_attachments": [],
            "card": None,
        }
        if rng.random() < 0.4:
            status["card"] = {"url": address(rng), "title": some(rng, 3, 8), "description": sentence(rng)}
        if rng.random() < 0.25:
            status["media_attachments"] = [
                {"type": "image", "url": address(rng), "description": sentence(rng)}
            ]
        statuses.append(status)
    return {"/api/v1/timelines/public": _told(statuses)}


def reddit(rng: random.Random, at: datetime) -> Documents:
    """The newest posts of a subreddit, and what is answered for a secret."""
    children: list[dict[str, Any]] = []
    for time in times(rng, at, rng.randint(25, 50)):
        name, title, is_self = f"{rng.randrange(36**6):x}", some(rng, 4, 12).capitalize(), rng.random() < 0.6
        permalink = f"/r/lanterns/comments/{name}/{title.lower().replace(' ', '_')[:50]}/"
        data = {
            "id": name,
            "name": f"t3_{name}",
            "title": title,
            "author": rng.choice(PEOPLE) if rng.random() < 0.95 else "[deleted]",
            "selftext": sentence(rng, 10, 80) if is_self else "",
            "permalink": permalink,
            "url": f"https://www.reddit.com{permalink}" if is_self else address(rng),
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


def discourse(rng: random.Random, at: datetime) -> Documents:
    """The newest posts of a forum."""
    posts: list[dict[str, Any]] = []
    for number, time in enumerate(times(rng, at, rng.randint(15, 30))):
        raw, who, topic, title = (
            sentence(rng, 8, 60),
            rng.choice(PEOPLE),
            rng.randrange(5000),
            some(rng, 3, 8),
        )
        posts.append(
            {
                "id": int(time.timestamp()) // 10 * 100 - number,
                "name": who.replace("_", " ").title(),
                "username": who,
                "avatar_template": "/user_avatar/a/{size}/1.png",
                "created_at": iso(time),
                "updated_at": iso(time + timedelta(minutes=rng.randrange(3))),
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


def hub(rng: random.Random, at: datetime) -> Documents:
    """A listing, and the page of each model that shows weights in it."""
    documents: dict[str, bytes] = {}
    listed: list[dict[str, Any]] = []
    for time in times(rng, at, rng.randint(20, 30)):
        owner, name = (
            rng.choice(PEOPLE),
            f"{rng.choice(WORDS)}-{rng.choice(WORDS)}-{rng.randrange(10**5)}b",
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
            "lastModified": iso(time),
            "createdAt": iso(time - timedelta(minutes=rng.expovariate(1 / 3000))),
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


def _post(rng: random.Random, first: int, number: int, at: datetime) -> dict[str, Any]:
    said = escape(sentence(rng, 3, 50))
    post: dict[str, Any] = {
        "no": number,
        "now": at.strftime("%m/%d/%y(%a)%H:%M:%S"),
        "name": "Anonymous" if rng.random() < 0.9 else rng.choice(PEOPLE),
        "com": f'<a href="#p{first}" class="quotelink">&gt;&gt;{first}</a><br>{said}' if rng.random() < 0.5 else said,
        "time": int(at.timestamp()),
        "resto": 0 if number == first else first,
    }  # fmt: skip
    if number == first or rng.random() < 0.3:
        post |= {
            "filename": some(rng, 1, 2),
            "ext": rng.choice((".jpg", ".png", ".webm")),
            "w": 800,
            "h": 600,
            "tim": int(at.timestamp() * 1000),
            "fsize": rng.randrange(20_000, 3_000_000),
            "md5": base64.b64encode(rng.randbytes(16)).decode(),
        }
    return post


def _sibling(rng: random.Random, name: str) -> dict[str, Any]:
    size = rng.randrange(10**9, 5 * 10**9) if name.endswith("safetensors") else rng.randrange(300, 9000)
    told: dict[str, Any] = {"rfilename": name, "size": size, "blobId": rng.randbytes(20).hex()}
    if size > 10**6:
        told["lfs"] = {"sha256": rng.randbytes(32).hex(), "size": size, "pointerSize": 135}
    return told


def _told(value: Any) -> bytes:
    return json.dumps(value).encode()
