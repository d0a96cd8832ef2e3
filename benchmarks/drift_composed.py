"""Pages of kinds with JSON and HTML, composed from words for every poll as the sites' documentation shows them.

None of it is in a payload that a test of a parser reads. Fields that such sites have now and then are there now and
then; ids and times are new in every poll.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime
from typing import Any

import drift_answers
import drift_markup
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
        _site("imageboard", drift_answers.board, lambda url: ImageboardSite(url=url, web_url="https://boards.example", boards=("tec",))),
        _site("mastodon", drift_answers.mastodon, lambda url: MastodonSite(url=url)),
        _site("reddit", drift_answers.reddit, lambda url: RedditSite(url=url, web_url=url, subreddits=("lanterns",), comments=False, app=CredentialRef("app"))),
        _site("discourse", drift_answers.discourse, lambda url: DiscourseSite(url=url)),
        _site("huggingface", drift_answers.hub, lambda url: HuggingfaceSite(url=url)),
        _site("page", drift_markup.table, lambda url: PageSite(url=f"{url}/list", rows="table.list tr.item", title="td.name a", link="td.name a@href", date="td.when", size="td.size", author="td.by")),
        _site("page", drift_markup.articles, lambda url: PageSite(url=f"{url}/news", rows="div.post", title="h2 a", link="h2 a@href", date="time", author="span.author", text="div.body"), "articles"),
        _site("cardigann", drift_markup.index, lambda url: CardigannSite(definition=FileText("driftmill.yml", _DEFINITION), url=url)),
        _site("telegram", drift_markup.channel, lambda url: TelegramSite(url=url, channel="driftmill")),
    ]  # fmt: skip


def _site(kind: str, page: _Compose, settings: Callable[[str], Any], name: str = "composed") -> Site:
    found = KINDS[kind]
    assert isinstance(found, PolledKind)
    return Site(f"{kind}:{name}", found, page, settings, requests=20)
