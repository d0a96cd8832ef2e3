"""What it costs to look for drift: the same polls with and without it, in turn, in processor time.

Without it there is no profile, and no answer notes what it was asked for.

Real polls over loopback of the sites of `drift.py`, which are learned first. Pages are made beforehand and not counted;
the server that shows them is, on both sides.

    python benchmarks/drift_cost.py [--rounds 10] [--kinds reddit,page]
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import time
from pathlib import Path
from statistics import median
from unittest.mock import patch

from drift import desk
from drift_composed import composed
from drift_pages import Documents, Site, recorded

from leakwatch.polling import closing
from leakwatch.polling.drift import Judged
from leakwatch.polling.profile import Profile
from leakwatch.sources._asked import Asked

_LEARNED = 5


async def cost(all_sites: list[Site], rounds: int) -> None:
    """Print both costs of a poll of each site, and of all together."""
    rng = random.Random(5)
    total = {True: 0.0, False: 0.0}
    names = [(f"{site.name}#{is_on}", site) for site in all_sites for is_on in (True, False)]
    async with desk([name for name, _ in names]) as made:

        async def poll(site: Site, documents: Documents, *, is_on: bool) -> float:
            begin = time.process_time()
            if is_on:
                await made.poll(f"{site.name}#{is_on}", site, documents)
            else:
                with (
                    patch.object(closing, "_judged", lambda _desk, _run: Judged((), Profile())),
                    patch.object(Asked, "told", lambda _asked, value: value),
                    patch.object(Asked, "fields", lambda _asked: {}),
                ):
                    await made.poll(f"{site.name}#{is_on}", site, documents)
            return time.process_time() - begin

        for site in all_sites:
            spent: dict[bool, list[float]] = {True: [], False: []}
            for number in range(_LEARNED + rounds):
                documents = site.page(rng, made.at)
                for is_on in (True, False) if number % 2 else (False, True):
                    spent[is_on].append(await poll(site, documents, is_on=is_on))
            on, off = (median(spent[is_on][_LEARNED:]) * 1000 for is_on in (True, False))
            total[True] += on
            total[False] += off
            async with made.repository.reading() as work:
                state = await work.sites.get(f"{site.name}#True")
            size = len(str(state.ledger["profile"])) if state else 0
            print(
                f"{site.name}: {on:.1f} ms with a profile, {off:.1f} without, {on / off:.2f}; {size} characters"
            )
    print(f"all: {total[True]:.0f} ms with, {total[False]:.0f} without, {total[True] / total[False]:.2f}")


def main() -> None:
    """Print the costs."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--kinds", default="", help="only these, with commas between them")
    options = parser.parse_args()
    data = Path(os.environ.get("LEAKWATCH_SHARED_DATA", "../shared/data"))
    some = options.kinds.split(",") if options.kinds else None
    all_sites = [*recorded(data / "payloads"), *composed()]
    asyncio.run(cost([one for one in all_sites if some is None or one.kind.name in some], options.rounds))


if __name__ == "__main__":
    main()
