"""Signals against a fake: exact sizes, an orderly layout, files that fit the kind and are large enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from leakwatch.fakes.claimed import Claimed
from leakwatch.fakes.listing import Listing
from leakwatch.fakes.sizes import least_bytes, own_bytes
from leakwatch.fakes.tables import FakeTables, KindTable
from leakwatch.fakes.values import FakeKind, FakeSignal
from leakwatch.model.asset import Asset, AssetFile
from leakwatch.model.finding import Verdict

_SMALL = 64 * 1024
_ROUND = 2**20
_WRAPPINGS = frozenset({"archive", "executable", "script", "trap", "disc", "note", "source", "image", "data"})
"""What any torrent may have: large or not, it does not look like the work itself."""


def genuine_signals(
    files: Listing,
    kind: KindTable | None,
    claimed: Claimed,
    asset: Asset,
    verdict: Verdict,
    tables: FakeTables,
) -> Iterator[FakeSignal]:
    """What speaks for a copy of the work; no weight here is above zero."""
    if verdict is Verdict.LIKELY:
        yield FakeSignal(
            FakeKind.VERDICT,
            "side files are the asset's, or sizes as its tensors have",
            tables.bits["likely"],
        )
    exact = _exact(files, asset, tables)
    if exact:
        yield exact
    signs = _layout(files, kind, asset)
    if signs:
        weight = max(tables.bits["layout"] * len(signs), tables.bits["layout_most"])
        yield FakeSignal(FakeKind.LAYOUT, f"laid out as releases are: {', '.join(signs)}", weight)
    if kind and _is_plausible(files, kind, claimed, asset, tables):
        detail = f"files that a {kind.name} has, and large enough"
        yield FakeSignal(FakeKind.PLAUSIBLE, detail, tables.bits["plausible"])


def _exact(files: Listing, asset: Asset, tables: FakeTables) -> FakeSignal | None:
    """Files of exactly the asset's sizes, counted at most as often as the asset has them."""
    if not files.fits:
        return None
    left, found = Counter(files.fit_sizes), list[AssetFile]()
    for file in asset.files:
        if file.size_bytes and left[file.size_bytes] > 0:
            left[file.size_bytes] -= 1
            found.append(file)
    name = _exactness(found, asset)
    detail = f"exact sizes of {len(found)} of the asset's {len(asset.files)} files"
    return FakeSignal(FakeKind.EXACT, detail, tables.bits[f"exact_{name}"])


def _exactness(found: list[AssetFile], asset: Asset) -> str:
    """The strongest of what the files found stand for."""
    total = sum(file.size_bytes or 0 for file in asset.files)
    telling = [
        file for file in found if (file.size_bytes or 0) * 100 >= total and (file.size_bytes or 0) >= _SMALL
    ]
    odd = [file for file in telling if (file.size_bytes or 0) % _ROUND]
    if odd and 2 * sum(file.size_bytes or 0 for file in odd) >= total:
        return "most"
    return "some" if odd else "round" if telling else "side"


def _layout(files: Listing, kind: KindTable | None, asset: Asset) -> list[str]:
    """Signs of a release group or a tool. Each is easily forged, so together they say little."""
    ends = files.endings
    checks = ends["sfv"] + ends["md5"] + ends["sha25"] + ends["par2"]
    signs = {
        "a set of volumes with its checksums": files.volumes > 1 and bool(checks or ends["nfo"]),
        "a disc's folders": files.disc_folders > 1,
        "names of the asset's files": len(files.own_names) * 2 >= len(asset.files) > 2,
    }
    name = kind.name if kind else ""
    if name in ("film", "series"):
        signs["subtitles"] = (
            files.count(frozenset({"subtitle"})) > 0 and ends["mkv"] + ends["mp4"] + ends["avi"] > 0
        )
        signs["several episodes"] = len(files.episodes) > 2
    elif name == "music":
        signs["an album's lists"] = files.count(frozenset({"audio"})) > 2 and bool(
            ends["cue"] + ends["log"] + ends["m3u"] + ends["m3u8"] + checks
        )
    elif name == "model":
        signs["shards"] = files.shards > 1
        signs["a model's settings"] = files.model_files > 0
    elif name == "book":
        signs["several formats"] = sum(ends[one] > 0 for one in ("epub", "mobi", "azw3", "pdf", "fb2")) > 1
    elif name in ("game", "software"):
        beside = files.count(frozenset({"library", "resource", "binary", "data", "source"}))
        signs["a program's folders"] = beside > 4
    return [sign for sign, holds in signs.items() if holds]


def _is_plausible(
    files: Listing, kind: KindTable, claimed: Claimed, asset: Asset, tables: FakeTables
) -> bool:
    """Whether the files of expected types have the bytes; only where it is known how many those are."""
    least = max(least_bytes(kind, claimed, asset, tables), own_bytes(asset) * kind.least_share)
    return least > 0 and files.bytes_of(kind.expected - _WRAPPINGS) >= least
