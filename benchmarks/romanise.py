"""How many romanised names are found by titles in other scripts, with one transliteration and with the spellings of romanise.

    LEAKWATCH_SHARED_DATA=... python benchmarks/romanise.py [--tuning]

The catalogue holds the names in other scripts of all works and none in Latin. What is looked for, as a release name:
(1) the Latin names of the same works that seem to be the same words; (2) the names by other people's packages, which are
no dependency of ours: what is not installed is skipped. Works whose SHA-256 is even are for looking at (`--tuning`),
figures are for the odd ones. Thai, Bengali and Devanagari are rare in that catalogue: 40 titles of our own are added.
"""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import os
import sys
import time
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from unittest.mock import patch

import zstandard
from rapidfuzz.fuzz import ratio

sys.path.insert(0, str(Path(__file__).parents[1]))

from leakwatch.extract.fold import fold, readings
from leakwatch.matching import namebook
from leakwatch.matching.index import Index, build_index
from leakwatch.matching.names import Field, Text, read_names
from leakwatch.matching.weights import parse_weights
from leakwatch.model.asset import Asset, AssetId

WEIGHTS = parse_weights((files("leakwatch.matching") / "weights.yaml").read_text("utf-8"))
SCRIPTS = ("CYRILLIC", "GREEK", "CJK", "KANA", "HANGUL", "ARABIC", "HEBREW", "THAI", "DEVANAGARI", "BENGALI")
MOST = 1500
"""Names by one package in one script."""
SEEMS = 55
"""How alike, of 100, a Latin name and the transliteration must be to count as the same words."""
INDIC = """महाभारत की कथा|रामायण एक परिचय|दिलवाले दुल्हनिया ले जायेंगे|मुग़ल ए आज़म|कभी ख़ुशी कभी ग़म|तारे ज़मीन पर|गैंग्स ऑफ़ वासेपुर|हम आपके हैं कौन
मदर इंडिया|शतरंज के खिलाड़ी|लगे रहो मुन्ना भाई|ज़िंदगी ना मिलेगी दोबारा|अंदाज़ अपना अपना|प्यासा काग़ज़ के फूल|चंद्रकांता संतति|राग दरबारी|मैला आँचल|गोदान प्रेमचंद|कामायनी जयशंकर|बजरंगी भाईजान
পথের পাঁচালী|অপুর সংসার|মেঘে ঢাকা তারা|হীরক রাজার দেশে|গুপী গাইন বাঘা বাইন|অরণ্যের দিনরাত্রি|সোনার কেল্লা|জয় বাবা ফেলুনাথ|চোখের বালি|শেষের কবিতা
পদ্মা নদীর মাঝি|তিতাস একটি নদীর নাম|হাজার বছর ধরে|আগুনের পরশমণি|শ্রাবণ মেঘের দিন|মনপুরা চলচ্চিত্র|গীতাঞ্জলি রবীন্দ্রনাথ|কপালকুণ্ডলা|চাঁদের পাহাড়|ফেলুদা সমগ্র"""


def script_of(name: str) -> str:
    """The script of a name that has one besides Latin; kana with kanji count as kana with kanji."""
    found = {unicodedata.name(char, "?").split()[0].split("-")[0] for char in name if char.isalpha()}
    found = {"KANA" if one in ("HIRAGANA", "KATAKANA") else one for one in found} - {"LATIN"}
    return "KANA+HAN" if found == {"KANA", "CJK"} else next(iter(found)) if len(found) == 1 else ""


def works(parity: int) -> Iterator[dict[str, Any]]:
    """Works of the catalogue on one side of the cut."""
    path = Path(os.environ["LEAKWATCH_SHARED_DATA"]) / "assets" / "assets_50k.jsonl.zst"
    with path.open("rb") as raw:
        for line in io.TextIOWrapper(zstandard.ZstdDecompressor().stream_reader(raw), "utf-8"):
            work = json.loads(line)
            if hashlib.sha256(work["id"].encode()).digest()[-1] % 2 == parity:
                yield work


def attempt(build: Callable[[], Callable[[str], str]]) -> Callable[[str], str] | None:
    """A package's function, or none where it is not installed."""
    try:
        return build()
    except ImportError:
        return None


def package(name: str) -> Any:
    """A module that may be missing."""
    return importlib.import_module(name)


