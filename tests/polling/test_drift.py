"""Drift: found by field, only where it is certain, and for as long as it lasts."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.model.observation import Observation
from leakwatch.polling.drift import judge
from leakwatch.polling.ledger import Ledger, ledger_json, ledger_of
from leakwatch.polling.mirrored import at_home
from leakwatch.polling.profile import Profile, look
from leakwatch.sources._asked import Asked, Field

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
WORDS = ("harbour", "lantern", "copper", "meadow", "thistle", "ferry", "quarry", "willow")


def items(rng: random.Random, count: int = 30) -> list[Observation]:
    """Items as an index shows them: one in seven without an author, sizes over three orders of magnitude."""
    return [
        Observation(
            site="index",
            native_id=f"https://index.example/{rng.randrange(10**9)}",
            title=f"{' '.join(rng.sample(WORDS, 3))} {number}",
            fetched_at=NOON,
            url=f"https://index.example/t/{number}",
            published_at=NOON - timedelta(minutes=rng.randrange(600)),
            author=rng.choice(WORDS) if rng.random() < 0.86 else None,
            text="A description of what is in it, and more of it.",
            size_bytes=int(10 ** rng.uniform(7, 10)),
            magnet="magnet:?xt=urn:btih:" + "0" * 40,
            seeders=rng.randrange(100),
            leechers=rng.randrange(60),
        )
        for number in range(count)
    ]


def known(polls: int = 6) -> Profile:
    """The profile of the index after some polls."""
    rng, profile = random.Random(3), Profile()
    for _ in range(polls):
        judged = judge(profile, look(items(rng), 30))
        assert judged.drift == ()
        profile = judged.profile
    return profile


def changed(seen: Sequence[Observation], **changes: Any) -> list[Observation]:
    """The items with fields of another value, for all of them."""
    return [replace(one, **changes) for one in seen]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "1.4 GB"}, "title in words"),
        ({"title": "Ð¡Ð»Ð¸ harbour"}, "title without broken characters"),
        ({"published_at": None}, "published_at"),
        ({"published_at": datetime(1970, 1, 1, tzinfo=UTC)}, "published_at that can be true"),
        ({"published_at": NOON + timedelta(days=90)}, "published_at that can be true"),
        ({"published_at": NOON - timedelta(days=200)}, "published_at of the last weeks"),
        ({"size_bytes": None}, "size"),
        ({"size_bytes": 512}, "size"),
        ({"author": None}, "author"),
        ({"magnet": None}, "magnet"),
        ({"seeders": None}, "seeders"),
        ({"text": None}, "text"),
        ({"url": None}, "url"),
        ({"url": "/t/1"}, "url with a host"),
        ({"native_id": "17"}, "different ids"),
        ({"url": "https://index.example/download/9.torrent"}, "urls of a known form"),
        ({"title": "https://index.example/t/1"}, "titles that are no urls"),
        ({"title": "harbour-lantern-copper"}, "title with spaces"),
        ({"text": "&amp;lt;b&amp;gt;A description of what is in it"}, "text without broken characters"),
        ({"author": "https://index.example/user/1"}, "author as a word"),
        ({"author": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"}, "author as a word"),
        ({"published_at": datetime(2026, 11, 20, tzinfo=UTC)}, "published_at with a time of day"),
        ({"url": "https://index.example/t/a/b/1?view=old"}, "urls of a known build"),
        ({"text": "Download"}, "text as many words"),
    ],
)
def test_field_is_named_at_once(changes: dict[str, Any], field: str) -> None:
    """A field that is lost, or holds nonsense, is named in the first poll."""
    judged = judge(known(), look(changed(items(random.Random(9)), **changes), 30))
    assert any(one.startswith(f"{field}: was ") for one in judged.drift), judged.drift


def test_fields_that_change_places() -> None:
    """Texts where authors were, and authors where texts were, are drift by the shape of both."""
    seen = [replace(one, author=one.text, text=one.author) for one in items(random.Random(9))]
    told = judge(known(), look(seen, 30)).drift
    assert any(one.startswith("author as a word: was 100 %, now ") for one in told)
    assert any(one.startswith("text as many words: was 100 %, now 0 %") for one in told)


def test_authors_that_nobody_knows() -> None:
    """Words that were never an author are drift where authors come again; one new author, who wrote much, is none."""
    profile = known(12)
    seen = items(random.Random(9))
    strangers = [
        replace(one, author=f"stranger{number}" if one.author else None) for number, one in enumerate(seen)
    ]
    assert any(one.startswith("authors that are known") for one in judge(profile, look(strangers, 30)).drift)
    eager = [replace(one, author="stranger") if number < 28 else one for number, one in enumerate(seen)]
    assert judge(profile, look(eager, 30)).drift == ()


def test_dates_of_another_order() -> None:
    """Dates that came in no order and now stand in one are of another field."""
    seen = items(random.Random(9), 40)
    dates = sorted((one.published_at for one in seen if one.published_at), reverse=True)
    ordered = [replace(one, published_at=date) for one, date in zip(seen, dates, strict=True)]
    first = judge(known(), look(ordered, 30))
    assert first.drift == ()
    told = judge(first.profile, look(ordered, 30)).drift
    assert any(one.startswith("dates oldest first") for one in told)


def test_no_names_are_kept() -> None:
    """A profile tells authors apart without keeping their names."""
    kept = str(ledger_json(Ledger(profile=known())))
    assert "authors that are known" in kept
    assert not any(f"'{word}'" in kept for word in WORDS)


def test_rows_that_fell() -> None:
    """Rows that fell to none, or to one, are drift where a page always had many."""
    assert judge(known(), look([], 0)).drift == ("rows: was about 30, now 0",)
    assert any(one.startswith("rows") for one in judge(known(), look(items(random.Random(9), 1), 1)).drift)


def test_change_of_units_is_told_in_words() -> None:
    """Sizes a thousand times smaller are drift, told with their units."""
    seen = [replace(one, size_bytes=(one.size_bytes or 0) // 1024) for one in items(random.Random(9))]
    (told,) = judge(known(), look(seen, 30)).drift
    assert re.fullmatch(r"size: was about [0-9.]+ [MG]iB, now [0-9.]+ [KM]iB", told)


def test_half_a_loss_must_come_twice() -> None:
    """A field that half of the items lost is drift in the second poll, not in the first."""
    half = items(random.Random(9), 15) + changed(items(random.Random(10), 15), published_at=None)
    first = judge(known(), look(half, 30))
    assert first.drift == ()
    second = judge(first.profile, look(half, 30))
    assert any(one.startswith("published_at: was 100 %, now 50 %") for one in second.drift)


def test_drift_lasts_until_it_ends() -> None:
    """A drifted page is not learned, however long it lasts; the first sound page ends it."""
    profile = known()
    for _ in range(40):
        judged = judge(profile, look(changed(items(random.Random(9)), size_bytes=None), 30))
        assert judged.drift
        profile = judged.profile
    assert judge(profile, look(items(random.Random(11)), 30)).drift == ()


def test_new_site_is_learned_first() -> None:
    """Nothing is drift before there is anything to compare with."""
    assert judge(known(1), look(changed(items(random.Random(9)), title=""), 30)).drift == ()


def test_few_items_prove_nothing_alone() -> None:
    """One item without a date is no drift; eight in a row are, one a poll."""
    profile, rng = known(), random.Random(9)
    drift: list[bool] = []
    for _ in range(8):
        judged = judge(profile, look(changed(items(rng, 1), published_at=None), None))
        drift.append(bool(judged.drift))
        profile = judged.profile
    assert drift[0] is False
    assert True in drift


def test_field_that_is_often_missing_may_be_missing() -> None:
    """A field that few items have says nothing by its absence."""
    rng, profile = random.Random(5), Profile()
    for _ in range(10):
        seen = [replace(one, magnet=one.magnet if rng.random() < 0.1 else None) for one in items(rng)]
        profile = judge(profile, look(seen, 30)).profile
    assert judge(profile, look(changed(items(rng), magnet=None), 30)).drift == ()


def test_ledger_is_kept_as_json() -> None:
    """A ledger comes back from its JSON as it was; one that cannot be read is begun anew."""
    ledger = Ledger(profile=known())
    assert ledger_of(ledger_json(ledger)) == ledger
    assert ledger_of({"profile": {"items": "many"}}) == Ledger()


@given(st.lists(st.integers(0, 2**63), max_size=30), st.text(max_size=50), st.integers(0, 400))
def test_any_items_are_judged(sizes: list[int], title: str, rows: int) -> None:
    """Whatever items say, they are judged without an error."""
    seen = [
        replace(one, size_bytes=size, title=title)
        for one, size in zip(items(random.Random(1)), sizes, strict=False)
    ]
    judge(known(4), look(seen, rows))


def test_a_burst_of_addresses_with_digests_is_no_drift() -> None:
    """Where torrents are named by their infohash, a page of nothing but new ones looks as pages usually do."""
    rng, profile = random.Random(5), Profile()
    shown = [
        replace(one, torrent_url=f"https://x.example/t/{rng.randbytes(20).hex()}.torrent")
        for one in items(rng, 80)
    ]
    for first in (0, 2, 4, 6, 8, 10, 50):
        judged = judge(profile, look(shown[first : first + 30], 30))
        assert judged.drift == ()
        profile = judged.profile


def seconds(number: int, of: int) -> list[Observation]:
    """Thirty items over so many seconds."""
    seen = items(random.Random(number))
    return [replace(one, published_at=NOON - timedelta(seconds=at % of)) for at, one in enumerate(seen)]


@pytest.mark.parametrize("of", [2, 5, 12])
def test_items_that_came_together_are_no_drift(of: int) -> None:
    """After a burst many items share seconds, poll after poll, where each had its own before."""
    profile = known()
    for number in range(3):
        judged = judge(profile, look(seconds(number, of), 30))
        assert judged.drift == ()
        profile = judged.profile


def test_one_date_for_all_is_drift() -> None:
    """A page that gives all its items the same date has changed; three new items of the same second have not."""
    judged = judge(known(), look(seconds(1, 1), 30))
    assert any(one.startswith("different dates: was ") for one in judged.drift)
    assert judge(known(), look(seconds(1, 1)[:3], 30)).drift == ()


def test_a_thread_with_a_short_name_is_no_drift() -> None:
    """Boards show the posts of the threads that grew, which bear the thread's title: one title is one sign, not thirty."""
    rng, profile = random.Random(5), Profile()
    for number in range(40):
        name = f"{' '.join(rng.choices(WORDS, k=7))} thread number {number}"
        judged = judge(profile, look([replace(one, title=name) for one in items(rng)], None))
        assert judged.drift == ()
        profile = judged.profile
    for _ in range(3):
        judged = judge(profile, look(changed(items(rng), title="ferry"), None))
        assert judged.drift == ()
        profile = judged.profile


