"""What talk weighs: something, once, and never enough to talk an offer away."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from leakwatch.extract.links import locate
from leakwatch.matching.engine import match
from leakwatch.matching.index import build_index
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.finding import Match, SignalKind, Tier
from leakwatch.model.observation import Observation
from leakwatch.service import load_rules, load_weights

SHIPPED, WEIGHTS = load_rules(None), load_weights()
SIZES = (13_476_939_516, 26_000_000_123, 65_000_000_321, 130_000_000_777)
LLAMA = Asset(
    id=AssetId("llama"),
    title="LLaMA",
    critical=True,
    files=tuple(AssetFile(path=f"{size}.pth", size_bytes=size) for size in SIZES),
)
INDEX = build_index([LLAMA])
MAGNET = "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567&dn=LLaMA"
SENTENCES = [
    "so this leaked, what do you think?",
    "Die Gewichte sind geleakt, was denkt ihr?",
    "Les poids ont fuité, selon le labo",
    "Se filtraron los pesos, jajaja",
    "I pesi sono trapelati, guida sotto",
    "слив весов, обсуждение внутри, ищу сидов",
    "权重泄露了，大家怎么看",
    "重みが流出した、感想は？",
    "가중치 유출 ㅋㅋㅋ 어떻게 생각",
    "تسريب الأوزان، ما رأيكم",
]


def found(title: str, text: str = "") -> Match | None:
    """The match of the asset, however weak, if there is one."""
    post = locate(
        Observation(
            site="b", native_id="1", title=title, text=text, fetched_at=datetime(2026, 11, 1, tzinfo=UTC)
        )
    )
    return next(iter(match(post, INDEX, WEIGHTS, pack=SHIPPED, least=0.01)), None)


@pytest.mark.parametrize("sentence", SENTENCES)
def test_the_founding_case_is_not_talked_away(sentence: str) -> None:
    """A bare magnet of a critical asset stays in review whatever is said around it, in ten languages."""
    seen = found(sentence, f"{sentence}\n{MAGNET}")
    assert seen
    assert seen.tier is Tier.REVIEW


def test_the_strongest_noise_counts_once() -> None:
    """Several kinds of talk weigh as the strongest of them, and less than a locator weighs for."""
    talk = found("LLaMA", "discussion thread: a llama on my farm, a recipe for soup, lol")
    plain = found("LLaMA", "as it is")
    assert talk
    assert plain
    weights = [signal.weight for signal in talk.signals if signal.kind is SignalKind.RULE]
    assert weights == [WEIGHTS["rule_noise_high"]]
    assert talk.score < plain.score
    assert WEIGHTS["rule_noise_high"] > -WEIGHTS["offer_near"]
    assert WEIGHTS["rule_noise_high"] < WEIGHTS["rule_noise_medium"] < WEIGHTS["rule_noise_low"] < 0
