"""Facts -> the draft of a notice. Pure. Statements that a law or host wants word by word come from its table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from leakwatch.display import clean
from leakwatch.errors import InputError
from leakwatch.notices import elements
from leakwatch.notices.checks import forbidden_in, mark, missing_in, secrets_of
from leakwatch.notices.facts import Draft, Facts, Wishes
from leakwatch.notices.recipient import Recipient, choose
from leakwatch.notices.tables import Addressee
from leakwatch.notices.warnings import of_case, warnings
from leakwatch.notices.wording import one_line

_MAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}\Z")
SIGNATURE = "[SIGNATURE]"
"""Where the names of those who signed are put; before that a draft says so."""
_CONTACT = ("name", "organisation", "address", "phone", "email")
_HEADINGS = {
    "guide": "Guide",
    "work": "The copyrighted work",
    "material": "The material",
    "reasons": "Why we say so",
    "issue": "Kind of issue",
    "remedy": "What must be done",
    "contact": "Contact",
    "infringer": "The alleged infringer",
    "relationship": "Relationship to the work",
    "good_faith": "Statement of good faith",
    "fair_use": "Fair use",
    "perjury": "Statement under penalty of perjury",
    "accuracy": "Statement of accuracy and authority",
    "signature": "Signature",
}
_LABELS = {
    "name": "Name",
    "organisation": "For",
    "address": "Address",
    "phone": "Telephone",
    "email": "E-mail",
}


@cache
def _environment() -> Environment:
    """Plain text: nothing is escaped for HTML, and every value has been cleaned before it comes here."""
    return Environment(
        loader=PackageLoader("leakwatch.notices"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - the output is a letter in plain text
    )


def compose(addressee: Addressee, facts: Facts, wishes: Wishes) -> Draft:
    """The draft for one addressee. Raises: InputError where nothing of the finding is there."""
    recipient = choose(addressee, facts.items, wishes.host)
    if wishes.mail:
        recipient = replace(recipient, mail=_address(wishes.mail))
    values = _values(addressee, facts, recipient, wishes)
    sections = _sections(addressee, values)
    body = (
        _environment()
        .get_template(f"{addressee.template}.txt.j2")
        .render(
            title=addressee.template_title,
            to=recipient.title,
            host=recipient.host,
            role=recipient.role,
            count=len(recipient.items),
            sections=sections,
            proof="" if "reasons" in values else _indented(elements.reasons(facts, recipient, wishes) or ""),
            evidence=_indented(elements.evidence(recipient)),
        )
    )
    name = one_line(
        facts.asset.shown_name if elements.is_veiled(facts.asset, wishes) else facts.asset.title, 80
    )
    subject = clean(one_line(f"{addressee.template_title}: {name}, {recipient.host}"), 200)
    return Draft(
        host=recipient.host,
        subject=subject,
        body=body,
        detail=_detail(addressee, facts, recipient, wishes, body),
    )


def _address(mail: str) -> str:
    """A mail address that a person gave. Raises: InputError if it cannot stand in a header."""
    if not _MAIL.match(mail):
        raise InputError(f"not a mail address: {mail!a}")
    return mail


def _detail(
    addressee: Addressee, facts: Facts, recipient: Recipient, wishes: Wishes, body: str
) -> dict[str, object]:
    urls = [one.url for one in recipient.items]
    told: dict[str, object] = {"names_the_work": wishes.name_the_work}
    missing = missing_in(body, addressee)
    if not (recipient.mail or recipient.form):
        missing.append(f"whom to write to at {recipient.host}")
    told |= {
        "recipient": {"title": recipient.title, "submit": recipient.submit, "role": recipient.role}
        | {"mail": recipient.mail, "form": recipient.form},
        "urls": [{"url": one.url, "what": one.what, "site": one.site} for one in recipient.items],
        "missing": missing,
        "forbidden": forbidden_in(body, addressee, facts.swarms, secrets_of(facts.asset, told), urls),
        "warnings": list(warnings(facts, addressee, recipient, wishes)),
        "of_case": list(of_case(facts.finding, facts.asset, urls, facts.at)),
        "public": addressee.public,
        "signatures": 2 if facts.asset.embargoed else 1,
        "verdict": facts.finding.verdict.value,
    }
    return told


def _values(addressee: Addressee, facts: Facts, recipient: Recipient, wishes: Wishes) -> dict[str, str]:
    """The text of each element that the addressee wants; what is not known says so."""
    owner = facts.owner
    secrets = secrets_of(facts.asset, {"names_the_work": wishes.name_the_work})
    told: dict[str, str | None] = {key: one_line(getattr(owner, key), 500) for key in _CONTACT}
    told |= {
        name: addressee.statements[one.statement]
        for one in addressee.elements
        if (name := one.id) and one.statement
    }
    told |= {
        "work": elements.work(facts, wishes),
        "material": elements.material(facts, recipient, addressee, wishes),
        "remedy": elements.remedy(recipient, wishes),
        "issue": elements.issue(recipient),
        "infringer": elements.infringer(recipient, addressee, secrets) or "Not known to us.",
        "relationship": one_line(owner.authority, 500),
        "reasons": _reasons(addressee, facts, recipient, wishes),
        "signature": SIGNATURE,
    }
    wanted = {one.id: one for one in addressee.elements}
    values = {key: told[key] or mark(one.label, _where(key)) for key, one in wanted.items()}
    if owner.organisation:
        values["organisation"] = one_line(owner.organisation, 500)
    return values


def _reasons(addressee: Addressee, facts: Facts, recipient: Recipient, wishes: Wishes) -> str | None:
    proved = elements.reasons(facts, recipient, wishes)
    if proved is None or addressee.law != "dsa":
        return proved
    return (
        "The material makes the work, or instructions by which it can be had, available to the public without "
        "permission of the holder of the rights, which infringes copyright. That it is the work was found so:\n"
        + proved
    )


def _where(key: str) -> str:
    if key in _LABELS:
        return f"set {key} under [owner] in the configuration"
    if key == "relationship":
        return "set authority under [owner] in the configuration"
    return "nothing is proved of these addresses; say why with `leakwatch notice edit`"


def _sections(addressee: Addressee, values: Mapping[str, str]) -> list[tuple[str, str]]:
    """Heading and text, in the addressee's order; what belongs to the contact stands together."""
    told: dict[str, str] = {}
    for one in addressee.elements:
        if one.id in _LABELS:
            told.setdefault("contact", _contact(values))
        else:
            told[one.id] = values[one.id]
    return [(_HEADINGS[key], _indented(text)) for key, text in told.items()]


def _contact(values: Mapping[str, str]) -> str:
    return "\n".join(f"{_LABELS[key]}: {values[key]}" for key in _CONTACT if key in values)


def _indented(text: str) -> str:
    return "\n".join(f"   {line}" if line else "" for line in text.splitlines())
