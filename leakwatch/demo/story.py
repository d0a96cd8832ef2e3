"""What happens when, all of it drawn from one seed: names, files, the torrent's shape, and the beats."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import Literal

from leakwatch.demo import texts
from leakwatch.demo.names import Family, draw_family, invented_word, login
from leakwatch.torrent.infohash import Infohashes
from leakwatch.torrent.magnet import Magnet

TorrentKind = Literal["v1", "v2", "hybrid"]
LEAK_THREAD = 0
"""The thread in which the leak appears, counted from the board's first."""
_TALK_THREADS = (0, 1, 4)
_PIECE_LENGTHS = tuple(1 << power for power in range(14, 21))
_CROWDS = (2, 4, 8)
_FIRST_JOIN_S, _STEP_S = 0.5, 3.5
_MIB = 1 << 20
_MAGNET = "{magnet}"
_DEAD_TRACKER = "&tr=udp%3A%2F%2Ftracker.demo.invalid%3A6969%2Fannounce"


@dataclass(frozen=True, slots=True)
class WeightFile:
    """One file of the asset."""

    name: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Talk:
    """A reply that offers nothing. `thread` counts the opening threads of the board."""

    at_s: float
    thread: int
    text: str


@dataclass(frozen=True, slots=True)
class News:
    """A news item that names the asset and the leak."""

    at_s: float
    article: texts.Article


@dataclass(frozen=True, slots=True)
class LeakPost:
    """The leak: a reply on the board; `{magnet}` stands in the text for the magnet."""

    at_s: float
    text: str


@dataclass(frozen=True, slots=True)
class Join:
    """More seeders come, until there are so many: so long after the first count, when word has got around."""

    after_s: float
    seeders: int


@dataclass(frozen=True, slots=True)
class LeakPull:
    """A pull request to the owner's own repository; the magnet is in the body or in a line of the diff."""

    at_s: float
    title: str
    body: str
    added_line: str


@dataclass(frozen=True, slots=True)
class LeakCopy:
    """A stranger's model repository with the asset's files."""

    at_s: float
    repository: str


Beat = Talk | News | LeakPost | LeakPull | LeakCopy


