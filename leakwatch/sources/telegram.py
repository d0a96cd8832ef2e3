"""`telegram`: the posts of one channel by its public preview (`t.me/s/CHANNEL`), which shows the newest twenty or so.

Source: the pages themselves (telegram.org documents the widget, not the preview). Documents show name and size only.

History
2026-11  first version
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urlencode, urlsplit

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - compiled, without stubs

from leakwatch.errors import ConfigError, LayoutChanged, Refused
from leakwatch.model.observation import Observation, ObservedFile
from leakwatch.sources import _fields as fields
from leakwatch.sources import _markup
from leakwatch.sources._kind import Cursor, Page, Payload, PolledKind, Question, Request, site_name

_CHANNEL = re.compile(r"[A-Za-z][A-Za-z0-9_]{3,31}\Z")
_POST = re.compile(r"([A-Za-z][A-Za-z0-9_]{3,31})/(\d{1,12})\Z")
_MAX_FILES = 20
_REPLY = "tgme_widget_message_reply"


@dataclass(frozen=True, slots=True, kw_only=True)
class TelegramSite:
    """Settings: the channel's name as in its address, and the preview's host."""

    channel: str
    url: str = "https://t.me"

    def __post_init__(self) -> None:
        """Raises: ConfigError for a name that no channel can have, such as an invitation."""
        if not _CHANNEL.match(self.channel):
            raise ConfigError(
                "expected a public channel's name: 4 to 32 letters, digits and _", field="channel"
            )


def start(site: TelegramSite, cursor: Cursor) -> Iterator[Request]:  # noqa: ARG001 - the newest, and what is older by `back`
    """The newest posts."""
    yield _request(site, {})


def ask(site: TelegramSite, cursor: Cursor, question: Question) -> Iterator[Request]:  # noqa: ARG001 - newest first
    """The newest posts of the channel that have these words."""
    if question.words:
        yield _request(site, {"q": question.words})


def back(site: TelegramSite, payload: Payload, page: Page) -> Request | None:
    """The posts before the oldest of a page. Numbers go up by one a post, so nothing lies before the first."""
    found = (_POST.match(one.native_id) for one in page.observations)
    oldest = min((int(one[2]) for one in found if one), default=1)
    return None if _is_search(payload) or oldest <= 1 else _request(site, {"before": str(oldest)})


def again(site: TelegramSite, seen: Observation, asked: Request) -> Request | None:  # noqa: ARG001 - all show the same
    """The posts up to one."""
    found = _POST.match(seen.native_id)
    return _request(site, {"before": str(int(found[2]) + 1)}) if found else None


def _request(site: TelegramSite, query: dict[str, str]) -> Request:
    address = f"{site.url.rstrip('/')}/s/{site.channel}"
    return Request(url=f"{address}?{urlencode(query)}" if query else address, state={"channel": site.channel})


def parse(payload: Payload) -> Page:
    """Every post as an observation. Numbers that are missing between two posts are deleted ones, or parts of albums.

    Raises: Refused where the channel has no public preview; LayoutChanged if the page holds no posts.
    """
    if "/s/" in urlsplit(payload.request.url).path and "/s/" not in urlsplit(payload.url).path:
        raise Refused(_no_preview(payload))
    page = _markup.document(payload)
    posts = _markup.select(page.root, "[data-post].tgme_widget_message")
    if not posts:
        return _without_posts(page, payload)
    observations, unread = fields.readable(posts, lambda post: _observation(post, payload))
    seen, told = _markup.with_hidden(
        observations, [f'data-post="{one.native_id}"' for one in observations], page, payload
    )
    return Page(observations=seen, incomplete=unread or told)


def _without_posts(page: _markup.Document, payload: Payload) -> Page:
    """A search that found nothing is honestly empty; a channel always has posts."""
    if _markup.select(page.root, ".tgme_page_action, .tgme_page_icon"):
        raise Refused(_no_preview(payload))
    if _is_search(payload) and _markup.select(page.root, ".tgme_channel_history"):
        return Page()
    raise LayoutChanged(f"expected posts of a channel on {payload.url}")


def _is_search(payload: Payload) -> bool:
    return bool(parse_qs(urlsplit(payload.request.url).query).get("q"))


def _no_preview(payload: Payload) -> str:
    channel = fields.text(payload.request.state.get("channel"), 40) or payload.request.url
    return (
        f"{channel}: no public preview; the channel is private, a group, restricted, renamed or gone; "
        "correct the name or remove the site"
    )


def _observation(post: etree._Element, payload: Payload) -> Observation:
    found = _POST.match(str(post.get("data-post", "")))
    if not found:
        raise ValueError("a post without a number")
    files = _files(post)
    sizes = [size for size in (fields.size_text(extra) for _, extra in files) if size]
    text = next((one for one in _markup.select(post, ".tgme_widget_message_text") if not _quoted(one)), None)
    preview = _markup.first(post, ".tgme_widget_message_link_preview")
    signed = _markup.first(post, ".tgme_widget_message_from_author")
    author = _markup.first(post, ".tgme_widget_message_owner_name") if signed is None else signed
    time = _markup.first(post, ".tgme_widget_message_date time[datetime]")
    forwarded = _markup.first(post, ".tgme_widget_message_forwarded_from_name")
    told = [html.escape(f"{name} {extra}".strip(), quote=False) for name, extra in files]
    parts = (*map(_markup.markup, (forwarded, text, preview)), *told)
    return Observation(
        site=site_name(payload),
        native_id=f"{found[1]}/{found[2]}",
        title=_title(files, preview),
        fetched_at=payload.fetched_at,
        url=f"https://t.me/{found[1]}/{found[2]}",
        published_at=fields.when(time.get("datetime")) if time is not None else None,
        author=_markup.words(author, 200) or None,
        text=fields.text("\n".join(filter(None, parts))),
        size_bytes=sum(sizes) or None,
        size_is_exact=not sizes,
        files=tuple(ObservedFile(path=name) for name, _ in files),
    )


def _quoted(element: etree._Element) -> bool:
    """Whether it is of the post that this one answers."""
    return any(_REPLY in str(one.get("class", "")) for one in element.iterancestors())


def _files(post: etree._Element) -> Sequence[tuple[str, str]]:
    """Documents: a name, and beside it a size in words, or who plays a piece of music."""
    found: list[tuple[str, str]] = []
    for one in _markup.select(post, ".tgme_widget_message_document_title")[:_MAX_FILES]:
        name, beside = _markup.words(one, 500), one.getparent()
        if name and beside is not None:
            extra = _markup.first(beside, ".tgme_widget_message_document_extra")
            found.append((name, _markup.words(extra, 100)))
    return found


def _title(files: Sequence[tuple[str, str]], preview: etree._Element | None) -> str:
    """Posts have no titles: the name of a document, else what a link leads to."""
    if files:
        return files[0][0]
    return _markup.words(_markup.first(preview, ".link_preview_title")) if preview is not None else ""


KIND = PolledKind(
    name="telegram",
    settings=TelegramSite,
    start=start,
    parse=parse,
    ask=ask,
    again=again,
    back=back,
    is_window=True,
    is_markup=True,
)
