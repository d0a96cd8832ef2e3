"""Drafts: read by a person once and kept; whom each address goes to; what must not stand there; hostile texts."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from datetime import date, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest

from leakwatch.errors import InputError
from leakwatch.model.allow import Allow, AllowWhat
from leakwatch.model.finding import State, Verdict
from leakwatch.model.notice import Notice, NoticeId, NoticeState, SignOff
from leakwatch.model.origin import Origin, OriginHow
from leakwatch.notices.drafting import SIGNATURE, compose
from leakwatch.notices.facts import Draft, Wishes
from leakwatch.notices.letter import letter, message
from leakwatch.notices.spots import items_of
from leakwatch.notices.tables import addressee_named
from leakwatch.notices.wording import host_of, real_url

from .cases import ASSET, FINDING, HASH, HIDDEN, KINDS, MAGNET, NOON, SPOTS, facts

HERE = Path(__file__).parent / "drafts"
READ = {
    "github": ("github", "", ASSET),
    "github-embargoed": ("github", "", HIDDEN),
    "huggingface": ("huggingface", "", ASSET),
    "dmca-index": ("dmca", "index.example.net", ASSET),
    "dsa-board": ("dsa", "boards.example.org", HIDDEN),
    "host-file": ("host", "pixeldrain.com", ASSET),
    "host-index": ("host", "index.example.net", ASSET),
}


def make(name: str = "github", host: str = "", **changes: object) -> Draft:
    """A draft of the shared case."""
    wishes = Wishes(host=host, name_the_work=bool(changes.pop("naming", False)))
    return compose(addressee_named(name), facts(**changes), wishes)  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize("case", READ)
def test_draft_is_the_one_that_was_read(case: str) -> None:
    """The whole text is as somebody read it; where there is none it is written, and the run fails so that it is read."""
    name, host, asset = READ[case]
    draft, file = make(name, host, asset=asset), HERE / f"{case}.txt"
    text = f"{draft.subject}\n\n{draft.body}" + "".join(f"! {one}\n" for one in draft.detail["warnings"])
    if not file.exists():
        file.write_text(text, "utf-8")
        pytest.fail(f"{file.name} was written: read it")
    assert text == file.read_text("utf-8")


def test_each_host_gets_its_own_addresses() -> None:
    """GitHub gets the pull request and every repository one by one; others get theirs; nobody gets another's."""
    github, hub = make(), make("huggingface")
    assert [one["url"] for one in github.detail["urls"]] == [
        "https://github.com/northwind/nw7/pull/73",
        *(f"https://github.com/user{number}/nw7-download" for number in range(4)),
    ]
    assert github.body.count("by that name we take it for a fork or copy of it") == 2
    assert github.body.count("a fork of number 2, as the service itself states") == 1
    assert (
        "3 of these addresses are in forks, duplicates or derivatives of others: 1 as is stated there, 2 by"
        in github.body
    )
    assert [one["url"] for one in hub.detail["urls"]] == ["https://huggingface.co/somebody/nw7"]
    for other in ("huggingface.co/somebody", "index.example.net", "pixeldrain.com", "boards.example.org"):
        assert other not in github.body


def test_an_index_is_not_a_host() -> None:
    """The text to an index says that it holds no copy and gives the infohash; a host is asked to remove files."""
    index, host = make("host", "index.example.net"), make("host", "pixeldrain.com")
    assert index.detail["recipient"]["role"] == "index"
    assert "do not keep the work itself" in index.body
    assert HASH in index.body
    assert any("an index, not a host" in one for one in index.detail["warnings"])
    assert host.detail["recipient"]["role"] == "host"
    assert "Your service keeps material" in host.body
    assert HASH not in host.body
    assert any("nobody has looked inside" in one for one in host.detail["warnings"])
    assert "512(d)" in make("dmca", "index.example.net").body
    assert "512(d)" not in make("dmca", "pixeldrain.com").body


