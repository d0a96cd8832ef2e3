"""The kind `cardigann`: what it asks, how it reads rows and items, and what hostile answers cannot do."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leakwatch.errors import ConfigError, LayoutChanged, LeakwatchError, Refused
from leakwatch.extract.links import locate
from leakwatch.model.observation import storable
from leakwatch.sources._kind import FileText, Page, Payload, Question, Request
from leakwatch.sources.cardigann import KIND, CardigannSite, saved_state
from leakwatch.sources.cardigann.answer import MAX_ROWS

FOLDER = Path(__file__).parent / "definitions"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
HEX = "46a5570b31bb906a70cc0d0f17bad081b463aced"


def text(name: str) -> FileText:
    """A definition of the tests."""
    return FileText(f"{name}.yml", (FOLDER / f"{name}.yml").read_text("utf-8"))


def changed(name: str, *changes: tuple[str, str]) -> FileText:
    """A definition of the tests with parts replaced."""
    told = text(name).text
    for old, new in changes:
        assert old in told
        told = told.replace(old, new, 1)
    return FileText(f"{name}.yml", told)


def site(name: str, **more: Any) -> CardigannSite:
    """A site by a definition of the tests."""
    return CardigannSite(definition=text(name), **more)


def started(told: CardigannSite, **cursor: Any) -> list[Request]:
    """What a poll begins with."""
    return list(KIND.start(told, cursor))


def asked(told: CardigannSite, words: str) -> list[Request]:
    """What a question begins with."""
    assert KIND.ask
    return list(KIND.ask(told, {"year": 2026}, Question(words=words)))


def answer(request: Request, body: str | bytes, **headers: str) -> Payload:
    """An answer to a request."""
    body = body.encode() if isinstance(body, str) else body
    return Payload(request=request, url=request.url, status=200, headers=headers, body=body, fetched_at=NOON)


def read(definition: FileText, body: str | bytes, words: str = "", **state: Any) -> Page:
    """What a definition reads in a page."""
    told = saved_state(definition, words=words) | {"site": "s"} | state
    return KIND.parse(answer(Request(url=told["job"]["link"], state=told), body))


# --- requests --------------------------------------------------------------------------------------------------


def test_a_poll_names_nothing() -> None:
    """Without words the definition's own page of what is new is asked for, and each path is one request."""
    first, second = started(site("lantern"))
    assert first.url == "https://lantern.example/latest?order=added"
    assert second.url == "https://lantern.example/extra?order=added"
    assert [one.state["job"]["path"] for one in (first, second)] == [0, 1]
    assert json.loads(json.dumps(dict(first.state)))["job"]["words"] == ""


def test_older_items_are_asked_for_where_the_definition_says_how() -> None:
    """Behind as many as were listed, page after page; a definition without an offset, and a search, have no page behind."""
    told = changed("lantern", ("  inputs:\n", '  inputs:\n    start: "{{ .Query.Offset }}"\n'))
    paged = CardigannSite(definition=told)
    (first, *_) = started(paged)
    assert "start=" not in first.url
    body = table(*(ROW.format(n) for n in range(3)))
    page = KIND.parse(answer(first, body))
    assert len(page.observations) == 3
    assert KIND.back
    second = KIND.back(paged, answer(first, body), page)
    assert second is not None
    assert dict(parse_qsl(urlsplit(second.url).query))["start"] == "3"
    third = KIND.back(paged, answer(second, body), KIND.parse(answer(second, body)))
    assert third is not None
    assert dict(parse_qsl(urlsplit(third.url).query))["start"] == "6"
    assert KIND.back(paged, answer(first, body), Page()) is None
    (plain, *_) = started(site("lantern"))
    assert KIND.back(site("lantern"), answer(plain, body), page) is None
    (search, *_) = asked(paged, "tide")
    assert KIND.back(paged, answer(search, body), page) is None


