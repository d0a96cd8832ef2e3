"""Answers that sites of one host share, on loopback and in memory."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from leakwatch.crawl.answers import Answers, shared_for_s
from leakwatch.errors import FetchFailed, Refused
from leakwatch.model.manner import Manner
from leakwatch.sources._kind import CredentialRef, Payload, Request

from .test_fetcher import door, http, site

ONE, TWO, THREE = Manner(site="one"), Manner(site="two"), Manner(site="three")
URL = "https://a.test/feed"


def payload(request: Request, body: bytes = b"x", status: int = 200, **headers: str) -> Payload:
    """An answer."""
    told = {name.replace("_", "-"): value for name, value in headers.items()}
    return Payload(
        request=request, url=request.url, status=status, headers=told, body=body, fetched_at=datetime.now(UTC)
    )


async def test_two_sites_ask_once() -> None:
    """What one site was just given, another is given too, with its own state; the first asks anew."""
    async with site(lambda seen: http(200, b"%d" % seen.connection)) as server, door() as fetcher:
        url = server.url("/feed")
        bodies = [
            await fetcher.fetch(Request(url=url, state={"n": n}), manner=manner)
            for n, manner in enumerate((ONE, TWO, ONE, ONE, THREE))
        ]
    assert len(server.seen) == 3
    assert [one.request.state["n"] for one in bodies] == [0, 1, 2, 3, 4]


async def test_those_who_ask_at_once_wait_for_one() -> None:
    """Ten sites that are due together send one request."""
    async with site(lambda _: http(200, b"x")) as server, door() as fetcher:
        asked = (fetcher.fetch(Request(url=server.url()), manner=Manner(site=str(n))) for n in range(10))
        assert {one.body for one in await asyncio.gather(*asked)} == {b"x"}
    assert len(server.seen) == 1


async def test_a_failure_is_shared_too() -> None:
    """Those who wait for a request that is refused are refused, each with an error of its own; later ones ask anew."""
    async with site(lambda _: http(403)) as server, door() as fetcher:
        asked = [fetcher.fetch(Request(url=server.url()), manner=Manner(site=str(n))) for n in range(5)]
        errors = await asyncio.gather(*asked, return_exceptions=True)
        assert all(isinstance(one, Refused) and one.status == 403 for one in errors)
        assert len({id(one) for one in errors}) == 5
        assert len(server.seen) == 1
        with pytest.raises(Refused):
            await fetcher.fetch(Request(url=server.url()), manner=Manner(site="late"))
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    "other",
    [
        Request(url=URL, credential=CredentialRef("b")),
        Request(url=URL),
        Request(url=URL, credential=CredentialRef("a"), headers={"Accept": "text/html"}),
        Request(url=URL, credential=CredentialRef("a"), form={"q": "1"}),
        Request(url=URL, credential=CredentialRef("a"), query_credential=("k", CredentialRef("a"))),
        Request(url=URL + "?a", credential=CredentialRef("a")),
    ],
)
async def test_only_like_requests_share(other: Request) -> None:
    """Another credential, header, form or address is another answer."""
    answers, asked = Answers(), list[Request]()

    def ask(request: Request):
        async def run() -> Payload:
            asked.append(request)
            return payload(request)

        return run

    first = Request(url=URL, credential=CredentialRef("a"))
    await answers.get(first, ONE, ask(first))
    await answers.get(other, TWO, ask(other))
    assert asked == [first, other]


async def test_validators() -> None:
    """Who has the answer already is told that it has not changed; a 304 is no answer for who has not."""
    answers = Answers()

    async def full() -> Payload:
        return payload(Request(url=URL), etag='"1"')

    async def unchanged() -> Payload:
        return payload(Request(url=URL, etag='"1"'), b"", 304)

    await answers.get(Request(url=URL), ONE, full)
    known = await answers.get(Request(url=URL, etag='"1"'), TWO, unchanged)
    assert (known.status, known.body) == (304, b"")
    older = await answers.get(Request(url=URL, etag='"0"'), THREE, unchanged)
    assert (older.status, older.body) == (200, b"x")
    fresh = Answers()
    await fresh.get(Request(url=URL, etag='"1"'), ONE, unchanged)
    assert (await fresh.get(Request(url=URL), TWO, full)).status == 200


async def test_a_cancelled_asker_takes_no_other_along() -> None:
    """Where the one who asks is stopped, the next who waits asks."""
    answers, began = Answers(), asyncio.Event()

    async def never() -> Payload:
        began.set()
        await asyncio.Event().wait()
        raise FetchFailed

    async def soon() -> Payload:
        return payload(Request(url=URL))

    first = asyncio.create_task(answers.get(Request(url=URL), ONE, never))
    await began.wait()
    second = asyncio.create_task(answers.get(Request(url=URL), TWO, soon))
    await asyncio.sleep(0)
    first.cancel()
    assert (await second).body == b"x"


async def test_bounded_in_bytes_and_time() -> None:
    """The oldest answers make room, a huge one is not kept, and none outlives its time."""
    now = [0.0]
    answers = Answers(max_bytes=100, now=lambda: now[0])
    asked = []

    async def ask_for(url: str, manner: Manner, size: int = 40, **headers: str) -> None:
        async def ask() -> Payload:
            asked.append(url)
            return payload(Request(url=url), b"x" * size, **headers)

        await answers.get(Request(url=url), manner, ask)

    for url in "abc":
        await ask_for(url, ONE)
    assert answers.size_bytes == 80
    for url in "bca":
        await ask_for(url, TWO)
    assert asked == ["a", "b", "c", "a"]
    await ask_for("huge", ONE, 5 * 2**20)
    assert answers.size_bytes <= 100
    now[0] = 6.0
    await ask_for("b", THREE)
    assert asked[-2:] == ["huge", "b"]


@pytest.mark.parametrize(
    ("told", "seconds"),
    [
        ("", 5),
        ("max-age=60", 60),
        ("public, max-age=1", 5),
        ("no-store", 0),
        ("private, max-age=99999", 300),
        ("max-age=x", 5),
    ],
)
def test_how_long(told: str, seconds: float) -> None:
    """For its max-age within bounds, and not at all where the site forbids it."""
    assert shared_for_s(payload(Request(url=URL), cache_control=told)) == seconds
