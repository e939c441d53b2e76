"""Column contracts: a polars frame is checked once, at the door of a pure room.

A contract is a list of `Column`; `checked` returns the frame with just those columns, cast to the
types the maths works on, sorted by its key, or raises one `InvalidFrame` that names the column.
Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import polars as pl

from clutch.errors import InvalidFrame

__all__ = ["Column", "checked"]

Kind = Literal["key", "number", "integer", "day", "instant", "flag"]

_DTYPES: dict[Kind, pl.DataType] = {
    "number": pl.Float64(),
    "integer": pl.Int64(),
    "day": pl.Date(),
    "instant": pl.Datetime("us", "UTC"),
    "flag": pl.Boolean(),
}
_EXPECTED: dict[Kind, str] = {
    "key": "text or whole numbers",
    "number": "numbers",
    "integer": "whole numbers",
    "day": "dates",
    "instant": "instants with a time zone",
    "flag": "true or false",
}


@dataclass(frozen=True, kw_only=True)
class Column:
    """What one column of a frame must hold.

    `kind` is one of: `key` (identifiers, text or whole numbers, kept as they come), `number`
    (finite floats), `integer`, `day` (calendar dates), `instant` (aware, turned to UTC), `flag`
    (booleans).
    `minimum` and `maximum` are inclusive. A column that is not `required` may be missing; a column
    that is `nullable` may hold nulls. Booleans are never numbers.
    """

    name: str
    kind: Kind
    required: bool = True
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None


def checked(
    frame: pl.DataFrame, columns: Sequence[Column], *, name: str, key: Sequence[str] = ()
) -> pl.DataFrame:
    """Return `frame` as its contract has it: its columns, their types, sorted by `key`.

    Parameters
    ----------
    frame
        Any polars frame; columns that the contract does not name are dropped.
    columns
        The contract, in the order the result has.
    name
        What the caller calls this frame; it opens every message.
    key
        Columns that together identify a row: duplicates are refused and the result is sorted by
        them. Empty: rows stay in their order.

    Raises
    ------
    InvalidFrame
        A required column is missing, has another type, or holds nulls, NaN, infinite or
        out-of-range values; or two rows have the same key.

    Examples
    --------
    >>> sales = pl.DataFrame({"part": ["b", "a"], "quantity": [2, 1], "note": ["x", "y"]})
    >>> contract = [
    ...     Column(name="part", kind="key"),
    ...     Column(name="quantity", kind="number", minimum=0),
    ... ]
    >>> checked(sales, contract, name="sales", key=["part"]).rows()
    [('a', 1.0), ('b', 2.0)]
    >>> checked(sales.clear(), contract, name="sales", key=["part"]).rows()
    []
    """
    if not isinstance(frame, pl.DataFrame):
        raise InvalidFrame(name, "*", "a polars DataFrame", found=type(frame).__name__)
    present = [column for column in columns if column.required or column.name in frame.columns]
    result = frame.select(_cast(frame, column, name) for column in present)
    for column in present:
        _check_values(result[column.name], column, name)
    if not key:
        return result
    duplicated = result.select(key).is_duplicated()
    if duplicated.any():
        rows = duplicated.arg_true().head(5).to_list()
        raise InvalidFrame(name, " + ".join(key), "one row for each", found="duplicates", rows=rows)
    return result.sort(key)


def _cast(frame: pl.DataFrame, column: Column, name: str) -> pl.Series:
    if column.name not in frame.columns:
        raise InvalidFrame(
            name, column.name, f"a column of {_EXPECTED[column.kind]}", found="no such column"
        )
    series = frame[column.name]
    dtype = series.dtype
    expected = _EXPECTED[column.kind]
    fits = {
        "key": dtype.is_integer() or dtype in (pl.String, pl.Categorical, pl.Enum),
        "number": dtype.is_numeric(),
        "integer": dtype.is_integer() or (dtype.is_float() and _is_whole(series)),
        "day": dtype == pl.Date or (dtype == pl.Datetime and _is_midnight(series)),
        "instant": isinstance(dtype, pl.Datetime) and dtype.time_zone is not None,
        "flag": dtype == pl.Boolean,
    }[column.kind]
    if dtype == pl.Null and column.nullable:
        return series.cast(_DTYPES.get(column.kind, pl.String()))
    if not fits and not (dtype == pl.Null and series.is_empty()):
        raise InvalidFrame(name, column.name, expected, found=str(dtype))
    if column.kind == "key":
        return series.cast(pl.String) if dtype in (pl.Categorical, pl.Enum) else series
    if column.kind == "instant":
        return series.dt.convert_time_zone("UTC").cast(_DTYPES["instant"])
    return series.cast(_DTYPES[column.kind])


def _is_whole(series: pl.Series) -> bool:
    return bool((series.is_finite() & (series == series.round(0))).all())


def _is_midnight(series: pl.Series) -> bool:
    return bool((series.dt.date().cast(series.dtype) == series).all())


def _check_values(series: pl.Series, column: Column, name: str) -> None:
    def refuse(bad: pl.Series, expected: str) -> None:
        if bad.any():
            rows = bad.arg_true().head(5).to_list()
            raise InvalidFrame(name, column.name, expected, found=str(series[rows[0]]), rows=rows)

    if not column.nullable:
        refuse(series.is_null(), "no missing values")
    if series.dtype.is_float():
        refuse(~series.is_finite().fill_null(value=True), "finite numbers")
    low, high = column.minimum, column.maximum
    if low is not None:
        refuse((series < low).fill_null(value=False), f"values of {low:g} or more")
    if high is not None:
        refuse((series > high).fill_null(value=False), f"values of {high:g} or less")