def of_fields(seed: int, count: int = 30, **changes: Any) -> dict[str, Field]:
    """What models of a hub have: an id, a time, for half of them a card."""
    rng = random.Random(seed)
    models = [
        {"id": f"gale/{rng.randrange(10**6)}", "made": "2026-11-20T12:00:00Z", "likes": rng.randrange(50)}
        | ({"card": "words about it"} if rng.random() < 0.5 else {"card": None})
        | changes
        for _ in range(count)
    ]
    asked = Asked()
    for one in map(asked.told, models):
        for name in ("id", "made", "card", "likes"):
            one.get(name)
    return dict(asked.fields())


def known_fields() -> Profile:
    """The profile of a hub of which the same is read whatever its fields are."""
    profile = known()
    for seed in range(6):
        judged = judge(profile, look(items(random.Random(seed)), 30, of_fields(seed)))
        assert judged.drift == ()
        profile = judged.profile
    return profile


@pytest.mark.parametrize(
    ("changes", "sign"),
    [
        ({"made": None}, "field made as a date: was 100 %, now 0 %"),
        ({"made": "2 hours ago"}, "field made as a date: was 100 %, now 0 %"),
        ({"id": "Download"}, "different field id: was 100 %, now 3 %"),
        ({"likes": 40_000}, "size of field likes: was about"),
        ({"card": {"value": "words"}}, "field card as nothing: was"),
    ],
)
def test_field_behind_what_was_read(changes: dict[str, Any], sign: str) -> None:
    """A field of the answer that changed is told by name in the second poll, although what was read is as ever."""
    profile, drift = known_fields(), ()
    for seed in (11, 12):
        assert drift == ()
        judged = judge(profile, look(items(random.Random(seed)), 30, of_fields(seed, **changes)))
        profile, drift = judged.profile, judged.drift
    assert any(one.startswith(sign) for one in drift), drift


