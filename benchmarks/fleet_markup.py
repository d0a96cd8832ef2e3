"""Pages of the fleet that are markup: a table of rows for `page` and `cardigann`, a feed as Reddit has it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from urllib.parse import quote

from fleet_pages import WINDOW, Answer, Showing, infohash, newest, text, title

DEFINITION = """---
id: fleet
name: Fleet
description: "A table of rows"
language: en-US
type: public
encoding: UTF-8
links:
  - http://fleet.invalid/
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
    selector: tr.row
  fields:
    title:
      selector: a.name
    details:
      selector: a.name
      attribute: href
    magnet:
      selector: a[href^="magnet:"]
      attribute: href
    date:
      selector: time
      attribute: datetime
      filters:
        - name: dateparse
          args: "2006-01-02T15:04:05-07:00"
    size:
      selector: td.size
    seeders:
      selector: td.seeds
    leechers:
      selector: td.peers
"""
"""How `cardigann` reads the table."""

SELECTORS = {
    "rows": "tr.row",
    "title": "a.name",
    "link": "a.name",
    "date": "time",
    "size": "td.size",
    "seeders": "td.seeds",
    "leechers": "td.peers",
}
"""How `page` reads the table."""


def _table(shown: Showing, path: str, query: Mapping[str, str]) -> Answer:  # noqa: ARG001 - one address
    """A page of rows; one that has changed calls them otherwise."""
    page = int(query.get("page", "1"))
    numbers = newest(shown, (page - 1) * WINDOW, WINDOW)
    rows = "".join(_row(shown, number) for number in numbers)
    told = f"<!doctype html><html><head><title>{shown.name}</title></head><body><table>{rows}</table></body></html>"
    if shown.is_drifted:
        told = told.replace('class="row"', 'class="line"')
    step = "list" if page == 1 else "back"
    return Answer(body=told.encode(), items=numbers, step=step, mime="text/html", is_drifted=shown.is_drifted)


def _row(shown: Showing, number: int) -> str:
    digest, when = infohash(shown.name, number), datetime.fromtimestamp(shown.dates[number], UTC)
    magnet = f"magnet:?xt=urn:btih:{digest}&amp;dn={quote(title(shown.name, number))}"
    return (
        f'<tr class="row"><td><a class="name" href="/{shown.name}/item/{number}">{title(shown.name, number)}</a></td>'
        f'<td><a href="{magnet}">magnet</a></td><td class="size">{1 + int(digest[:3], 16)} MB</td>'
        f'<td><time datetime="{when.isoformat(timespec="seconds")}">{when:%d %b %Y}</time></td>'
        f'<td class="seeds">{3 + number % 9}</td><td class="peers">{4 + number % 13}</td></tr>'
    )


def _atom(shown: Showing, path: str, query: Mapping[str, str]) -> Answer:  # noqa: ARG001 - one page
    """The newest posts of a subreddit; a feed that has changed has no dates."""
    numbers = newest(shown, 0, WINDOW)
    rows = "".join(_entry(shown, number) for number in numbers)
    told = f'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>{shown.name}</title>{rows}</feed>'
    if shown.is_drifted:
        told = told.replace("published>", "when>").replace("updated>", "seen>")
    mime = "application/atom+xml"
    return Answer(body=told.encode(), items=numbers, mime=mime, is_drifted=shown.is_drifted)


def _entry(shown: Showing, number: int) -> str:
    when = datetime.fromtimestamp(shown.dates[number], UTC).isoformat(timespec="seconds")
    place = f"http://{shown.host}/{shown.name}/r/x/comments/{number}/"
    return (
        f"<entry><author><name>/u/someone{number % 5}</name></author><id>t3_{shown.name}i{number}</id>"
        f'<link href="{place}"/><title>{title(shown.name, number)}</title><published>{when}</published>'
        f'<updated>{when}</updated><content type="html">&lt;p&gt;{text(shown.name, number)}&lt;/p&gt;</content></entry>'
    )


MARKUP: Mapping[str, Callable[[Showing, str, Mapping[str, str]], Answer]] = {
    "page": _table,
    "cardigann": _table,
    "reddit": _atom,
}


def configured_markup(kind: str, url: str) -> dict[str, object]:
    """The settings of a site of these kinds; the definition lies beside the configuration."""
    if kind == "page":
        return {"url": f"{url}/list", "older": f"{url}/list?page={{page}}", **SELECTORS}
    if kind == "cardigann":
        return {"url": url, "definition": "definition.yml"}
    return {"url": url, "web_url": url, "subreddits": ["x"]}
