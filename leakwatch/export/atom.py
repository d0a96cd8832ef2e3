"""Atom (RFC 4287): an entry a finding, plain text only. The dashboard may serve the same."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import datetime
from xml.sax.saxutils import escape, quoteattr

from leakwatch.display import clean, defang
from leakwatch.export.lines_json import time_text
from leakwatch.export.records import BEHIND, is_veiled, named, proof_words, urls
from leakwatch.export.terms import Terms
from leakwatch.model.lines import FindingLine

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")
_LINK = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(?:[/?#][!-~]*)?\Z")


def feed(lines: Iterable[FindingLine], updated: datetime, terms: Terms) -> bytes:
    """A whole feed of some findings."""
    return begin(updated, terms) + entries(lines, terms) + END


def begin(updated: datetime, terms: Terms) -> bytes:
    """The feed up to its first entry."""
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom">\n'
        f"<id>{terms.stable_id('feed').urn}</id>\n"
        f"<title>Findings of {_text(terms.organisation)}</title>\n"
        f"<updated>{time_text(updated)}</updated>\n"
        f"<author><name>{_text(terms.organisation)}</name></author>\n"
        f"<rights>TLP:{terms.tlp.upper()}</rights>\n"
        "<generator>leakwatch</generator>\n"
    ).encode()


END = b"</feed>\n"


def entries(lines: Iterable[FindingLine], terms: Terms) -> bytes:
    """Some entries."""
    return "".join(_entry(one, terms) for one in lines).encode()


def _entry(line: FindingLine, terms: Terms) -> str:
    one, (_, name) = line.finding, named(line.asset, terms)
    title = f"{name}: {one.severity.value}, {one.verdict.value}, {one.state.value}"
    shown = () if is_veiled(line.asset, terms) else urls(line)
    links = "".join(
        f'<link rel="related" href={quoteattr(url)}/>\n' for url in shown if terms.links and _LINK.match(url)
    )
    return (
        f"<entry>\n<id>{terms.stable_id('finding', one.id).urn}</id>\n"
        f'<title type="text">{_text(title)}</title>\n'
        f"<published>{time_text(one.opened_at)}</published>\n<updated>{time_text(one.updated_at)}</updated>\n"
        f'{links}<category term="{one.severity.value}"/>\n'
        f'<content type="text">{_text(_told(line, shown, terms))}</content>\n</entry>\n'
    )


def _told(line: FindingLine, shown: tuple[str, ...], terms: Terms) -> str:
    one, is_secret = line.finding, is_veiled(line.asset, terms)
    sites = ", ".join(f"{clean(site, 100)} ({seen.count})" for site, seen in sorted(line.seen_on.items()))
    told = [
        f"{one.id}: {BEHIND if is_secret else clean(one.title, 300)}",
        f"Seen on: {sites}",
        f"Proof: {clean(proof_words(line) or 'none yet', 500)}" if not is_secret else "",
        *(url if terms.links else defang(url) for url in shown),
    ]
    return "\n".join(one for one in told if one)


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))