@pytest.mark.parametrize(
    ("name", "host", "told"),
    [
        ("github", "gitlab.com", "nothing of this finding is on GitHub"),
        ("dmca", "", "say which host with --host; it is on github.com"),
        ("host", "elsewhere.example", "nothing of this finding is on elsewhere.example"),
    ],
)
def test_wrong_recipient_is_refused_with_the_right_ones(name: str, host: str, told: str) -> None:
    """A notice to somebody who has nothing is not drafted; the hosts there are come with the addressee to use."""
    with pytest.raises(InputError, match=told) as caught:
        make(name, host)
    assert "github.com (5, --to github)" in caught.value.message


def test_nothing_known_and_one_host() -> None:
    """Without an address there is no notice; where one host is left it need not be named."""
    with pytest.raises(InputError, match="no web address"):
        make("host", spots=(replace(SPOTS[0], url=None),))
    assert make("host", spots=SPOTS[:2]).host == "boards.example.org"


def test_one_address_is_listed_once_for_what_is_known_best() -> None:
    """A repository that a post offered, and a hub lists later with its files, is one copy, seen since the post."""
    url = "https://huggingface.co/somebody/nw7"
    offered = replace(SPOTS[0], locators=(MAGNET, f"{url}/"))
    later = replace(SPOTS[0], native_id="again", seen_at=NOON + timedelta(days=2), locators=(url,))
    for spots in ([offered, SPOTS[6], later], [later, SPOTS[6], offered]):
        (one,) = [item for item in items_of(spots, KINDS) if item.host == "huggingface.co"]
        assert (one.url, one.what, one.author, one.agrees) == (url, "copy", "somebody", True)
        assert one.seen == NOON.isoformat(timespec="seconds")
    draft = make("huggingface", spots=[offered, SPOTS[6], later])
    assert draft.body.count(url) == 1


@pytest.mark.parametrize("author", ["author-7f3a9c017f3a9c01", "github.com:author-7f3a9c01"])
def test_pseudonyms_are_no_accounts(author: str) -> None:
    """An author of whom only a pseudonym is kept is not quoted: the address names him, or the page, as is said."""
    draft = make(spots=[replace(one, author=author) for one in SPOTS[1:4]])
    assert (
        "GitHub account: user0, user1. Of number 1 we keep the account under a pseudonym only;" in draft.body
    )
    assert "the page at the address shows it. We know no other contact." in draft.body
    assert "author-" not in draft.body
    (told,) = [one for one in draft.detail["warnings"] if "pseudonym" in one]
    assert "The account of number 1 is kept as a pseudonym." in told
    assert f"`leakwatch evidence pack {FINDING.id}`" in told
    alone = make(spots=[replace(SPOTS[1], author=author)])
    assert "GitHub account" not in alone.body
    assert "Of number 1 we keep the account under a pseudonym only" in alone.body
    assert "Not known to us." in make(spots=[replace(SPOTS[1], author=None)]).body


@pytest.mark.parametrize(
    ("url", "kind", "handle"),
    [
        ("https://gist.github.com/somebody/0123456789abcdef0123456789abcdef", "github", "somebody"),
        ("https://somebody.github.io/leak/", "page", "somebody"),
        ("https://www.reddit.com/user/some-body/comments/abc/x/", "reddit", "some-body"),
        ("https://www.reddit.com/r/leaks/comments/abc/x/", "reddit", ""),
        ("https://t.me/leakchannel/33", "telegram", "leakchannel"),
        ("https://t.me/s/leakchannel/33", "telegram", "leakchannel"),
        ("https://t.me/c/1234567/33", "telegram", ""),
        ("https://social.example/@some_body/112233", "mastodon", "some_body"),
        ("https://social.example/@some_body@elsewhere.example/112233", "mastodon", "some_body"),
        ("https://lemmy.example/u/somebody", "lemmy", "somebody"),
        ("https://pixeldrain.com/u/abcdef12", "", ""),
        ("https://pixeldrain.com/@abcdef12", "", ""),
        ("https://boards.example.org/g/thread/1#p2", "imageboard", ""),
        ("https://github.com/northwind/nw7/pull/73", "github", ""),
        ("https://t.me/%E2%80%AE/33", "telegram", ""),
    ],
)
def test_account_stands_in_the_address(url: str, kind: str, handle: str) -> None:
    """Where an address itself names the account, that is told, also where authors are pseudonyms; else nothing is made up."""
    spot = replace(SPOTS[0], url=url, author="author-7f3a9c017f3a9c01", locators=())
    (item,) = items_of([spot], {"board": kind})
    assert item.handle == handle