def test_a_question_is_the_words_after_the_filters() -> None:
    """Words pass the definition's filters and are encoded; the site's setting is part of the path."""
    first = asked(site("lantern", settings={"sort": "size"}), "Paper-Lamp & kites")[0]
    assert first.url == "https://lantern.example/find/Paper+Lamp+kites/size?order=size"
    assert first.state["job"]["words"] == "Paper-Lamp & kites"
    assert asked(site("lantern"), "   ") == []


def test_words_are_encoded_as_the_site_has_it() -> None:
    """A definition in windows-1251 gets its words in windows-1251; what that lacks becomes a reference."""
    (one,) = asked(site("kiln"), "печь 灯")
    assert urlsplit(one.url).query == "nm=%EF%E5%F7%FC+%26%2328783%3B"


def test_categories_choose_paths_and_inputs() -> None:
    """Newznab numbers become the site's ids, and a path of other categories is not asked."""
    (one,) = started(site("lantern", categories=(2000,)))
    assert one.url == "https://lantern.example/latest?cat[]=1&order=added"
    both = started(site("lantern", categories=(7020, 2000)))
    assert [urlsplit(one.url).path for one in both] == ["/latest", "/extra"]


def test_what_cannot_be_asked_is_said_before_the_year_is() -> None:
    """Words that a form's encoding has no place for are a mistake at once, not when the year is known."""
    old = "    - path: list\n"
    told = changed(
        "ferry", ("encoding: UTF-8", "encoding: windows-1251"), (old, f"{old}      method: post\n")
    )
    assert KIND.ask
    with pytest.raises(ConfigError, match="a form in windows-1251"):
        list(KIND.ask(CardigannSite(definition=told), {}, Question(words="\u043b\u0430\u043c\u043f\u0430")))


def test_the_year_is_asked_of_the_site_once() -> None:
    """A definition that searches for the year has no clock: the first answer's time tells it, and the cursor keeps it."""
    (first,) = started(site("ferry"))
    assert first.url == "https://ferry.example/"
    page = KIND.parse(answer(first, "whatever"))
    assert [one.url for one in page.next_requests] == ["https://ferry.example/list?q=2026"]
    assert page.cursor == {"year": 2026}
    assert [one.url for one in started(site("ferry"), year=2026)] == ["https://ferry.example/list?q=2026"]
    later = KIND.parse(
        replace(answer(page.next_requests[0], BOAT), fetched_at=datetime(2027, 1, 1, tzinfo=UTC))
    )
    assert later.cursor["year"] == 2027


def test_a_form_is_posted() -> None:
    """A path by POST is a form of its inputs; in an old encoding only words in ASCII can be sent."""
    post = ("    - path: feed.php\n", "    - path: feed.php\n      method: post\n")
    told = CardigannSite(definition=changed("kiln", post))
    (one,) = asked(told, "kiln")
    assert (one.url, one.form) == ("https://kiln.example/feed.php", {"nm": "kiln"})
    with pytest.raises(ConfigError, match="not supported: a form in windows-1251"):
        asked(told, "печь")


def test_headers_never_say_who_we_are_not() -> None:
    """A definition's User-Agent and filled-in cookies are left out; its referrer and fixed cookies are sent."""
    headers = '  headers:\n    User-Agent: ["Mozilla/5.0"]\n    Referer: ["{{ .Config.sitelink }}"]\n    cookie: ["a=b"]\n'
    (one,) = started(CardigannSite(definition=changed("kiln", ("  inputs:\n", headers + "  inputs:\n"))))
    assert one.headers == {"Referer": "https://kiln.example/", "cookie": "a=b"}
    signed = headers.replace("a=b", "{{ .Config.cookie }}")
    (one,) = started(CardigannSite(definition=changed("kiln", ("  inputs:\n", signed + "  inputs:\n"))))
    assert one.headers == {"Referer": "https://kiln.example/"}


# --- settings --------------------------------------------------------------------------------------------------


def test_a_site_has_the_definitions_address_and_pace() -> None:
    """The address is the first link unless another is given; requestDelay is the least pace."""
    assert (site("lantern").url, site("lantern").least_interval_s) == ("https://lantern.example/", 3.0)
    assert site("lantern", url="https://mirror.example/of/it").url == "https://mirror.example/of/it/"


