"""Catalogue files as text: asset lines, prints of `asset fingerprint`, output of sha256sum. Pure.

A catalogue line is `{"id","title","aliases":[],"year","kind","files":[{"path","size_bytes","sha256",...}]}`; all but
id and title may be left out. Lines of prints or of sha256sum carry no title: they become the files of one asset.
"""

from leakwatch.catalogue.assets import EMBARGOED_AND_ASKED, asset_from_json, asset_json, with_files
from leakwatch.catalogue.files import file_from_json, file_json
from leakwatch.catalogue.lines import Imported, is_text, parse_catalogue

__all__ = [
    "EMBARGOED_AND_ASKED",
    "Imported",
    "asset_from_json",
    "asset_json",
    "file_from_json",
    "file_json",
    "is_text",
    "parse_catalogue",
    "with_files",
]
