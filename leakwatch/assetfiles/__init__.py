"""An owner's files on this machine: walked, read once, and read again in part when a torrent is to be proved."""

from leakwatch.assetfiles.cache import PrintCache, default_cache
from leakwatch.assetfiles.folders import Fingerprinted, fingerprint_paths
from leakwatch.assetfiles.hashing import LocalHasher, LocalLayers
from leakwatch.assetfiles.reading import DEFAULT, Wanted, fingerprint
from leakwatch.assetfiles.walking import Found, walk

__all__ = [
    "DEFAULT",
    "Fingerprinted",
    "Found",
    "LocalHasher",
    "LocalLayers",
    "PrintCache",
    "Wanted",
    "default_cache",
    "fingerprint",
    "fingerprint_paths",
    "walk",
]
