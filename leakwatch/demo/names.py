"""Invented words and the release names made of them; nothing here names a real product."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from random import Random

_ONSETS = ("b", "br", "d", "dr", "f", "g", "k", "l", "m", "n", "p", "r", "s", "st", "t", "th", "tr", "v", "z")
_VOWELS = ("a", "e", "i", "o", "u")
_CODAS = ("", "n", "r", "s", "l", "x", "nd", "rn", "th")
_SYLLABLES = 3
_TOO_LIKE = 0.55
"""Two words of this likeness might be taken for each other by a matcher that forgives typing errors."""
_SIZE_CLASSES = ("7B", "13B", "34B", "65B", "70B", "110B", "180B")
_GROUPS = ("KITE", "OXBOW", "PLINTH", "TARN", "UMBRA", "WICKET", "ZEPHYRA")


@dataclass(frozen=True, slots=True)
class Family:
    """What the protected model is called."""

    brand: str
    model: str
    size_class: str

    @property
    def title(self) -> str:
        """The full name, as the owner registers it."""
        return f"{self.brand} {self.model} {self.size_class}"

    @property
    def alias(self) -> str:
        """The short name that people use."""
        return f"{self.model}-{self.size_class}"


@dataclass(frozen=True, slots=True)
class Release:
    """One entry of a torrent index. Units: `size_bytes` in bytes; `category` is a Newznab number."""

    title: str
    size_bytes: int
    category: int


def draw_family(rng: Random) -> Family:
    """A brand, a model and a size that no real product bears."""
    brand = invented_word(rng)
    return Family(brand, invented_word(rng, (brand,)), rng.choice(_SIZE_CLASSES))


def invented_word(rng: Random, taken: tuple[str, ...] = ()) -> str:
    """A word of three syllables, capitalised, unlike every word in `taken`."""
    while True:
        syllables = "".join(rng.choice(_ONSETS) + rng.choice(_VOWELS) for _ in range(_SYLLABLES))
        word = (syllables + rng.choice(_CODAS)).capitalize()
        if all(SequenceMatcher(None, word.lower(), other.lower()).ratio() < _TOO_LIKE for other in taken):
            return word


def login(rng: Random) -> str:
    """An account name that belongs to nobody."""
    return f"{invented_word(rng).lower()}-{rng.randrange(100, 1000)}"


def other_model(rng: Random, family: Family) -> str:
    """The name of somebody else's model."""
    return f"{_word(rng, family)}-{rng.choice(_SIZE_CLASSES)}"


def other_size(rng: Random, family: Family) -> str:
    """A size in which the protected model does not come."""
    return rng.choice([size for size in _SIZE_CLASSES if size != family.size_class])


def background_release(rng: Random, family: Family) -> Release:
    """A release that is not the asset: a film, a game, a program, music, another model, or a near miss."""
    makers = (_film, _series, _game, _program, _album, _weights, _near_miss)
    return rng.choices(makers, weights=(5, 5, 4, 4, 3, 3, 3))[0](rng, family)


def _word(rng: Random, family: Family) -> str:
    return invented_word(rng, (family.brand, family.model))


def _film(rng: Random, family: Family) -> Release:
    name = ".".join(_word(rng, family) for _ in range(rng.randint(1, 3)))
    quality = rng.choice(("720p.WEB-DL.x264", "1080p.BluRay.x265", "2160p.WEB.HEVC"))
    title = f"{name}.{rng.randint(1975, 2023)}.{quality}-{rng.choice(_GROUPS)}"
    return Release(title, rng.randint(700 << 20, 9 << 30), 2000)


def _series(rng: Random, family: Family) -> Release:
    name = f"{_word(rng, family)} {_word(rng, family)}"
    episode = f"S{rng.randint(1, 6):02d}E{rng.randint(1, 13):02d}"
    title = f"{name} {episode} [1080p][{rng.randbytes(4).hex().upper()}].mkv"
    return Release(title, rng.randint(300 << 20, 2 << 30), 5070)


def _game(rng: Random, family: Family) -> Release:
    name = f"{_word(rng, family)} {_word(rng, family)}"
    title = f"{name} v{rng.randint(1, 3)}.{rng.randint(0, 20)}-{rng.choice(_GROUPS)}"
    return Release(title, rng.randint(1 << 30, 60 << 30), 4050)


def _program(rng: Random, family: Family) -> Release:
    kind = rng.choice(("Studio", "Draw", "Backup", "Ledger", "CAD"))
    title = f"{_word(rng, family)} {kind} {rng.randint(2017, 2023)}.{rng.randint(1, 9)} (x64)"
    return Release(title, rng.randint(20 << 20, 4 << 30), 4000)


def _album(rng: Random, family: Family) -> Release:
    title = f"{_word(rng, family)} - {_word(rng, family)} ({rng.randint(1980, 2023)}) [FLAC]"
    return Release(title, rng.randint(150 << 20, 900 << 20), 3040)


def _weights(rng: Random, family: Family) -> Release:
    flavour = rng.choice(("chat GGUF", "Instruct safetensors", "base fp16", "Q4_K_M.gguf"))
    return Release(f"{other_model(rng, family)} {flavour}", rng.randint(3 << 30, 130 << 30), 8000)


def _near_miss(rng: Random, family: Family) -> Release:
    """The asset's first word with another product, or its family in another size."""
    titles = (
        f"{family.brand} Studio Pro {rng.randint(2019, 2023)}.{rng.randint(1, 9)} (x64)",
        f"{family.brand} Desktop {rng.randint(2, 9)}.{rng.randint(0, 9)} Portable",
        f"{family.brand}.{rng.randint(1990, 2022)}.1080p.BluRay.x264-{rng.choice(_GROUPS)}",
        f"{family.model} - {_word(rng, family)} ({rng.randint(1990, 2022)}) [FLAC]",
        f"{family.brand} {family.model} {other_size(rng, family)}",
        f"{family.model}-{other_size(rng, family)}-Instruct GGUF",
    )
    return Release(rng.choice(titles), rng.randint(50 << 20, 40 << 30), 8000)