FORK, DUPLICATE, BASE = OriginHow
COPIES: dict[str, tuple[Origin | None, str]] = {
    "a fork of one that is listed": (
        Origin(FORK, ("USER0/NW7-download",)),
        "a fork of number 1, as the service itself",
    ),
    "the second is listed": (
        Origin(FORK, ("a/b", "user0/nw7-download")),
        "a fork of number 1, as the service",
    ),
    "a fork of another": (
        Origin(FORK, ("northwind/nw7",)),
        "a fork of northwind/nw7, as the service itself states",
    ),
    "a fork of nobody knows what": (Origin(FORK), "a fork of another one, as the service itself states"),
    "a duplicate": (
        Origin(DUPLICATE, ("user0/nw7-download",)),
        "a duplicate of number 1, as its own card states",
    ),
    "a derivative": (Origin(BASE, ("user0/nw7-download",)), "made from number 1, as its own card states"),
    "a guess": (None, "it has the name of number 1 under another account, and by that name we take it for"),
}


@pytest.mark.parametrize(("origin", "words"), COPIES.values(), ids=COPIES.keys())
def test_copy_is_said_as_it_is_known(origin: Origin | None, words: str) -> None:
    """What a host states of a fork is told apart from what its uploader states, and from a guess by the name."""
    draft = make(spots=[SPOTS[2], replace(SPOTS[5], origin=origin)])
    assert words in draft.body
    warned = " ".join(draft.detail["warnings"])
    assert ("by their names alone" in warned) is (origin is None)
    assert ("the word of whoever uploaded it" in warned) is (origin is not None and origin.how is not FORK)


def test_stated_origin_of_a_hidden_work_names_nobody() -> None:
    """Under embargo the repository that a fork came from is not named: its name may be the work's."""
    spots = [replace(SPOTS[5], origin=Origin(FORK, ("northwind/northwind-model-7",)))]
    assert "a fork of another one" in make(asset=HIDDEN, spots=spots).body
    assert "northwind-model-7" not in make(asset=HIDDEN, spots=spots).body


def test_origin_is_kept_whoever_shows_the_address_last() -> None:
    """An address that one page shows as a fork and another one only names stays a fork."""
    stated = replace(SPOTS[5], origin=Origin(FORK, ("a/b",)))
    later = replace(SPOTS[5], seen_at=NOON + timedelta(days=1))
    for spots in ([stated, later], [replace(later, seen_at=NOON), stated]):
        (item,) = items_of(spots, KINDS)
        assert item.origin == stated.origin


def test_host_may_be_an_address() -> None:
    """Whoever gives an address instead of a host is understood."""
    assert make("host", "https://www.pixeldrain.com/u/abcdef12").host == "pixeldrain.com"


def test_own_requirements_win() -> None:
    """Who drafts a plain DMCA notice to GitHub is told to use GitHub's own."""
    assert any("--to github" in one for one in make("dmca", "github.com").detail["warnings"])


def test_more_than_a_hundred_forks() -> None:
    """Above 100 repositories the guide's own sentence stands there, and the signer is told to review."""
    fork = SPOTS[2]
    spots = [
        replace(fork, url=(u := f"https://github.com/u{n}/nw7"), native_id=u, locators=(u,))
        for n in range(101)
    ]
    draft = make(spots=spots)
    assert "Based on the representative number of forks I have reviewed" in draft.body
    assert draft.body.count("https://github.com/u") == 101
    assert "representative" not in make(spots=spots[:100]).body


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"finding": replace(FINDING, verdict=Verdict.LIKELY)}, "below *proved*"),
        ({"finding": replace(FINDING, verdict=Verdict.REFUTED)}, "Do not send this"),
        ({"finding": replace(FINDING, state=State.FALSE_POSITIVE)}, "false positive"),
        ({"finding": replace(FINDING, state=State.ALLOWED)}, "it is official"),
        ({"asset": HIDDEN}, "two different persons must sign"),
        ({"asset": HIDDEN}, "holds the work's own name"),
        ({"asset": HIDDEN, "naming": True}, "NAMES the work"),
        ({"spots": SPOTS[2:4]}, "no address of this notice names it"),
    ],
)
def test_warnings(changes: dict[str, object], told: str) -> None:
    """What speaks against sending a notice as it is, is told, and only where it holds."""
    assert any(told in one for one in make(**changes).detail["warnings"])
    assert not any(told in one for one in make().detail["warnings"])


