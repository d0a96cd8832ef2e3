"""The torrents: metadata has the infohash that it is called by, and proves again what it is said to prove."""

from __future__ import annotations

import base64
import hashlib
from random import Random
from typing import Any

from leakwatch.evidence.checking.parts import Checked
from leakwatch.model.asset import AssetFile, PieceTable
from leakwatch.model.finding import Verdict
from leakwatch.torrent.infohash import PiecesRoot
from leakwatch.torrent.metainfo import parse_info


def check_torrents(checked: Checked) -> None:
    """Check each torrent of the case (BEP 3, BEP 52), and judge it again where no bytes of the work are needed."""
    files = [_file_of(one) for one in checked.list_of("prints.json")]
    for one in checked.list_of("proofs.json"):
        name = f"metadata/{one['metadata']}"
        if one["metadata"] is None:
            continue
        if name not in checked.members:
            lost = {*checked.document("finding.json").get("lost", ()), *checked.left_out()}
            if one["metadata"] not in lost:
                checked.problem(name, "missing")
            continue
        raw = checked.members[name]
        for key, digest in (("infohash_v1", hashlib.sha1), ("infohash_v2", hashlib.sha256)):
            if one[key] is not None and digest(raw).hexdigest() != one[key]:
                checked.problem(name, f"it is not the metadata of {one[key]}")
        _judge(one, raw, files, name, checked)


def _judge(one: dict[str, Any], raw: bytes, files: list[AssetFile], name: str, checked: Checked) -> None:
    from leakwatch.proof import TableHasher, prove  # noqa: PLC0415 - slow to import, and not always needed

    info = parse_info(raw)
    again = prove(info, files, TableHasher(), Random(0))  # noqa: S311 - the same each time
    known = one["infohash_v1"] or one["infohash_v2"]
    if again.verdict.value == one["verdict"]:
        checked.note(f"{known} judged again: {again.verdict.value} ({again.method})")
        return
    told = {(file["path"], file["asset_path"]) for file in one["files"] if file["pieces_ok"]}
    is_contradicted = any(
        file.pieces_tested and not file.pieces_ok and (file.path, file.asset_path) in told
        for file in again.files
    )
    is_decided = one["method"] == "v2" or again.verdict is Verdict.REFUTED or is_contradicted
    if one["verdict"] == Verdict.PROVED.value and is_decided:
        checked.problem(name, f"said to be proved; judged again it is {again.verdict.value}: {again.reason}")
    else:
        checked.note(
            f"{known} is said to be {one['verdict']}; with the digests of the pack alone it is "
            f"{again.verdict.value}: bytes of the work are needed (`leakwatch torrent prove`)"
        )


def _file_of(told: dict[str, Any]) -> AssetFile:
    root = told["digests"].get("pieces_root")
    sha256 = told["digests"].get("sha256")
    tables = tuple(
        PieceTable(int(one["piece_length"]), int(one["first"]), base64.b64decode(one["digests"]))
        for one in told["tables"]
    )
    return AssetFile(
        path=str(told["path"]),
        size_bytes=told["size_bytes"],
        variant=told["variant"],
        sha256=bytes.fromhex(sha256) if sha256 else None,
        pieces_root=PiecesRoot(bytes.fromhex(root)) if root else None,
        tables=tables,
    )
