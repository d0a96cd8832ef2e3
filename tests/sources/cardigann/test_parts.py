"""The parts that definitions are made of: templates, patterns, filters, dates, selectors, paths into JSON, sizes."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from leakwatch.sources.cardigann import dates, filters, json_rows, patterns, record, selectors, template
from leakwatch.sources.cardigann.categories import ids_of
from leakwatch.sources.cardigann.definition import Category, Filter, Rows

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)  # a Friday


# --- templates -------------------------------------------------------------------------------------------------

VARIABLES: dict[str, template.Value] = {
    ".Keywords": "paper lamp",
    ".Config.sort": "added",
    ".Config.on": "True",
    ".Config.cat-id": "0_0",
    ".Config.off": None,
    ".Categories": ("1", "22"),
    ".Result.year": "2026",
    ".True": "True",
    ".False": None,
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain { text }", "plain { text }"),
        ("{{ .Keywords }}|{{.Config.cat-id}}|{{ .Config.none }}", "paper lamp|0_0|"),
        ("{{ if .Config.off }}a{{ else }}b{{ end }}", "b"),
        ("{{ if .Config.off }}a{{ else if .Config.on }}c{{ else }}b{{ end }}!", "c!"),
        ("{{ if .Config.off }}a{{ else if .Config.off }}c{{ else }}b{{ end }}!", "b!"),
        ("{{ if .Config.on }}{{ if .Config.off }}x{{ else }}y{{ end }}z{{ else }}w{{ end }}", "yz"),
        ("{{ if .Config.off }}w{{ else }}{{ if .Config.on }}x{{ end }}y{{ end }}", "xy"),
        ("{{ range .Categories }}c{{.}}=1&{{end}}", "c1=1&c22=1&"),
        ("{{ range .Config.off }}c{{.}}{{ else }}none{{ end }}", "none"),
        ('{{ join .Categories "," }}', "1,22"),
        ('{{ re_replace .Keywords "[\\s]+" "+" }}', "paper+lamp"),
        ('{{ re_replace .Keywords "(\\w+) (\\w+)" "$2 $1" }}', "lamp paper"),
        ("{{ or .Config.off .Result.year .Keywords }}", "2026"),
        ("{{ or (.Config.off) (.Config.none) }}", ""),
        ('{{ if and (ne .Result.year "2025") (eq .Config.sort "added") }}yes{{ end }}', "yes"),
        ("{{ if and .Config.on .Config.off }}yes{{ else }}no{{ end }}", "no"),
        ("{{ if not .Config.off }}yes{{ end }}", "yes"),
        ("{{ if .True }}t{{ end }}{{ if .False }}f{{ end }}{{ if true }}T{{ end }}", "tT"),
        ('{{ .Config.sort | eq "added" }}', "True"),
        ("a {{- .Config.sort -}} b", "aaddedb"),
        ("a {{- if .Config.on -}} b {{- end }}", "ab"),
    ],
)
def test_templates(text: str, expected: str) -> None:
    """Each form that definitions use gives what Go's template package would."""
    assert template.expand(text, VARIABLES) == expected


@pytest.mark.parametrize(
    "text",
    ["{{ if .A }}", "{{ end }}", "{{ else }}", "{{ .A", "{{ printf .A }}", "{{ .A .B }}", "{{ (.A }}", "{{ }}",
     "{{ eq .A }}", "{{ with .A }}x{{ end }}", "{{ if .A }}a{{ else range .B }}b{{ end }}", "{{ .A ) }}",
     "{{ if .A }}" * 30 + "{{ end }}" * 30, "{{ " + "(" * 40 + ".A" + ")" * 40 + " }}"],
)  # fmt: skip
def test_broken_templates_are_errors(text: str) -> None:
    """A template that cannot be read is a TemplateError."""
    with pytest.raises(template.TemplateError):
        template.expand(text, VARIABLES)


def test_a_template_cannot_grow_without_end() -> None:
    """The output is bounded, also inside ranges."""
    many = {".Categories": tuple("x" * 100 for _ in range(1000))}
    with pytest.raises(template.TemplateError, match="more than"):
        template.expand("{{ range .Categories }}{{ . }}{{ end }}", many)


