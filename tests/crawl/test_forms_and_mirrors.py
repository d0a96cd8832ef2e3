"""Forms, tokens and mirrors against real servers on loopback."""

from __future__ import annotations

import base64
import json

import pytest

from leakwatch.crawl.fetcher import DoorSettings, HttpFetcher
from leakwatch.errors import AddressRefused, ConfigError, FetchFailed, Refused
from leakwatch.model.manner import Manner
from leakwatch.sources._kind import CredentialRef, Request

from .test_fetcher import HOSTS, TLS, Clock, Seen, door, everything_is_loopback, http, site

LOGIN = "app-id:top/secret+"
TOKEN = "tok.1234567890"


async def test_a_form_is_posted_urlencoded() -> None:
    """A form goes out as a POST, in the charset that its Content-Type names."""
    async with site(lambda _: http(200, b"found")) as server, door() as fetcher:
        await fetcher.fetch(Request(url=server.url("/s"), form={"q": "a b&c", "ж": "é"}))
        cyrillic = {"Content-Type": "application/x-www-form-urlencoded; charset=windows-1251"}
        await fetcher.fetch(Request(url=server.url("/s"), form={"q": "ж"}, headers=cyrillic))
        with pytest.raises(ConfigError):
            await fetcher.fetch(
                Request(url=server.url("/s"), form={"q": "1"}, headers={"content-type": "x; charset=none"})
            )
    assert [one.line for one in server.seen] == ["POST /s HTTP/1.1"] * 2
    assert [one.body for one in server.seen] == [b"q=a+b%26c&%D0%B6=%C3%A9", b"q=%E6"]
    assert server.seen[0].headers["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize(
    ("status", "method"), [(301, "GET"), (302, "GET"), (303, "GET"), (307, "POST"), (308, "POST")]
)
async def test_where_a_form_is_sent_on(status: int, method: str) -> None:
    """After 303 and its like the answer is got by GET without a body; 307 and 308 repeat the form at the same origin."""

    def answer(seen: Seen) -> bytes:
        return http(status, Location="/there") if seen.path == "/s" else http(200, b"found")

    async with site(answer) as server, door() as fetcher:
        assert (await fetcher.fetch(Request(url=server.url("/s"), form={"q": "1"}))).body == b"found"
    assert [one.line.split(" ")[0] for one in server.seen] == ["POST", method]
    assert [one.body for one in server.seen] == [b"q=1", b"q=1" if method == "POST" else b""]
    assert ("content-type" in server.seen[1].headers) is (method == "POST")


async def test_a_form_may_lead_back_to_its_own_address() -> None:
    """Post, then get the same URL, is what many searches do; it is no circle."""
    async with (
        site(lambda seen: http(303, Location="/s") if "POST" in seen.line else http(200, b"x")) as server,
        door() as fetcher,
    ):
        assert (await fetcher.fetch(Request(url=server.url("/s"), form={"q": "1"}))).body == b"x"


async def test_a_form_goes_to_no_other_host() -> None:
    """A redirect that repeats the form elsewhere is refused: the words of a search are told to one site."""
    async with site(lambda _: http(200)) as other:
        async with site(lambda _: http(307, Location=other.url("/", "b.test"))) as server, door() as fetcher:
            with pytest.raises(Refused, match="form to another host"):
                await fetcher.fetch(Request(url=server.url("/s"), form={"q": "1"}))
        assert not other.seen


async def test_a_form_is_never_sent_twice() -> None:
    """Where the connection breaks after the form nobody knows whether it arrived: it is not repeated."""
    async with site(lambda seen: None if seen.body else http(200)) as server, door() as fetcher:
        await fetcher.fetch(Request(url=server.url("/")))  # leaves a kept connection
        with pytest.raises(FetchFailed):
            await fetcher.fetch(Request(url=server.url("/s"), form={"q": "1"}))
    assert [one.line.split(" ")[0] for one in server.seen] == ["GET", "POST"]


def token_site(lasts: float = 3600, good: set[str] | None = None):
    """A server that gives tokens at /token and pages to who has one; with `good`, only these are taken."""
    given = []

    def answer(seen: Seen) -> bytes:
        if seen.path == "/token":
            given.append(f"{TOKEN}{len(given)}")
            return http(
                200,
                json.dumps({"access_token": given[-1], "token_type": "bearer", "expires_in": lasts}).encode(),
            )
        bearer = seen.headers.get("authorization", "").removeprefix("Bearer ")
        if good is not None and bearer not in good:
            return http(401)
        return http(200, f"hello {bearer} and {LOGIN}".encode(), Content_Type="text/plain", X_Echo=bearer)

    return answer


def with_login(reference: CredentialRef) -> str:
    """The secrets of these tests."""
    return {"app": LOGIN, "bad": "no-colon"}[reference]


def opened(**proxies: object) -> HttpFetcher:
    """A door that knows the login."""
    return HttpFetcher(
        DoorSettings("ops@example.org", HOSTS),
        secret=with_login,
        clock=Clock(),
        resolve=everything_is_loopback,
        tls=TLS,
    )


