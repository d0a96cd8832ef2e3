"""Release names to tokens: folded, split, and cut where the title ends and the tags begin."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from anyascii import anyascii

MAX_NAME = 1000
"""Characters of a name that are read; longer ones are cut."""

_APOSTROPHES = re.compile(r"(?<=\w)['’ʼ`´](?=\w)")
_TOKEN = re.compile(r"[^\W_]+")
_SPACELESS = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f\U00020000-\U0003ffff]"
)
_STRIPPED_MARKS = ("LATIN", "GREEK", "CYRILLIC", "COMBINING")
_LEADING_GROUP = re.compile(r"^\s*(?:[\[【(（][^\]】)）]{1,60}[\]】)）]\s*)+(?=\S)")
_SITE = re.compile(
    r"^\s*(?:www\.)?[\w-]{2,40}\.(?:com|org|net|info|to|tv|cc|me|io|ws)\s*[-–_ ]+\s*", re.IGNORECASE
)
_EPISODE = re.compile(r"[\s_.][-–~#][\s_.]?#?\d{1,4}(?:v\d)?(?=[\W_]|$)")
_EXTENSION = re.compile(r"\.[A-Za-z][A-Za-z0-9]{1,10}$")

_TAGS = frozenset(
    [
        "480p",
        "540p",
        "576p",
        "720p",
        "1080p",
        "1080i",
        "1440p",
        "2160p",
        "4320p",
        "4k",
        "8k",
        "uhd",
        "hdr",
        "hdr10",
        "sdr",
        "10bit",
        "8bit",
        "hi10p",
        "bluray",
        "blueray",
        "bdrip",
        "brrip",
        "bdremux",
        "bd",
        "remux",
        "web",
        "webrip",
        "webdl",
        "hdtv",
        "pdtv",
        "dsr",
        "hdrip",
        "dvdrip",
        "dvd",
        "dvd5",
        "dvd9",
        "dvdscr",
        "vhsrip",
        "tvrip",
        "satrip",
        "cam",
        "hdcam",
        "telesync",
        "telecine",
        "screener",
        "scr",
        "workprint",
        "r5",
        "ppv",
        "x264",
        "x265",
        "h264",
        "h265",
        "hevc",
        "avc",
        "xvid",
        "divx",
        "av1",
        "vp9",
        "mpeg2",
        "aac",
        "aac2",
        "ac3",
        "eac3",
        "dts",
        "dtshd",
        "truehd",
        "atmos",
        "flac",
        "mp3",
        "opus",
        "ddp5",
        "dd5",
        "lossless",
        "proper",
        "repack",
        "rerip",
        "internal",
        "limited",
        "uncut",
        "extended",
        "remastered",
        "unrated",
        "dubbed",
        "subbed",
        "multi",
        "dual",
        "complete",
        "season",
        "episode",
        "ep",
        "vol",
        "volume",
        "disc",
        "cd1",
        "cd2",
        "nfo",
        "readnfo",
        "iso",
        "rip",
        "gog",
        "codex",
        "fitgirl",
        "skidrow",
        "reloaded",
        "plaza",
        "cpy",
        "tenoke",
        "empress",
        "rune",
        "razor1911",
        "nsw",
        "ps4",
        "ps5",
        "xbox",
        "switch",
        "gguf",
        "ggml",
        "gptq",
        "awq",
        "exl2",
        "safetensors",
        "fp16",
        "bf16",
        "fp32",
        "int8",
        "int4",
        "epub",
        "mobi",
        "pdf",
        "azw3",
        "cbr",
        "cbz",
        "retail",
        "mkv",
        "mp4",
        "avi",
        "zip",
        "rar",
        "7z",
        "tar",
        "gz",
        "torrent",
    ]
)
_TAG_SHAPES = re.compile(
    r"s\d{1,2}(?:e\d{1,3})*|\d{1,2}x\d{2,3}|e\d{2,3}|ep\d{1,4}|\d{3,4}[pi]|q\d(?:k)?|iq\d|v\d{1,2}|\d{1,3}kbps|(?:web|blu|dvd|bd)\w{0,6}rip"
)
_YEAR = re.compile(r"(?:19[2-9]\d|20[0-4]\d)\Z")
_NUMBERED = re.compile(r"\d+(?:[bmkt])?\Z|v\d+\Z|(?:i{1,3}|iv|vi{0,3}|ix|x)\Z")


@dataclass(frozen=True, slots=True)
class ReleaseName:
    """A name as tokens. `tokens[start:end]` is the part that reads as the title; the rest are tags.

    `year` is the year named among the tags, None where there is none.
    """

    tokens: tuple[str, ...]
    start: int
    end: int
    year: int | None = None

    @property
    def title(self) -> tuple[str, ...]:
        """The tokens of the title part."""
        return self.tokens[self.start : self.end]


def fold(text: str) -> str:
    """One form for all spellings: NFKC, case, no format characters, no accents on Latin, Greek and Cyrillic."""
    text = unicodedata.normalize("NFKC", text[:MAX_NAME]).casefold()
    if text.isascii():
        return text
    out: list[str] = []
    for char in unicodedata.normalize("NFD", text):
        category = unicodedata.category(char)
        if category == "Cf":
            continue
        if category == "Mn" and out and unicodedata.name(out[-1], "").startswith(_STRIPPED_MARKS):
            continue
        out.append(char)
    return unicodedata.normalize("NFC", "".join(out))


def tokens(text: str) -> tuple[str, ...]:
    """Words and numbers of a folded text; scripts written without spaces give one token a character."""
    found: list[str] = []
    for word in _TOKEN.findall(_APOSTROPHES.sub("", text)):
        if word.isascii() or not _SPACELESS.search(word):
            found.append(word)
            continue
        last = 0
        for char in _SPACELESS.finditer(word):
            found += [word[last : char.start()]] if char.start() > last else []
            found.append(char[0])
            last = char.end()
        found += [word[last:]] if last < len(word) else []
    return tuple(found)


@lru_cache(maxsize=4096)
def readings(text: str) -> tuple[str, ...]:
    """The folded text, and its transliteration to ASCII where it has other letters."""
    folded = fold(text)
    if folded.isascii():
        return (folded,)
    return tuple(dict.fromkeys((folded, fold(anyascii(folded)))))


def parse_name(text: str) -> ReleaseName:
    """Split a release name, file name or title; decide where the title ends.

    A leading group in brackets and a leading site name are no title. The title ends at the first tag, at a
    year that is not the first word, or at an episode number after a dash.
    """
    text = text[:MAX_NAME]
    body = _SITE.sub("", _LEADING_GROUP.sub("", text))
    if not _TOKEN.search(body):
        body = text
    skipped = len(tokens(text[: len(text) - len(body)]))
    stem = _EXTENSION.sub("", body)
    episode = _EPISODE.search(stem)
    before_episode = skipped + len(tokens(stem[: episode.start()])) if episode and episode.start() else None
    all_tokens = tokens(text)
    end = len(all_tokens)
    year = None
    for index in range(skipped, len(all_tokens)):
        token = all_tokens[index]
        if _YEAR.match(token) and index > skipped:
            year = year or int(token)
            end = min(end, index)
        elif index > skipped and (token in _TAGS or _TAG_SHAPES.fullmatch(token)):
            end = min(end, index)
    if before_episode is not None and before_episode > skipped:
        end = min(end, before_episode)
    return ReleaseName(all_tokens, skipped, end, year)


def is_number(token: str) -> bool:
    """Whether a token counts something: a number, a size such as 70b, a version, a Roman numeral up to x."""
    return bool(_NUMBERED.match(token))