@pytest.mark.parametrize(
    ("what", "value"),
    [
        (AllowWhat.HOST, "github.com"),
        (AllowWhat.REPOSITORY, "https://github.com/Northwind/nw7"),
        (AllowWhat.URL, "https://github.com/northwind/nw7/pull/73"),
    ],
)
def test_official_addresses_are_told(what: AllowWhat, value: str) -> None:
    """An address under a live entry of the allow list is called official; an expired one is not."""
    entry = Allow(what=what, value=value)
    allowed = make(asset=replace(ASSET, allow=(entry,)))
    assert any("official: https://github.com/northwind/nw7" in one for one in allowed.detail["warnings"])
    over = make(asset=replace(ASSET, allow=(replace(entry, until=date(2026, 11, 1)),)))
    assert not any("official:" in one for one in over.detail["warnings"])


def test_embargo_leaves_names_out() -> None:
    """Neither title, alias, file nor what posts call it stands in the text of an embargoed work, but for addresses."""
    for name, host in (("github", ""), ("dsa", "boards.example.org"), ("host", "index.example.net")):
        draft = make(name, host, asset=HIDDEN)
        rest = f"{draft.subject}\n{draft.body}"
        for one in draft.detail["urls"]:
            rest = rest.replace(one["url"], "")
        for secret in ("Northwind Model 7", "Northwind.Model", "safetensors", "Save bandwidth", HASH):
            assert secret.lower() not in rest.lower()
        assert "BLUE-07" in draft.subject
        assert draft.detail["signatures"] == 2
        assert draft.detail["forbidden"] == []
    told = make(
        asset=HIDDEN, spots=[replace(SPOTS[1], author="NW7-leaks"), replace(SPOTS[2], author="user0")]
    )
    assert told.detail["forbidden"] == []
    assert "GitHub account: user0." in told.body
    named = make("huggingface", asset=HIDDEN, naming=True)
    assert "Northwind Model 7" in named.body
    assert named.detail["forbidden"] == []


def test_public_notice_holds_no_magnet() -> None:
    """A text that becomes public must not spread the torrent: a person's own words are checked, too."""
    told = Wishes(work=f"see {MAGNET}")
    assert len(compose(addressee_named("github"), facts(), told).detail["forbidden"]) == 1
    assert (
        compose(addressee_named("host"), facts(), replace(told, host="pixeldrain.com")).detail["forbidden"]
        == []
    )


# -- hostile texts ---------------------------------------------------------------------------------

TITLES = [
    "a\r\nBcc: victim@example.org\r\n\r\nbody",
    "x\n\n10. Signature\n\n   /s/ Somebody Else",
    '" and the rest is ours',
    "\u202egnihtemos\u2066",
    "\x1b[2J\x1b]8;;https://evil.example\x07click",
    "{{ 7 * 7 }} {% for x in range(10**9) %}",
    "{{ self.__init__.__globals__ }}",
    "[MISSING: everything; nowhere]",
    SIGNATURE,
    "\x00\x01\x7f\x9b31m",
    "e" + "\u0301" * 500,
    "long " * 5000,
    "=?utf-8?q?=0d=0aBcc:_x@example.org?=",
    "<script>alert(1)</script>",
    "\u2028next\u2029line",
    "\ufeffzero\u200bwidth\U000e0041tag",
    "\ud800lone",
    "%0d%0aX-Header: 1",
]
URLS = [
    "https://index.example.net/a\r\nBcc:x@example.org",
    "https://index.example.net/\u202etxt.exe",
    "https://index.example.net/a b\tc\x00d",
    'https://index.example.net/"><script>',
    "https://index.example.net/\ud800",
    "https://index.example.net/%E2%80%AE%0d%0a",
    f"https://index.example.net/{'a' * 9000}",
    "https://index.example.net/?q={{7*7}}&[SIGNATURE]&[MISSING: all; x]",
]