@given(st.text(alphabet='{}.|()"` abifelsndrgo', max_size=60))
@settings(deadline=None, max_examples=300)
def test_any_template_is_text_or_an_error(text: str) -> None:
    """Arbitrary templates give a text or a TemplateError."""
    try:
        assert isinstance(template.expand(text, VARIABLES), str)
    except template.TemplateError:
        return


# --- patterns --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "by", "text", "expected"),
    [
        (r"(?i)\bКравец\b", "Kravec", "Дом, кравец и Кравецкий", "Дом, Kravec и Кравецкий"),
        (r"(\w+)", "+$1", "дом два", "+дом +два"),
        (r"\d+", "#", "١٢ and 7", "# and #"),
        (r"[\s]+", " ", "a\u00a0\u3000b", "a b"),
        (r"^(\[.+?].+?)\s*(?<![\]\)])((?:\[|\(| - ).+)", "$1|$2", "[G] Name - 04 [x]", "[G] Name| - 04 [x]"),
        (r"([\p{IsCJKUnifiedIdeographs}\W]+)", ".", "a 灯笼 b", "a.b"),
        (r"[\[\(\{<«][\s\W]*[\]\)\}>»]", "", "a () [] «» b", "a  b"),
        (r"(a)(b)?", "$2-$1-$9-$$-${1}-$&", "a", "-a-$9-$-a-a"),
        (r"(?<year>\d{4})", "(${year})", "in 2026", "in (2026)"),
        (r"(?i)\sот\s([\w\p{P}\p{S}]+)$", "-$1", "Дом от Files-х", "Дом-Files-х"),
        (r"12:(\d\d) PM", "00:$1 PM", "12:30 PM", "00:30 PM"),
        (r"(\w)\1", "$1", "aabb дд", "ab д"),
        (r"a\u00A0b", "x", "a\u00a0b", "x"),
        (r"[[a]", "x", "[a", "xx"),
        (r"\P{L}+", "", "a1б2", "aб"),
        (r"\b\p{Lu}\w+(?!\w)", "#", "Дом и сад", "# и сад"),
        (r"(?=[\p{Nd}д])[\p{L}\d]\P{L}", "#", "д1 а1 1!", "# а##"),
        (r"\b[\p{IsCyrillic}]+\b\z", "x", "a дом", "a x"),
        (r"[^\W\d]+", "x", "дом_1", "x1"),
    ],
)
def test_patterns_mean_what_they_mean_in_net(pattern: str, by: str, text: str, expected: str) -> None:
    """Classes know all scripts, and replacements are read as .NET reads them."""
    assert patterns.replaced(pattern, by, text) == expected


@pytest.mark.parametrize(
    "pattern", ["(", "[a", r"\p{", r"\p{Klingon}", r"\u12", r"(?=x)[\P{L}]", "a{5}{6", "x" * 5000, "(?#"]
)
def test_patterns_that_cannot_be_read_are_errors(pattern: str) -> None:
    """A pattern that neither reader takes is a PatternError."""
    if pattern == "a{5}{6":
        assert patterns.replaced(pattern, "x", "b") == "b"
        return
    with pytest.raises(patterns.PatternError):
        patterns.compiled(pattern)


def test_hostile_text_cannot_make_a_linear_pattern_slow() -> None:
    """Nested repeats are RE2's, whose time is linear; what must backtrack leaves long text as it is."""
    began = time.process_time()
    assert patterns.first(r"(a+)+$", "a" * 50_000 + "b") is None
    assert patterns.replaced(r"(?<!x)(\w+)-", "", "д" * 100_000) == "д" * 100_000
    assert time.process_time() - began < 1


def test_only_backtracking_leaves_long_text() -> None:
    """A pattern with a look-behind works on short text and leaves long text as it is."""
    assert patterns.replaced(r"(?<=д)о", "0", "дом") == "д0м"
    assert patterns.replaced(r"(?<=д)о", "0", "дом" * 400) == "дом" * 400
    assert patterns.first(r"(?<=д)о", "дом" * 400) is None


