"""The settings of a site that is read by a definition."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field

from leakwatch.errors import ConfigError
from leakwatch.sources._kind import FileText
from leakwatch.sources.cardigann import requests
from leakwatch.sources.cardigann.categories import NUMBERS, ids_of
from leakwatch.sources.cardigann.definition import Definition, Setting
from leakwatch.sources.cardigann.loading import load
from leakwatch.sources.cardigann.template import Value

_YES, _NO = ("true", "1", "yes", "on"), ("false", "0", "no", "off", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class CardigannSite:
    """Settings of a site by a definition: its file, the address if not the first of its links, its own settings."""

    definition: FileText
    url: str = ""
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    categories: tuple[int, ...] = ()
    as_guest: bool = False
    max_details: int = 50

    def __post_init__(self) -> None:
        """Judge the definition and the settings now. Raises: ConfigError."""
        loaded = self.loaded
        if loaded.login and not self.as_guest:
            told = (
                f"not supported: sign-in by {loaded.login}; as_guest = true reads what the site shows without"
            )
            raise ConfigError(told, file=loaded.file, line=loaded.login_line, field="login")
        if not 0 <= self.max_details <= 1000:
            raise ConfigError("expected a number from 0 to 1000", field="max_details")
        for number in self.categories:
            if number not in NUMBERS.values():
                raise ConfigError(f"no Newznab category {number}", field="categories")
        url = (self.url or loaded.links[0]).rstrip("/") + "/"
        object.__setattr__(self, "url", url)  # the one default that another setting gives
        config, ids = config_of(loaded, self.settings, url), ids_of(self.categories, loaded.categories)
        if url.startswith(("http://", "https://")):
            tuple(requests.searches(loaded, url, requests.variables(config, "", "", ids, 2000), ids))

    @property
    def loaded(self) -> Definition:
        """The definition as values."""
        return load(self.definition.text, self.definition.file)

    @property
    def least_interval_s(self) -> float:
        """The pace that the definition asks for."""
        return self.loaded.request_delay_s


def config_of(definition: Definition, given: Mapping[str, str], link: str) -> dict[str, Value]:
    """The definition's settings with the site's values, as templates see them. Raises: ConfigError."""
    found: dict[str, Value] = {"sitelink": link}
    for name, setting in definition.settings.items():
        found[name] = _value(setting, given.get(name, setting.default), is_given=name in given)
    for name in given:
        if name not in definition.settings:
            close = difflib.get_close_matches(name, definition.settings, n=1)
            hint = (
                f"; did you mean {close[0]!r}?" if close else f"; known are {', '.join(definition.settings)}"
            )
            raise ConfigError(f"{definition.id} has no setting {name!r}{hint}", field="settings")
    return found


def _value(setting: Setting, told: str, *, is_given: bool) -> Value:
    if setting.type == "checkbox":
        if told.lower() not in (*_YES, *_NO):
            raise ConfigError(f"{setting.name}: expected true or false", field="settings")
        return "True" if told.lower() in _YES else None
    if setting.type == "password" and is_given:
        raise ConfigError(
            f"{setting.name}: not supported: passwords and keys in a definition", field="settings"
        )
    if setting.type == "select" and is_given and told not in setting.options:
        raise ConfigError(f"{setting.name}: expected one of {', '.join(setting.options)}", field="settings")
    return told or None