def test_field_that_is_gone() -> None:
    """A field that is not there any more is told as such."""
    profile, drift = known_fields(), ()
    for seed in (11, 12):
        gone = of_fields(seed)
        gone["made"] = replace(gone["made"], there=0, shapes={}, plain=0, different=0, bits=0.0)
        judged = judge(profile, look(items(random.Random(seed)), 30, gone))
        profile, drift = judged.profile, judged.drift
    assert drift == ("field made: was 100 %, now 0 %",)


def test_field_that_is_odd_once() -> None:
    """One odd poll of a field is a whim of the site."""
    profile = known_fields()
    for seed, changes in ((11, {"made": None}), (12, {}), (13, {"made": None}), (14, {})):
        judged = judge(profile, look(items(random.Random(seed)), 30, of_fields(seed, **changes)))
        assert judged.drift == ()
        profile = judged.profile


def with_magnets(seed: int, share: float) -> list[Observation]:
    """Sixteen items, of which some have a magnet."""
    rng = random.Random(seed)
    return [replace(one, magnet=one.magnet if rng.random() < share else None) for one in items(rng, 16)]


@pytest.mark.parametrize(("fresh", "is_drift"), [(1.0, True), (0.0, False)])
def test_what_few_items_have_is_missed_over_two_polls(fresh: float, is_drift: bool) -> None:
    """Sixteen items without what 40 % have may be chance; thirty-two are not, unless they are the same sixteen."""
    profile = Profile()
    for seed in range(12):
        profile = judge(profile, look(with_magnets(seed, 0.4), None)).profile
    first = judge(profile, look(with_magnets(21, 0.0), None))
    assert first.drift == ()
    second = judge(first.profile, look(with_magnets(22, 0.0), None, fresh=fresh))
    assert [one.partition(":")[0] for one in second.drift] == (["magnet"] if is_drift else [])