LOGIN = (
    "search:\n",
    'login:\n  path: in.php\n  method: form\n  inputs:\n    user: "{{ .Config.user }}"\nsearch:\n',
)


def test_a_sign_in_is_refused_unless_read_as_a_guest() -> None:
    """A definition whose members sign in is a site only where the operator wants what guests see."""
    told = changed("kiln", LOGIN)
    with pytest.raises(
        ConfigError, match=r"kiln.yml:17: login: not supported: sign-in by form; as_guest = true"
    ):
        CardigannSite(definition=told)
    assert started(CardigannSite(definition=told, as_guest=True))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"settings": {"sorted": "size"}}, "no setting 'sorted'; did you mean 'sort'"),
        ({"settings": {"sort": "colour"}}, "sort: expected one of added, size"),
        ({"settings": {"keepyear": "perhaps"}}, "keepyear: expected true or false"),
        ({"categories": (17,)}, "no Newznab category 17"),
        ({"max_details": -1}, "from 0 to 1000"),
    ],
)
def test_wrong_settings_are_named(given: dict[str, Any], told: str) -> None:
    """A setting that the definition does not have, or a value that it does not know, is a ConfigError."""
    with pytest.raises(ConfigError, match=told):
        site("lantern", **given)


def test_an_address_that_is_none_is_told_with_the_settings() -> None:
    """A path that a setting makes no web address of is told when the site is configured, not at its first poll."""
    setting = "settings:\n  - name: api\n    type: text\n    default: https://api.kiln.example\n"
    told = changed("kiln", ("settings: []\n", setting), ("path: feed.php", 'path: "{{ .Config.api }}/feed"'))
    assert started(CardigannSite(definition=told))[0].url == "https://api.kiln.example/feed"
    with pytest.raises(ConfigError, match="the definition leads to no web address"):
        CardigannSite(definition=told, settings={"api": "ftp://x"})
    with pytest.raises(ConfigError, match="a template gives more than"):
        CardigannSite(definition=told, settings={"api": "x" * 70_000})


def test_no_password_is_taken() -> None:
    """A definition's password is no setting of a site: it would travel in an address."""
    told = changed("kiln", ("settings: []", "settings:\n  - name: pass\n    type: password\n"))
    with pytest.raises(ConfigError, match="pass: not supported: passwords"):
        CardigannSite(definition=told, settings={"pass": "x"})
    assert started(CardigannSite(definition=told))


# --- rows ------------------------------------------------------------------------------------------------------

BOAT = '<ul><li class="boat"><a href="/boat/1">Northern Ferry</a></li></ul>'
ROW = (
    '<tr><td></td><td><a href="/item/{0}">Lamp {0}</a><a href="magnet:?xt=urn:btih:' + HEX + '">m</a></td>'
    "<td>1 day ago</td><td>1 GB</td><td>1</td><td>2</td></tr>"
)


def table(*rows: str) -> str:
    """A page of the invented index."""
    return f'<table class="items">{"".join(rows)}</table>'


def test_andmatch_is_of_searches_alone() -> None:
    """In a search a row without all words is left out; in what is new all stay."""
    body = table(ROW.format(1), ROW.format(22))
    assert len(read(text("lantern"), body).observations) == 2
    assert [one.title for one in read(text("lantern"), body, "lamp 22").observations] == ["Lamp 22"]


def test_a_search_may_find_nothing_and_what_is_new_may_not() -> None:
    """An HTML page without rows is honest in a search, and another layout in what is new."""
    assert read(text("lantern"), table(), "lamp") == Page()
    with pytest.raises(LayoutChanged, match="nothing on the page is a row"):
        read(text("lantern"), table())


