"""Looks at torrents: metadata, a verdict by arithmetic, an event on the finding. `prove_swarm` is the only door.

`job` is the job `prove:<key>`, `files` names torrents of which a post gave the .torrent file alone, `metadata` says
where metadata comes from, `judging` judges it.
"""

from leakwatch.proving.job import prove_swarm
from leakwatch.proving.parts import Proved, Prover

__all__ = ["Proved", "Prover", "prove_swarm"]
