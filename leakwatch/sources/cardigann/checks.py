"""What can be wrong in a definition that has been read: filters, patterns, selectors, templates. Nothing is asked."""

from __future__ import annotations

from collections.abc import Iterator

from leakwatch.errors import ConfigError
from leakwatch.sources.cardigann import filters, json_rows, patterns, selectors, template
from leakwatch.sources.cardigann.definition import Block, Definition, Filter

_DATES = ("dateparse", "timeparse")


def problems(definition: Definition) -> list[ConfigError]:
    """Everything that could not be followed later, with its line."""
    return [
        ConfigError(message, file=definition.file, line=line, field=field)
        for line, field, message in _all(definition)
    ]


def _all(definition: Definition) -> Iterator[tuple[int, str, str]]:
    search = definition.search
    for path in search.paths:
        texts = [path.path, *(value for _, value in path.inputs)]
        yield from _templates(texts, path.line, "search.paths")
    line = search.paths[0].line
    yield from _templates([value for _, value in search.inputs], line, "search.inputs")
    yield from _templates([value for _, value in search.headers], line, "search.headers")
    yield from _filters(search.keywords_filters, "search.keywordsfilters")
    yield from _filters(search.text_filters, "search.preprocessingfilters")
    responses = {path.response for path in search.paths}
    is_json = responses == {"json"}
    if "json" in responses and not is_json:
        yield line, "search.paths", "not supported: JSON and markup in one definition"
    rows = search.rows
    yield from _filters(rows.filters, "search.rows.filters", filters.OF_ROWS)
    yield from _selector(rows.selector, rows.line, "search.rows.selector", is_json=is_json)
    for one in (rows.count, rows.dates):
        if one:
            yield from _block(one, f"search.rows.{one.name}", is_json=is_json)
    for one in search.fields:
        yield from _block(one, f"search.fields.{one.name}", is_json=is_json)
    for refusal in search.refusals:
        yield from _block(refusal.sign, "search.error", is_json=is_json)
        if refusal.message:
            yield from _block(refusal.message, "search.error.message", is_json=is_json)
    download = definition.download
    if download:
        for one in (*download.selectors, *([download.infohash] if download.infohash else [])):
            yield from _block(one, f"download.{one.name}", is_json=False)
        if download.before:
            texts = [download.before.path, *(value for _, value in download.before.inputs)]
            yield from _templates(texts, line, "download.before")


def _block(block: Block, field: str, *, is_json: bool) -> Iterator[tuple[int, str, str]]:
    if block.selector is None and block.text is None and not block.case:
        yield block.line, field, "expected a selector or a text"
    for told in (block.text, block.default, *(value for _, value in block.case)):
        yield from _templates([told or ""], block.line, field)
    for told in (block.selector, block.remove):
        if told:
            yield from _selector(told, block.line, field, is_json=is_json)
    if not is_json:
        for key, _ in block.case:
            if key != "*":
                yield from _selector(key, block.line, f"{field}.case", is_json=False)
    yield from _filters(block.filters, field)


def _filters(told: tuple[Filter, ...], field: str, known: object = None) -> Iterator[tuple[int, str, str]]:
    table = filters.OF_ROWS if known is not None else filters.KNOWN
    for one in told:
        if one.name not in table:
            yield one.line, field, f"not supported: the filter {one.name[:40]!r}"
            continue
        least, most = table[one.name]
        if not least <= len(one.args) <= most:
            yield one.line, field, f"{one.name} takes {least} arguments, not {len(one.args)}"
            continue
        yield from _templates(one.args, one.line, field)
        if one.name in ("regexp", "re_replace") and "{{" not in one.args[0]:
            try:
                patterns.compiled(one.args[0])
            except patterns.PatternError as error:
                yield one.line, field, str(error)


def _selector(told: str, line: int, field: str, *, is_json: bool) -> Iterator[tuple[int, str, str]]:
    """A selector with templates is tried as it is with nothing in them."""
    try:
        text = template.expand(told, {})
        if is_json:
            json_rows.compiled(text)
        else:
            selectors.compiled(text)
    except (selectors.SelectorError, json_rows.PathError, template.TemplateError) as error:
        yield line, field, str(error)


def _templates(texts: tuple[str, ...] | list[str], line: int, field: str) -> Iterator[tuple[int, str, str]]:
    for text in texts:
        try:
            template.compiled(text)
        except template.TemplateError as error:
            yield line, field, str(error)