def test_json_and_xml_of_the_right_shape_may_be_empty() -> None:
    """A count of nothing, and a channel without items, are honest pages; another root or type is another layout."""
    assert read(text("quarry"), '{"data": {"count": 0}}').observations == ()
    assert read(text("kiln"), "<rss><channel></channel></rss>").observations == ()
    with pytest.raises(LayoutChanged, match="expected a list at"):
        read(text("quarry"), '{"data": {"count": 3, "films": {"a": 1}}}')
    with pytest.raises(LayoutChanged, match="expected <rss>, got <error>"):
        read(text("kiln"), "<error code='1'/>")
    with pytest.raises(LayoutChanged, match="entities"):
        read(text("kiln"), "<!DOCTYPE rss [<!ENTITY a 'b'>]><rss/>")


def test_a_page_that_says_there_is_nothing() -> None:
    """The definition's words for an empty page are taken as such."""
    told = changed(
        "ferry",
        (
            "    - path: list\n",
            "    - path: list\n      response:\n        type: html\n        noResultsMessage: No boats\n",
        ),
    )
    assert read(told, "<p>No boats today</p>") == Page()


def test_an_item_that_cannot_be_read_hides_no_other() -> None:
    """A row with a link and no title is counted, and so is a date that cannot be read."""
    body = table(
        ROW.format(1), ROW.format(2).replace("Lamp 2", ""), ROW.format(3).replace("1 day", "a blue moon")
    )
    page = read(text("lantern"), body)
    assert [one.title for one in page.observations] == ["Lamp 1", "Lamp 3"]
    assert page.incomplete == "1 of 3 items could not be read; the dates of 1 items could not be read"
    assert page.observations[1].published_at is None


def test_a_title_is_never_filtered_away() -> None:
    """A title of which the definition's filters leave nothing stays as the page has it."""
    told = changed(
        "kiln",
        (
            "      selector: title\n",
            "      selector: title\n      filters:\n        - name: re_replace\n          args: ['\\W*[\\p{IsCyrillic}]+', '']\n",
        ),
    )
    body = "<rss><channel><item><title>Печь</title><link>/1</link></item><item><title>Печь Kiln</title><link>/2</link></item></channel></rss>"
    assert [one.title for one in read(told, body.encode("windows-1251")).observations] == ["Печь", "Kiln"]


def test_dates_may_stand_in_headings() -> None:
    """`dateheaders` gives the date of the nearest heading above to rows without one."""
    dates = "  rows:\n    dateheaders:\n      selector: li.day\n      filters:\n        - name: dateparse\n          args: yyyy-MM-dd\n"
    told = changed(
        "ferry", ("  rows:\n", dates), ("      text: now\n", "      selector: i\n      optional: true\n")
    )
    body = (
        '<ul><li class="day">2026-11-18</li><li class="boat"><a href="/boat/1">A</a></li>'
        '<li class="day">2026-11-17</li><li class="boat"><a href="/boat/2">B</a></li><li class="boat"><a href="/boat/3">C</a></li></ul>'
    )
    days = [one.published_at.day if one.published_at else 0 for one in read(told, body).observations]
    assert days == [18, 17, 17]


def test_a_page_may_be_changed_before_it_is_read() -> None:
    """`preprocessingfilters` work on the whole answer."""
    told = changed(
        "quarry",
        (
            "  rows:\n",
            '  preprocessingfilters:\n    - name: regexp\n      args: "cb\\\\((.+)\\\\)"\n  rows:\n',
        ),
    )
    assert read(told, 'cb({"data": {"count": 0}})').observations == ()


def test_a_json_answer_can_refuse() -> None:
    """The sign of an error may be a value in JSON."""
    told = changed(
        "quarry",
        (
            "  rows:\n",
            "  error:\n    - selector: fault\n      message:\n        selector: fault.why\n  rows:\n",
        ),
    )
    with pytest.raises(Refused, match="too many requests"):
        read(told, '{"fault": {"why": "too many requests"}, "data": {"count": 0}}')


