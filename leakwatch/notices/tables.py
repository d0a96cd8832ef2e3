"""The shipped tables: what each addressee requires, and the contacts of hosts."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from leakwatch.errors import ConfigError, InputError

ADDRESSEES = ("github", "huggingface", "dmca", "dsa", "host")
_PACKAGE = "leakwatch.notices"
T = TypeVar("T", bound=BaseModel)


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Element(_Row):
    """One thing that a notice must hold. `statement` names a fixed text; `by` says that a sign-off gives it."""

    id: str
    label: str
    statement: str = ""
    by: str = ""
    source: str = ""
    optional: bool = False


class Clock(_Row):
    """After how many business days, at the earliest and at the latest, content returns after a counter-notice.

    `days` are days of the calendar after which it may, where the addressee's own words speak of those.
    """

    business_days: tuple[int, int]
    days: int | None = None
    source: str


class Addressee(_Row):
    """Whom a notice goes to, what it must and must not hold, and whether it becomes public."""

    schema_: Literal[1] = Field(alias="schema")
    name: str
    title: str
    source: str
    submit: Literal["form", "mail"]
    form: str = ""
    mail: str = ""
    plain_text: bool
    hosts: tuple[str, ...]
    public: bool | Literal["maybe"]
    published_at: str
    law: Literal["dmca", "dsa", "none"]
    template: str
    template_title: str
    infringer: str
    elements: tuple[Element, ...]
    must_not: dict[str, str]
    statements: dict[str, str]
    counter_notice: Clock | None = None
    forks_must_be_listed: bool = False


class Contact(_Row):
    """Whom to write to about one host, as its `source` said in the month `checked`."""

    hosts: tuple[str, ...]
    title: str
    role: Literal["host", "index", "tracker"]
    mail: str = ""
    form: str = ""
    source: str
    checked: str = Field(pattern=r"^20\d\d-\d\d$")
    note: str = ""


class _Contacts(_Row):
    schema_: Literal[1] = Field(alias="schema")
    contacts: tuple[Contact, ...]


def parse_addressee(text: str, file: str) -> Addressee:
    """One addressee. Raises: ConfigError where the file is broken, or an element names no statement."""
    found = _parsed(Addressee, text, file)
    for one in found.elements:
        if one.statement and one.statement not in found.statements:
            raise ConfigError(f"the element {one.id!r} names no statement of the file", file=file)
    return found


def parse_contacts(text: str, file: str) -> tuple[Contact, ...]:
    """The table of contacts. Raises: ConfigError."""
    return _parsed(_Contacts, text, file).contacts


def _parsed(model: type[T], text: str, file: str) -> T:
    try:
        told: Any = yaml.safe_load(text)
        return model.model_validate(told)
    except yaml.YAMLError as error:
        raise ConfigError("this is not YAML", file=file) from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ConfigError(str(first["msg"]), file=file, field=where) from error


@cache
def addressee_named(name: str) -> Addressee:
    """A shipped addressee. Raises: InputError if there is none of this name."""
    if name not in ADDRESSEES:
        raise InputError(f"no addressee {name!r}; there are {', '.join(ADDRESSEES)}")
    file = files(_PACKAGE) / "addressees" / f"{name}.yaml"
    return parse_addressee(file.read_text("utf-8"), f"{name}.yaml")


@cache
def shipped_contacts() -> tuple[Contact, ...]:
    """The shipped table of contacts."""
    return parse_contacts((files(_PACKAGE) / "contacts.yaml").read_text("utf-8"), "contacts.yaml")


def contact_of(host: str) -> Contact | None:
    """Whom to write to about a host or a name under it; None where nobody is known."""
    for one in shipped_contacts():
        if any(is_of(host, known) for known in one.hosts):
            return one
    return None


def is_of(host: str, known: str) -> bool:
    """Whether a host is the known one or lies under it."""
    return host == known or host.endswith(f".{known}")
