"""Listens where nothing is polled: to the DHT, and to a folder.

The DHT: new infohashes -> metadata -> Observation, committed as any page is.

Sampling asks nodes for what they have and names nothing of ours. An infohash that may not be spoken of is not
asked for even when it is heard: that it was heard is the observation.
"""

from leakwatch.streaming.inbox import watch_inbox
from leakwatch.streaming.listen import watch_dht
from leakwatch.streaming.stream import StreamLimits, Surroundings, SwarmSide
from leakwatch.streaming.watched import watched_keys

__all__ = ["StreamLimits", "Surroundings", "SwarmSide", "watch_dht", "watch_inbox", "watched_keys"]