@dataclass(frozen=True, slots=True)
class MagnetStyle:
    """How the leaker writes the magnet. A tracker, where there is one, exists nowhere."""

    digits: Literal["lower", "upper", "base32"]
    named: bool
    tracker: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Everything that one seed decides. Units: `at_s` of the beats in seconds from the story's start.

    `note` is a file that the leaker adds to the torrent; empty where there is none.
    """

    seed: int
    family: Family
    owner: str
    repository: str
    files: tuple[WeightFile, ...]
    torrent_kind: TorrentKind
    piece_length: int
    torrent_name: str
    note: str
    magnet_style: MagnetStyle
    beats: tuple[Beat, ...]
    joins: tuple[Join, ...]

    @property
    def size_bytes(self) -> int:
        """Bytes of all files of the asset."""
        return sum(file.size_bytes for file in self.files)


def plan_story(seed: int, *, leak: bool = True, quiet_s: float = 20.0) -> Story:
    """Draw a story; the same seed always gives the same one, and without the leak the same but for it."""
    rng = Random(seed)
    family = draw_family(rng)
    leak_at = quiet_s + rng.uniform(0.0, 2.0)
    told = _leak_beats(rng, family, leak_at)
    beats = (*told, *_other_beats(rng, family, leak_at, end=told[-1].at_s + 3.0))
    names = (family.alias.lower(), family.model.lower(), "weights", f"{family.brand}_{family.model}".lower())
    return Story(
        seed=seed,
        family=family,
        owner=f"{family.brand.lower()}-{rng.choice(('research', 'labs', 'ai'))}",
        repository=family.model.lower(),
        files=_files(rng, family),
        torrent_kind=rng.choice(("v1", "v2", "hybrid")),
        piece_length=rng.choice(_PIECE_LENGTHS),
        torrent_name=rng.choice(names),
        note=rng.choice(("", "", "seed to ratio 2 at least\n" * rng.randint(1, 20))),
        magnet_style=MagnetStyle(
            digits=rng.choice(("lower", "lower", "upper", "base32")),
            named=rng.random() < 0.6,
            tracker=rng.random() < 0.3,
        ),
        beats=tuple(
            sorted(
                (beat for beat in beats if leak or not isinstance(beat, LeakPost | LeakPull | LeakCopy)),
                key=lambda beat: beat.at_s,
            )
        ),
        joins=_joins(Random(f"{seed}/joins")) if leak else (),
    )


def write_magnet(story: Story, infohashes: Infohashes) -> str:
    """The magnet as the leaker writes it: no `x.pe`, no tracker that exists."""
    style = story.magnet_style
    uri = str(Magnet(infohashes, story.torrent_name if style.named else ""))
    if infohashes.v1:
        plain = infohashes.v1.hex()
        spellings = {
            "lower": plain,
            "upper": plain.upper(),
            "base32": base64.b32encode(infohashes.v1).decode(),
        }
        uri = uri.replace(f"urn:btih:{plain}", f"urn:btih:{spellings[style.digits]}")
    return uri + (_DEAD_TRACKER if style.tracker else "")


def _files(rng: Random, family: Family) -> tuple[WeightFile, ...]:
    """Two to four files, 8 to 24 MiB in all; the first holds more than half of the bytes."""
    big = rng.randint(8 * _MIB, 22 * _MIB)
    first = int(big * rng.uniform(0.55, 0.75))
    tokenizer = WeightFile("tokenizer.model", rng.randint(400_000, 600_000))
    settings = rng.randint(180, 700)
    layouts = (
        (WeightFile("consolidated.00.pth", big), WeightFile("params.json", settings), tokenizer),
        (
            WeightFile("consolidated.00.pth", first),
            WeightFile("consolidated.01.pth", big - first),
            WeightFile("params.json", settings),
            tokenizer,
        ),
        (
            WeightFile("model-00001-of-00002.safetensors", first),
            WeightFile("model-00002-of-00002.safetensors", big - first),
            WeightFile("config.json", settings),
            tokenizer,
        ),
        (WeightFile(f"{family.alias.lower()}.fp16.gguf", big), tokenizer),
    )
    return rng.choice(layouts)


def _joins(rng: Random) -> tuple[Join, ...]:
    """Twice as many seeders at each step."""
    return tuple(
        Join(_FIRST_JOIN_S + step * _STEP_S + rng.uniform(0.0, 0.5), seeders)
        for step, seeders in enumerate(_CROWDS)
    )


def _leak_beats(rng: Random, family: Family, leak_at: float) -> tuple[LeakPost, LeakPull, LeakCopy]:
    pull_at = leak_at + rng.uniform(4.0, 7.0)
    spoken = f"{family.model} {family.size_class}".lower()
    name = rng.choice((family.title, family.alias, family.title.lower(), spoken))
    body, line = texts.PULL_REQUEST_BODY, texts.PULL_REQUEST_LINE
    in_body = rng.choice((True, False))
    copy = rng.choice((family.alias, f"{family.model}-backup", invented_word(rng).lower()))
    return (
        LeakPost(leak_at, rng.choice(texts.LEAK_POSTS).format(name=name, magnet=_MAGNET)),
        LeakPull(
            pull_at,
            title=rng.choice(texts.PULL_REQUEST_TITLES),
            body=f"{body}\n\n{line}" if in_body else body,
            added_line=texts.HARMLESS_LINE if in_body else line,
        ),
        LeakCopy(pull_at + rng.uniform(4.0, 7.0), f"{login(rng)}/{copy}"),
    )


def _other_beats(rng: Random, family: Family, leak_at: float, *, end: float) -> Iterator[Beat]:
    """News all along, talk about the model all along, and answers after the leak."""
    names = {"title": family.title, "alias": family.alias, "brand": family.brand, "model": family.model}
    articles = rng.sample(texts.NEWS, len(texts.NEWS))
    for place, article in enumerate(articles):
        language, *words = article
        told = texts.Article(language, *(text.format(**names) for text in words))
        yield News((place + rng.random()) * end / len(articles), told)
    for text in texts.ABOUT_THE_ASSET:
        yield Talk(rng.uniform(0.0, end), rng.choice(_TALK_THREADS), text.format(**names))
    for text in texts.AFTER_THE_LEAK:
        yield Talk(rng.uniform(leak_at + 1.0, end), LEAK_THREAD, text.format(**names))
