"""A code host with the GitHub REST API's shape: issues, pull requests, comments, changed files, search."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from leakwatch.demo.answers import iso_seconds, not_found, number

_Row = TypeVar("_Row")
_PER_PAGE = 30
_MOST_PER_PAGE = 100
_FIRST_ID = 1_600_000_000
_QUALIFIERS = (
    "is",
    "type",
    "repo",
    "user",
    "org",
    "in",
    "state",
    "created",
    "updated",
    "sort",
    "author",
    "label",
)
_REPOSITORY = "/repos/{owner}/{repository}"


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment below an issue or a pull request; `id` is unique on the host."""

    id: int
    login: str
    body: str
    at: float


@dataclass(frozen=True, slots=True)
class Draft:
    """What somebody writes: an issue, or a pull request if there is a patch (a unified diff of `README.md`)."""

    title: str
    body: str
    login: str
    patch: str = ""


@dataclass(slots=True)
class Issue:
    """An issue or pull request, its place on the host, and what was said about it."""

    id: int
    number: int
    repository: str
    draft: Draft
    at: float
    comments: list[Comment] = field(default_factory=list[Comment])

    @property
    def updated_at(self) -> float:
        """The time of the last comment, or of the issue itself."""
        return max([self.at, *(comment.at for comment in self.comments)])


class Forge:
    """Issues of all repositories, newest last. `served` collects the ids that were handed out."""

    def __init__(self, base: str, clock: Callable[[], float]) -> None:
        self.served: set[int] = set()
        self._base = base
        self._clock = clock
        self._issues: list[Issue] = []
        self._next_id = _FIRST_ID

    def open_issue(self, repository: str, draft: Draft, *, at: float | None = None) -> Issue:
        """Open an issue, or a pull request if there is a patch."""
        same = [issue for issue in self._issues if issue.repository == repository]
        now = self._clock() if at is None else at
        issue = Issue(self._new_id(), len(same) + 1, repository, draft, now)
        self._issues.append(issue)
        return issue

    def comment(self, issue: Issue, body: str, login: str, *, at: float | None = None) -> None:
        """Comment on an issue, which is thereby updated."""
        issue.comments.append(Comment(self._new_id(), login, body, self._clock() if at is None else at))

    def routes(self) -> list[Route]:
        """The endpoints, below `/github`."""
        return [
            Route(f"{_REPOSITORY}/issues", self._answer_issues),
            Route(f"{_REPOSITORY}/issues/comments", self._answer_comments),
            Route(f"{_REPOSITORY}/issues/{{number:int}}", self._answer_issue),
            Route(f"{_REPOSITORY}/pulls/comments", self._answer_none),
            Route(f"{_REPOSITORY}/releases", self._answer_none),
            Route(f"{_REPOSITORY}/forks", self._answer_none),
            Route(f"{_REPOSITORY}/pulls/{{number:int}}/files", self._answer_files),
            Route("/search/issues", self._answer_search),
            Route("/{owner}/{repository}/{kind}/{number:int}", self._answer_people),
        ]

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id

    def _of(self, request: Request) -> list[Issue]:
        wanted = "{owner}/{repository}".format(**request.path_params)
        return [issue for issue in self._issues if issue.repository == wanted]

    async def _answer_issues(self, request: Request) -> Response:
        issues = self._of(request)
        if not issues:
            return not_found()
        by_update = request.query_params.get("sort") == "updated"
        issues.sort(key=lambda issue: issue.updated_at if by_update else issue.at)
        since = _since(request)
        shown = [self._issue(one) for one in _ordered(request, issues) if int(one.updated_at) >= since]
        return self._page(request, shown)

    async def _answer_issue(self, request: Request) -> Response:
        """One issue or pull request, as the daemon asks for it when it looks again."""
        wanted = int(request.path_params["number"])
        found = next((issue for issue in self._of(request) if issue.number == wanted), None)
        return JSONResponse(self._issue(found)) if found else not_found()

    async def _answer_comments(self, request: Request) -> Response:
        since = _since(request)
        pairs = [(issue, comment) for issue in self._of(request) for comment in issue.comments]
        pairs.sort(key=lambda pair: pair[1].at)
        shown = [self._comment(*pair) for pair in _ordered(request, pairs) if int(pair[1].at) >= since]
        return self._page(request, shown)

    async def _answer_none(self, request: Request) -> Response:
        return self._page(request, []) if self._of(request) else not_found()

    async def _answer_files(self, request: Request) -> Response:
        wanted = int(request.path_params["number"])
        pull = next(
            (issue for issue in self._of(request) if issue.number == wanted and issue.draft.patch), None
        )
        return self._page(request, [_readme(pull)]) if pull else not_found()

    async def _answer_people(self, request: Request) -> Response:
        """The page that people read of an issue or a pull request."""
        wanted = int(request.path_params["number"])
        found = next((issue.draft for issue in self._of(request) if issue.number == wanted), None)
        if found is None or request.path_params["kind"] not in ("issues", "pull"):
            return not_found()
        return HTMLResponse(f"<title>{escape(found.title)}</title><pre>{escape(found.body)}</pre>")

    async def _answer_search(self, request: Request) -> Response:
        words = _search_words(request.query_params.get("q", ""))
        found = [
            issue
            for issue in sorted(self._issues, key=lambda issue: -issue.updated_at)
            if all(word in f"{issue.draft.title} {issue.draft.body}".lower() for word in words)
        ]
        items = _slice(request, [self._issue(issue) for issue in found])
        return JSONResponse({"total_count": len(found), "incomplete_results": False, "items": items})

    def _page(self, request: Request, rows: list[dict[str, object]]) -> Response:
        shown = _slice(request, rows)
        page, per_page = _paging(request)
        headers: dict[str, str] = {}
        if page * per_page < len(rows):
            following = f"{self._base}{request.url.path.removeprefix('/github')}"
            query = str(request.url.include_query_params(page=page + 1).query)
            headers["Link"] = f'<{following}?{query}>; rel="next"'
        return JSONResponse(shown, headers=headers)

    def _user(self, login: str) -> dict[str, object]:
        return {"login": login, "type": "User", "html_url": f"{self._base}/{login}"}

    def _issue(self, issue: Issue) -> dict[str, object]:
        self.served.add(issue.id)
        kind = "pull" if issue.draft.patch else "issues"
        api = f"{self._base}/repos/{issue.repository}"
        shown: dict[str, object] = {
            "url": f"{api}/issues/{issue.number}",
            "repository_url": api,
            "comments_url": f"{api}/issues/{issue.number}/comments",
            "html_url": f"{self._base}/{issue.repository}/{kind}/{issue.number}",
            "id": issue.id,
            "number": issue.number,
            "title": issue.draft.title,
            "user": self._user(issue.draft.login),
            "labels": [],
            "state": "open",
            "locked": False,
            "comments": len(issue.comments),
            "created_at": iso_seconds(issue.at),
            "updated_at": iso_seconds(issue.updated_at),
            "closed_at": None,
            "author_association": "NONE",
            "body": issue.draft.body,
        }
        if issue.draft.patch:
            pull = f"{self._base}/{issue.repository}/pull/{issue.number}"
            shown["pull_request"] = {
                "url": f"{api}/pulls/{issue.number}",
                "html_url": pull,
                "diff_url": f"{pull}.diff",
                "patch_url": f"{pull}.patch",
            }
        return shown

    def _comment(self, issue: Issue, comment: Comment) -> dict[str, object]:
        self.served.add(comment.id)
        api = f"{self._base}/repos/{issue.repository}"
        return {
            "url": f"{api}/issues/comments/{comment.id}",
            "html_url": f"{self._base}/{issue.repository}/issues/{issue.number}#issuecomment-{comment.id}",
            "issue_url": f"{api}/issues/{issue.number}",
            "id": comment.id,
            "user": self._user(comment.login),
            "created_at": iso_seconds(comment.at),
            "updated_at": iso_seconds(comment.at),
            "body": comment.body,
        }


