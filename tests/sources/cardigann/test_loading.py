"""Definitions as files: what is unknown, wrong or not supported is named with its line; nothing crashes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leakwatch.errors import ConfigError
from leakwatch.sources.cardigann.loading import MAX_CHARS, examine, load

LANTERN = (Path(__file__).parent / "definitions" / "lantern.yml").read_text("utf-8")
LINES = LANTERN.splitlines()


def line_of(text: str) -> int:
    """The line of the definition that holds this text."""
    return next(number for number, line in enumerate(LINES, 1) if text in line)


def problems(text: str) -> list[str]:
    """All that is said of a definition."""
    return [one.message for one in examine(text, "x.yml")[1]]


@pytest.mark.parametrize(
    ("old", "new", "field", "told"),
    [
        ("requestDelay: 3", "requestdelay: 3", "requestdelay", "unknown key; did you mean 'requestDelay'?"),
        ("requestDelay: 3", "colour: red", "colour", "unknown key; known are id, "),
        ("    optional: true", "    optionel: true", "optionel", "unknown key; did you mean 'optional'?"),
        ("  modes:", "  modus:", "caps.modus", "unknown key; did you mean 'modes'?"),
        ("      remove: span, i", "      removes: span", "removes", "did you mean 'remove'?"),
        ("        - name: querystring", "        - name: shout", "category", "not supported: the filter 'shout'"),
        ("        - name: timeago", "        - name: regexp", "date_new", "regexp takes 1 arguments, not 0"),
        ('"[^\\\\w\\\\s]+"', '"[^\\\\w\\\\s+"', "keywordsfilters", "not supported: the pattern"),
        ("td:nth-last-child(2)", "td:nth-last-child(2", "seeders", "expected )"),
        ("td:last-child", "td:hover", "leechers", "not supported: :hover"),
        ("{{ or .Result.date_old .Result.date_new }}", "{{ shout .Result.date_old }}", "date", "not supported: the function 'shout'"),
        ("encoding: UTF-8", "encoding: klingon", "encoding", "not supported: the encoding 'klingon'"),
        ("encoding: UTF-8", "encoding: utf-7", "encoding", "not supported: the encoding 'utf-7'"),
        ("    type: select", "    type: wheel", "settings.type", "not supported: settings of type 'wheel'"),
        ("cat: Movies,", "cat: Pictures,", "caps", "no such Newznab category: 'Pictures'"),
        ("requestDelay: 3", "requestDelay: soon", "requestDelay", "expected a number from 0 to 3600"),
        ("https://lantern.example/", "ftp://lantern.example/", "links", "expected http or https addresses"),
        ("  - name: keepyear\n    type: checkbox", "  - name: keepyear", "settings", "expected a name and a type"),
        ("{id: 9, cat", "{cat", "categorymappings", "expected an id and a cat"),
        ("      optional: true", "      optional: maybe", "optional", "expected true or false"),
        ("      - name: andmatch", "      - args: 5", "search.rows.filters", "expected a name"),
        ("    - path: extra", "    - path: extra\n      method: put", "method", "not supported: the method 'put'"),
        ("    - path: extra", "    - path: extra\n      response: {type: pdf}", "response.type", "answers of type 'pdf'"),
        ("    - path: extra", "    - path: extra\n      response: {type: json}", "search.paths", "JSON and markup in one"),
        ("      selector: td:last-child", "      optional: true", "leechers", "expected a selector or a text"),
        ('        "img.gold": free', '        "img..gold": free', "case", "expected a name before"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named(old: str, new: str, field: str, told: str) -> None:
    """Each mistake is one problem with file, line and field."""
    assert old in LANTERN
    found = examine(LANTERN.replace(old, new, 1), "x.yml")[1]
    (one,) = [one for one in found if told in str(one)]
    assert field in one.field
    assert one.file == "x.yml"
    assert abs(one.line - line_of(old.strip().splitlines()[0])) <= 40
    assert one.message.startswith(f"x.yml:{one.line}: ")


def test_an_unknown_key_has_its_own_line() -> None:
    """The line of an unknown key is the line on which it stands."""
    text = LANTERN.replace("requestDelay: 3", "colour: red")
    (one,) = examine(text, "x.yml")[1]
    assert one.line == line_of("requestDelay: 3")


def test_all_problems_are_told_together() -> None:
    """Several mistakes are told in one go, in the order of their lines; a bounded number of them."""
    text = LANTERN.replace("requestDelay: 3", "colour: red").replace("name: andmatch", "name: ormatch")
    told = problems(text)
    assert ["colour" in told[0], "ormatch" in told[1], len(told)] == [True, True, 2]
    many = LANTERN + "".join(f"key{number}: x\n" for number in range(300))
    assert len(problems(many)) == 50


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("- a\n- b\n", "expected names and values"),
        ("id: x\n", "links: is missing"),
        ("id: x\nlinks: [http://x/]\nsearch: {}\n", "search.rows: is missing"),
        ("id: x\nid: y\n", "the key was used in line 1"),
        ("id: &a x\nname: *a\n", "anchors and aliases"),
        ("id: [unclosed\n", "broken YAML"),
        ("[" * 3000, "nested too deeply"),
        ("a" * (MAX_CHARS + 1), "larger than"),
        ("id: \x00\n", "YAML"),
    ],
)
def test_what_is_no_definition_is_refused(text: str, told: str) -> None:
    """A file of another kind, or a hostile one, is one error with the file's name."""
    (first, *_) = examine(text, "x.yml")[1]
    assert told in first.message
    assert first.message.startswith("x.yml")
    with pytest.raises(ConfigError):
        load(text, "x.yml")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("links:\n  - https://lantern.example/", "links:", "links: expected at least one address"),
        ("  fields:\n    category:", "  fields: {}\n  x:\n    category:", "search.x: unknown key"),
        ("  paths:", "  path: latest\n  paths:", ""),
        ("  modes:\n    search: [q]", "  modes: [search]", ""),
        ("id: lantern", "id: [a]", "id: expected text"),
        ("id: lantern", "id: lantern\ncertificates: [a]", ""),
        ("settings:\n  - name: sort", "settings:\n  x: y\nz:\n  - name: sort", "settings: expected a list"),
        ("    selector: table.items", "    select: table.items", "search.rows.selector: is missing"),
        ("    - selector: div.error", "    - select: div.error", "search.error.selector: is missing"),
        ("legacylinks:", "download:\n  infohash:\n    title: {selector: a}\nlegacylinks:", "infohash.hash: is missing"),
        ("legacylinks:", "download:\n  method: post\n  selector: a\nlegacylinks:", "a download by POST"),
        ("legacylinks:", "download:\n  selector: a\n  attribute: href\nlegacylinks:", ""),
        ("  paths:\n", "  pathes:\n", "search.paths: expected at least one path"),
        ("  - https://old", "".join(f"  - https://x{n}/\n" for n in range(2001)) + "  - https://old", ""),
        ("    options:", "    options:\n" + "".join(f"      o{n}: x\n" for n in range(2001)), "more than 2000 entries"),
    ],
)  # fmt: skip
def test_the_shape_of_a_definition(old: str, new: str, told: str) -> None:
    """What must be there, and what may be; nothing said means that it loads."""
    assert old in LANTERN
    found = problems(LANTERN.replace(old, new, 1))
    assert any(told in one for one in found) if told else found == []


BEFORE = """
download:
  before:
    path: thanks.php
    method: post
    inputs:
      id: "{{ .DownloadUri.Query.id }}"
  selectors:
    - selector: a
      attribute: href
"""


def test_a_word_of_thanks_is_not_said() -> None:
    """A request before the download that is not read itself does something to the site: not supported."""
    (told,) = problems(LANTERN + BEFORE)
    assert "not supported: a request before the download" in told
    read = BEFORE.replace("    - selector: a", "    - usebeforeresponse: true\n      selector: a")
    assert problems(LANTERN + read) == []
    asked = read.replace("    path: thanks.php", "    path: thanks.php\n    pathselector: a")
    assert "download.before.pathselector: not supported" in problems(LANTERN + asked)[0]


@given(st.integers(0, len(LANTERN)), st.integers(0, 60), st.text(max_size=12))
@example(0, 0, "\ud800")
@settings(deadline=None, max_examples=150)
def test_a_damaged_definition_is_survived(at: int, cut: int, noise: str) -> None:
    """A definition with a piece cut out and something put in loads, or is told with its file."""
    definition, found = examine(LANTERN[:at] + noise + LANTERN[at + cut :], "x.yml")
    assert definition is not None or found
    assert all(one.file == "x.yml" for one in found)
