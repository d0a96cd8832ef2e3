"""The requests of a search: addresses, inputs and headers, with templates filled and words encoded as the site has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl, quote, quote_plus, urljoin, urlsplit

from leakwatch.errors import ConfigError
from leakwatch.sources.cardigann import template
from leakwatch.sources.cardigann.definition import Definition, SearchPath
from leakwatch.sources.cardigann.template import Value

_NOT_OURS = frozenset({"user-agent", "authorization", "host", "content-length", "accept-encoding"})
_SAFE_CONFIG = "/:,;@=?&+~!*'()$"
MAX_URL = 8000
OFFSET = ".Query.Offset"


@dataclass(frozen=True, slots=True)
class Address:
    """Where to ask, with which form (None: a GET) and headers."""

    url: str
    form: Mapping[str, str] | None
    headers: Mapping[str, str]


def variables(
    config: Mapping[str, Value], keywords: str, words: str, categories: tuple[str, ...], year: int
) -> dict[str, Value]:
    """What templates may ask for. A name that is not here is nothing."""
    told: dict[str, Value] = {f".Config.{name}": value for name, value in config.items()}
    told |= {".Keywords": keywords or None, ".Query.Keywords": words or None, ".Query.Q": words or None}
    told |= {".Query.Type": "search", ".Categories": categories or None, ".True": "True", ".False": None}
    if year:
        told[".Today.Year"] = str(year)
    return told


def needs_year(definition: Definition) -> bool:
    """Whether a search asks for what year it is."""
    search = definition.search
    texts = [path.path for path in search.paths]
    texts += [value for path in search.paths for _, value in path.inputs] + [
        value for _, value in search.inputs
    ]
    return any(".Today" in text for text in texts)


def has_pages(definition: Definition, index: int) -> bool:
    """Whether a search path says how to ask for older items: behind so many.

    A page's number would not do: whether the first is 0 or 1 is not told, and a page that is left out is a silent gap.
    """
    path = definition.search.paths[index]
    inputs = [*(definition.search.inputs if path.inherits_inputs else ()), *path.inputs]
    return any(OFFSET in text for text in (path.path, *(value for _, value in inputs)))


def searches(
    definition: Definition, link: str, told: Mapping[str, Value], categories: tuple[str, ...]
) -> Iterator[tuple[int, Address]]:
    """The addresses of a search, with the index of each one's path. Two paths that lead to the same are one.

    Raises: ConfigError for what the site cannot be asked.
    """
    seen: set[str] = set()
    for index, path in enumerate(definition.search.paths):
        if not _concerns(path, categories):
            continue
        try:
            address = _search(definition, path, link, told)
        except template.TemplateError as error:
            raise ConfigError(
                str(error), file=definition.file, line=path.line, field="search.paths"
            ) from error
        key = f"{address.url}\n{address.form}"
        if key not in seen:
            seen.add(key)
            yield index, address


def _concerns(path: SearchPath, categories: tuple[str, ...]) -> bool:
    if not path.categories or not categories:
        return True
    meets = bool(set(path.categories) & set(categories))
    return not meets if path.categories[0] == "!" else meets


def _search(definition: Definition, path: SearchPath, link: str, told: Mapping[str, Value]) -> Address:
    search = definition.search
    inputs = [*(search.inputs if path.inherits_inputs else ()), *path.inputs]
    pairs, raw = _inputs(dict(inputs), definition, told)
    where = filled(path.path, told, definition.encoding)
    url = urljoin(link, where)
    headers = _headers(definition, told)
    if path.is_post:
        form = dict(pairs) | dict(parse_qsl(raw, keep_blank_values=True))
        is_ascii = all(f"{key}{value}".isascii() for key, value in form.items())
        if not is_ascii and definition.encoding.lower().replace("-", "") != "utf8":
            raise ConfigError(
                f"not supported: a form in {definition.encoding} with words that are not ASCII",
                file=definition.file,
                line=path.line,
                field="search.paths",
            )
        return Address(_sound(url), form, headers)
    return Address(_sound(joined(url, pairs, raw, definition.encoding)), None, headers)


def joined(url: str, pairs: list[tuple[str, str]], raw: str, encoding: str) -> str:
    """An address with inputs behind it, in the site's encoding."""
    encoded = [f"{_quoted(key, encoding)}={_quoted(value, encoding)}" for key, value in pairs]
    query = "&".join([*([raw.strip("&")] if raw.strip("&") else []), *encoded])
    return f"{url}{'&' if '?' in url else '?'}{query}" if query else url


def _inputs(
    inputs: Mapping[str, str], definition: Definition, told: Mapping[str, Value]
) -> tuple[list[tuple[str, str]], str]:
    pairs: list[tuple[str, str]] = []
    raw = ""
    for key, value in inputs.items():
        if key == "$raw":
            raw = filled(value, told, definition.encoding)
            continue
        text = template.expand(value, told)
        if text or definition.search.allows_empty_inputs:
            pairs.append((key, text))
    return pairs, raw


def filled(text: str, told: Mapping[str, Value], encoding: str) -> str:
    """A template of an address: what is put in is encoded, the settings so that they may be parts of a path."""

    def escape(value: str, name: str) -> str:
        if name.startswith(".Config."):
            return quote(value, safe=_SAFE_CONFIG, encoding=encoding, errors="xmlcharrefreplace")
        return _quoted(value, encoding)

    return template.expand(text, told, escape)


def _quoted(text: str, encoding: str) -> str:
    return quote_plus(text, safe="", encoding=encoding, errors="xmlcharrefreplace")


def _sound(url: str) -> str:
    """The address without spaces and other characters that none may have. Raises: ConfigError if it is none."""
    url = quote(url, safe="/:,;@=?&+~!*'()$%#[]", errors="replace").partition("#")[0]
    try:
        is_web = urlsplit(url).scheme in ("http", "https") and bool(urlsplit(url).hostname)
    except ValueError:
        is_web = False
    if not is_web or len(url) > MAX_URL:
        raise ConfigError(f"the definition leads to no web address: {url[:200]}")
    return url


def _headers(definition: Definition, told: Mapping[str, Value]) -> dict[str, str]:
    """The definition's headers but those that say who we are: we ask under our own name.

    Its fixed cookies are choices of how the site looks; one that is filled in would sign somebody in.
    """
    found = {
        name: template.expand(value, told)
        for name, value in definition.search.headers
        if name.lower() not in _NOT_OURS and not (name.lower() == "cookie" and "{{" in value)
    }
    return {name: value for name, value in found.items() if value and value.isascii() and value.isprintable()}


def before(definition: Definition, link: str, item_url: str, told: Mapping[str, Value]) -> Address | None:
    """The page that is asked for instead of an item's own, or None where the definition has none."""
    rule = definition.download.before if definition.download else None
    if rule is None:
        return None
    parts = urlsplit(item_url)
    known = dict(told) | {".DownloadUri.AbsoluteUri": item_url, ".DownloadUri.AbsolutePath": parts.path}
    known |= {".DownloadUri.PathAndQuery": f"{parts.path}?{parts.query}" if parts.query else parts.path}
    known |= {f".DownloadUri.Query.{key}": value for key, value in parse_qsl(parts.query)[:100]}
    url = urljoin(link, filled(rule.path, known, definition.encoding))
    pairs, raw = _inputs(dict(rule.inputs), definition, known)
    if rule.is_post:
        return Address(_sound(url), dict(pairs), _headers(definition, known))
    return Address(_sound(joined(url, pairs, raw, definition.encoding)), None, _headers(definition, known))
