"""Files of rows into frames of texts: CSV, GeoJSON and Parquet by suffix.

Reads the file, nothing else.
"""

import csv
import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from clutch.errors import InvalidInput
from shops.cells import Cells

__all__ = ["read_cells"]

_SEPARATORS = ",;\t"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Place = Callable[[Any], dict[str, object]]


def read_cells(path: Path, *, place: Place) -> Cells:
    """Return the cells of the file at `path`.

    A CSV file counts its header as row 1, as a spreadsheet does; the others begin at 1. Columns go
    by their name in lower case. `place` turns the geometry of a GeoJSON feature into columns.

    Raises
    ------
    InvalidInput
        There is no such file, or it does not hold rows of one of these formats.
    """
    readers: dict[str, Callable[[Path], Cells]] = {
        ".csv": _read_csv,
        ".parquet": _read_parquet,
        ".geojson": lambda path: _read_geojson(path, place),
        ".json": lambda path: _read_geojson(path, place),
    }
    reader = readers.get(path.suffix.lower())
    if path.is_dir():
        raise InvalidInput("FILE", "a file, not a folder", found=str(path))
    if reader is None:
        raise InvalidInput("FILE", f"a file ending in {', '.join(readers)}", found=path.name)
    if not path.is_file():
        raise InvalidInput("FILE", "a file that exists", found=str(path))
    try:
        cells = reader(path)
    except OSError as error:
        raise InvalidInput("FILE", "a file that can be read", found=str(error)) from error
    if cells.rows.is_empty():
        raise InvalidInput("FILE", "a file with rows", found=f"none in {path.name}")
    return cells


def _read_csv(path: Path) -> Cells:
    content = _text_bytes(path)
    header = content.partition(b"\n")[0].decode()
    separator = max(_SEPARATORS, key=header.count)
    try:
        frame = pl.read_csv(content, separator=separator, infer_schema=False)
    except pl.exceptions.PolarsError as error:
        raise InvalidInput(
            "FILE", "a CSV table with a header", found=_csv_fault(content, separator)
        ) from error
    return Cells(_named(frame), first_row=2)


def _csv_fault(content: bytes, separator: str) -> str:
    """Say which row breaks the table."""
    rows = csv.reader(io.StringIO(content.decode(), newline=""), delimiter=separator, strict=True)
    try:
        width = len(next(rows))
        for number, row in enumerate(rows, start=2):
            if len(row) > width:
                return f"{len(row)} cells in row {number} under a header of {width}"
    except (csv.Error, StopIteration) as error:
        return f"line {rows.line_num}: {error}"
    return "rows that cannot be told apart"


def _read_parquet(path: Path) -> Cells:
    try:
        frame = pl.read_parquet(path)
    except pl.exceptions.PolarsError as error:
        reason = str(error).partition("\n")[0]
        raise InvalidInput("FILE", "a Parquet table", found=reason) from error
    return Cells(_named(frame.select(map(_as_text, frame.get_columns()))), first_row=1)


def _as_text(values: pl.Series) -> pl.Series:
    if isinstance(values.dtype, pl.List):
        inner = values.cast(pl.List(pl.String), strict=False)
        return inner.list.join(";", ignore_nulls=True)
    if isinstance(values.dtype, pl.Datetime):
        return values.dt.to_string("iso")
    if values.dtype in (pl.Binary, pl.Object) or isinstance(values.dtype, pl.Struct):
        raise InvalidInput(
            values.name, "a column of texts, numbers or times", found=str(values.dtype)
        )
    return values.cast(pl.String)


def _read_geojson(path: Path, place: Place) -> Cells:
    try:
        document = orjson.loads(_text_bytes(path))
    except orjson.JSONDecodeError as error:
        reason = f"line {error.lineno}, column {error.colno}: {error.msg}"
        raise InvalidInput("FILE", "GeoJSON", found=reason) from error
    features = document.get("features") if isinstance(document, dict) else None
    if not isinstance(features, list) or document.get("type") != "FeatureCollection":
        raise InvalidInput("FILE", "a GeoJSON FeatureCollection")
    rows = [_feature_row(number, each, place) for number, each in enumerate(features, start=1)]
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {name: pl.Series([row.get(name) for row in rows], dtype=pl.String) for name in names}
    return Cells(_named(pl.DataFrame(columns)), first_row=1)


def _feature_row(number: int, feature: Any, place: Place) -> dict[str, str | None]:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    if not isinstance(properties, dict):
        raise InvalidInput("FILE", "GeoJSON features with properties", found=f"feature {number}")
    cells = {name: _cell(value) for name, value in properties.items()}
    return cells | {name: _cell(value) for name, value in place(feature.get("geometry")).items()}


def _cell(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return ";".join(value)
    return orjson.dumps(value).decode()


def _text_bytes(path: Path) -> bytes:
    content = path.read_bytes().removeprefix(_BYTE_ORDER_MARK)
    if not content.strip():
        raise InvalidInput("FILE", "a file with rows", found=f"nothing in {path.name}")
    try:
        content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise InvalidInput(
            "FILE", "text in UTF-8", found=f"byte {content[error.start]:#04x} in line {line}"
        ) from error
    return content


def _named(frame: pl.DataFrame) -> pl.DataFrame:
    names = [name.strip().lower() for name in frame.columns]
    if len(set(names)) < len(names):
        raise InvalidInput("columns", "names that differ", found=repr(names)[:200])
    return frame.rename(dict(zip(frame.columns, names, strict=True)))
