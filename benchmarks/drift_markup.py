"""Pages in HTML, composed: a table, articles, an index, a channel."""

from __future__ import annotations

import random
from datetime import datetime

from drift_pages import Documents
from drift_words import PEOPLE, address, iso, sentence, some, times


def table(rng: random.Random, at: datetime) -> Documents:
    """A table of files."""
    rows = "".join(
        f'<tr class="item"><td class="name"><a href="/t/{rng.randrange(10**6)}">{some(rng, 3, 7)}</a></td>'
        f'<td class="size">{_size(rng)}</td><td class="when">{time:%Y-%m-%d %H:%M}</td>'
        f'<td class="by">{rng.choice(PEOPLE)}</td><td class="hits">{rng.randrange(900)}</td></tr>\n'
        for time in times(rng, at, rng.randint(20, 40))
    )
    return {"/list": _html(f'<div id="main"><table class="list"><tr><th>Name</th></tr>{rows}</table></div>')}


def articles(rng: random.Random, at: datetime) -> Documents:
    """Articles, one below the other."""
    rows = "".join(
        f'<div class="post"><h2><a href="/news/{time:%Y}/{rng.randrange(10**6)}">{some(rng, 4, 10)}</a></h2>'
        f'<p class="meta"><span class="author">{rng.choice(PEOPLE).replace("_", " ")}</span> '
        f'<time datetime="{iso(time)}">{time:%d.%m.%Y}</time></p>'
        f'<div class="body"><p>{sentence(rng, 10, 60)}</p></div></div>\n'
        for time in times(rng, at, rng.randint(12, 20))
    )
    return {"/news": _html(f'<main class="posts">{rows}</main>')}


def index(rng: random.Random, at: datetime) -> Documents:
    """An index as definitions describe it: cells without names."""
    rows = "".join(
        f'<tr><td><a href="/torrent/{rng.randrange(10**6)}">{some(rng, 3, 7)}</a></td>'
        f'<td><a href="magnet:?xt=urn:btih:{rng.randbytes(20).hex()}">M</a></td><td>{_size(rng)}</td>'
        f"<td>{time:%Y-%m-%d %H:%M}</td><td>{rng.randrange(400)}</td><td>{rng.randrange(200)}</td></tr>\n"
        for time in times(rng, at, rng.randint(25, 50))
    )
    return {"/browse": _html(f'<table class="torrents"><tbody>{rows}</tbody></table>')}


def channel(rng: random.Random, at: datetime) -> Documents:
    """The public preview of a channel."""
    first = int(at.timestamp()) // 60 % 10**6
    posts = "".join(
        _message(rng, first + number, time)
        for number, time in enumerate(reversed(times(rng, at, rng.randint(12, 20))))
    )
    return {"/s/driftmill": _html(f'<section class="tgme_channel_history">{posts}</section>')}


def _message(rng: random.Random, number: int, at: datetime) -> str:
    document = (
        '<div class="tgme_widget_message_document"><div class="tgme_widget_message_document_title">'
        f'{some(rng, 1, 2)}.zip</div><div class="tgme_widget_message_document_extra">{_size(rng)}</div></div>'
        if rng.random() < 0.4
        else ""
    )
    return (
        f'<div class="tgme_widget_message_wrap"><div class="tgme_widget_message" data-post="driftmill/{number}">'
        '<div class="tgme_widget_message_author"><a class="tgme_widget_message_owner_name" '
        f'href="https://t.me/driftmill"><span dir="auto">Drift Mill</span></a></div>{document}'
        f'<div class="tgme_widget_message_text" dir="auto">{sentence(rng)}<br/>{address(rng)}</div>'
        '<div class="tgme_widget_message_footer"><span class="tgme_widget_message_views">1.2K</span>'
        f'<a class="tgme_widget_message_date" href="https://t.me/driftmill/{number}">'
        f'<time datetime="{at:%Y-%m-%dT%H:%M:%S}+00:00" class="time">{at:%H:%M}</time></a></div></div></div>\n'
    )


def _size(rng: random.Random) -> str:
    size = 2 ** rng.uniform(26, 35)
    return f"{size / 2**30:.2f} GB" if size > 2**30 else f"{size / 2**20:.1f} MB"


def _html(body: str) -> bytes:
    return f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>Mill</title></head><body>{body}</body></html>'.encode()
