"""Parquet, with types, units and words in the metadata of the columns. Needs the extra `parquet`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import IO, TYPE_CHECKING, Any

from leakwatch.errors import ConfigError
from leakwatch.export.fields import FIELDS, SCHEMAS, Field, What
from leakwatch.export.records import Record, Value

if TYPE_CHECKING:
    import pyarrow as pa

_ROWS = 5000


def columns(what: What) -> pa.Schema:
    """The columns of a file."""
    pa, _ = _arrow()
    types = {
        "text": pa.string(),
        "texts": pa.list_(pa.string()),
        "integer": pa.int64(),
        "number": pa.float64(),
        "time": pa.timestamp("us", tz="UTC"),
    }
    made = [pa.field(one.name, types[one.kind], metadata=_told(one)) for one in FIELDS[what]]
    return pa.schema(made, metadata={"leakwatch.schema": SCHEMAS[what]})


def _told(field: Field) -> dict[str, str]:
    unit = {"unit": field.unit} if field.unit else {}
    return {"description": field.told, "type": field.kind, **unit}


class ParquetFile:
    """A file being written; as many rows as one group has are held."""

    def __init__(self, what: What, out: IO[bytes]) -> None:
        self._arrow, parquet = _arrow()
        self._schema = columns(what)
        self._writer = parquet.ParquetWriter(out, self._schema, compression="zstd")
        self._rows: list[dict[str, Any]] = []

    def add(self, records: Sequence[Record]) -> None:
        """Add records."""
        self._rows += [{name: _value(value) for name, value in one.items()} for one in records]
        if len(self._rows) >= _ROWS:
            self._flush()

    def _flush(self) -> None:
        self._writer.write_table(self._arrow.Table.from_pylist(self._rows, schema=self._schema))
        self._rows.clear()

    def close(self) -> None:
        """Write the rest, and the end of the file."""
        if self._rows:
            self._flush()
        self._writer.close()


def _value(value: Value) -> Any:
    return value.encode("utf-8", "replace").decode("utf-8") if isinstance(value, str) else value


def _arrow() -> tuple[Any, Any]:
    try:
        import pyarrow as pa  # noqa: PLC0415 - slow to import, and an extra
        from pyarrow import parquet  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise ConfigError("Parquet needs: pip install 'leakwatch[parquet]'") from error
    return pa, parquet