def test_what_few_items_have_comes_again() -> None:
    """A poll without what few items have, between others that have it, is no drift."""
    profile = Profile()
    for seed in range(30):
        judged = judge(profile, look(with_magnets(seed, 0.0 if seed > 12 and seed % 2 else 0.4), None))
        assert judged.drift == ()
        profile = judged.profile


def test_a_cell_more_in_a_row() -> None:
    """Rows of a table with a cell more than ever, or with one that is empty, are of another build."""
    profile = Profile()
    rows = "<tr><td>a</td><td class='s'>{number} GB</td><td>{hits}</td></tr>"
    for seed in range(6):
        seen = [replace(one, text=rows.format(number=7, hits=3)) for one in items(random.Random(seed))]
        profile = judge(profile, look(seen, 30)).profile
    for other in (rows.replace("</tr>", "<td>new</td></tr>"), rows.replace("{hits}", " ")):
        seen = changed(items(random.Random(9)), text=other.format(number=7, hits=3))
        assert any(one.startswith("rows of a known build") for one in judge(profile, look(seen, 30)).drift)


def test_titles_of_a_few_threads_are_no_drift() -> None:
    """Two busy threads are shown in poll after poll; that their titles are short says nothing of the board."""
    rng, profile = random.Random(5), Profile()
    for number in range(40):
        names = [f"{' '.join(rng.choices(WORDS, k=7))} number {number}" for _ in range(9)]
        seen = [replace(one, title=names[at % 9]) for at, one in enumerate(items(rng))]
        profile = judge(profile, look(seen, None)).profile
    for _ in range(12):
        seen = [replace(one, title=("ferry", "quarry")[at % 2]) for at, one in enumerate(items(rng))]
        judged = judge(profile, look(seen, None))
        assert judged.drift == ()
        profile = judged.profile


def test_dates_that_repeat_no_more_are_no_drift() -> None:
    """Where many items come at once they share seconds; the quiet hour after it is no drift."""
    profile = Profile()
    for number in range(12):
        profile = judge(profile, look(seconds(number, 6), 30)).profile
    for number in range(3):
        judged = judge(profile, look(seconds(number, 30), 30))
        assert judged.drift == ()
        profile = judged.profile


def test_a_mirror_is_the_same_site() -> None:
    """Addresses of a site's mirror count as those of the site."""
    mirror = [
        replace(one, url=(one.url or "").replace("index.example", "two.example:8080"))
        for one in items(random.Random(9))
    ]
    assert judge(known(), look(mirror, 30)).drift
    home = at_home(mirror, "https://index.example/rss", ["https://one.example", "https://two.example:8080"])
    assert judge(known(), look(home, 30)).drift == ()
    elsewhere = at_home(mirror, "https://index.example/rss", ["https://two.example"])
    assert judge(known(), look(elsewhere, 30)).drift