# --- filters ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "args", "text", "expected"),
    [
        ("querystring", ["id"], "details.php?id=5&amp;x=2", "5"),
        ("querystring", ["x"], "details.php?id=5", ""),
        ("regexp", [r"f=(\d+)"], "a?f=77", "77"),
        ("regexp", [r"f=(\d+)"], "none", ""),
        ("replace", ["a", "b"], "banana", "bbnbnb"),
        ("split", ["/", "-1"], "a/b/c", "c"),
        ("split", ["-|", "1"], "a-b|c", "b"),
        ("split", ["/", "9"], "a/b", "a/b"),
        ("trim", [], "  a ", "a"),
        ("trim", ["-"], "--a-", "a"),
        ("prepend", ["x"], "a", "xa"),
        ("append", ["x"], "a", "ax"),
        ("tolower", [], "ABÇ", "abç"),
        ("toupper", [], "abç", "ABÇ"),
        ("urldecode", [], "a%20b+c", "a b c"),
        ("urlencode", [], "a b&c", "a+b%26c"),
        ("htmldecode", [], "a &amp; b", "a & b"),
        ("htmlencode", [], "a & b", "a &amp; b"),
        ("validfilename", [], "a/b:c", "a_b_c"),
        ("diacritics", ["replace"], "Árvíztűrő é", "Arvizturo e"),
        ("validate", ["drama, comedy"], "Comedy, thriller", "comedy"),
        ("dateparse", ["yyyy-MM-dd HH:mm zzz"], "2026-11-19 10:00 +02:00", "2026-11-19T08:00:00+00:00"),
        ("dateparse", ["yyyy-MM-dd"], "soon", "soon"),
        ("timeago", [], "2 days", "2026-11-18T12:00:00+00:00"),
        ("fuzzytime", [], "Yesterday 08:15", "2026-11-19T08:15:00+00:00"),
        ("strdump", [], "a", "a"),
    ],
)
def test_filters(name: str, args: list[str], text: str, expected: str) -> None:
    """Each filter does its work, and one that cannot leaves the text."""
    assert filters.apply(text, [Filter(name, tuple(args))], NOW) == expected


def test_every_supported_filter_is_tested() -> None:
    """The table above has each filter that a definition may use, but those with another's code."""
    mark = test_filters.pytestmark[0]  # type: ignore[attr-defined]
    assert {row[0] for row in mark.args[1]} | {"timeparse", "reltime", "re_replace", "hexdump"} == set(
        filters.KNOWN
    )


def test_andmatch_wants_every_word() -> None:
    """A row stays if its title has all words of the search."""
    rule = [Filter("andmatch")]
    assert filters.keeps_row(rule, "The Paper Lamp", "paper LAMP")
    assert not filters.keeps_row(rule, "The Paper Boat", "paper lamp")
    assert filters.keeps_row(rule, "anything", "")
    assert filters.keeps_row([], "The Paper Boat", "paper lamp")
    assert filters.keeps_row([Filter("andmatch", ("5",))], "The Paper Boat", "paper lamp")


