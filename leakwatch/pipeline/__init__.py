"""source -> Observation -> Match -> Finding -> Alert: one page at a time, each in one transaction.

A page's observations, findings, evidence references, outbox rows and the site's cursor commit together. The
swarm is never waited for: what a torrent proves comes later, by `conclude`, as an event on the finding.

`pages` takes a page, `matches` each of its matches, `drills` what is only pretended; `telling` writes events, `counts`
what indexes say of swarms. `verdicts` concludes on a torrent, `looking_back` searches what is stored.
`brain` is what all of them are given.
"""

from leakwatch.pipeline.brain import Brain, Counted, Taken, matches_of
from leakwatch.pipeline.looking_back import look_back
from leakwatch.pipeline.matches import is_looked_at_again, join_earlier, take_match
from leakwatch.pipeline.pages import Again, matched_again, take_again, take_page
from leakwatch.pipeline.telling import tell_event, teller
from leakwatch.pipeline.verdicts import conclude

__all__ = [
    "Again",
    "Brain",
    "Counted",
    "Taken",
    "conclude",
    "is_looked_at_again",
    "join_earlier",
    "look_back",
    "matched_again",
    "matches_of",
    "take_again",
    "take_match",
    "take_page",
    "tell_event",
    "teller",
]
