"""Authors as pseudonyms: the same on one platform, no bridge between two, applied before anything is stored."""

from __future__ import annotations

import hashlib
import hmac
import stat
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leakwatch.errors import StoreError
from leakwatch.matching.allowed import allowed_by
from leakwatch.model.allow import Allow, AllowWhat
from leakwatch.model.asset import Asset, AssetId
from leakwatch.model.author import author_of
from leakwatch.model.observation import Observation
from leakwatch.persons import KEY_FILE, open_authors
from leakwatch.privacy import Authors, pseudonym

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
KEY = bytes(range(32))
HIDDEN = Authors("pseudonym", KEY)


def seen(author: str | None, url: str = "https://board.example/1", site: str = "board") -> Observation:
    return Observation(site=site, native_id="1", title="t", url=url, author=author, fetched_at=NOON)


def test_how_a_pseudonym_is_made() -> None:
    """HMAC-SHA256 over platform and name, each with its length before it."""
    message = b"\0\0\0\x0dboard.example" + b"\0\0\0\x06mallow"
    told = hmac.new(KEY, message, hashlib.sha256).hexdigest()[:16]
    assert pseudonym("board.example", "mallow", KEY) == f"author-{told}"


@given(st.text(max_size=8), st.text(max_size=8), st.text(max_size=8), st.text(max_size=8))
def test_no_two_pairs_share_a_pseudonym(a: str, b: str, c: str, d: str) -> None:
    """Neither by running over from platform to name, nor otherwise, surrogates aside."""
    one, other = (a, b), (c, d)
    is_same = [x.encode("utf-8", "replace") for x in one] == [x.encode("utf-8", "replace") for x in other]
    assert (pseudonym(*one, KEY) == pseudonym(*other, KEY)) == is_same


def test_one_person_on_one_platform() -> None:
    """Case, subdomain and site do not matter; another platform, name or key makes another pseudonym."""
    one = HIDDEN.kept(seen("Mallow")).author
    assert one is not None
    assert "allow" not in one
    assert one == HIDDEN.kept(seen("mallow", "https://www.board.example/2", "other")).author
    assert one != HIDDEN.kept(seen("Mallow", "https://other.example/1")).author
    assert one != HIDDEN.kept(seen("Mallows")).author
    assert one != Authors("pseudonym", b"x" * 32).kept(seen("Mallow")).author


def test_a_tripcode_is_who_somebody_is() -> None:
    """Whatever he calls himself beside it."""
    one = HIDDEN.kept(seen("Mallow !abcdefgh12"))
    assert one.author == HIDDEN.kept(seen("Tansy !abcdefgh12")).author
    assert author_of(one) == f"board.example:{one.author}"


def test_nobody_in_particular_stays() -> None:
    """What is no name is no pseudonym, and what has none gets none."""
    assert HIDDEN.kept(seen("Anonymous")).author == "Anonymous"
    assert HIDDEN.kept(seen(None)).author is None


def test_other_modes() -> None:
    """Names are kept where the operator says so, and nothing at all where he says that."""
    assert Authors("plain").kept(seen("Mallow")).author == "Mallow"
    assert Authors("none").kept(seen("Mallow")).author is None


def test_a_name_that_looks_like_a_pseudonym() -> None:
    """Nobody takes another's pseudonym by calling himself so."""
    other = HIDDEN.kept(seen("Mallow")).author
    assert HIDDEN.kept(seen(other)).author != other


@pytest.mark.parametrize("name", ["mallow", "board.example:8080:mallow", "a:b", ""])
def test_what_is_shown_is_never_a_name(name: str) -> None:
    """Stored names of earlier days leave as the pseudonyms that they have now; pseudonyms stay."""
    stored = author_of(seen("Mallow"))
    assert HIDDEN.shown(stored) == author_of(HIDDEN.kept(seen("Mallow")))
    assert HIDDEN.shown(HIDDEN.shown(stored)) == HIDDEN.shown(stored)
    assert "mallow" not in (HIDDEN.shown(f"board.example:{name}") or "")
    assert Authors("none").shown(stored) is None
    ported = author_of(seen("Mallow", "https://board.example:8080/1"))
    assert HIDDEN.shown(ported) == author_of(HIDDEN.kept(seen("Mallow", "https://board.example:8080/1")))


@pytest.mark.parametrize("entry", ["Mallow", "mallow", "board/Mallow", "Board/mallow"])
def test_allow_lists_know_people_by_name(entry: str) -> None:
    """An uploader is allowed by his name, though his observation bears the pseudonym; others are not."""
    asset = Asset(id=AssetId("a"), title="T", allow=(Allow(what=AllowWhat.UPLOADER, value=entry),))
    assert allowed_by(asset, HIDDEN.kept(seen("MALLOW")), HIDDEN)
    assert allowed_by(asset, seen("MALLOW"), HIDDEN), "stored before pseudonyms were turned on"
    assert not allowed_by(asset, HIDDEN.kept(seen("Tansy")), HIDDEN)
    assert not allowed_by(asset, HIDDEN.kept(seen(None)), HIDDEN)


def test_a_person_allowed_before_and_after() -> None:
    """`platform:name` allows him whether the entry was made with his name or with his pseudonym."""
    later = HIDDEN.kept(seen("Mallow"))
    for value in (author_of(seen("Mallow")), author_of(later)):
        asset = Asset(id=AssetId("a"), title="T", allow=(Allow(what=AllowWhat.AUTHOR, value=value or ""),))
        assert allowed_by(asset, later, HIDDEN)
        assert not allowed_by(asset, replace(later, url="https://other.example/1"), HIDDEN)


def test_the_key_is_made_once(tmp_path: Path) -> None:
    """A file that only its owner may read, the same for all who ask at once, and no leftovers."""
    found: list[Authors] = []
    threads = [
        threading.Thread(target=lambda: found.append(open_authors("pseudonym", tmp_path))) for _ in range(8)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(found) == 8
    assert len({one.key for one in found}) == 1
    assert len(found[0].key) == 32
    assert [one.name for one in tmp_path.iterdir()] == [KEY_FILE]
    assert stat.S_IMODE((tmp_path / KEY_FILE).stat().st_mode) == 0o600
    assert found[0].key.hex() not in repr(found[0])


def test_no_key_where_none_is_needed(tmp_path: Path) -> None:
    """Plain names and none need no file."""
    open_authors("plain", tmp_path)
    open_authors("none", tmp_path)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "mode", "told"),
    [("zz", 0o600, "damaged"), ("", 0o600, "damaged"), ("ab" * 32, 0o644, "chmod 600")],
)
def test_a_key_that_cannot_be_used(tmp_path: Path, text: str, mode: int, told: str) -> None:
    """A damaged key is never replaced: other pseudonyms would come of it. One that others can read is refused."""
    (tmp_path / KEY_FILE).write_text(text)
    (tmp_path / KEY_FILE).chmod(mode)
    with pytest.raises(StoreError, match=told):
        open_authors("pseudonym", tmp_path)
    assert (tmp_path / KEY_FILE).read_text() == text
