"""The founding case: a bare magnet of a critical asset wakes somebody in any language, and nothing else does."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml

from leakwatch.extract.links import locate
from leakwatch.matching.engine import match_all
from leakwatch.matching.index import build_index
from leakwatch.model.alert import Place
from leakwatch.model.asset import Asset, AssetFile, AssetId
from leakwatch.model.finding import Severity, Tier, Verdict
from leakwatch.model.observation import Observation
from leakwatch.model.route import Matchers, Route
from leakwatch.routing import facts_of, is_architecture_alone, is_told, make_alert
from leakwatch.routing.tree import legs_of
from leakwatch.service import load_hosts, load_rules, load_weights
from leakwatch.severity import severity_of
from leakwatch.triage import triage

AT = datetime(2023, 3, 3, tzinfo=UTC)
RULES, WEIGHTS, HOSTS = load_rules(None), load_weights(), load_hosts()
SIZES = {"7B": 13_476_939_516, "13B": 13_016_334_699, "30B": 16_265_763_099, "65B": 16_323_959_449}
LLAMA = Asset(
    id=AssetId("llama"),
    title="LLaMA",
    aliases=tuple(f"LLaMA {size}" for size in SIZES),
    critical=True,
    files=tuple(
        AssetFile(path=f"{size}/consolidated.00.pth", size_bytes=length) for size, length in SIZES.items()
    ),
)
INDEX = build_index([LLAMA])
ROUTES = (Route(channels=("wake",), match=Matchers(min_severity=Severity.HIGH)),)
MAGNET = "magnet:?xt=urn:btih:0123456789abcdef0123456789abcdef01234567"
WEIGHTS_IN = {
    "English": "LLaMA weights",
    "Spanish": "los pesos de LLaMA",
    "Portuguese": "os pesos do LLaMA",
    "French": "les poids de LLaMA",
    "German": "LLaMA-Gewichte",
    "Russian": "веса LLaMA",
    "Chinese": "LLaMA 权重",
    "Japanese": "LLaMA の重み",
    "Korean": "LLaMA 가중치",
    "Arabic": "أوزان LLaMA",
}
POSTS = yaml.safe_load((Path(__file__).parent / "founding.yaml").read_text("utf-8"))
OFFERS = [(language, sentence) for language, told in POSTS.items() for sentence in told["offers"]]
ANIMALS = [(language, sentence) for language, told in POSTS.items() for sentence in told["animal"]]
FOREIGN = (
    f"{MAGNET}&dn=ubuntu-26.04-desktop-amd64.iso",
    f"{MAGNET}&dn=debian-live-13.1.0-amd64-gnome.iso",
    f"{MAGNET}&dn=llama.cpp",
    f"{MAGNET}&dn=Llama.Recipes.2019.epub",
    "https://news.example/2023/03/llama-farm-opens",
    "https://github.com/ggerganov/llama.cpp",
)


def alerts(text: str, title: str = "") -> list[tuple[Severity, Verdict]]:
    """What a post makes the steps say: locate, match, triage, route."""
    post = locate(Observation(site="board", native_id="1", title=title, text=text, fetched_at=AT), HOSTS)
    told: list[tuple[Severity, Verdict]] = []
    for one in match_all([(post, ())], INDEX, WEIGHTS, RULES)[0]:
        result = triage(one, post, None, LLAMA)
        if result is None:
            continue
        finding = result.finding
        assert finding.tier is Tier.REVIEW
        signals = [(signal.kind.value, signal.detail, signal.weight) for signal in one.signals]
        where = [Place(site="board", url=None, title=title, seen_at=AT.isoformat())]
        least = severity_of(LLAMA, finding.tier, finding.verdict)
        for event in result.events:
            facts = facts_of(
                finding, LLAMA, event.kind, max(least, finding.severity, key=lambda s: s.rank), AT, {}, {}
            )
            if is_told(event, finding, LLAMA) and not is_architecture_alone(finding, signals):
                alert = make_alert(event, finding, LLAMA, where, signals, ())
                told += [(alert.severity, finding.verdict) for _ in legs_of(ROUTES, facts)]
    return told


ONE_UNPROVED = [(Severity.HIGH, Verdict.UNKNOWN)]


@pytest.mark.parametrize(("language", "sentence"), OFFERS)
def test_a_bare_magnet_of_that_name_alerts_at_once(language: str, sentence: str) -> None:
    """A magnet called LLaMA under any sentence, whether that names it, is one alert that nothing has proved yet."""
    bare = f"{MAGNET}&dn=LLaMA"
    assert alerts(f"{sentence.format(name='')}\n\n{bare}") == ONE_UNPROVED
    assert alerts(f"{sentence.format(name=WEIGHTS_IN[language])}\n{bare}") == ONE_UNPROVED
    assert alerts(f"<p>{sentence.format(name='')}</p><p>{bare.replace('&', '&amp;')}</p>") == ONE_UNPROVED


@pytest.mark.parametrize(("language", "sentence"), OFFERS)
def test_a_magnet_without_a_name_beside_the_name_alerts(language: str, sentence: str) -> None:
    """A magnet that is called nothing speaks for what stands beside it: in its line, above it, in the title."""
    said = sentence.format(name=WEIGHTS_IN[language])
    assert alerts(f"{said} {MAGNET}") == ONE_UNPROVED
    assert alerts(f"{said}\n\n{MAGNET}&tr=udp%3A%2F%2Ftracker.example%3A80") == ONE_UNPROVED
    assert alerts(MAGNET, title=said) == ONE_UNPROVED


@pytest.mark.parametrize(("language", "sentence"), OFFERS)
def test_the_same_sentence_without_a_locator_never_does(language: str, sentence: str) -> None:
    """News, talk and questions on the leak alert nobody, with a link to a news page neither."""
    said = sentence.format(name=WEIGHTS_IN[language])
    assert alerts(said) == []
    assert alerts("", title=said) == []
    assert alerts(f"{said}\nhttps://news.example/2023/03/llama-weights-leaked") == []
    assert alerts(f"{said} 65B, 13B and 7B, magnet link removed", title="LLaMA") == []


@pytest.mark.parametrize(("language", "sentence"), OFFERS)
def test_a_sentence_beside_an_offer_of_another_thing_does_not(language: str, sentence: str) -> None:
    """Where all that can be had says that it is another thing, naming the asset is talk."""
    assert alerts(f"{sentence.format(name='LLaMA')}\n{MAGNET}&dn=ubuntu-26.04-desktop-amd64.iso") == []


@pytest.mark.parametrize(("language", "sentence"), ANIMALS)
def test_the_animal_does_not(language: str, sentence: str) -> None:
    """A llama is an animal in every language, also beside a magnet of another thing or without a name."""
    assert alerts(sentence) == []
    for locator in (*FOREIGN, MAGNET):
        assert alerts(f"{sentence}\n{locator}") == [], (language, locator)


@pytest.mark.parametrize(
    "said",
    [
        "",
        "llama.cpp now runs on a phone",
        "llama recipes: a stew with garlic, and what the cook does with the leftovers",
        "llama-recipes has new notebooks for finetuning",
        "I index my notes with llama_index",
        "ollama 0.3 is out",
        "Code Llama, TinyLlama and other models are listed here",
    ],
)
def test_programs_and_recipes_do_not(said: str) -> None:
    """What carries the name without being it does not, with any locator of its own."""
    for locator in (*FOREIGN, ""):
        assert alerts(f"{said}\n{locator}") == [], locator
        assert alerts(locator, title=said) == [], locator
