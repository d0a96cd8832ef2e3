"""What a mail says and how it is built: headers, threads, hostile texts; by way of a real server where it matters."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from typing import Any, cast

import pytest

from leakwatch.alerts.email import EmailNotifier, Smtp, message
from leakwatch.model.alert import AnyAlert, BlindSite, Delivery, Place, Thread

from .harmless import check_harmless
from .samples import ALL, BLIND, DIGEST, DRILL, EMBARGOED, NOW, OPENED, PROVED, TEST, due
from .smtp_server import Post, serving

FIRST, SECOND = "first@owner.example", "second@owner.example"

HOSTILE = {
    "second recipient": "x\r\nBcc: evil@evil.example",
    "second subject": "x\nSubject: forged",
    "second to": "x\rTo: evil@evil.example",
    "body": "x\r\n\r\n<h1>forged</h1>\r\n",
    "end of data": "x\r\n.\r\nMAIL FROM:<evil@evil.example>\r\n",
    "dot": ".",
    "folded": "x\r\n Bcc: evil@evil.example",
    "encoded word": "=?utf-8?q?x=0D=0ABcc:_evil@evil.example?=",
    "boundary": "--===============0==\r\nContent-Type: text/html\r\n\r\n<b>x</b>",
    "line separator": "x\u2028Bcc: evil@evil.example\u2029\x85\x0b\x0c\x1c\x1d\x1e",
    "nul": "a\x00b\x7fc",
    "rlo": "\u202egnp.exe\u202c",
    "isolates": "\u2066a\u2067b\u2068c\u2069",
    "zero width": "t\u200bi\u200cd\u200de\ufeffg",
    "ansi": "\x1b[31mred\x1b[0m\x1b]8;;https://evil.example\x1b\\x\x1b]8;;\x1b\\",
    "c1": "\x9b31m\x9d0;title\x9c",
    "surrogate": "a\ud800b\udfffc",
    "script": "<script>alert(1)</script>",
    "image": "<img src=x onerror=alert(1)>",
    "anchor": '<a href="https://evil.example/">the official page</a>',
    "attribute": '" onmouseover="alert(1)" x="',
    "quote": "' style='background:url(https://evil.example)",
    "comment": "--><svg onload=alert(1)><!--",
    "style": "</style></td></table><form action=https://evil.example>",
    "template": "{{ alert.asset }}{% for x in y %}{# c #}",
    "bare link": "get it at https://evil.example/x?y=1 now",
    "link in a link": "https://a.example/?u=http://evil.example/",
    "www": "www.evil.example/x",
    "magnet": "magnet:?xt=urn:btih:" + "ef" * 20 + "&tr=http://evil.example/announce",
    "masked link": "<https://evil.example|x>",
    "long": "x" * 10_000,
    "long and wide": "泄" * 10_000,
    "long url": "https://evil.example/" + "y" * 10_000,
    "zalgo": "Z" + "\u0301" * 200,
    "emoji": "👀" * 300,
    "empty": "",
    "reply to": "x\r\nReply-To: evil@evil.example",
    "cc": "x\nCc: evil@evil.example\n",
    "content type": "x\r\nContent-Type: text/html; charset=utf-7",
    "many line ends": "\r\n" * 300,
    "tab folded": "x\r\n\tTo: evil@evil.example",
    "form feed": "x\x0cSubject: forged",
    "next line": "x\x85Subject: forged",
    "unit separators": "x\x1eSubject: forged\x1fTo: evil@evil.example",
    "base64 word": "=?utf-8?b?eA0KQmNjOiBldmlsQGV2aWwuZXhhbXBsZQ==?=",
    "latin word": "=?iso-8859-1?q?x=0A?= =?utf-8?q?To:_evil?=",
    "broken word": "=?utf-8?q?never ends",
    "nested words": "=?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?=",
    "comment in an address": "(x) <evil@evil.example>, y",
    "address list": "evil@evil.example, other@evil.example",
    "group": "undisclosed: evil@evil.example;",
    "angle": "<evil@evil.example>",
    "percent": "%0d%0aBcc:%20evil@evil.example",
    "json": '{"To": "evil@evil.example"}',
    "only spaces": " " * 400,
    "leading space": " x",
    "trailing backslash": "x\\",
    "quoted": '"x" "y',
    "from": "From evil@evil.example Fri Nov 20",
    "null sender": "x\r\nMAIL FROM:<>",
    "arabic and hebrew": "تسريب דליפה 70B",
    "right-to-left mark": "x\u200fy\u200ez",
    "private use": "x\ue000y\uf8ff",
    "beyond the planes": "𝕋𝕚𝕕𝕖𝕘𝕝𝕒𝕤𝕤 " * 40,
    "one long word": "Tideglass" * 60,
    "meta refresh": '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    "css": "</style><style>@import url(https://evil.example);</style>",
    "entities": "&#60;script&#62;alert(1)&#60;/script&#62;",
}


def smtp(port: int = 25, **changes: Any) -> Smtp:
    """A server and the addresses to use."""
    told: dict[str, Any] = {"host": "127.0.0.1", "port": port, "tls": "none"}
    told |= {"sender": "leakwatch@owner.example", "recipients": (FIRST, SECOND), "timeout_s": 5.0}
    return Smtp(**(told | changes))


class Still:
    """A clock that stands still."""

    def now(self) -> datetime:
        """Noon."""
        return NOW


async def sent(delivery: Delivery, **changes: Any) -> tuple[bytes, EmailMessage]:
    """The one mail that a delivery makes, as received and as read."""
    post = Post()
    with serving(post) as port:
        await EmailNotifier(smtp(port, **changes), Still()).send(delivery)
    ((_, _, raw),) = post.mails
    return raw, cast("EmailMessage", message_from_bytes(raw, policy=policy.default))


class Reader(HTMLParser):
    """Collects tags, attributes and text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.values: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One opening tag."""
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.values += [value or "" for _, value in attrs]

    def handle_data(self, data: str) -> None:
        """Text between tags."""
        self.text.append(data)

    def handle_comment(self, data: str) -> None:
        """There are no comments in our mails."""
        pytest.fail(f"a comment: {data}")


def parts_of(mail: EmailMessage) -> tuple[str, str]:
    """The text and the HTML of a mail, which has these two and nothing else."""
    assert mail.get_content_type() == "multipart/alternative"
    text, page = list(mail.iter_parts())
    assert (text.get_content_type(), page.get_content_type()) == ("text/plain", "text/html")
    return cast("EmailMessage", text).get_content(), cast("EmailMessage", page).get_content()


def hostile(text: str) -> list[AnyAlert]:
    """The text in every field that can hold what a source wrote, of each sort of alert."""
    place = Place(site=text, url=text, title=text, seen_at="now", locators=(text, text))
    alert = replace(OPENED, asset=text, asset_id=text, headline=text, verdict_detail=text, spread=text)
    alert = replace(alert, reasons=(text,) * 6, places=(place,) * 12, acknowledged_by=text, assignee=text)
    sites = (BlindSite(name=text, since="now", because=text, remedy=text),) * 3
    digest = replace(DIGEST, topic=text, headline=text, entries=(alert,) * 8)
    return [alert, digest, replace(BLIND, headline=text, sites=sites)]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
async def test_hostile_text_is_only_text(text: str) -> None:
    """Whatever a source wrote makes no header, markup, link or steering character, in either part."""
    for alert in hostile(text):
        raw, mail = await sent(due(alert, recipient=FIRST))
        check_headers(raw, mail)
        body, page = parts_of(mail)
        check_harmless(body)
        read = Reader()
        read.feed(page)
        check_harmless("".join(read.text))
        assert read.tags <= OUR_TAGS
        assert read.attributes <= {"lang", "charset", "name", "content", "style", "class", "role", "scope"}
        assert not any("evil" in value or "url(" in value for value in read.values)


OUR_TAGS = {
    *("html", "head", "meta", "title", "style", "body", "div", "table", "tr", "th", "td"),
    *("h1", "h2", "ul", "li", "p", "strong", "span", "br"),
}
OUR_HEADERS = [
    *(b"auto-submitted", b"content-type", b"date", b"from", b"in-reply-to", b"list-id", b"message-id"),
    *(b"mime-version", b"references", b"subject", b"to"),
    *(b"x-leakwatch-event", b"x-leakwatch-finding", b"x-leakwatch-severity"),
]


def check_headers(raw: bytes, mail: EmailMessage) -> None:
    """The headers are ours, each once, in ASCII, to the one recipient; the lines are no longer than allowed."""
    head, _, _ = raw.partition(b"\r\n\r\n")
    assert re.fullmatch(rb"(?:[\x20-\x7e]|\r\n)+", head)
    names = [name.lower() for name in re.findall(rb"^([^ :]+):", head.replace(b"\r\n ", b" "), re.MULTILINE)]
    assert sorted(names) == OUR_HEADERS
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998
    assert mail.get_all("To") == [FIRST]
    assert len(mail.get_all("Subject", [])) == 1
    assert len(str(mail["Subject"])) <= 200
    check_harmless(str(mail["Subject"]))
    assert re.fullmatch(
        r"leakwatch <[A-Za-z0-9-]{1,60}\.leakwatch\.owner\.example>", str(mail["List-Id"]).strip()
    )


def test_there_are_sixty_hostile_texts() -> None:
    """The number that the threat model asks for."""
    assert len(set(HOSTILE.values())) >= 60


async def test_mail_answers_the_seven_questions() -> None:
    """Both parts say what, where, why, since when, how sure, how far and what next, with links defanged."""
    _, mail = await sent(due(OPENED))
    body, page = parts_of(mail)
    read = Reader()
    read.feed(page)
    for said in (body, "".join(read.text)):
        for part in (
            "[HIGH] Tideglass 70B: possible leak on board",
            "unknown, match score 0.97. The torrent's metadata is being fetched",
            "2026-11-20 11:59:30 UTC",
            "seen once on 1 site: board",
            "board: tideglass <weights> & more hxxps://board[.]example/g/thread/1",
            "magnet[:]?xt=urn:btih:" + "cd" * 20,
            "title: the name is there in full",
            "Look at the page now; a verdict",
            "LW-7",
            "abababababababab",
        ):
            assert part in said
        assert "may be a repeat" not in said
    assert "leakwatch finding show LW-7" in body


async def test_headers() -> None:
    """Addresses, date, subject and the headers by which people and programs sort are each there once."""
    _, mail = await sent(due(OPENED))
    assert {name: str(mail[name]) for name in mail if name not in ("Content-Type", "MIME-Version")} == {
        "From": "leakwatch@owner.example",
        "To": f"{FIRST}, {SECOND}",
        "Subject": "[HIGH] Tideglass 70B: possible leak on board",
        "Date": "Fri, 20 Nov 2026 12:00:00 +0000",
        "Message-ID": f"<{'ab' * 20}@owner.example>",
        "In-Reply-To": "<LW-7.leakwatch@owner.example>",
        "References": "<LW-7.leakwatch@owner.example>",
        "List-Id": "leakwatch <model.leakwatch.owner.example>",
        "Auto-Submitted": "auto-generated",
        "X-Leakwatch-Finding": "LW-7",
        "X-Leakwatch-Event": "opened",
        "X-Leakwatch-Severity": "high",
    }


async def test_sender_with_a_name() -> None:
    """A sender written with a display name gives well-formed identifiers all the same."""
    _, mail = await sent(due(OPENED), sender="Leak Watch <leakwatch@owner.example>")
    assert str(mail["From"]) == "Leak Watch <leakwatch@owner.example>"
    assert str(mail["Message-ID"]) == f"<{'ab' * 20}@owner.example>"
    assert str(mail["References"]) == "<LW-7.leakwatch@owner.example>"
    assert str(mail["List-Id"]) == "leakwatch <model.leakwatch.owner.example>"


async def test_mails_of_a_finding_make_a_thread() -> None:
    """Mails of one finding share References and differ in Message-ID; another finding is another thread."""
    _, opened = await sent(due(OPENED))
    _, proved = await sent(due(PROVED, "cd"))
    _, other = await sent(due(EMBARGOED, "ef"))
    assert opened["References"] == proved["References"] != other["References"]
    assert len({str(mail["Message-ID"]) for mail in (opened, proved, other)}) == 3


async def test_repeat_and_test_say_so() -> None:
    """A possible repeat is marked in both parts under the same Message-ID; a test alert in its subject."""
    _, first = await sent(due(OPENED))
    _, again = await sent(due(OPENED, repeat=True, attempts=2))
    assert first["Message-ID"] == again["Message-ID"]
    assert all("may be a repeat" in part for part in parts_of(again))
    _, test = await sent(due(TEST))
    assert str(test["Subject"]).startswith("[TEST] [HIGH] ")


async def test_drill_and_test_say_what_they_are() -> None:
    """A drill and a test say in the subject and before all else in both parts that nothing has leaked."""
    for alert, mark, word in ((DRILL, "[DRILL]", "This is a drill"), (TEST, "[TEST]", "This is a test")):
        _, mail = await sent(due(alert))
        assert str(mail["Subject"]).startswith(mark)
        for part in parts_of(mail):
            assert word in part
            assert part.index(word) < part.index("What")
    assert not any("Nothing has leaked" in part for part in parts_of((await sent(due(OPENED)))[1]))


async def test_digest_is_a_table() -> None:
    """A digest tells each finding's severity, headline, place, sureness and id, the counts, and how many more there are."""
    _, mail = await sent(due(DIGEST))
    body, page = parts_of(mail)
    assert str(mail["Subject"]) == "[CRITICAL] old-index: 23 findings of the first run"
    assert page.count("<tr>") == len(DIGEST.entries) + 1 + page[: page.index("</table>")].count("<tr>")
    for said in (body, page):
        for part in (
            "2 critical, 5 high, 16 medium",
            "LW-20",
            "LW-27",
            "hxxps://board[.]example",
            "and 15 more",
        ):
            assert part in said
    assert "digest" in str(mail["List-Id"])


