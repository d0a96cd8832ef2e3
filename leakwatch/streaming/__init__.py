"""Listens to the DHT: new infohashes -> metadata -> Observation, committed as any page is.

Sampling asks nodes for what they have and names nothing of ours. An infohash that may not be spoken of is not
asked for even when it is heard: that it was heard is the observation.
"""

from leakwatch.streaming.listen import watch_dht
from leakwatch.streaming.stream import StreamLimits, Surroundings
from leakwatch.streaming.watched import watched_keys

__all__ = ["StreamLimits", "Surroundings", "watch_dht", "watched_keys"]
