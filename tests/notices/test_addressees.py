"""The tables of addressees: each required element, missing once, is named; statements are word by word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from leakwatch.errors import ConfigError, InputError
from leakwatch.notices.checks import missing_in
from leakwatch.notices.drafting import SIGNATURE, compose
from leakwatch.notices.facts import Draft, Wishes
from leakwatch.notices.tables import (
    ADDRESSEES,
    Addressee,
    addressee_named,
    contact_of,
    parse_addressee,
    parse_contacts,
    shipped_contacts,
)

from .cases import OWNER, facts

HOSTS = {
    "github": "",
    "huggingface": "",
    "dmca": "index.example.net",
    "dsa": "boards.example.org",
    "host": "index.example.net",
}
# Written from the addressees' own pages and the laws, before the tables were read back.
REQUIRED = {
    "github": "guide work material remedy name email phone address infringer good_faith fair_use perjury signature",
    "huggingface": "guide work material issue remedy name email phone address infringer relationship fair_use good_faith "
    "perjury signature",
    "dmca": "work material name address phone email good_faith perjury signature",
    "dsa": "reasons work material name email good_faith signature",
    "host": "work material reasons name email address good_faith accuracy signature",
}
GITHUB_FAITH = (
    "I have a good faith belief that use of the copyrighted materials described above on the infringing web pages is not "
    "authorized by the copyright owner, or its agent, or the law."
)
GITHUB_PERJURY = (
    "I swear, under penalty of perjury, that the information in this notification is accurate and that I am the copyright "
    "owner, or am authorized to act on behalf of the owner, of an exclusive right that is allegedly infringed."
)
DMCA_FAITH = (
    "good faith belief that use of the material in the manner complained of is not authorized by the copyright owner, its "
    "agent, or the law"
)
WORD_BY_WORD = {
    "github": (
        "I have read and understand GitHub's Guide to Filing a DMCA Notice.",
        GITHUB_FAITH,
        "I have taken fair use into consideration.",
        GITHUB_PERJURY,
    ),
    "dmca": (
        DMCA_FAITH,
        "under penalty of perjury",
        "authorized to act on behalf of the owner of an exclusive right that is allegedly infringed",
    ),
    "dsa": ("bona fide belief that the information and allegations contained", "accurate and complete"),
}
FROM_OWNER = ("name", "email", "phone", "address")


def drafted(name: str, **changes: object) -> Draft:
    """A draft of the shared case."""
    told = facts(**changes)  # pyright: ignore[reportArgumentType]
    return compose(addressee_named(name), told, Wishes(host=HOSTS[name], mail="desk@host.example"))


@pytest.mark.parametrize("name", ADDRESSEES)
def test_elements_are_those_of_the_addressee(name: str) -> None:
    """The table has the elements that the law or guide asks for, in its order, and says where that stands."""
    addressee = addressee_named(name)
    assert [one.id for one in addressee.elements] == REQUIRED[name].split()
    assert addressee.source
    assert addressee.published_at


@pytest.mark.parametrize("name", ADDRESSEES)
def test_complete_draft_lacks_nothing(name: str) -> None:
    """With an owner and a proof every element is there, in the addressee's order, and a line to sign on."""
    draft = drafted(name)
    assert draft.detail["missing"] == []
    assert draft.detail["forbidden"] == []
    assert "[MISSING" not in draft.body
    assert draft.body.count(SIGNATURE) == 1
    for text in (*addressee_named(name).statements.items(),):
        key, statement = text
        assert (statement in draft.body) is (key != "many_forks")


@pytest.mark.parametrize(("name", "texts"), WORD_BY_WORD.items())
def test_statements_are_word_by_word(name: str, texts: tuple[str, ...]) -> None:
    """What an addressee wants verbatim stands in the draft as it stands on its page."""
    plain = " ".join(drafted(name).body.split())
    assert [one for one in texts if one not in plain] == []


