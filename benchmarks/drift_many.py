"""Many changes of each site's layout, judged without door and database: which of them stay unseen, and how many.

The sites, changes and rules of `drift.py`. Each site is learned for ten polls, then changed ten times over from there;
so often that each site has its changes. Quiet polls follow, as the first ten.

    python benchmarks/drift_many.py [--seed 1] [--changes 40] [--quiet 100]
"""

from __future__ import annotations

import argparse
import os
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from drift import drawn
from drift_composed import composed
from drift_pages import NOON, Documents, Site, answer, changed, recorded

from leakwatch.errors import LayoutChanged, SourceError
from leakwatch.limited.reading import parsed
from leakwatch.model.observation import Observation
from leakwatch.polling.drift import judge
from leakwatch.polling.profile import Profile, look
from leakwatch.sources._asked import Field, Fields, together
from leakwatch.sources._kind import Payload

_LEARNED, _FROM_ONE = 10, 10


@dataclass(frozen=True, slots=True)
class Watched:
    """A site as it was left by its last poll. `drift` is what that told."""

    site: Site
    at: datetime = NOON
    profile: Profile = field(default_factory=Profile)
    cursor: Mapping[str, Any] = field(default_factory=dict[str, Any])
    drift: str = ""

    def polled(self, documents: Documents) -> Watched:
        """The site after a poll that finds these documents."""
        after = replace(self, at=self.at + timedelta(minutes=10), drift="")
        queue = list(self.site.kind.start(self.site.settings("https://index.example"), self.cursor))
        start, seen, rows = {one.url for one in queue}, list[Observation](), 0
        fields: Fields = dict[str, Field]()
        cursor = dict(self.cursor)
        for _ in range(self.site.requests):
            if not queue:
                break
            request = queue.pop(0)
            body = answer(documents, unquote(urlsplit(request.url).path))
            try:
                page = parsed(
                    self.site.kind,
                    Payload(
                        request=request,
                        url=request.url,
                        status=200 if body is not None else 404,
                        headers={},
                        body=body or b"",
                        fetched_at=after.at,
                    ),
                )
            except LayoutChanged as error:
                return replace(after, drift=error.message)
            except SourceError:
                continue
            seen += page.observations
            rows += len(page.observations) if request.url in start else 0
            fields = together((fields, page.fields))
            queue += page.next_requests
            cursor |= page.cursor
        after = replace(after, cursor={name: value for name, value in cursor.items() if value is not None})
        if not seen and not fields and not self.site.kind.is_window:
            return after
        judged = judge(self.profile, look(seen, rows if self.site.kind.is_window else None, fields))
        return replace(after, profile=judged.profile, drift="; ".join(judged.drift))


def many(site: Site, changes: int, quiet: int, rng: random.Random) -> tuple[list[str], list[str]]:
    """The changes that were not found within two polls, and the false alarms."""
    missed, alarms = list[str](), list[str]()
    learned = Watched(site)
    for number in range(changes):
        if number % _FROM_ONE == 0:
            learned = Watched(site)
            for _ in range(_LEARNED):
                learned = learned.polled(site.page(rng, learned.at))
                alarms += [learned.drift] if learned.drift else []
        change = drawn(site, rng, learned.at)
        first = learned.polled(changed(site.page(rng, learned.at), change.change))
        second = first if first.drift else first.polled(changed(site.page(rng, first.at), change.change))
        missed += [] if second.drift else [change.name]
    for _ in range(quiet):
        learned = learned.polled(site.page(rng, learned.at))
        alarms += [learned.drift] if learned.drift else []
    return missed, alarms


def main() -> None:
    """Print what was missed of each site, and all together."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--changes", type=int, default=40)
    parser.add_argument("--quiet", type=int, default=100)
    options = parser.parse_args()
    data = Path(os.environ.get("LEAKWATCH_SHARED_DATA", "../shared/data"))
    all_sites = [*recorded(data / "payloads"), *composed()]
    rng, missed, alarms = random.Random(options.seed), 0, 0
    for site in all_sites:
        some, false = many(site, options.changes, options.quiet, rng)
        missed, alarms = missed + len(some), alarms + len(false)
        print(
            f"{site.name}: {options.changes - len(some)} of {options.changes}",
            *(f"  missed: {one}" for one in some),
            *(f"  false alarm: {one}" for one in false),
            sep="\n",
            flush=True,
        )
    changes = options.changes * len(all_sites)
    print(
        f"found {changes - missed} of {changes}; {alarms} false alarms in {options.quiet * len(all_sites)} quiet polls"
    )


if __name__ == "__main__":
    main()
