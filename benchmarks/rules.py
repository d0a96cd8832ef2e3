"""Items a second against 1, 1,000 and 10,000 rules; the dearest patterns and lists of files that are accepted.

    python benchmarks/rules.py

The rules are drawn: half have words, a quarter words and a pattern, a quarter only a pattern. Items are names and posts
of ordinary words, a hundredth of which some rule asks for.
"""

from __future__ import annotations

import random
import resource
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from leakwatch.matching.rules import Item, compiled, hits
from leakwatch.matching.rules.item import MAX_TEXT
from leakwatch.model.observation import ObservedFile
from leakwatch.rulepack.patterns import Pattern, PatternError
from leakwatch.rulepack.schema import Confidence, Rule, RulePack
from leakwatch.service import load_rules

DRAW = random.Random(7)
COMMON = ["".join(DRAW.choices("abcdefghijklmnoprstuvw", k=DRAW.randint(3, 9))) for _ in range(5000)]
RARE = [f"{DRAW.choice(COMMON)}{number}" for number in range(30_000)]
EVIL = [
    "(a+)+$", "(x+x+)+y", "(a|a)*b", "(.*a){20}$", "(.*a){50}$", "(a?){100}a{100}$", "(a|b)*a(a|b){12}$",
    "(a|b)*a(a|b){200}$", "((a{1,20}){1,20})$", "(.{0,20}a){4}b", "a{1,400}b{1,400}$", r"(\w+\s?)+$",
    "((a{1,100}){1,100}){1,100}", r"\pL{1,100}x", "(?=a)a",
]  # fmt: skip


def rule(number: int) -> Rule:
    """One of the drawn rules."""
    words = tuple(DRAW.sample(RARE, 2))
    kind = number % 4
    return Rule(
        id=f"drawn.rule.n{number}",
        title="drawn",
        confidence=Confidence.LOW,
        all_tokens=words if kind == 0 else (),
        any_tokens=words if kind in (1, 2) else (),
        patterns=(rf"\b{words[0]}[._ -]?(leak|dump)",) if kind in (2, 3) else (),
    )


def items(count: int, words: int) -> list[Item]:
    """Items of so many words."""
    return [
        Item(" ".join(DRAW.choice(RARE if DRAW.random() < 0.01 else COMMON) for _ in range(words)))
        for _ in range(count)
    ]


def speed() -> None:
    """The table of items a second."""
    names, posts = items(4000, 8), items(400, 150)
    packs = {count: RulePack(tuple(rule(number) for number in range(count))) for count in (1, 1000, 10_000)}
    rows = [(str(count), pack) for count, pack in packs.items()] + [("shipped", load_rules(None))]
    print("| rules | ready in | names (8 words) a second | posts (150 words) a second | hits |")
    print("| --- | --- | --- | --- | --- |")
    for told, pack in rows:
        start = time.process_time()
        compiled(pack)
        ready = time.process_time() - start
        rates, found = [], 0
        for some in (names, posts):
            start = time.process_time()
            found += sum(1 for item in some for _ in hits(item, pack))
            rates.append(len(some) / (time.process_time() - start))
        print(f"| {told} | {ready:.2f} s | {rates[0]:,.0f} | {rates[1]:,.0f} | {found} |")


def evil() -> None:
    """The worst that an accepted pattern takes on all the text that is read."""
    texts = [b"a" * MAX_TEXT, bytes(DRAW.choice(b"ab") for _ in range(MAX_TEXT)), b"xa " * (MAX_TEXT // 3)]
    print("\n| pattern | instructions | worst of three texts of 200,000 bytes |\n| --- | --- | --- |")
    for text in EVIL:
        try:
            pattern = Pattern(text)
        except PatternError as error:
            print(f"| `{text}` | refused: {str(error)[:60]} | |")
            continue
        worst = 0.0
        for data in texts:
            start = time.process_time()
            pattern.find(data)
            worst = max(worst, time.process_time() - start)
        print(f"| `{text}` | {pattern.size} | {worst:.2f} s |")


def listings() -> None:
    """The shipped rules against lists of files."""
    pack = load_rules(None)
    only = sum(one.needs_only_files for one in pack.rules)
    print(f"\n| files | all shipped rules, of which {only} look at files only |\n| --- | --- |")
    for count in (10, 1000, 100_000):
        files = tuple(
            ObservedFile(path=f"a/{n % 97}/f{n}.{'c' if n % 3 else 'mkv'}", size_bytes=n)
            for n in range(count)
        )
        list(hits(Item("warm", files=files[:1]), pack))
        start = time.process_time()
        list(hits(Item("name", files=files), pack))
        print(f"| {count:,} | {(time.process_time() - start) * 1000:,.1f} ms |")


if __name__ == "__main__":
    speed()
    evil()
    listings()
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MiB")