def as_notice(draft: Draft, name: str = "host") -> Notice:
    """A signed notice of a draft."""
    notice = Notice(
        id=NoticeId("LN-TEST"),
        finding=FINDING.id,
        addressee=name,
        host=draft.host,
        state=NoticeState.DRAFT,
        subject=draft.subject,
        body=draft.body,
        detail=draft.detail,
        drafted_by="a",
        drafted_at=NOON,
    )
    return replace(notice, signoffs=(SignOff(by="Ada Example", at=NOON, digest=notice.digest),))


def check_letter(text: str) -> None:
    """Only characters that can be seen, no bidi or zero-width ones."""
    odd = {c for c in text if c != "\n" and (not c.isprintable() or unicodedata.category(c) in ("Cf", "Cc"))}
    assert not odd, ascii(odd)


@pytest.mark.parametrize("title", TITLES)
@pytest.mark.parametrize("where", ["title", "author", "file", "asset"])
def test_hostile_texts_stay_data(title: str, where: str) -> None:
    """A title, author, file or name that is an attack adds no line, no header, no statement, no signature."""
    spot = replace(SPOTS[7], title="plain", author="plain", files=("plain",))
    change = (
        {"title": title}
        if where == "title"
        else {"author": title}
        if where == "author"
        else {"files": (title,)}
    )
    asset = replace(ASSET, title=title, owner=title) if where == "asset" else ASSET
    spots = (spot,) if where == "asset" else (replace(spot, **change),)  # pyright: ignore[reportArgumentType]
    wishes = Wishes(host="index.example.net", mail="abuse@index.example.net")
    plain = compose(addressee_named("host"), facts(spots=(spot,)), wishes)
    draft = compose(addressee_named("host"), facts(asset=asset, spots=spots), wishes)
    check_letter(draft.subject + draft.body)
    assert draft.body.count("\n") == plain.body.count("\n")
    assert draft.body.count(SIGNATURE) == 1
    assert draft.detail["missing"] == plain.detail["missing"]
    assert len(draft.subject) <= 200
    mail = message_from_bytes(message(as_notice(draft)), policy=policy.default)
    assert set(mail.keys()) <= {
        "X-Unsent", "To", "Subject", "Content-Type", "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
    assert mail["To"] == "abuse@index.example.net"
    assert "49" not in draft.subject


@pytest.mark.parametrize("url", URLS)
def test_hostile_addresses_stay_addresses(url: str) -> None:
    """An address stays one, in ASCII and on one line, on the host that it is on."""
    told = real_url(url)
    assert told.isascii()
    assert told.isprintable()
    assert " " not in told
    assert host_of(told) == "index.example.net"
    assert real_url(told) == told
    spot = replace(SPOTS[7], url=url, locators=(MAGNET,))
    draft = make("host", "index.example.net", spots=(spot,))
    check_letter(draft.body)
    assert draft.body.count(SIGNATURE) == 1
    assert draft.detail["missing"] == ["whom to write to at index.example.net"]
    assert f"1. {told}\n" in draft.body


def test_idna_hosts() -> None:
    """A host in another script is written as a resolver knows it."""
    assert real_url("https://пример.example/ж") == "https://xn--e1afmkfd.example/%D0%B6"


def test_letter_is_signed_by_those_who_signed_this_text() -> None:
    """The names stand under the text; a signature on another text does not."""
    notice = as_notice(make("host", "pixeldrain.com"))
    assert "/s/ Ada Example, 2026-11-20" in letter(notice)
    changed = replace(notice, body=notice.body + "more")
    assert "/s/" not in letter(changed)
    assert "[not signed" in letter(changed)


def test_no_mail_without_an_address() -> None:
    """Where no address is known there is no message file."""
    with pytest.raises(InputError, match="no mail address"):
        message(as_notice(make("host", "index.example.net")))