async def test_blind_sites_are_no_finding() -> None:
    """An alert of sites says which, since when and why, and that it is no finding."""
    _, mail = await sent(due(BLIND))
    for part in parts_of(mail):
        for word in (
            "board: since 2026-11-20 11:20:00 UTC",
            "refuses us",
            "this is no finding",
            "source health",
        ):
            assert word in part


@pytest.mark.parametrize("reference", ["<x@y>\r\nBcc: z", "x", "<a b@c>", "<" + "a" * 400 + ">", "<é@x>", ""])
def test_a_thread_that_is_no_message_id_is_not_used(reference: str) -> None:
    """What is remembered of a thread goes into a header only if it is a Message-ID."""
    mail = message(due(PROVED, thread=Thread(reference=reference)), smtp(), Still())
    assert str(mail["References"]) == str(mail["In-Reply-To"]) == "<LW-7.leakwatch@owner.example>"


@pytest.mark.parametrize("alert", ALL.values(), ids=ALL.keys())
def test_nothing_is_fetched_from_elsewhere(alert: AnyAlert) -> None:
    """No page of ours has a link, an image, a font or a script: reading a mail tells nobody."""
    page = parts_of(message(due(alert), smtp(), Still()))[1]
    assert not re.search(
        r"<(a|img|script|link|iframe|form|svg|video|object)\b|href=|src=|url\(|@import", page
    )
