"""The questions of one poll: a few of all that its site may be asked, the next poll the following ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from leakwatch.display import clean
from leakwatch.errors import ConfigError
from leakwatch.model.asset import Asset
from leakwatch.polling.site import SiteConfig
from leakwatch.questions import questions
from leakwatch.sources._kind import PolledKind, Request

ASKED = "_asked"
"""Where the site's cursor keeps the key of the last question."""

_BEHIND_GAP = 50


@dataclass(frozen=True, slots=True)
class Asking:
    """The requests of a poll's questions, and the key of the last question.

    `problem` is the first question that the site cannot be asked, in words: it ends by itself, and the others are asked.
    """

    requests: tuple[Request, ...] = ()
    until: str = ""
    problem: str = ""

    @property
    def urls(self) -> frozenset[str]:
        """The addresses that are asked because of us, not because a page named them."""
        return frozenset(request.url for request in self.requests)

    def cursor(self, *, is_done: bool) -> dict[str, Any]:
        """How far the questions got: those of a poll that did not finish are asked again."""
        return {ASKED: self.until or None} if is_done else {}


def asking_of(
    site: SiteConfig,
    kind: PolledKind,
    cursor: Mapping[str, Any],
    assets: Iterable[Asset],
    *,
    is_behind_gap: bool = False,
) -> Asking:
    """This poll's share of questions. A kind without a search is asked none.

    Behind a gap that nothing pages back into, a search may still show what was missed: more is asked at once then.
    """
    after = str(cursor.get(ASKED, ""))
    if kind.ask is None:
        return Asking()
    own = {key: value for key, value in cursor.items() if not key.startswith("_")}
    most = site.questions_per_poll
    if is_behind_gap:
        most = max(most, _BEHIND_GAP)
    told = questions(assets, site.queries, after, most)
    requests: list[Request] = []
    problem = ""
    for _, one in told:
        try:
            requests += kind.ask(site.settings, own, one)
        except ConfigError as error:
            problem = problem or clean(f"a question was not asked: {error.message}", 500)
    return Asking(tuple(requests), told[-1][0] if told else "", problem)