def test_a_page_in_an_old_encoding_is_read() -> None:
    """Where neither the answer nor its header tells the encoding, the definition does."""
    body = "<rss><channel><item><title>Печь</title><link>/t/1</link></item></channel></rss>".encode(
        "windows-1251"
    )
    assert read(text("kiln"), body).observations[0].title == "Печь"
    marked = "\ufeff<rss><channel><item><title>Печь</title><link>/t/1</link></item></channel></rss>".encode(
        "utf-16-le"
    )
    assert read(text("kiln"), marked).observations[0].title == "Печь"


def test_a_page_knows_better_than_its_definition() -> None:
    """A definition says UTF-8 for want of better: the page's own word counts before it, as in a browser."""
    page = BOAT.replace("Northern Ferry", "Лодка")
    assert "Лодка" in page
    told = f'<head><meta charset="windows-1251"></head>{page}'.encode("windows-1251")
    assert read(text("ferry"), told).observations[0].title == "Лодка"


def test_a_rows_own_link_tells_its_infohash() -> None:
    """Where the definition reads no torrent in a row, a link named by one infohash tells it, and no page is asked for."""
    link = f'<a href="https://cache.example/torrent/{HEX.upper()}.torrent?title=x">t</a>'
    page = read(text("ferry"), BOAT.replace("</li>", f"{link}</li>"))
    assert (page.observations[0].infohash_v1, page.next_requests) == (HEX, ())
    two = link + link.replace(HEX.upper(), "1" * 40)
    for other in (two, f'<img src="/covers/{HEX}.jpg">'):
        page = read(text("ferry"), BOAT.replace("</li>", f"{other}</li>"))
        assert (page.observations[0].infohash_v1, len(page.next_requests)) == (None, 1)


def test_a_row_of_very_many_cells_is_cut() -> None:
    """What stands side by side in a row is looked at up to a bound, and the page says so."""
    told = changed("ferry", ("selector: a\n", 'selector: "b:has(a) ~ a"\n'))
    cells = "<b><a>x</a></b>" * 100_000
    began = time.process_time()
    page = read(told, f'<ul><li class="boat"><b><a>x</a></b><a href="/boat/1">Ferry</a>{cells}</li></ul>')
    assert time.process_time() - began < 5
    assert [one.title for one in page.observations] == ["Ferry"]
    assert "1 elements of rows had more than 500" in page.incomplete


# --- the pages of items ----------------------------------------------------------------------------------------


def test_pages_of_items_are_bounded_and_go_on_next_time() -> None:
    """So many pages of items are asked for in a poll; what is put off is said."""
    boats = "".join(
        f'<li class="boat"><a href="/boat/{number}">Boat {number}</a></li>' for number in range(60)
    )
    page = read(text("ferry"), boats)
    assert (len(page.next_requests), page.incomplete) == (50, "10 pages of items put off")
    assert all(one.named_by == frozenset({"ferry.example"}) for one in page.next_requests)
    assert len(page.observations) == 60


def test_what_is_no_longer_listed_is_forgotten() -> None:
    """The cursor keeps the items whose page was read only while they are listed."""
    item = KIND.parse(
        answer(read(text("ferry"), BOAT).next_requests[0], f"<script>'magnet:?xt=urn:btih:{HEX}'</script>")
    )
    (key,) = item.cursor
    state = saved_state(text("ferry"))
    state["job"]["known"] = {key[2:]: 9, "0/" + "0" * 20: 9, "w/" + "0" * 20: 9}
    again = read(text("ferry"), BOAT, **state)
    assert again.next_requests == ()
    assert again.cursor == {"d/0/" + "0" * 20: None}


def test_a_search_and_what_is_new_remember_each_other() -> None:
    """An item whose page was read for a search is not asked for again in what is new, and is kept while it is there."""
    key = next(iter(KIND.parse(answer(read(text("ferry"), BOAT).next_requests[0], "<p></p>")).cursor))[4:]
    state = saved_state(text("ferry"))
    state["job"]["known"] = {f"w/{key}": 9}
    page = read(text("ferry"), BOAT, **state)
    assert (page.next_requests, page.cursor) == ((), {f"d/0/{key}": 9})
    state["job"] |= {"known": {f"w/{number:020}": 9 for number in range(2001)}, "words": "ferry"}
    assert len(read(text("ferry"), BOAT, **state).cursor) == 2001


