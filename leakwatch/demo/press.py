"""News as an RSS feed, in many scripts."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate
from xml.sax.saxutils import escape

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from leakwatch.demo.answers import Freshness, conditional, not_found
from leakwatch.demo.texts import Article


class Press:
    """A news site. `served` collects the numbers of the articles that were handed out."""

    def __init__(self, base: str, clock: Callable[[], float]) -> None:
        self.served: set[int] = set()
        self.about_the_leak: set[int] = set()
        self._base = base
        self._clock = clock
        self._articles: list[tuple[Article, float]] = []
        self._freshness = Freshness()

    def publish(self, article: Article, *, about_the_leak: bool, at: float | None = None) -> None:
        """Print an article."""
        now = self._clock() if at is None else at
        if about_the_leak:
            self.about_the_leak.add(len(self._articles))
        self._articles.append((article, now))
        self._freshness.change(now)

    def routes(self) -> list[Route]:
        """The feed and its pages, below `/news`."""
        return [Route("/rss.xml", self._answer_feed), Route("/{number:int}", self._answer_page)]

    async def _answer_feed(self, request: Request) -> Response:
        def body() -> str:
            self.served.update(range(len(self._articles)))
            items = "".join(reversed([self._item(number) for number in range(len(self._articles))]))
            return (
                '<?xml version="1.0" encoding="utf-8"?>\n'
                '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"><channel>'
                f"<title>demo news</title><link>{self._base}/</link>"
                f"<description>technology</description>{items}</channel></rss>"
            )

        return conditional(request, self._freshness.seconds, "application/rss+xml", body)

    async def _answer_page(self, request: Request) -> Response:
        number = int(request.path_params["number"])
        if number >= len(self._articles):
            return not_found()
        article = self._articles[number][0]
        return HTMLResponse(
            f'<!doctype html><html lang="{article.language}"><title>{escape(article.headline)}</title>'
            f"<h1>{escape(article.headline)}</h1><p>{escape(article.summary)}</p></html>"
        )

    def _item(self, number: int) -> str:
        article, at = self._articles[number]
        link = f"{self._base}/{number}"
        return (
            f"<item><title>{escape(article.headline)}</title><link>{link}</link>"
            f'<guid isPermaLink="true">{link}</guid>'
            f"<pubDate>{formatdate(at)}</pubDate><dc:language>{article.language}</dc:language>"
            f"<description>{escape(article.summary)}</description></item>"
        )
