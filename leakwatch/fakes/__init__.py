"""How likely a torrent is a fake that only uses a wanted name: a score with its reasons, from metadata alone. Pure.

A fake score makes an alert less urgent; it never hides one, and it does not touch what is proved. Reasons are
told in our own words and numbers: no name from the torrent or of the asset is quoted, so they may be shown for
an embargoed asset, too.

Files that fit (an exact size of the asset's, and its class of ending) count for the torrent only: adding one
never raises the score. A faker who knows the exact sizes has seen the work's metadata; that is told by the proof.
"""

from __future__ import annotations

from collections import Counter

from leakwatch.fakes.claimed import read_claimed
from leakwatch.fakes.contents import content_signals, other_work
from leakwatch.fakes.endings import base_name, class_of
from leakwatch.fakes.genuine import genuine_signals
from leakwatch.fakes.listing import read_listing
from leakwatch.fakes.sizes import size_signals
from leakwatch.fakes.tables import FakeTables, KindTable, parse_fakes
from leakwatch.fakes.values import Claims, FakeKind, FakeScore, FakeSignal
from leakwatch.model.asset import Asset
from leakwatch.model.finding import Verdict
from leakwatch.torrent.metainfo import TorrentInfo

__all__ = [
    "Claims",
    "FakeKind",
    "FakeScore",
    "FakeSignal",
    "FakeTables",
    "fake_score",
    "parse_fakes",
    "steps_down",
]

NO_CLAIMS = Claims()
_MAX_BITS = 60.0
_HOLLOW = frozenset({FakeKind.PADDING, FakeKind.OTHER_WORK, FakeKind.SAME_SIZE})
"""Where one of these holds, a fitting type and size are no evidence: they are what was counterfeited."""


def fake_score(
    info: TorrentInfo,
    asset: Asset,
    tables: FakeTables,
    claims: Claims = NO_CLAIMS,
    verdict: Verdict = Verdict.UNKNOWN,
) -> FakeScore:
    """Score a torrent that is taken for a copy of an asset. Linear in the files of both.

    Bits add up with the prior, as in matching; each kind of reason counts once. What is proved scores 0.
    """
    if verdict is Verdict.PROVED:
        return FakeScore(0.0, (FakeSignal(FakeKind.VERDICT, "proved to be the asset's bytes", -_MAX_BITS),))
    kind = kind_of(asset, tables)
    files = read_listing(info, asset, tables)
    name = base_name((info.raw_name,))
    claimed = read_claimed(name, claims.title)
    found = [
        *content_signals(files, kind, claimed, tables),
        *size_signals(files, kind, claimed, claims, asset, tables),
        *genuine_signals(files, kind, claimed, asset, verdict, tables),
    ]
    if claims.names_known_work:
        detail = "its files are known as another work"
        found.append(FakeSignal(FakeKind.OTHER_WORK, detail, tables.bits["known_work"]))
    elif other := other_work(files, name, kind, asset, tables):
        found.append(other)
    if any(one.kind in _HOLLOW for one in found):
        found = [one for one in found if one.kind is not FakeKind.PLAUSIBLE]
    bits = max(-_MAX_BITS, min(_MAX_BITS, tables.bits["prior"] + sum(one.weight for one in found)))
    ordered = tuple(sorted(found, key=lambda one: (-abs(one.weight), one.kind)))
    return FakeScore(round(1 / (1 + 2**-bits), 4), ordered)


def steps_down(score: FakeScore, tables: FakeTables) -> int:
    """By how many steps an alert is to be less urgent: 0, 1 or 2."""
    return sum(score.score >= tables.limits[name] for name in ("one_step", "two_steps"))


_GUESSES = {
    "video": "film",
    "audio": "music",
    "weights": "model",
    "ebook": "book",
    "rom": "game",
    "executable": "software",
}


def kind_of(asset: Asset, tables: FakeTables) -> KindTable | None:
    """The asset's kind as it says, or as the greater part of its bytes says; None where neither does."""
    for word in (asset.kind or "").lower().replace("-", " ").replace("_", " ").split():
        found = tables.kinds.get(word) or tables.kinds.get(word.removesuffix("s"))
        if found:
            return found
    sizes: Counter[str] = Counter()
    for file in asset.files:
        sizes[class_of(file.path[-300:], file.size_bytes or 0, tables)] += file.size_bytes or 0
    for name, size in sizes.most_common(1):
        guess = _GUESSES.get(name, "") if size * 2 >= sizes.total() > 0 else ""
        return tables.kinds.get(guess)
    return None
