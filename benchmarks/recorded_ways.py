"""How each recorded answer is read: by which kind, and with which of an operator's settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from leakwatch.sources._kind import FileText
from leakwatch.sources.cardigann import saved_state

DEFINITIONS = Path(__file__).parent / "recorded_definitions"
INDEXES = ("Torznab__", "Newznab__", "bitmagnet__", "relative_urls")


@dataclass(frozen=True, slots=True)
class Way:
    """A kind, and the state of a request for such a page. `kind` empty: no kind reads it, `why` says the reason."""

    kind: str
    state: Mapping[str, Any] = field(default_factory=dict[str, Any])
    why: str = ""


_ANIDEX = {
    "rows": "tbody tr",
    "title": "span.span-1440",
    "date": "td[title*=UTC]@title",
    "size": "td:nth-child(7)",
    "seeders": "td:nth-child(9)",
    "leechers": "td:nth-child(10)",
}
_BTDB = {
    "size": "span.item-meta-info-value",
    "seeders": "span[style*=green]",
    "leechers": "span[style*=red]",
}
_ELITE = {
    "rows": "table.fichas-listado tr:not(.cabecera)",
    "link": "a.nombre",
    "seeders": "td.semillas",
    "leechers": "td.clientes",
}
_HORRIBLE = {"rows": "div.release-links", "title": "td.dl-label"}
_LIME = {
    "rows": "table.table2 tr:nth-child(n+2)",
    "link": ".tt-name a + a",
    "size": "td:nth-child(3)",
    "seeders": "td.tdseed",
    "leechers": "td.tdleech",
}
_SHANA = {
    "rows": "div.release_block[id]",
    "title": ".release_original",
    "link": "a[download]",
    "size": ".release_size",
}
LISTS: Mapping[str, Mapping[str, str]] = {
    "anidex__backlog": _ANIDEX,
    "anidex__daily": _ANIDEX,
    "btdb__backlog": {"rows": "li.search-ret-item", **_BTDB},
    "btdb__daily": {"rows": "li.recent-item", **_BTDB},
    "elitetorrent__backlog": _ELITE,
    "elitetorrent__daily": _ELITE,
    "horriblesubs__backlog": _HORRIBLE,
    "horriblesubs__daily": _HORRIBLE,
    "jackett__html-response1": {
        "rows": ".media",
        "title": "a[href^='/torrent/']",
        "size": "@data-size",
        "seeders": "@data-seeders",
        "leechers": "@data-leechers",
    },
    "limetorrents__backlog": _LIME,
    "limetorrents__daily": _LIME,
    "shanaproject__backlog": _SHANA,
    "shanaproject__daily": _SHANA,
}
"""Selectors as an operator would write them for the lists of torrents."""
DEFINED = {
    "rarbg__": "named_results",
    "Rarbg__RecentFeed_v2": "named_results",
    "Rarbg__RecentFeed_v1": "letters",
    "FileList__": "bare_list",
    "AnimeBytes__": "groups",
    "newpct__daily1": "one_item",
    "newpct__backlog0": "one_item",
    "newpct__backlog1": "one_item",
}
"""Definitions that we wrote for answers of which no other definition reads the form."""
NOT_READ = {
    "anizb__backlog0": "a page that only redirects, which the door would follow",
    "anizb__daily0": "a page that only redirects, which the door would follow",
    "newpct__daily0": "a page of films in words, with no item of a torrent on it",
    "newpct__backlog2": "a page that says that there is nothing more",
    "flexget__test_parsing1": "the page of a search engine, no index",
    "4chan_docs_archive0": "numbers of threads that are over, without what they said",
    "4chan_docs_boards0": "a list of boards, cut off in the middle",
    "test_entity_statusedit": "edits of a post, which have no address",
    "test_entity_trendinglinkhistory": "links that are much shared, and no posts",
    "Events": "what somebody did, told by numbers",
    "SearchUsers": "users, not what they wrote",
    "testPaginateSearchTopics": "topics: words with a description",
    "testGetAuthorizations": "somebody's own tokens",
    "testGetDirContents": "names of files in a folder",
}
"""By a part of the name: what no kind reads, and why. A kind must refuse it, never call it empty."""


RESULTS = {
    "indexer_html/newpct__backlog0.html": ("indexer_html/newpct__backlog2.html", 0),
    "indexer_html/newpct__backlog1.html": ("indexer_html/newpct__backlog2.html", 1),
}
"""Answers whose item is told with another one of the same run, and which of its results it is."""


def way_of(file: str) -> Way:
    """How a recorded answer is read."""
    folder, _, rest = file.partition("/")
    name = rest.rpartition(".")[0]
    why = next((told for part, told in NOT_READ.items() if part in name), "")
    if folder in ("github", "reddit", "mastodon", "imageboard"):
        return Way(folder, why=why)
    if rest.endswith(".xml"):
        if name.startswith(INDEXES):
            return Way("torznab", {"step": "caps"} if "_caps" in name else {})
        return Way("feed")
    defined = next((told for part, told in DEFINED.items() if name.startswith(part)), "")
    if defined:
        text = (DEFINITIONS / f"{defined}.yml").read_text("utf-8")
        return Way("cardigann", saved_state(FileText(f"{defined}.yml", text)))
    return Way("page", {"page": 1, **LISTS.get(name, {"rows": "tr.torrent"})}, why)