def others() -> dict[str, tuple[tuple[str, ...], Callable[[str], str] | None]]:
    """Each package's scheme: the scripts that it is asked for, and its function."""
    every = (*SCRIPTS, "KANA+HAN")

    def kakasi() -> Callable[[str], str]:
        kks = package("pykakasi").kakasi()
        return lambda text: " ".join(one["hepburn"] for one in kks.convert(text))

    def kunrei() -> Callable[[str], str]:
        kks = package("pykakasi").kakasi()
        return lambda text: " ".join(one["kunrei"] for one in kks.convert(text))

    def hangul(scheme: str) -> Callable[[str], str]:
        rule = getattr(package("hangul_romanize.rule"), scheme)
        return package("hangul_romanize").Transliter(rule).translit

    def indic(origin: str, scheme: str) -> Callable[[str], str]:
        schemes = package("indic_transliteration.sanscript")
        return lambda text: schemes.transliterate(text, origin, scheme)

    def uroman() -> Callable[[str], str]:
        return package("uroman").Uroman().romanize_string

    def pinyin() -> Callable[[str], str]:
        read = package("pypinyin").lazy_pinyin
        return lambda text: " ".join(read(text))

    def transliterate(language: str) -> Callable[[str], str]:
        told = package("transliterate").translit
        return lambda text: told(text, language, reversed=True)

    return {
        "unidecode": (every, attempt(lambda: package("unidecode").unidecode)),
        "uroman": (every, attempt(uroman)),
        "transliterate ru": (("CYRILLIC",), attempt(lambda: transliterate("ru"))),
        "transliterate el": (("GREEK",), attempt(lambda: transliterate("el"))),
        "cyrtranslit ru": (("CYRILLIC",), attempt(lambda: lambda text: package("cyrtranslit").to_latin(text, "ru"))),
        "pypinyin": (("CJK",), attempt(pinyin)),
        "pykakasi": (("KANA", "KANA+HAN"), attempt(kakasi)),
        "pykakasi kunrei": (("KANA",), attempt(kunrei)),
        "hangul-romanize": (("HANGUL",), attempt(lambda: hangul("academic"))),
        "sanscript iast": (("DEVANAGARI",), attempt(lambda: indic("devanagari", "iast"))),
        "sanscript iast (Bengali)": (("BENGALI",), attempt(lambda: indic("bengali", "iast"))),
    }  # fmt: skip


def in_latin(told: str) -> bool:
    """Whether a package has told all of a name, accents aside."""
    return any(char.isalpha() for char in told) and fold(told).isascii()


def timed(what: str, assets: list[Asset]) -> Index:
    """An index, with its size and cost told."""
    start = time.process_time()
    index = build_index(assets)
    print(f"{what}: {len(index.book.names)} names, built in {time.process_time() - start:.1f} s of CPU")
    return index


def found(queries: list[tuple[str, str]], index: Index) -> tuple[float, float]:
    """Shares of queries that find their work at all, and with bits enough for review."""
    texts = [Text(f"{name}.1080p.WEB-DL.x264-GRP", Field.RELEASE) for name, _ in queries]
    at_all = enough = 0
    for (_, wanted), signals in zip(queries, read_names(texts, index, WEIGHTS), strict=True):
        own = signals.get(AssetId(wanted), [])
        at_all += bool(own)
        enough += bool(own) and sum(one.weight for one in own) + WEIGHTS["prior"] >= 0
    return 100 * at_all / len(queries), 100 * enough / len(queries)


def main() -> None:
    """Both tables, before and after."""
    parity = 0 if "--tuning" in sys.argv else 1
    assets: list[Asset] = []
    alias: dict[str, list[tuple[str, str]]] = defaultdict(list)
    latin: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for work in works(parity):
        names = [work["title"], *work["aliases"]]
        foreign = [name for name in names if script_of(name)]
        if not foreign:
            continue
        assets.append(Asset(id=AssetId(work["id"]), title=foreign[0], aliases=tuple(foreign[1:])))
        for name in foreign:
            alias[script_of(name)].append((name, work["id"]))
            heard = readings(name)[:2][-1]
            near = [one for one in names if one.isascii() and ratio(one.lower(), heard) >= SEEMS]
            latin[script_of(name)] += [(one, work["id"]) for one in near]
    for number, name in enumerate(INDIC.replace("\n", "|").split("|")):
        assets.append(Asset(id=AssetId(f"own:{number}"), title=name))
        alias[script_of(name)].append((name, f"own:{number}"))
    tests: list[tuple[str, str, list[tuple[str, str]]]] = [
        (script, "Latin name of the same work", sorted(set(latin[script])))
        for script in (*SCRIPTS, "KANA+HAN")
    ]
    for scheme, (scripts, told) in others().items():
        if told is None:
            print(f"{scheme}: not installed, skipped")
            continue
        for script in scripts:
            pairs = [(told(name), work) for name, work in alias[script][:MOST]]
            tests.append((script, scheme, [pair for pair in pairs if in_latin(pair[0])]))
    with patch.object(namebook, "romanisations", lambda _: ()):
        before = timed("one transliteration", assets)
    with patch.object(
        namebook, "skeleton_keys", lambda _, first, __: (first[:0], first[:0].astype("uint64"))
    ):
        spelt = timed("spellings", assets)
    after = timed("and skeletons", assets)
    print("| script | written by | n | before, % | spellings, % | and skeletons, % | of them review, % |")
    print("| --- | --- | --: | --: | --: | --: | --: |")
    for script, scheme, queries in sorted(tests):
        if queries:
            figures = [found(queries, before)[0], found(queries, spelt)[0], *found(queries, after)]
            print(
                f"| {script} | {scheme} | {len(queries)} | "
                + " | ".join(f"{one:.1f}" for one in figures)
                + " |"
            )


if __name__ == "__main__":
    main()