def readme_patch(lines: Sequence[str]) -> str:
    """A unified diff that adds lines to a README, as the API gives it: hunks without file headers."""
    added = "\n".join(f"+{line}" for line in lines)
    return (
        f"@@ -12,3 +12,{3 + len(lines)} @@ ## Download\n \n Fill in the form to receive a link.\n \n{added}"
    )


def _readme(pull: Issue) -> dict[str, object]:
    added = sum(1 for line in pull.draft.patch.splitlines() if line.startswith("+"))
    return {
        "sha": hashlib.sha1(pull.draft.patch.encode(), usedforsecurity=False).hexdigest(),
        "filename": "README.md",
        "status": "modified",
        "additions": added,
        "deletions": 0,
        "changes": added,
        "patch": pull.draft.patch,
    }


def _ordered(request: Request, rows: list[_Row]) -> list[_Row]:
    return rows if request.query_params.get("direction") == "asc" else rows[::-1]


def _since(request: Request) -> float:
    """The `since` parameter in seconds since the epoch; 0 where it is not given or not a time."""
    try:
        return datetime.fromisoformat(request.query_params.get("since", "")).timestamp()
    except ValueError:
        return 0.0


def _paging(request: Request) -> tuple[int, int]:
    return max(1, number(request, "page", 1)), max(1, number(request, "per_page", _PER_PAGE, _MOST_PER_PAGE))


def _slice(request: Request, rows: list[dict[str, object]]) -> list[dict[str, object]]:
    page, per_page = _paging(request)
    return rows[(page - 1) * per_page : page * per_page]


def _search_words(query: str) -> list[str]:
    """The words of a search, without qualifiers such as `is:issue` and without quotes."""
    words = query.lower().replace('"', " ").split()
    return [word for word in words if word.partition(":")[0] not in _QUALIFIERS]
