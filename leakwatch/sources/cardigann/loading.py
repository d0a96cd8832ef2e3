"""A definition's YAML to values. Unknown keys and what is not supported are problems with file, line and field."""

from __future__ import annotations

import codecs
from collections.abc import Mapping
from functools import lru_cache

from leakwatch.errors import ConfigError, RuleError
from leakwatch.rulepack.reading import Told, read
from leakwatch.sources.cardigann import checks
from leakwatch.sources.cardigann.blocks import block, download, filters
from leakwatch.sources.cardigann.categories import NUMBERS
from leakwatch.sources.cardigann.definition import (
    Block,
    Category,
    Definition,
    Refusal,
    Rows,
    Search,
    SearchPath,
    Setting,
)
from leakwatch.sources.cardigann.told import Reading

MAX_CHARS = 200_000
_MAX_PROBLEMS = 50
_TOP = (
    "id replaces name description language type encoding followredirect testlinktorrent requestDelay links \
legacylinks certificates caps settings login search download".split()
)
_CAPS = "categorymappings categories modes allowrawsearch allowtvsearchimdb".split()
_SETTING = "name type label default defaults options".split()
_SEARCH = "path paths inputs headers keywordsfilters preprocessingfilters error rows fields allowEmptyInputs".split()
_PATH = "path method categories inputs inheritinputs followredirect response".split()
_RESPONSE = "type noResultsMessage".split()
_ROWS = "selector after filters count attribute multiple missingAttributeEqualsNoResults dateheaders".split()
_LOGIN = (
    "path submitpath method form inputs selectorinputs getselectorinputs error test captcha selectors cookies \
headers".split()
)
_SETTING_TYPES = ("text", "password", "checkbox", "select")
_RESPONSES = ("html", "json", "xml")


@lru_cache(maxsize=64)
def load(text: str, file: str = "") -> Definition:
    """The definition of a YAML text. Raises: ConfigError, the first problem there is."""
    definition, found = examine(text, file)
    if found or definition is None:
        raise found[0] if found else ConfigError("the file is empty", file=file)
    return definition


def examine(text: str, file: str = "") -> tuple[Definition | None, tuple[ConfigError, ...]]:
    """The definition, where it could be read, and all that is wrong or not supported in it."""
    reader = _Reader(file)
    try:
        if len(text) > MAX_CHARS:
            reader.fail("", 0, f"larger than {MAX_CHARS} characters")
        definition = reader.definition(read(text, file))
    except RuleError as error:
        where = error.message.removeprefix(f"{file}:{error.line}: ").removeprefix(f"{file}: ")
        field = error.field
        told = where.removeprefix(f"{field}: ")
        return None, (ConfigError(told, file=file, line=error.line, field=field),)
    except UnicodeEncodeError as error:
        return None, (ConfigError(f"no text: {error.reason}", file=file),)
    except ConfigError as error:
        return None, (*reader.problems, error)[:_MAX_PROBLEMS]
    reader.problems += checks.problems(definition)
    reader.problems.sort(key=lambda one: one.line)
    return definition, tuple(reader.problems[:_MAX_PROBLEMS])