# --- dates -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "layout", "expected"),
    [
        ("Thu, 19 Nov 2026 07:33:19 +0800", "ddd, dd MMM yyyy HH:mm:ss zzz", "2026-11-18T23:33:19"),
        ("2026/11/19 +08:00", "yyyy/MM/dd zzz", "2026-11-18T16:00:00"),
        ("14:051-Nov-26 +02:00", "HH:mmd-MMM-yy zzz", "2026-11-01T12:05:00"),
        ("27 Oct 26 00:00:00 +03:00", "dd MMM yy HH:mm:ss zzz", "2026-10-26T21:00:00"),
        ("19 November 2026 09:15:00 -00:00", "dd MMMM yyyy HH:mm:ss zzz", "2026-11-19T09:15:00"),
        ("1 Nov 2026  9:05", "d MMM yyyy  HH:mm", "2026-11-01T09:05:00"),
        ("11/19 08:30", "MM/dd HH:mm", "2026-11-19T08:30:00"),
        ("12/24 08:30", "MM/dd HH:mm", "2025-12-24T08:30:00"),
        ("11.19", "MM.dd", "2026-11-19T00:00:00"),
        ("99/01/02", "yy/MM/dd", "1999-01-02T00:00:00"),
        ("08:30 +08:00", "HH:mm zzz", "2026-11-20T00:30:00"),
        ("20261119", "yyyyMMdd", "2026-11-19T00:00:00"),
        ("11/19/2026 1:05 PM", "M/d/yyyy h:mm tt", "2026-11-19T13:05:00"),
        ("2026-11-19T07:00:00Z", "yyyy-MM-ddTHH:mm:ssK", "2026-11-19T07:00:00"),
        ("2026-11-19 07:00:00 -0700", "2006-01-02 15:04:05 -0700", "2026-11-19T14:00:00"),
        ("Thu, 19 Nov 2026 07:00:00 +0000", "Mon, 02 Jan 2006 15:04:05 -0700", "2026-11-19T07:00:00"),
        ("2026-13-45", "yyyy-MM-dd", None),
        ("2026-11-19 25:00", "yyyy-MM-dd HH:mm", None),
        ("1970-01-01", "yyyy-MM-dd", None),
        ("2026-11-19 07:00 +99:99", "yyyy-MM-dd HH:mm zzz", None),
        ("", "yyyy-MM-dd", None),
    ],
)
def test_dates_by_layout(text: str, layout: str, expected: str | None) -> None:
    """Layouts of .NET and Go, with and without zone, year and century; nonsense is no date."""
    found = dates.by_layout(text, layout, NOW)
    assert found == (datetime.fromisoformat(expected).replace(tzinfo=UTC) if expected else None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1795000000", "2026-11-18T11:06:40"),
        ("1795000000123", "2026-11-18T11:06:40"),
        ("2 hours ago", "2026-11-20T10:00:00"),
        ("1 day 2 hours ago", "2026-11-19T10:00:00"),
        ("an hour ago", "2026-11-20T11:00:00"),
        ("1 year+ ago", "2025-11-20T12:00:00"),
        ("3 weeks", "2026-10-30T12:00:00"),
        ("just now", "2026-11-20T12:00:00"),
        ("Today 08:30", "2026-11-20T08:30:00"),
        ("Today", "2026-11-20T00:00:00"),
        ("Yesterday at 11:15 pm", "2026-11-19T23:15:00"),
        ("Today 01:00 +08:00", "2026-11-19T17:00:00"),
        ("Wednesday at 08:15", "2026-11-18T08:15:00"),
        ("2026-11-19 08:30:00", "2026-11-19T08:30:00"),
        ("2026-11-19", "2026-11-19T00:00:00"),
        ("19.11.2026 08:30", "2026-11-19T08:30:00"),
        ("11/19/2026", "2026-11-19T00:00:00"),
        ("19/11/2026", "2026-11-19T00:00:00"),
        ("19-Nov-26 08:30", "2026-11-19T08:30:00"),
        ("Nov. 19th, 2026", "2026-11-19T00:00:00"),
        ("19 November 2026", "2026-11-19T00:00:00"),
        ("11-19 08:30", "2026-11-19T08:30:00"),
        ("Thu, 19 Nov 2026 08:30:00 +0200", "2026-11-19T06:30:00"),
        ("2026-11-19T08:30:00.123+02:00", "2026-11-19T06:30:00.123"),
        ("0", None),
        ("soon", None),
        ("0000-00-00 00:00:00", None),
        ("99999999999999999999 years ago", None),
        ("5 apples ago", None),
        ("", None),
    ],
)
def test_dates_in_words(text: str, expected: str | None) -> None:
    """Dates as sites write them, from the second in seconds to words; what is none is no date, never 1970."""
    found = dates.in_words(text, NOW)
    wanted = datetime.fromisoformat(expected).replace(tzinfo=UTC) if expected else None
    assert found is wanted or (found and wanted and abs(found - wanted) < timedelta(seconds=1))


@pytest.mark.parametrize(
    "text", ["a" * 199 + "!", "1 a" * 66, "an " * 66 + "1", "1d" * 100, " " * 200, "1 day, and " * 18]
)
def test_hostile_dates_are_quick(text: str) -> None:
    """No text makes the reading of dates slow."""
    began = time.process_time()
    dates.in_words(text, NOW)
    assert time.process_time() - began < 0.5


