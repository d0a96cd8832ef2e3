"""Markup as trees, and the links that only the raw text has."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest

from leakwatch.errors import ConfigError, LayoutChanged
from leakwatch.extract.links import locate
from leakwatch.model.observation import Observation
from leakwatch.sources import _markup
from leakwatch.sources._kind import Payload, Request

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
URL = "https://site.example/list"
ONE, TWO = "46a5570b31bb906a70cc0d0f17bad081b463aced", "f32739e7f4d85533f0176f30927c1cac86592a8d"
MAGNET = f"magnet:?xt=urn:btih:{ONE}"


def payload(body: str, charset: str = "utf-8") -> Payload:
    """A page of a site."""
    headers = {"content-type": f"text/html; charset={charset}"}
    request = Request(url=URL, state={"site": "s"})
    return Payload(
        request=request, url=URL, status=200, headers=headers, body=body.encode(charset), fetched_at=NOON
    )


def items(page: _markup.Document) -> list[Observation]:
    """Each `li` as an observation with its markup."""
    return [
        Observation(
            site="s", native_id=one.get("id", ""), title="", fetched_at=NOON, text=_markup.markup(one)
        )
        for one in _markup.select(page.root, "li")
    ]


def hidden(body: str) -> dict[str, list[str]]:
    """The infohashes that each item, and the page, come to, the raw text's among them."""
    told = payload(f"<html><title>A list</title><body><ul>{body}</ul>")
    page = _markup.document(told)
    seen = items(page)
    found, _ = _markup.with_hidden(seen, [f'id="{one.native_id}"' for one in seen], page, told)
    told_by = {one.native_id: [at.infohashes for at in locate(one).locators] for one in found}
    return {name: [(one.v1 or b"").hex() for one in told if one] for name, told in told_by.items() if told}


@pytest.mark.parametrize(
    "inside",
    [
        f"<!-- {MAGNET} -->",
        f"<!--[if IE]><a href='{MAGNET}'>x</a><![endif]-->",
        f"<script>open('{MAGNET}&dn=x')</script>",
        f"<b onclick=\"location='{MAGNET}&amp;dn=x'\">x</b>",
        f"<b title='{MAGNET}'>x</b>",
        "<div>" * 300 + MAGNET,
    ],
)
def test_a_link_that_the_tree_does_not_show_is_the_items_before_it(inside: str) -> None:
    """A magnet in a comment, a script, an attribute or too deep is found, for the item in which it stood."""
    assert hidden(f'<li id="a">one</li><li id="b">two {inside}</li>') == {"b": [ONE]}


def test_what_the_tree_shows_is_not_told_twice() -> None:
    """A magnet in an item's own text or link has no second locator, nor has its mirror in a comment."""
    assert hidden(f'<li id="a"><a href="{MAGNET}&amp;dn=y">x</a></li><!-- {MAGNET} -->') == {"a": [ONE]}


def test_a_link_before_all_items_is_the_pages() -> None:
    """What stands before the first item, or far behind the last, is an observation of the page itself."""
    far = " " * 70_000
    told = hidden(f'<!-- {MAGNET} --><li id="a">one</li>{far}<script>"magnet:?xt=urn:btih:{TWO}"</script>')
    assert told == {f"{URL}#page": [ONE, TWO]}


def test_a_page_that_is_too_deep_says_so() -> None:
    """The reader stops at 256 levels; what came before is kept and the page is called incomplete."""
    page = _markup.document(payload("<ul><li id=a>x</li>" + "<div>" * 5000 + "<li id=b>y</li>"))
    assert [one.native_id for one in items(page)] == ["a"]
    assert "deep" in page.incomplete


def test_pages_come_in_every_encoding() -> None:
    """A page in windows-1251 is read as what it says."""
    page = _markup.document(payload("<p>Привет</p>", "windows-1251"))
    assert _markup.words(_markup.first(page.root, "p")) == "Привет"


@pytest.mark.parametrize("body", ["", "  \n", "<!-- only this -->"])
def test_a_page_without_an_element_is_a_changed_layout(body: str) -> None:
    """Nothing to read is no empty page."""
    with pytest.raises(LayoutChanged):
        _markup.document(payload(body))


@pytest.mark.parametrize("selector", ["", "a[", "a:nonsense", "a" * 2000, "a >"])
def test_a_selector_that_is_none_names_its_field(selector: str) -> None:
    """The operator is told which setting is wrong."""
    with pytest.raises(ConfigError, match="not a CSS selector") as caught:
        _markup.checked(selector, "rows")
    assert caught.value.field == "rows"


def test_a_page_full_of_links_is_searched_in_time() -> None:
    """Four thousand rows cost less than three seconds."""
    rows = "".join(f'<li id="{n}">x</li><!-- magnet:?xt=urn:btih:{n:040x} -->' for n in range(4_000))
    began = time.process_time()
    told = hidden(rows)
    assert time.process_time() - began < 3
    assert sum(len(one) for one in told.values()) == 500


def test_the_search_of_the_raw_text_has_an_end() -> None:
    """Behind two million characters nothing hidden is looked for, and the page says so; what its tree shows is read."""
    far = (
        "<p>"
        + " " * _markup.MAX_SEARCHED
        + f"</p><!-- {MAGNET} --><ul><li id=b>magnet:?xt=urn:btih:{TWO}</li></ul>"
    )
    told = payload(far)
    page = _markup.document(told)
    (seen,), said = _markup.with_hidden(items(page), ['id="b"'], page, told)
    assert [((one.infohashes and one.infohashes.v1) or b"").hex() for one in locate(seen).locators] == [TWO]
    assert said == "hidden links were looked for in the first 2097152 characters"