def test_a_page_that_tells_nothing_is_asked_three_times() -> None:
    """A page of an item without magnet or torrent is told, and given up after the third time."""
    known: dict[str, Any] = {}
    for time_ in (1, 2, 3):
        state = saved_state(text("ferry"))
        state["job"]["known"] = {key[2:]: value for key, value in known.items()}
        (request,) = read(text("ferry"), BOAT, **state).next_requests
        page = KIND.parse(answer(request, "<p>soon</p>"))
        assert page.incomplete == "the page of an item has neither magnet nor torrent nor infohash"
        known = dict(page.cursor)
        assert list(known.values()) == [time_]
    state["job"]["known"] = {key[2:]: value for key, value in known.items()}
    assert read(text("ferry"), BOAT, **state).next_requests == ()


def test_a_download_may_be_read_elsewhere() -> None:
    """`download.before` asks for a page made of the item's address, and the infohash is read there."""
    before = (
        'download:\n  before:\n    path: api/info\n    inputs:\n      id: "{{ .DownloadUri.Query.id }}"\n'
        "  infohash:\n    usebeforeresponse: true\n    hash:\n      selector: :root\n"
    )
    told = FileText("ferry.yml", text("ferry").text.partition("download:\n  sel")[0] + before)
    (request,) = read(told, BOAT.replace("/boat/1", "/boat?id=7")).next_requests
    assert request.url == "https://ferry.example/api/info?id=7"
    (seen,) = KIND.parse(answer(request, f'{{"hash": "{HEX.upper()}"}}')).observations
    assert (seen.title, seen.infohash_v1) == ("Northern Ferry", HEX)


def test_what_a_request_must_carry() -> None:
    """An item's page without its row, or of a definition without a download block, is an error and no item."""
    with pytest.raises(LayoutChanged, match="no row came with the request"):
        read(text("ferry"), "<p>x</p>", step="item")
    with pytest.raises(LayoutChanged, match="no download block"):
        read(text("lantern"), "<p>x</p>", step="item", row={"native_id": "n", "title": "t"})
    with pytest.raises(LayoutChanged, match="no definition came with the request"):
        KIND.parse(answer(Request(url="https://x.example/"), "<p>x</p>"))


def test_what_is_removed_leaves_its_neighbours_text() -> None:
    """`remove` takes elements out and leaves the text around them."""
    told = changed("ferry", ("      selector: a\n", "      selector: a\n      remove: b, i\n"))
    body = BOAT.replace("Northern Ferry", "<b>x</b>North<i>y</i>ern <u>F<b>z</b>erry</u><i>w</i>!")
    assert read(told, body).observations[0].title == "Northern Ferry!"


def test_rows_after_a_row_belong_to_it() -> None:
    """`after` makes one item of so many rows that follow one another."""
    told = changed("ferry", ("    selector: li.boat\n", "    selector: li.boat\n    after: 1\n"))
    body = '<ul><li class="boat">text</li><li class="boat">more <a href="/boat/1">A</a></li>'
    body += '<li class="boat"><b>x</b></li><li class="boat">tail<a href="/boat/2">B</a></li></ul>'
    assert [one.title for one in read(told, body).observations] == ["A", "B"]


# --- hostile answers  ------------------------------------------------------------------------------------------


def within(seconds: float, name: str, body: str | bytes, **more: Any) -> Page | None:
    """What comes of an answer in so many seconds of this process; None for an error of ours."""
    began = time.process_time()
    try:
        return read(text(name), body, **more)
    except LeakwatchError:
        return None
    finally:
        assert time.process_time() - began < seconds


