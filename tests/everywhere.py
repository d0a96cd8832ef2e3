"""One site of every kind, with the settings that a search needs, and what each of their servers answers."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from leakwatch.sources import KINDS
from leakwatch.sources._kind import PolledKind

RSS = '<rss version="2.0"><channel><title>t</title>{items}</channel></rss>'
CAPS = '<caps><searching><search available="yes" supportedParams="q"/></searching><categories/></caps>'
CHANNEL = (
    '<html><head><link rel="canonical" href="/s/somebody"></head><body><main class="tgme_main" data-url="/somebody">'
    '<section class="tgme_channel_history"><div class="tgme_widget_message_wrap">'
    '<div class="tgme_widget_message" data-post="somebody/1"><div class="tgme_widget_message_text">good morning</div>'
    '<a class="tgme_widget_message_date" href="https://t.me/somebody/1"><time datetime="2026-11-20T11:00:00+00:00">'
    "</time></a></div></div></section></main></body></html>"
)
ROWS = '<html><body><ul><li class="row"><a href="/item/1">a garden</a></li></ul></body></html>'
POSTED = {"id": 1, "topic_id": 1, "topic_slug": "a", "post_number": 1, "raw": "good morning"}
POSTED |= {"username": "a", "created_at": "2026-11-20T11:00:00Z"}
PASTE = {
    "key": "abcd1234",
    "date": "1795000000",
    "title": "a garden",
    "size": "12",
    "user": "a",
    "syntax": "text",
}
PAPER = f"<item><title>a garden</title><infohash>{'9' * 40}</infohash><size>5</size></item>"
DEFINITION = """---
id: lantern
name: Lantern
language: en-US
type: public
encoding: UTF-8
links:
  - https://lantern.example/
caps:
  categories:
    1: Other
  modes:
    search: [q]
