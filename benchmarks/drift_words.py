"""Words, people, times and addresses that composed pages are made of."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

WORDS = (
    *(
        "amber",
        "anchor",
        "basin",
        "beacon",
        "birch",
        "bramble",
        "brook",
        "cedar",
        "chalk",
        "cinder",
        "clover",
    ),
    *(
        "copper",
        "coral",
        "cove",
        "delta",
        "drift",
        "ember",
        "falcon",
        "fern",
        "ferry",
        "flint",
        "gale",
        "glade",
    ),
    *(
        "granite",
        "harbour",
        "hazel",
        "heron",
        "hollow",
        "iris",
        "juniper",
        "kelp",
        "lantern",
        "larch",
        "ledge",
    ),
    *(
        "maple",
        "marsh",
        "meadow",
        "mesa",
        "mill",
        "moss",
        "orchard",
        "osprey",
        "pebble",
        "pine",
        "quarry",
        "reed",
    ),
)
PEOPLE = tuple(f"{one}_{other}" for one in WORDS[:12] for other in WORDS[12:17])


def some(rng: random.Random, least: int, most: int) -> str:
    """So many words."""
    return " ".join(rng.choice(WORDS) for _ in range(rng.randint(least, most)))


def sentence(rng: random.Random, least: int = 6, most: int = 40) -> str:
    """A sentence of so many words."""
    return some(rng, least, most).capitalize() + "."


def times(rng: random.Random, at: datetime, count: int) -> list[datetime]:
    """Times of items, the newest first."""
    return sorted((at - timedelta(minutes=1 + rng.expovariate(1 / 120)) for _ in range(count)), reverse=True)


def address(rng: random.Random) -> str:
    """An address somewhere else."""
    return f"https://{rng.choice(WORDS)}.example/{rng.choice(WORDS)}/{rng.randrange(10**6)}"


def iso(at: datetime) -> str:
    """A time as APIs write it."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