def test_rows_are_bounded() -> None:
    """Of a hundred thousand rows so many are read, and the rest is said."""
    page = within(60, "ferry", BOAT * 1 + '<li class="boat"><a href="/boat/2">B</a></li>' * 100_000)
    assert page
    assert len(page.observations) == MAX_ROWS
    assert f"{100_001 - MAX_ROWS} rows put aside" in page.incomplete


@pytest.mark.parametrize("name", ["lantern", "ferry", "kiln", "quarry"])
@pytest.mark.parametrize(
    "body",
    [
        b"<div>" * 50_000,
        b"<table class=items><tr>" * 5_000,
        b'<li class="boat"><a href="' + b"x" * 2**20 + b'">y</a></li>',
        b'<li class="boat"><a href="/x">' + b"y\0" * 2**19 + b"</a></li>",
        b"[" * 200_000,
        b'{"data": {"count": 1, "films": [' + b'{"torrents": {"a": {}}},' * 20_000 + b"{}]}}",
        b"\0" * 2**20,
        b"<rss><channel>" + b"<item><title>&#xD800;</title></item>" * 20_000 + b"</channel></rss>",
        b"<rss>" * 5_000,
        b"\xff\xfe" + b"<\0" * 100_000,
        b"+/v8-" + b"+ADw-script+AD4-" * 1000,
    ],
    ids="deep tables attribute nul brackets json nuls references roots utf16 utf7".split(),
)
def test_bombs_are_survived(name: str, body: bytes) -> None:
    """Deep, long, broken and wrongly encoded answers give a page or an error in bounded time, with bounded texts."""
    page = within(30, name, body)
    for one in page.observations if page else ():
        assert len(one.title) <= 2000
        assert len(one.url or "") <= 8000
        assert len(one.native_id) <= 20_000


PIECES = (
    st.sampled_from(["<table class='items'>", "<tr>", "<td>", "</tr>", "<a href='/item/1' title='x'>", "</a>", "<li class='boat'>"])
    | st.sampled_from(["<a href='magnet:?xt=urn:btih:" + HEX + "'>", "<a href='//[bad'>", "1 day ago", "31/02/2026 99:99", "1.5 GB"])
    | st.sampled_from(["<rss><channel>", "<item>", "</item>", "<title>t</title>", "<link>http://[x</link>", "<k:attr name='infohash' value='z'/>"])
    | st.sampled_from(['{"data":', '{"count":1,"films":', "[", "]", "}", ",", '{"torrents":', '{"quality":"q","hash":9}', '"x"', "null"])
    | st.text(max_size=5)
)  # fmt: skip


@pytest.mark.parametrize("name", ["lantern", "ferry", "kiln", "quarry"])
@given(
    st.lists(PIECES, max_size=25).map("".join),
    st.sampled_from(["rows", "item", "year", ""]),
    st.sampled_from(["", "t x"]),
)
@example("", "item", "")
@settings(deadline=None, max_examples=120)
def test_any_answer_is_a_page_or_an_error(name: str, body: str, step: str, words: str) -> None:
    """Arbitrary answers in any step give a page that can be stored, or a LeakwatchError."""
    row = {"native_id": "n", "title": "t", "url": 5, "published_at": "x", "seeders": -1}
    try:
        page = read(text(name), body.encode("utf-8", "replace"), words, step=step, row=row)
    except LeakwatchError:
        return
    for one in page.observations:
        assert len(storable(locate(one)).content_digest) == 64
        assert one.published_at is None or one.published_at.tzinfo is UTC
    for request in page.next_requests:
        assert parse_qsl(urlsplit(request.url).query) is not None
        assert json.loads(json.dumps(dict(request.state)))
    assert json.dumps(dict(page.cursor), allow_nan=False)


@pytest.mark.parametrize("name", ["lantern", "ferry", "kiln", "quarry"])
@given(st.binary(max_size=300))
@settings(deadline=None, max_examples=80)
def test_any_bytes_are_a_page_or_an_error(name: str, body: bytes) -> None:
    """Arbitrary bytes give a page or a LeakwatchError."""
    try:
        read(text(name), body)
    except LeakwatchError:
        return
