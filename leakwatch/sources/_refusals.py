"""Refusals in odd clothes: challenge pages, rate limits, logins, parked names, whatever the status says.

Two looks. `check`, before a kind reads a page, knows only signs that no honest page bears: what people post is never
taken for the site's own word. `explained`, after a kind could not read the page, may guess from weaker signs.
Source: developers.cloudflare.com "Detect a Challenge Page response" (cf-mitigated); docs.aws.amazon.com "AWS WAF:
Challenge and CAPTCHA" (x-amzn-waf-action); the pages themselves. No challenge is ever solved.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from leakwatch.display import clean
from leakwatch.errors import Failure, FetchFailed, LayoutChanged, Refused, SourceError
from leakwatch.sources._kind import Json, Payload

_HEAD = 64 * 1024
_MAX_JSON, _MAX_PLAIN, _MAX_WORDS = 8 * 1024, 400, 600
_GONE = frozenset({404, 410})
_ENVELOPE = frozenset(
    {"error", "errors", "message", "msg", "detail", "details", "code", "status", "success", "ok", "title"}
    | {"error_code", "error_message", "error_description", "documentation_url", "retry_after", "request_id"}
    | {"type", "reason", "statuscode"}
)
_WORDS_OF = ("error", "errors", "message", "msg", "detail", "reason", "error_message", "error_description")


def _re(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.encode(), re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Sign:
    """What gives a page away: all patterns stand in the first 64 KiB of its HTML."""

    failure: Failure
    told: str
    patterns: tuple[re.Pattern[bytes], ...]


def _page(failure: Failure, told: str, *patterns: str) -> Sign:
    return Sign(failure, told, tuple(map(_re, patterns)))


_CHALLENGE = "a challenge page of {}, which is never solved; ask the site for access, or use its API or feed"
_TITLE = r"<title[^>]{0,80}>\s*"
SIGNS = (
    _page(
        Failure.CHALLENGE,
        _CHALLENGE.format("Cloudflare"),
        _TITLE + r"(?:just a moment|attention required!|please wait|access denied)[^<]{0,60}</title>",
        r"/cdn-cgi/|_cf_chl_opt|cf-browser-verification|cf-error-details|challenges\.cloudflare\.com",
    ),
    _page(Failure.CHALLENGE, _CHALLENGE.format("DDoS-Guard"), _TITLE + r"ddos-guard\s*</title>"),
    _page(
        Failure.CHALLENGE,
        _CHALLENGE.format("DDoS-Guard"),
        r"<script[^>]{0,200}src=[\"']?(?:https?:)?(?://check\.ddos-guard\.net)?/\.well-known/ddos-guard/",
        _TITLE + r"(?:ddos|checking your browser|one moment)",
    ),
    _page(
        Failure.CHALLENGE,
        _CHALLENGE.format("Sucuri"),
        _TITLE + r"sucuri website firewall",
    ),
    _page(Failure.CHALLENGE, _CHALLENGE.format("Anubis"), r"<script[^>]{0,80}id=[\"']?anubis_challenge"),
    _page(
        Failure.CHALLENGE,
        _CHALLENGE.format("a captcha"),
        _TITLE
        + r"[^<]{0,60}(?:captcha|robot|human|security check|verify|verification|challenge)[^<]{0,60}</title>",
        r"class=[\"'][^\"']{0,80}\b(?:g-recaptcha|h-captcha|cf-turnstile)\b|captcha-delivery\.com|/recaptcha/api",
    ),
    _page(
        Failure.RATE_LIMITED,
        "a page that says too many requests",
        _TITLE + r"[^<]{0,40}(?:too many requests|rate limit|429|slow down)[^<]{0,60}</title>",
    ),
    _page(Failure.DEAD, "a parked domain", r"<html[^>]{0,300}data-adblockkey="),
    _page(
        Failure.DEAD,
        "a parked domain",
        r"<(?:script|iframe|link|meta)[^>]{0,300}(?:sedoparking\.com|parkingcrew\.net|bodis\.com|parklogic\.com)",
    ),
    _page(
        Failure.DEAD,
        "a domain that is for sale",
        _TITLE + r"[^<]{0,80}(?:is for sale|domain for sale|buy this domain)",
        r"hugedomains\.com|dan\.com|afternic\.com|sedo\.com|godaddy\.com|namecheap\.com",
    ),
)
"""The pages by which a site says no. A line here needs a page in `tests/sources/test_refusals.py`."""

_HEADER_SIGNS = (
    ("cf-mitigated", "challenge", _CHALLENGE.format("Cloudflare")),
    ("x-amzn-waf-action", "challenge", _CHALLENGE.format("AWS WAF")),
    ("x-amzn-waf-action", "captcha", _CHALLENGE.format("AWS WAF")),
)
_HTML = _re(r"\A(?:\xef\xbb\xbf)?\s*(?:<!--.{0,500}?-->\s*)*<(?:!doctype\s+html|html|head)\b")
_MARKUP = _re(r"<(?:script|style)\b.*?</(?:script|style)\s*>|<[^>]{1,2000}>")
_PASSWORD = _re(r"<input[^>]{0,300}type=[\"']?password")
_LIMIT = re.compile(
    r"too many (?:requests|queries|searches)|rate.?limit|(?:request|download|search|api|query|hit) limit"
    r"|limit (?:reached|exceeded)|quota (?:reached|exceeded)|flood (?:control|protection|detected)|\bflood\b"
    r"|slow down|so soon after|throttl|try again in \d",
    re.IGNORECASE,
)
_ACCOUNT = re.compile(
    r"(?:log|sign) ?in|unauthori[sz]ed|not authenticated|authentication|credentials|(?:api|access) ?(?:key|token)"
    r"|invalid (?:key|token)|account (?:suspended|disabled)",
    re.IGNORECASE,
)
_LOGIN_PATH = re.compile(
    r"(?:^|/)(?:log-?in|sign-?in|sign_in|sso|auth)(?:\.(?:php|html?|aspx?|jsp))?/?$|\bmode=login\b",
    re.IGNORECASE,
)


def check(payload: Payload) -> None:
    """Raise what a page says instead of what was asked for, by signs that no honest page bears.

    Raises: Refused with its reason, FetchFailed for a body that is empty.
    """
    where = payload.url
    if payload.status == 200 and not payload.body.strip():
        raise FetchFailed(f"{where}: an empty body", failure=Failure.EMPTY_BODY)
    if _led_to_login(payload):
        raise Refused(f"{where}: it asks for a login", failure=Failure.LOGIN)
    found = look(payload.headers, payload.body)
    if found and payload.status not in _GONE:
        raise Refused(f"{where}: {found[1]}", failure=found[0], retry_after_s=_told_wait(payload))


def look(headers: Mapping[str, str], body: bytes) -> tuple[Failure, str] | None:
    """The reason that an answer gives away, with words for it; None where it bears no sign."""
    for name, value, told in _HEADER_SIGNS:
        if headers.get(name, "").strip().lower() == value:
            return Failure.CHALLENGE, told
    head = body[:_HEAD]
    if _HTML.match(head):
        return _of_html(head)
    message = _message(body)
    if message is not None:
        return _of_message(message, only_sure=True)
    return _of_plain(body)


def explained(payload: Payload, error: SourceError, *, is_only_page: bool) -> SourceError:
    """What a kind's failure to read a page means, from weaker signs; the same error where there are none.

    `is_only_page`: the site has but this page, so that it is dead if that is gone.
    """
    if payload.status in _GONE and is_only_page:
        told = f"{payload.url}: HTTP {payload.status}: what is watched here is gone; correct the address"
        return Refused(told, status=payload.status, failure=Failure.DEAD)
    if isinstance(error, Refused) and error.failure is Failure.REFUSED:
        better = _of_message(error.message, only_sure=True)
        error.failure = better[0] if better else error.failure
        return error
    if not isinstance(error, LayoutChanged):
        return error
    message = _message(payload.body)
    if message is not None:
        failure, told = _of_message(message, only_sure=False) or (Failure.REFUSED, "")
        return Refused(f"{payload.url}: {told}", failure=failure, retry_after_s=_told_wait(payload))
    head = payload.body[:_HEAD]
    if _HTML.match(head) and _PASSWORD.search(head):
        return Refused(
            f"{payload.url}: a page with a login instead of what was asked for", failure=Failure.LOGIN
        )
    return error


def _of_html(head: bytes) -> tuple[Failure, str] | None:
    for sign in SIGNS:
        if all(pattern.search(head) for pattern in sign.patterns):
            return sign.failure, sign.told
    if len(head) < _HEAD:
        words = _MARKUP.sub(b" ", head).decode("utf-8", "replace").split()
        told = " ".join(words)
        if len(told) <= _MAX_WORDS and "<a " not in head.decode("latin-1").lower() and _LIMIT.search(told):
            return Failure.RATE_LIMITED, f"it says {clean(told, 120)!r}"
    return None


def _of_plain(body: bytes) -> tuple[Failure, str] | None:
    """A line of bare text: neither markup nor data."""
    if len(body) > _MAX_PLAIN or body.lstrip()[:1] in (b"<", b"{", b"["):
        return None
    told = body.decode("utf-8", "replace").strip()
    return (Failure.RATE_LIMITED, f"it says {clean(told, 120)!r}") if _LIMIT.search(told) else None


def _of_message(message: str, *, only_sure: bool) -> tuple[Failure, str] | None:
    told = f"it says {clean(message, 200)!r}"
    if _LIMIT.search(message) or re.search(r"\b429\b", message):
        return Failure.RATE_LIMITED, told
    if _ACCOUNT.search(message):
        return Failure.LOGIN, told
    return None if only_sure else (Failure.REFUSED, told)


def _message(body: bytes) -> str | None:
    """The words of a JSON object that holds an error and nothing else; None for anything else."""
    if len(body) > _MAX_JSON or body.lstrip()[:1] != b"{":
        return None
    try:
        told: Json = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or not {str(key).lower() for key in told} <= _ENVELOPE:
        return None
    words = [told[key] for key in told if str(key).lower() in _WORDS_OF and told[key]]
    if not words:
        return None
    numbers = [
        told[key] for key in told if str(key).lower() in ("code", "status", "statuscode", "error_code")
    ]
    return json.dumps([*words, *numbers], ensure_ascii=False)[1:-1]


def _told_wait(payload: Payload) -> float | None:
    """The seconds that a header or a JSON body asks to be left alone for."""
    told: Json = payload.headers.get("retry-after", "")
    if not told and _message(payload.body) is not None:
        told = json.loads(payload.body).get("retry_after", "")
    try:
        return min(max(float(told), 0.0), 86400.0)
    except (TypeError, ValueError):
        return None


def _led_to_login(payload: Payload) -> bool:
    asked, came = urlsplit(payload.request.url), urlsplit(payload.url)
    if (asked.path, asked.query) == (came.path, came.query):
        return False
    return any(_LOGIN_PATH.search(part) for part in (came.path, came.query)) and not any(
        _LOGIN_PATH.search(part) for part in (asked.path, asked.query)
    )
