"""Whether a text holds all that its addressee requires, and nothing that it must not. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from leakwatch.model.asset import Asset
from leakwatch.notices.tables import Addressee

_MARK = re.compile(r"\[MISSING: ([^\];]{1,200})")
_LEAST_NAME = 3


def mark(label: str, where: str) -> str:
    """What stands in a draft where something is missing."""
    return f"[MISSING: {label}; {where}]"


def missing_in(body: str, addressee: Addressee) -> list[str]:
    """What a text lacks: what it says so of itself, and fixed statements that are not in it word by word."""
    plain = " ".join(body.split())
    told = [found.strip() for found in _MARK.findall(body)]
    told += [
        one.label
        for one in addressee.elements
        if one.statement and " ".join(addressee.statements[one.statement].split()) not in plain
    ]
    return list(dict.fromkeys(told))


def forbidden_in(
    body: str, addressee: Addressee, swarms: Iterable[str], secrets: Iterable[str], urls: Sequence[str]
) -> list[str]:
    """What a text must not hold and does. The addresses themselves are not looked at: a notice cannot do without."""
    rest = body
    for url in sorted(urls, key=len, reverse=True):
        rest = rest.replace(url, " ")
    low, found = rest.casefold(), list[str]()
    if "magnet" in addressee.must_not and ("magnet:?" in low or any(one in low for one in swarms)):
        found.append(addressee.must_not["magnet"])
    if "name" in addressee.must_not and any(_holds(low, one) for one in secrets):
        found.append(addressee.must_not["name"])
    return found


def struck_from(body: str, urls: Iterable[str]) -> list[str]:
    """Addresses that a text does not hold any more, as a whole; what ends a sentence is no part of one."""
    return [url for url in urls if not re.search(rf"{re.escape(url)}(?=[.,;:)>\]]*(?:\s|$))", body)]


def secrets_of(asset: Asset, detail: Mapping[str, object]) -> list[str]:
    """What a notice about an asset must not say: of one under embargo its names and those of its files."""
    if not asset.embargoed or detail.get("names_the_work"):
        return []
    files = [one.path.rpartition("/")[2] for one in asset.files]
    return [one.casefold() for one in (*asset.names, *files) if len(one) >= _LEAST_NAME]


def _holds(text: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def tells_name(urls: Iterable[str], secrets: Iterable[str]) -> bool:
    """Whether an address itself holds one of these names, in any spelling of the blanks."""
    plain = [re.sub(r"[\W_]+|%20", "", one.casefold()) for one in urls]
    names = [re.sub(r"[\W_]+", "", one.casefold()) for one in secrets]
    return any(name in one for one in plain for name in names if len(name) >= _LEAST_NAME)