class _Reader(Reading):
    """One definition being read."""

    def definition(self, top: Told) -> Definition:
        told = self.mapping(top, "", _TOP)
        for key in ("id", "links", "search"):
            if key not in told:
                self.fail(key, top.line, "is missing")
        self._certificates(told)
        login = self.mapping(told["login"], "login", _LOGIN) if "login" in told else {}
        return Definition(
            id=self.text(told["id"], "id"),
            name=self.text(told.get("name", told["id"]), "name"),
            file=self.file,
            links=self._links(told["links"]),
            search=self._search(told["search"]),
            encoding=self._encoding(told.get("encoding")),
            request_delay_s=self.number(told.get("requestDelay"), "requestDelay", 0, 3600),
            settings=self._settings(told.get("settings")),
            categories=self._categories(told.get("caps")),
            download=download(self, told["download"]) if "download" in told else None,
            login=(self.text(login["method"], "login.method") if "method" in login else "form")
            if login
            else "",
            login_line=told["login"].line if "login" in told else 0,
        )

    def _certificates(self, told: Mapping[str, Told]) -> None:
        if "certificates" in told:
            for one in self.items(told["certificates"], "certificates"):
                self.text(one, "certificates")

    def _links(self, told: Told) -> tuple[str, ...]:
        links = tuple(self.text(one, "links") for one in self.items(told, "links"))
        if not links:
            self.fail("links", told.line, "expected at least one address")
        for one in links:
            if not one.startswith(("http://", "https://")):
                self.note("links", told.line, f"expected http or https addresses, got {one[:100]!r}")
        return links

    def _encoding(self, told: Told | None) -> str:
        name = self.text(told, "encoding") if told else "UTF-8"
        try:
            codec = codecs.lookup(name).name
            known = codec not in ("utf-7", "idna", "punycode") and isinstance("a".encode(codec), bytes)
        except (LookupError, ValueError):
            known = False
        if not known:
            self.note("encoding", told.line if told else 0, f"not supported: the encoding {name[:40]!r}")
            return "UTF-8"
        return name

    def _settings(self, told: Told | None) -> dict[str, Setting]:
        found: dict[str, Setting] = {}
        for one in self.items(told, "settings"):
            fields = self.mapping(one, "settings", _SETTING)
            if "name" not in fields or "type" not in fields:
                self.note("settings", one.line, "expected a name and a type")
                continue
            name, kind = (
                self.text(fields["name"], "settings.name"),
                self.text(fields["type"], "settings.type"),
            )
            if kind.startswith("info"):
                continue
            if kind not in _SETTING_TYPES:
                self.note("settings.type", one.line, f"not supported: settings of type {kind[:40]!r}")
            options = self.mapping(fields["options"], "settings.options") if "options" in fields else {}
            default = (
                self.text(fields["default"], "settings.default", may_be_empty=True)
                if "default" in fields
                else ""
            )
            if kind == "select" and not default and options:
                default = next(iter(options))
            found[name] = Setting(name=name, type=kind, default=default, options=tuple(options))
        return found

    def _categories(self, told: Told | None) -> tuple[Category, ...]:
        caps = self.mapping(told, "caps", _CAPS) if told else {}
        found: list[tuple[str, Told]] = []
        if "categories" in caps:
            found += self.mapping(caps["categories"], "caps.categories").items()
        for one in self.items(caps.get("categorymappings"), "caps.categorymappings"):
            fields = self.mapping(one, "caps.categorymappings", ["id", "cat", "desc", "default"])
            if "id" in fields and "cat" in fields:
                found.append((self.text(fields["id"], "caps.categorymappings.id"), fields["cat"]))
            else:
                self.note("caps.categorymappings", one.line, "expected an id and a cat")
        return tuple(self._category(id_, cat) for id_, cat in found)

    def _category(self, id_: str, told: Told) -> Category:
        cat = self.text(told, "caps")
        if cat not in NUMBERS:
            self.note("caps", told.line, f"no such Newznab category: {cat[:60]!r}")
        return Category(id=id_, cat=cat)

    def _search(self, told: Told) -> Search:
        fields = self.mapping(told, "search", _SEARCH)
        for key in ("rows", "fields"):
            if key not in fields:
                self.fail(f"search.{key}", told.line, "is missing")
        paths = [self._path(one) for one in self.items(fields.get("paths"), "search.paths")]
        if "path" in fields:
            text = self.text(fields["path"], "search.path", may_be_empty=True)
            paths.insert(0, SearchPath(path=text, line=fields["path"].line))
        if not paths:
            self.fail("search.paths", told.line, "expected at least one path")
        blocks = self.mapping(fields["fields"], "search.fields")
        return Search(
            paths=tuple(paths),
            rows=self._rows(fields["rows"]),
            fields=tuple(
                block(self, one, name.partition("|")[0], f"search.fields.{name}")
                for name, one in blocks.items()
            ),
            inputs=self.pairs(fields.get("inputs"), "search.inputs"),
            headers=self._headers(fields.get("headers")),
            keywords_filters=filters(self, fields.get("keywordsfilters"), "search.keywordsfilters"),
            text_filters=filters(self, fields.get("preprocessingfilters"), "search.preprocessingfilters"),
            refusals=tuple(self._refusal(one) for one in self.items(fields.get("error"), "search.error")),
            allows_empty_inputs=self.flag(fields.get("allowEmptyInputs"), "search.allowEmptyInputs"),
        )

    def _path(self, told: Told) -> SearchPath:
        at = "search.paths"
        fields = self.mapping(told, at, _PATH)
        response = (
            self.mapping(fields["response"], f"{at}.response", _RESPONSE) if "response" in fields else {}
        )
        kind = self.text(response["type"], f"{at}.response.type") if "type" in response else "html"
        if kind not in _RESPONSES:
            self.note(f"{at}.response.type", told.line, f"not supported: answers of type {kind[:40]!r}")
            kind = "html"
        message = response.get("noResultsMessage")
        return SearchPath(
            path=self.text(fields["path"], f"{at}.path", may_be_empty=True) if "path" in fields else "",
            line=told.line,
            is_post=self.is_post(fields.get("method"), f"{at}.method"),
            categories=tuple(
                self.text(one, f"{at}.categories") for one in self.items(fields.get("categories"), at)
            ),
            inputs=self.pairs(fields.get("inputs"), f"{at}.inputs"),
            inherits_inputs=self.flag(fields.get("inheritinputs"), f"{at}.inheritinputs", default=True),
            response=kind,
            no_results=self.text(message, at, may_be_empty=True) if message else None,
        )

    def _rows(self, told: Told) -> Rows:
        at = "search.rows"
        fields = self.mapping(told, at, _ROWS)
        if "selector" not in fields:
            self.fail(f"{at}.selector", told.line, "is missing")
        return Rows(
            selector=self.text(fields["selector"], f"{at}.selector"),
            line=fields["selector"].line,
            after=int(self.number(fields.get("after"), f"{at}.after", 0, 20)),
            filters=filters(self, fields.get("filters"), f"{at}.filters"),
            count=block(self, fields["count"], "count", f"{at}.count") if "count" in fields else None,
            attribute=self.text(fields["attribute"], at) if "attribute" in fields else None,
            multiple=self.flag(fields.get("multiple"), f"{at}.multiple"),
            missing_is_empty=self.flag(fields.get("missingAttributeEqualsNoResults"), at),
            dates=block(self, fields["dateheaders"], "date", f"{at}.dateheaders")
            if "dateheaders" in fields
            else None,
        )

    def _refusal(self, told: Told) -> Refusal:
        at = "search.error"
        fields = self.mapping(told, at, ["path", "selector", "message"])
        if "selector" not in fields:
            self.fail(f"{at}.selector", told.line, "is missing")
        sign = Block(name="error", line=told.line, selector=self.text(fields["selector"], f"{at}.selector"))
        message = block(self, fields["message"], "message", f"{at}.message") if "message" in fields else None
        return Refusal(sign=sign, message=message)

    def _headers(self, told: Told | None) -> tuple[tuple[str, str], ...]:
        found: list[tuple[str, str]] = []
        for name, one in (self.mapping(told, "search.headers") if told else {}).items():
            values = one.value if isinstance(one.value, list) else [one]
            found.extend(
                (name, self.text(value, "search.headers", may_be_empty=True)) for value in values[:1]
            )
        return tuple(found)
