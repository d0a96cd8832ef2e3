"""The alert engine: from an event to messages in the outbox, in two steps that are both in the database.

`announce` writes, in the transaction of the event, whom it is for, when, and what keeps it back. `gather` makes messages of
what is due and puts them into the outbox. `remind` repeats and escalates what nobody acknowledges, `silences` begins and
ends silences, `inhibiting` lets a worse finding keep others back for as long as it is open. `asleep` and `veiling` look at what has changed while
something waited: quiet hours and embargoes that began. Killed anywhere in between, nothing is lost and nothing told twice.
"""

from leakwatch.telling.announce import announce, announce_sites
from leakwatch.telling.gather import Limits, Telling, is_due, tell_due
from leakwatch.telling.inhibiting import free

__all__ = ["Limits", "Telling", "announce", "announce_sites", "free", "is_due", "tell_due"]
