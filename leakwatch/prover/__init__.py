"""The prover: hashes pieces where an asset's files are, and says nothing else of them.

`prover_hashers` is the asking side's door, `app` and `server` are what `leakwatch prover serve` runs.
"""

from leakwatch.prover.client import ProverHasher, prover_hashers
from leakwatch.prover.settings import ProverSettings

__all__ = ["ProverHasher", "ProverSettings", "prover_hashers"]