@given(st.text(max_size=60), st.text(alphabet="yMdHhmsfzt'\\ :/-+2006Jan1504", max_size=30))
@settings(deadline=None, max_examples=300)
def test_any_date_is_a_time_or_none(text: str, layout: str) -> None:
    """Arbitrary texts and layouts give an aware time or None."""
    for found in (dates.by_layout(text, layout, NOW), dates.in_words(text, NOW)):
        assert found is None or found.tzinfo is UTC


# --- selectors -------------------------------------------------------------------------------------------------

PAGE = html.fromstring("""<html><body><div id="top" class="a b"><p>one <i>two</i></p><p class="x y">three</p><span></span>
<ul><li id="l1"><a href="/t/1" title="T">first</a></li><li id="l2"><b>second</b> – 2</li><li id="l3"><a href="magnet:?xt=1">m</a>
</li></ul><em data-a="k v">e</em></div><div id="low"><p>four\u00a0MB</p></div></body></html>""")


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("li", ["l1", "l2", "l3"]),
        ("#l2, #l1", ["l1", "l2"]),
        ("div.a.b > ul > li", ["l1", "l2", "l3"]),
        ('li:has(a[href^="/t/"])', ["l1"]),
        ("li:has(> a[title])", ["l1"]),
        ("li:has( a)", ["l1", "l3"]),
        ("div:has(ul:has(a[href*='xt']))", ["top"]),
        ("li:has(a, b)", ["l1", "l2", "l3"]),
        ('li:contains("second")', ["l2"]),
        ("li:contains(second)", ["l2"]),
        ('li:not(:contains("second"))', ["l1", "l3"]),
        ("li:not(:has(a)):not(#l1)", ["l2"]),
        ("li:not(ul > #l2)", ["l1", "l3"]),
        ("li:nth-child(2)", ["l2"]),
        ("li:nth-child(odd)", ["l1", "l3"]),
        ("li:nth-child(2n+1)", ["l1", "l3"]),
        ("li:nth-child(-n+2)", ["l1", "l2"]),
        ("li:nth-last-child(1)", ["l3"]),
        ("li:nth-child(0)", []),
        ("li:nth-child(3n)", ["l3"]),
        ("li:nth-child(even)", ["l2"]),
        ("li:nth-of-type(2)", ["l2"]),
        ("li:nth-last-of-type(3)", ["l1"]),
        ("li:first-child, li:last-child", ["l1", "l3"]),
        ("li:first-of-type", ["l1"]),
        ("li:is(#l1, #l3)", ["l1", "l3"]),
        ("#l1 + li", ["l2"]),
        ("#l1 ~ li", ["l2", "l3"]),
        ("div:has(+ div)", ["top"]),
        ("div:has(~ #low)", ["top"]),
        ("#low:contains(\\00a0MB)", ["low"]),
        ('li:has(a[href$="1"])', ["l1", "l3"]),
        ("li:has([title])", ["l1"]),
        ("li:has(a[title!=T])", ["l3"]),
        ("div:has(em[data-a~=v])", ["top"]),
        ("div:has(p[class='x y'])", ["top"]),
        ("*:has(> li#l1) > #l2", ["l2"]),
        ("LI#l1", ["l1"]),
        ("li:empty", []),
        ('[id="l1"]', ["l1"]),
        ("div:not(.a)", ["low"]),
        (":root:contains('four') #low", ["low"]),
    ],
)
def test_selectors(selector: str, expected: list[str]) -> None:
    """Each form of CSS and jQuery that definitions use finds what it means, in the order of the page."""
    assert [one.get("id") for one in selectors.select(selector, PAGE)] == expected


def test_a_place_among_many_is_found_quickly() -> None:
    """A row of fifty thousand cells costs no more than it is long, for places by child and by type."""
    row = html.fromstring("<table><tr>" + "<td><a>x</a></td>" * 50_000 + "</tr></table>")
    began = time.process_time()
    for selector in ("td:nth-child(2) a", "td:nth-of-type(2) a", "td:first-of-type a", "td:last-child a"):
        assert len(selectors.select(selector, row)) == 1
    assert time.process_time() - began < 5