settings: []
search:
  paths:
    - path: list
  inputs:
    q: "{{ .Keywords }}"
  rows:
    selector: li.row
  fields:
    title:
      selector: a
    details:
      selector: a
      attribute: href
    download:
      selector: a
      attribute: href
    date:
      text: now
    size:
      text: 1 MB
    seeders:
      text: 1
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A site: its kind, the path of its address, its other settings, and answers by what their path holds."""

    kind: str
    path: str = ""
    more: str = ""
    answers: tuple[tuple[str, object], ...] = ((r"", []),)
    is_tls: bool = False

    def answer(self, target: str) -> bytes | None:
        """What its server says to a request; None where nothing is there."""
        for pattern, told in self.answers:
            if re.search(pattern, target):
                return (
                    None
                    if told is None
                    else told.encode()
                    if isinstance(told, str)
                    else json.dumps(told).encode()
                )
        return None


_EMPTY_SEARCH = {"total_count": 0, "incomplete_results": False, "items": []}
_LISTING = {"kind": "Listing", "data": {"children": [], "after": None}}
_TOKEN = 'token = "key"'
PLACES: dict[str, Place] = {
    "feed": Place("feed", "/rss", "", ((r"/rss", "LEAK"),)),
    "secure": Place("feed", "/rss", "", ((r"/rss", RSS.format(items="")),), is_tls=True),
    "torznab": Place("torznab", "/api", "", ((r"t=caps", CAPS), (r"", "LEAK"))),
    "cardigann": Place("cardigann", "/", 'definition = "lantern.yml"', ((r"", ROWS),)),
    "page": Place(
        "page",
        "/new",
        'rows = "li.row"\ntitle = "a"\nlink = "a"\nsearch = "URL/find?q={words}"',
        ((r"", ROWS),),
    ),
    "imageboard": Place("imageboard", "", 'boards = ["g"]', ((r"", [{"page": 1, "threads": []}]),)),
    "vichan": Place(
        "imageboard", "", 'dialect = "vichan"\nboards = ["g"]', ((r"", [{"page": 0, "threads": []}]),)
    ),
    "lynxchan": Place("imageboard", "", 'dialect = "lynxchan"\nboards = ["g"]'),
    "telegram": Place("telegram", "", 'channel = "somebody"', ((r"", CHANNEL),)),
    "paste": Place("paste", "", "", ((r"scrape_item", "good morning"), (r"", [PASTE]))),
    "github": Place(
        "github", "", f'repositories = ["acme/tools"]\n{_TOKEN}', ((r"/search/", _EMPTY_SEARCH), (r"", []))
    ),
    "gitlab": Place("gitlab", "", f'projects = ["acme/tools"]\nadvanced_search = true\n{_TOKEN}'),
    "huggingface": Place("huggingface", "", 'repositories = ["models", "datasets", "spaces"]'),
    "registry": Place(
        "registry",
        "",
        'repositories = ["library/thing"]',
        ((r"/tags/list", {"name": "library/thing", "tags": []}),),
    ),
    "civitai": Place(
        "registry", "", 'protocol = "civitai"', ((r"by-hash", None), (r"", {"items": [], "metadata": {}}))
    ),
    "archive": Place("archive", "", "", ((r"", {"response": {"numFound": 0, "docs": []}}),)),
    "academic": Place("academic", "/database.xml", "", ((r"", RSS.format(items=PAPER)),)),
    "hackernews": Place(
        "hackernews",
        "",
        'search_url = "URL"',
        (
            (r"maxitem", 5),
            (r"updates", {"items": [], "profiles": []}),
            (r"search_by", {"hits": []}),
            (r"", "null"),
        ),
    ),
    "reddit": Place(
        "reddit",
        "",
        'subreddits = ["acme"]\napp = "key"\nweb_url = "URL"',
        ((r"access_token", {"access_token": "0123456789", "expires_in": 3600}), (r"", _LISTING)),
        is_tls=True,
    ),
    "lemmy": Place("lemmy", "", "", ((r"", {"posts": [], "comments": []}),)),
    "mastodon": Place(
        "mastodon", "", _TOKEN, ((r"/search", {"accounts": [], "statuses": [], "hashtags": []}), (r"", []))
    ),
    "discourse": Place("discourse", "", "", ((r"/search", {"posts": []}), (r"", {"latest_posts": [POSTED]}))),
    "phpbb": Place(
        "phpbb", "", "", ((r"", '<feed xmlns="http://www.w3.org/2005/Atom"><title>t</title></feed>'),)
    ),
}


def asks(name: str) -> bool:
    """Whether a site has a search."""
    kind = KINDS[PLACES[name].kind]
    return isinstance(kind, PolledKind) and kind.ask is not None


def configuration(folder: Path, port: int, tls_port: int, udp_port: int) -> str:
    """All these sites on hosts of their own, the DHT and an inbox, with a secret for those that need one."""
    (folder / "lantern.yml").write_text(DEFINITION, "utf-8")
    (folder / "key").write_text("me:0123456789abcdef", "utf-8")
    (folder / "drop").mkdir(exist_ok=True)
    lines = [
        '[secrets]\nkey_file = "key"\n',
        f'[[sites]]\nname = "dht"\nkind = "dht"\nenabled = true\nbootstrap = ["127.0.0.1:{udp_port}"]\n',
        '[[sites]]\nname = "inbox"\nkind = "inbox"\nenabled = true\nfolder = "drop"\n',
    ]
    for name, one in PLACES.items():
        base = f"https://{name}.test:{tls_port}" if one.is_tls else f"http://{name}.test:{port}"
        lines.append(
            f'[[sites]]\nname = "{name}"\nkind = "{one.kind}"\nurl = "{base}{one.path}"\nevery = "200ms"\n'
            f"min_interval_s = 0.0\n{one.more.replace('URL', base)}\n"
            + ('queries = ["gguf weights"]\nquestions_per_poll = 50\n' if asks(name) else "")
        )
    return "\n".join(lines)
