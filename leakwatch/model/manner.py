"""How a site is asked: what the door must know of it beside the address."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """What holds for every request to one site.

    `site` is its name: two sites that ask the same at the same time share one answer. `robots` says that the host's
    robots.txt is obeyed. `home` is the site's own address and `mirrors` are others that the operator lists for it.
    `proxy` names one of the configuration's. `told` is text that the other side has from us or gave us: a name in it is
    no news to it.
    Units:  `max_per_hour` requests to the host, by whichever of its sites; 0 for any number.
    """

    site: str = ""
    max_per_hour: int = 0
    robots: bool = False
    home: str = ""
    mirrors: tuple[str, ...] = ()
    proxy: str = ""
    told: str = ""


PLAIN = Manner()
"""Of a request that belongs to no site: nothing but the door's own rules."""
