"""The parts of a definition that say how a value is found: blocks, their filters, the download block."""

from __future__ import annotations

from collections.abc import Mapping

from leakwatch.rulepack.reading import Told
from leakwatch.sources.cardigann.definition import Before, Block, Download, Filter
from leakwatch.sources.cardigann.told import Reading

_BLOCK = "selector attribute text remove optional default case filters".split()
_DOWNLOAD = "selectors selector attribute filters infohash before method".split()


def download(reading: Reading, told: Told) -> Download:
    at = "download"
    fields = reading.mapping(told, at, _DOWNLOAD)
    if "method" in fields and reading.is_post(fields["method"], f"{at}.method"):
        reading.note(f"{at}.method", fields["method"].line, "not supported: a download by POST")
    blocks = [
        block(reading, one, "download", f"{at}.selectors", extra=("usebeforeresponse",))
        for one in reading.items(fields.get("selectors"), f"{at}.selectors")
    ]
    if "selector" in fields:
        own = {key: one for key, one in fields.items() if key in ("selector", "attribute", "filters")}
        blocks.insert(0, block(reading, Told(own, told.line), "download", at))
    infohash = None
    if "infohash" in fields:
        parts = reading.mapping(fields["infohash"], f"{at}.infohash", ["usebeforeresponse", "hash", "title"])
        if "hash" not in parts:
            reading.fail(f"{at}.infohash.hash", fields["infohash"].line, "is missing")
        infohash = block(reading, parts["hash"], "infohash", f"{at}.infohash.hash")
        if "title" in parts:
            block(reading, parts["title"], "title", f"{at}.infohash.title")
    return Download(
        selectors=tuple(blocks),
        infohash=infohash,
        before=before(reading, fields) if "before" in fields else None,
    )


def before(reading: Reading, download: Mapping[str, Told]) -> Before:
    """A page asked for before the item's own is supported where the download is read from it.

    Without that it is something done to the site, such as a word of thanks: we do nothing to sites.
    """
    at = "download.before"
    told = download["before"]
    fields = reading.mapping(told, at, ["path", "method", "inputs", "pathselector", "queryseparator"])
    used = [download["infohash"]] if "infohash" in download else []
    used += reading.items(download.get("selectors"), "download.selectors")
    reads_it = used and all(
        isinstance(one.value, dict) and reading.flag(one.value.get("usebeforeresponse"), at) for one in used
    )
    if not reads_it:
        reading.note(at, told.line, "not supported: a request before the download that is not read itself")
    for key in ("pathselector", "queryseparator"):
        if key in fields:
            reading.note(f"{at}.{key}", fields[key].line, "not supported")
    return Before(
        path=reading.text(fields["path"], f"{at}.path") if "path" in fields else "",
        is_post=reading.is_post(fields.get("method"), f"{at}.method"),
        inputs=reading.pairs(fields.get("inputs"), f"{at}.inputs"),
    )


def block(reading: Reading, told: Told, name: str, at: str, extra: tuple[str, ...] = ()) -> Block:
    fields = reading.mapping(told, at, [*_BLOCK, *extra])
    cases = reading.mapping(fields["case"], f"{at}.case") if "case" in fields else {}

    def text(key: str) -> str | None:
        return reading.text(fields[key], f"{at}.{key}", may_be_empty=True) if key in fields else None

    return Block(
        name=name,
        line=told.line,
        selector=text("selector"),
        attribute=text("attribute"),
        text=text("text"),
        remove=text("remove"),
        optional=reading.flag(fields.get("optional"), f"{at}.optional"),
        default=text("default"),
        case=tuple((key, reading.text(one, f"{at}.case", may_be_empty=True)) for key, one in cases.items()),
        filters=filters(reading, fields.get("filters"), f"{at}.filters"),
    )


def filters(reading: Reading, told: Told | None, at: str) -> tuple[Filter, ...]:
    found: list[Filter] = []
    for one in reading.items(told, at):
        fields = reading.mapping(one, at, ["name", "args"])
        if "name" not in fields:
            reading.note(at, one.line, "expected a name")
            continue
        args = fields.get("args")
        listed = args.value if args and isinstance(args.value, list) else [args] if args else []
        texts = tuple(reading.text(arg, f"{at}.args", may_be_empty=True) for arg in listed)
        found.append(Filter(reading.text(fields["name"], f"{at}.name"), texts, fields["name"].line))
    return tuple(found)