@pytest.mark.parametrize(
    ("name", "element"),
    [(name, one) for name in ADDRESSEES for one in FROM_OWNER if one in REQUIRED[name].split()],
)
def test_each_missing_detail_of_the_owner_is_named(name: str, element: str) -> None:
    """Without one detail of the owner the draft says so in its place, and what is missing is named, and nothing else."""
    draft = drafted(name, owner=replace(OWNER, **{element: ""}))
    (label,) = [one.label for one in addressee_named(name).elements if one.id == element]
    assert draft.detail["missing"] == [label]
    assert f"[MISSING: {label}; set {element} under [owner]" in draft.body


def test_missing_authority_and_reasons_are_named() -> None:
    """Hugging Face wants the relationship to the work; the DSA and abuse desks want reasons, which only a proof gives."""
    assert drafted("huggingface", owner=replace(OWNER, authority="")).detail["missing"] == [
        "your relationship to the work, or your authority"
    ]
    assert drafted("dsa", proofs=()).detail["missing"] == ["(a) why it is illegal content, substantiated"]
    assert drafted("host", proofs=()).detail["missing"] == ["how we know that it is the work"]
    elsewhere = compose(addressee_named("host"), facts(), Wishes(host="pixeldrain.com"))
    assert elsewhere.detail["missing"] == ["how we know that it is the work"]  # the proof is of a torrent


@pytest.mark.parametrize("name", ADDRESSEES)
def test_each_missing_statement_is_named(name: str) -> None:
    """A text from which one fixed statement was struck, or in which one word of it was changed, lacks it."""
    addressee, body = addressee_named(name), drafted(name).body
    for one in addressee.elements:
        if one.statement:
            statement = addressee.statements[one.statement]
            assert missing_in(body.replace(statement, ""), addressee) == [one.label]
            assert missing_in(body.replace(statement, statement.replace(" the ", " a ", 1)), addressee) in (
                [one.label],
                [] if " the " not in statement else [one.label],
            )
            assert missing_in(body.replace(statement, statement.replace(" ", "\n  ", 2)), addressee) == []


def test_no_host_of_nobody() -> None:
    """Where no contact is known the draft names that as missing, and an address that a person gives is taken."""
    told = compose(addressee_named("host"), facts(), Wishes(host="index.example.net"))
    assert told.detail["missing"] == ["whom to write to at index.example.net"]
    given = compose(
        addressee_named("host"), facts(), Wishes(host="index.example.net", mail="abuse@index.example.net")
    )
    assert given.detail["missing"] == []
    with pytest.raises(InputError, match="not a mail address"):
        compose(addressee_named("host"), facts(), Wishes(host="index.example.net", mail="a@b\r\nBcc: c@d"))


def test_contacts_are_found_by_host() -> None:
    """A contact holds for a host and what lies under it, not for one whose name only ends alike."""
    assert [one.title for one in shipped_contacts() if not (one.mail or one.form)] == []
    found = contact_of("boards.4chan.org")
    assert found
    assert found.mail == "dmca@4chan.org"
    assert contact_of("not4chan.org") is None


def test_broken_tables_are_refused() -> None:
    """A table with an unknown key, a missing one, or a statement that is not there names its file."""
    good = addressee_named("dsa").model_dump(by_alias=True)
    import yaml

    def text(**changes: object) -> str:
        return yaml.safe_dump({key: value for key, value in (good | changes).items() if value is not ...})

    assert isinstance(parse_addressee(text(), "x.yaml"), Addressee)
    for broken in (text(colour="red"), text(elements=...), text(statements={}), "a: [", "- 1"):
        with pytest.raises(ConfigError, match=r"x\.yaml"):
            parse_addressee(broken, "x.yaml")
    with pytest.raises(ConfigError, match="checked"):
        parse_contacts(
            "schema: 1\ncontacts: [{hosts: [a.example], title: A, role: host, mail: a@a.example, source: s, checked: may}]",
            "c.yaml",
        )


def test_unknown_addressee() -> None:
    """An addressee that is not shipped is refused with those that are."""
    with pytest.raises(InputError, match="github, huggingface"):
        addressee_named("gitlab")
