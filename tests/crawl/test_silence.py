"""The last look at what leaves: no name under embargo, however it is written; and nothing else is held up."""

from __future__ import annotations

import base64
import time
from urllib.parse import quote

import pytest

from leakwatch.crawl.silence import NOTHING, Silence
from leakwatch.errors import Withheld
from leakwatch.model.manner import PLAIN, Manner
from leakwatch.sources._kind import Request

from .test_fetcher import door, http, site

SILENCE = Silence.about(
    [
        ("Tideglass 70B", "asset-1"),
        ("Приливное стекло", "asset-2"),
        ("Her", "asset-3"),
        ("潮のガラス", "asset-4"),
    ]
)
URL = "https://a.test/search?q="


@pytest.mark.parametrize(
    "url",
    [
        URL + "Tideglass+70B",
        URL + "tideglass-70b",
        URL + "tideglass%2070B%20gguf",
        URL + "TIDEGLASS%252070B",
        URL + quote("Ｔｉｄｅｇｌａｓｓ ７０Ｂ"),
        URL + quote("Tídeglass 70B"),
        URL + "xTideglass70Bx",
        URL + base64.b64encode(b"the Tideglass 70B model").decode(),
        URL + base64.urlsafe_b64encode("Приливное стекло".encode()).decode().rstrip("="),
        URL + b"Tideglass 70B".hex(),
        URL + "Gvqrtynff+70O",
        URL + "B07%20ssalgediT",
        URL + "\\u0054ideglass 70B",
        URL + "&#84;ideglass 70B",
        URL + quote("Приливное стекло"),
        URL + quote("приливное_стекло".upper()),
        URL + quote("Приливное стекло".encode("cp1251")),
        URL + quote("Приливное стекло".encode("koi8-r")),
        URL + quote("Приливное стекло".encode("utf-16-le")),
        URL + quote("潮のガラス"),
        URL + quote("潮のガラス".encode("shift_jis")),
        URL + "her",
        "https://tideglass70b.a.test/",
        "https://" + "приливноестекло".encode("idna").decode() + ".test/",
        "https://a.test/Tideglass/70B/files",
    ],
)
def test_a_name_does_not_leave(url: str) -> None:
    """In whatever spelling and however many layers of encoding; the error does not repeat it."""
    with pytest.raises(Withheld, match="asset-") as told:
        SILENCE.check(Request(url=url), PLAIN)
    assert "ideglass" not in told.value.message


@pytest.mark.parametrize(
    "request_",
    [
        Request(url="https://a.test/", headers={"X-Query": "Tideglass 70B"}),
        Request(url="https://a.test/", headers={"tideglass-70b": "1"}),
        Request(url="https://a.test/", form={"q": "tideglass 70b"}),
        Request(url="https://a.test/", form={"tideglass70b": ""}),
    ],
)
def test_nor_in_headers_or_forms(request_: Request) -> None:
    """Every part that is sent is looked at."""
    with pytest.raises(Withheld):
        SILENCE.check(request_, PLAIN)


@pytest.mark.parametrize(
    "url",
    [
        "https://a.test/rss?page=1&cat=2000",
        "https://a.test/there/other/herring/where",
        "https://a.test/tideglass",
        "https://a.test/70b",
        "https://api.github.com/search/repositories?q=gguf+70B&sort=updated",
        "https://a.test/" + "0123456789abcdef" * 8,
    ],
)
def test_nothing_else_is_held_up(url: str) -> None:
    """Parts of a name, and short names inside of other words, are no names."""
    SILENCE.check(Request(url=url), PLAIN)
    NOTHING.check(Request(url=URL + "Tideglass+70B"), PLAIN)


def test_what_the_other_side_told_is_no_news() -> None:
    """A thread that the site itself named is read: not to look at it would be to be blind at the leak."""
    url = "https://a.test/threads/tideglass-70b-leak.1234"
    SILENCE.check(Request(url=url), Manner(told=url))
    with pytest.raises(Withheld):
        SILENCE.check(Request(url=URL + "her"), Manner(told=url))


async def test_nothing_is_sent() -> None:
    """The door looks before it opens a connection or resolves a name."""
    async with site(lambda _: http()) as server, door() as fetcher:
        fetcher.silence = SILENCE
        with pytest.raises(Withheld):
            await fetcher.fetch(Request(url=server.url("/?q=tideglass+70b")))
        await fetcher.fetch(Request(url=server.url("/ok")))
    assert (server.connections, [one.path for one in server.seen]) == (1, ["/ok"])


def test_it_is_cheap() -> None:
    """Ten thousand names cost a look no more than a few hundred do."""

    def cost(names: int) -> float:
        silence = Silence.about([(f"Work number {n} of many", f"asset-{n}") for n in range(names)])
        request, best = Request(url="https://a.test/rss?" + "a=bcd&" * 40), float("inf")
        for _ in range(3):
            began = time.process_time()
            for _ in range(20):
                silence.check(request, PLAIN)
            best = min(best, time.process_time() - began)
        return best

    assert cost(10_000) < 5 * cost(300) + 0.02