async def test_a_token_is_got_once_and_shown_nowhere() -> None:
    """Client credentials are changed into a token by HTTP Basic; it is kept; neither stands in what came back."""
    async with site(token_site()) as server, opened() as fetcher:
        request = Request(
            url=server.url("/a"), credential=CredentialRef("app"), token_url=server.url("/token")
        )
        payloads = [await fetcher.fetch(request) for _ in range(3)]
    assert [one.path for one in server.seen] == ["/token", "/a", "/a", "/a"]
    pair = base64.b64decode(server.seen[0].headers["authorization"].removeprefix("Basic ")).decode()
    assert pair == "app-id:top%2Fsecret%2B"
    assert server.seen[0].body == b"grant_type=client_credentials"
    assert server.seen[1].headers["authorization"] == f"Bearer {TOKEN}0"
    for payload in payloads:
        assert TOKEN not in repr(payload)
        assert "top/secret" not in repr(payload)


async def test_a_token_that_is_not_taken_is_renewed_once() -> None:
    """After 401 a new token is got; a second 401 is the site's no."""
    async with site(token_site(good={f"{TOKEN}1"})) as server, opened() as fetcher:
        request = Request(
            url=server.url("/a"), credential=CredentialRef("app"), token_url=server.url("/token")
        )
        assert (await fetcher.fetch(request)).status == 200
    assert [one.path for one in server.seen] == ["/token", "/a", "/token", "/a"]
    async with site(token_site(good=set())) as server, opened() as fetcher:
        request = Request(
            url=server.url("/a"), credential=CredentialRef("app"), token_url=server.url("/token")
        )
        with pytest.raises(Refused, match="401"):
            await fetcher.fetch(request)
    assert [one.path for one in server.seen] == ["/token", "/a", "/token", "/a"]


async def test_a_token_ends() -> None:
    """A token is got anew before it ends."""
    now = [0.0]
    async with site(token_site(lasts=100)) as server, opened() as fetcher:
        fetcher._tokens._now = lambda: now[0]
        request = Request(
            url=server.url("/a"), credential=CredentialRef("app"), token_url=server.url("/token")
        )
        for now[0] in (0.0, 60.0, 80.0):
            await fetcher.fetch(request)
    assert [one.path for one in server.seen] == ["/token", "/a", "/a", "/token", "/a"]


@pytest.mark.parametrize(
    "answer",
    [b"{}", b"[]", b"no", b'{"access_token": 1}', b'{"access_token": "a\\nb"}', b'{"access_token": ""}'],
)
async def test_an_answer_without_a_token(answer: bytes) -> None:
    """Whatever else is answered is a failure that says so and tells no secret."""
    async with site(lambda _: http(200, answer)) as server, opened() as fetcher:
        request = Request(
            url=server.url("/a"), credential=CredentialRef("app"), token_url=server.url("/token")
        )
        with pytest.raises(FetchFailed, match="without one") as told:
            await fetcher.fetch(request)
    assert "secret+" not in repr(told.value)


async def test_a_secret_is_changed_in_safe_places_only() -> None:
    """Over http only at hosts of the operator's own; a redirect is not followed; a login needs both parts."""
    async with site(lambda _: http(307, Location="http://b.test/")) as server, opened() as fetcher:
        for url, error in (("http://example.org/token", AddressRefused), (server.url("/token"), FetchFailed)):
            with pytest.raises(error):
                await fetcher.fetch(
                    Request(url=server.url("/a"), credential=CredentialRef("app"), token_url=url)
                )
        with pytest.raises(ConfigError, match="id:secret"):
            await fetcher.fetch(
                Request(url=server.url("/a"), credential=CredentialRef("bad"), token_url=server.url("/token"))
            )
    assert [one.path for one in server.seen] == ["/token"]


async def test_the_next_mirror_is_tried_and_kept() -> None:
    """A site that cannot be reached is asked at the next address of its list, from then on there first."""
    async with site(lambda _: None) as dead, site(lambda _: http(200, b"m")) as alive, door() as fetcher:
        manner = Manner(home=dead.url("/feed"), mirrors=(alive.url("/", "b.test"),))
        request = Request(url=dead.url("/feed?a=1"), credential=CredentialRef("key"))
        first, second = [await fetcher.fetch(request, manner=manner) for _ in range(2)]
    assert first.url == alive.url("/feed?a=1", "b.test")
    assert first.request is request
    assert second.body == b"m"
    assert (len(dead.seen), len(alive.seen)) == (1, 2)
    assert "authorization" in alive.seen[0].headers


@pytest.mark.parametrize("status", [401, 403, 429, 503])
async def test_a_refusal_is_not_evaded(status: int) -> None:
    """A no holds for all addresses of a site."""
    async with site(lambda _: http(status)) as no, site(lambda _: http(200)) as other, door() as fetcher:
        with pytest.raises(Refused):
            await fetcher.fetch(
                Request(url=no.url()), manner=Manner(home=no.url(), mirrors=(other.url("/", "b.test"),))
            )
    assert not other.seen


async def test_only_the_site_itself_is_moved() -> None:
    """A request for another host than the site's has no mirrors, so its credential goes to none."""
    async with site(lambda _: None) as dead, site(lambda _: http(200)) as other, door() as fetcher:
        with pytest.raises(FetchFailed):
            await fetcher.fetch(
                Request(url=dead.url("/", "c.test")),
                manner=Manner(home=dead.url(), mirrors=(other.url("/", "b.test"),)),
            )
    assert not other.seen


async def test_all_addresses_dead() -> None:
    """Where none can be reached, each is named."""
    async with site(lambda _: None) as one, site(lambda _: None) as two, door() as fetcher:
        with pytest.raises(FetchFailed, match=rf"a\.test:{one.port}.*; b\.test:{two.port}"):
            await fetcher.fetch(
                Request(url=one.url()), manner=Manner(home=one.url(), mirrors=(two.url("/", "b.test"),))
            )