def test_scope_and_root() -> None:
    """`:scope` is the row; `:root` leaves it for the page."""
    row = selectors.select("#top", PAGE)[0]
    assert [one.get("id") for one in selectors.select(":scope > ul > li:first-child", row)] == ["l1"]
    assert [one.get("id") for one in selectors.select("> ul > li:first-child", row)] == ["l1"]
    assert selectors.select("#low", row) == []
    assert [one.get("id") for one in selectors.select(":root #low", row)] == ["low"]


@pytest.mark.parametrize(
    "selector",
    ["", ">", "a >", "a,,b", "a[", "a[href", "a[href='x]", "a:", "a:has(", "a:nth-child(x)", "a:hover", ":nth-of-type(2)",
     "a:not(", "a)", "a::before", "!", "a:has(" * 12 + "b" + ")" * 12, "a" * 5000],
)  # fmt: skip
def test_selectors_that_cannot_be_read_are_errors(selector: str) -> None:
    """A selector that is not supported is an error when it is loaded, not an empty list later."""
    with pytest.raises(selectors.SelectorError):
        selectors.compiled(selector)


@given(st.text(alphabet="abp.#[]=\"'()>+~*:, \\-nthochildrecs0129|$^!", max_size=25))
@settings(deadline=None, max_examples=400)
def test_any_selector_selects_or_is_an_error(selector: str) -> None:
    """Arbitrary selectors give elements or a SelectorError."""
    try:
        assert isinstance(selectors.select(selector, PAGE), list)
    except selectors.SelectorError:
        return


# --- JSON ------------------------------------------------------------------------------------------------------

TREE: dict[str, Any] = {
    "data": {"items": [{"n": "a", "by": {"name": "x"}}, {"n": "b"}], "map": {"k": {"n": "c"}}}
}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ("data.items", ["a", "b"]),
        ("$.data.items", ["a", "b"]),
        ("data.items[*]", ["a", "b"]),
        ("data.items:has(by.name)", ["a"]),
        ("data.items:not(by)", ["b"]),
        ("data.items:has(by.name:contains(x))", ["a"]),
        ("data.items:has(by.name:contains(z))", []),
        ("$['data'].items", ["a", "b"]),
    ],
)
def test_rows_of_json(selector: str, expected: list[str]) -> None:
    """Paths and conditions give the rows that they mean."""
    found = json_rows.rows(TREE, Rows(selector=selector), selector)
    assert [json_rows.text_of(json_rows.value("n", row)) for row in found] == expected


@pytest.mark.parametrize("path", ["a:has(", "a:has(b", "a[", "a{", ":has(" * 9 + "a" + ")" * 9, "a" * 2000])
def test_paths_that_cannot_be_read_are_errors(path: str) -> None:
    """A path that is not supported is a PathError."""
    with pytest.raises(json_rows.PathError):
        json_rows.compiled(path)


# --- sizes and categories --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("734003200", (734003200, True)),
        ("1.5 GB", (1610612736, False)),
        ("1,5 Go", (1610612736, False)),
        ("1,024.5 MB", (int(1024.5 * 2**20), False)),
        ("700 МБ", (700 * 2**20, False)),
        ("2.18\u00a0GiB", (int(2.18 * 2**30), False)),
        ("10 files, 3 KB", (3072, False)),
        ("88B", (88, False)),
        ("12 bytes", (12, False)),
        ("1.4 G", (int(1.4 * 2**30), False)),
        ("0", (None, True)),
        ("unknown", (None, False)),
        ("3 Minutes", (None, False)),
        ("9" * 40 + " TB", (None, False)),
        ("", (None, False)),
    ],
)
def test_sizes(text: str, expected: tuple[int | None, bool]) -> None:
    """Sizes as sites write them; only a number of bytes is exact."""
    assert record.size_of(text) == expected


def test_categories_by_number() -> None:
    """A Newznab number gives the site's ids; a thousand stands for all below it."""
    told = [Category(id="1", cat="Movies/HD"), Category(id="2", cat="Movies"), Category(id="3", cat="TV")]
    assert ids_of([2040], told) == ("1",)
    assert ids_of([2000], told) == ("1", "2")
    assert ids_of([], told) == ()
