"""Refusals in odd clothes are known by structure; honest pages that speak of them are not taken for one."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from leakwatch.errors import Failure, FetchFailed, LayoutChanged, Refused, SourceError
from leakwatch.sources._kind import Payload, Request
from leakwatch.sources._refusals import check, explained, look

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

CLOUDFLARE = """<!DOCTYPE html><html lang="en-US"><head><title>Just a moment...</title>
<meta http-equiv="refresh" content="360"></head><body><noscript>Enable JavaScript and cookies to continue</noscript>
<script>(function(){window._cf_chl_opt = {cRay: '0', cType: 'managed'};}());</script></body></html>"""
BLOCKED = """<!DOCTYPE html>
<!--[if lt IE 7]> <html class="no-js ie6" lang="en"> <![endif]--><html class="no-js"><head>
<title>Attention Required! | Cloudflare</title></head><body><div id="cf-error-details">Sorry, you have been blocked
</div></body></html>"""
DDOS_GUARD = """<!doctype html><html><head><title>DDoS-Guard</title></head><body><div>Checking your browser</div>
<script src="/.well-known/ddos-guard/js-challenge/index.js"></script></body></html>"""
SUCURI = """<html><head><title>Sucuri WebSite Firewall - Access Denied</title></head><body>…</body></html>"""
ANUBIS = """<!doctype html><html><head><title>Making sure you&#39;re not a bot!</title>
<script id="anubis_challenge" type="application/json">{"rules":{}}</script></head><body></body></html>"""
CAPTCHA = """<html><head><title>Are you a robot?</title></head><body><form method="post">
<div class="g-recaptcha" data-sitekey="x"></div></form></body></html>"""
SLOW_DOWN = """<html><head><title>429 Too Many Requests</title></head><body>nginx</body></html>"""
FLOOD = (
    """<html><body><p>Flood detected: you cannot search again so soon. Wait 20 seconds.</p></body></html>"""
)
PARKED = """<!DOCTYPE html><html data-adblockkey="MFwwDQYJ_x" lang="en"><head><title>index.example</title></head>
<body></body></html>"""
PARKED_FRAME = """<html><head></head><body><script src="https://www.parkingcrew.net/jsparkcaf.php"></script></body></html>"""
FOR_SALE = """<html><head><title>index.example is for sale</title></head><body>
<a href="https://www.hugedomains.com/domain_profile.cfm">Buy</a></body></html>"""

PAGES = [
    (CLOUDFLARE, Failure.CHALLENGE),
    (BLOCKED, Failure.CHALLENGE),
    (DDOS_GUARD, Failure.CHALLENGE),
    (SUCURI, Failure.CHALLENGE),
    (ANUBIS, Failure.CHALLENGE),
    (CAPTCHA, Failure.CHALLENGE),
    (SLOW_DOWN, Failure.RATE_LIMITED),
    (FLOOD, Failure.RATE_LIMITED),
    (PARKED, Failure.DEAD),
    (PARKED_FRAME, Failure.DEAD),
    (FOR_SALE, Failure.DEAD),
    ("Too many requests, try again in 60 seconds.", Failure.RATE_LIMITED),
    ('{"error": "Too Many Requests", "code": 429}', Failure.RATE_LIMITED),
    ('{"success": false, "message": "API rate limit exceeded for this address"}', Failure.RATE_LIMITED),
    ('{"errors": [{"message": "Throttled", "extensions": {}}]}', Failure.RATE_LIMITED),
    ('{"error": "Invalid API key"}', Failure.LOGIN),
]

HONEST = [
    '<?xml version="1.0"?><rss><channel><item><title>Just a moment... Too many requests</title></item></channel></rss>',
    '[{"error": "too many requests"}]',
    '{"error": "too many requests", "threads": [1, 2]}',
    '{"posts": [{"com": "rate limit"}]}',
    """<html><head><title>Forum: Cloudflare says "just a moment"</title></head><body><a href="/1">Too many requests
    from my scraper: rate limit?</a></body></html>""",
    """<html><head><title>Index</title></head><body><form><input type="password"></form><a href="/t/1">A post</a>
    </body></html>""",
    "A long paste about flood control. " * 40,
]


def page(body: str, url: str = "https://index.example/rss", asked: str = "", status: int = 200) -> Payload:
    """An answer of a site."""
    request = Request(url=asked or url)
    return Payload(request=request, url=url, status=status, headers={}, body=body.encode(), fetched_at=NOON)


@pytest.mark.parametrize(("body", "failure"), PAGES)
def test_refusal_is_known(body: str, failure: Failure) -> None:
    """A page that says no with status 200 is refused with its reason."""
    with pytest.raises(Refused) as raised:
        check(page(body))
    assert raised.value.failure is failure


@pytest.mark.parametrize("body", HONEST)
def test_honest_page_is_read(body: str) -> None:
    """What people post about limits and challenges refuses nothing."""
    check(page(body))


def test_recorded_pages_are_read(shared_data: Path) -> None:
    """No recorded page of a real site is taken for a refusal."""
    seen = [
        one for one in sorted((shared_data / "payloads").rglob("*")) if one.is_file() and one.stat().st_size
    ]
    refused = {}
    for file in seen:
        found = look({}, file.read_bytes())
        if found:
            refused[file.name] = found
    assert len(seen) > 100
    assert refused == {}


def test_header_gives_a_challenge_away() -> None:
    """Cloudflare says in a header that an answer is a challenge, whatever the page looks like."""
    assert look({"cf-mitigated": "challenge"}, b"")


def test_wait_in_the_body_is_obeyed() -> None:
    """The seconds that a JSON refusal names are the wait."""
    with pytest.raises(Refused) as raised:
        check(page('{"message": "You are being rate limited.", "retry_after": 64.5}'))
    assert raised.value.retry_after_s == 64.5


def test_redirect_to_a_login() -> None:
    """Who is sent to a login page has been refused; a page that was asked for by that name has not."""
    with pytest.raises(Refused) as raised:
        check(
            page(
                "<html><a href=x>y</a></html>",
                "https://index.example/login.php?to=x",
                "https://index.example/x",
            )
        )
    assert raised.value.failure is Failure.LOGIN
    check(page("<html><a href=x>y</a></html>", "https://index.example/login"))


def test_empty_body() -> None:
    """An empty answer is a failure of the transfer, not an empty site."""
    with pytest.raises(FetchFailed) as raised:
        check(page(" "))
    assert raised.value.failure is Failure.EMPTY_BODY


@pytest.mark.parametrize(
    ("seen", "error", "failure"),
    [
        (page("<html>gone</html>", status=410), LayoutChanged("x"), Failure.DEAD),
        (page('<html><input type="password"></html>'), LayoutChanged("x"), Failure.LOGIN),
        (page('{"error": "board is closed"}'), LayoutChanged("x"), Failure.REFUSED),
        (
            page("<rss/>"),
            Refused("the index answers with error 500: Request limit reached"),
            Failure.RATE_LIMITED,
        ),
        (
            page("<rss/>"),
            Refused("the index answers with error 100: Incorrect user credentials"),
            Failure.LOGIN,
        ),
        (page("<html><p>hello</p></html>"), LayoutChanged("x"), Failure.DRIFT),
    ],
)
def test_failure_to_read_is_explained(seen: Payload, error: SourceError, failure: Failure) -> None:
    """Where a kind could not read a page, weaker signs say why."""
    assert explained(seen, error, is_only_page=True).failure is failure


def test_one_of_many_pages_may_be_gone() -> None:
    """A page that is gone kills no site that has others."""
    error = LayoutChanged("x")
    assert explained(page("gone", status=404), error, is_only_page=False) is error
