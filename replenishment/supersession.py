"""Superseded part numbers: history and stock follow the newest number.

Pure.
"""

from collections.abc import Sequence

import polars as pl

from clutch.errors import InvalidFrame
from clutch.frames import Column, checked

__all__ = ["newest_numbers", "supersede"]

_REPLACEMENTS = [Column(name="series_id", kind="key"), Column(name="supersedes", kind="key")]


def newest_numbers(replacements: pl.DataFrame) -> dict[str | int, str | int]:
    """Return the newest number of every superseded one.

    Parameters
    ----------
    replacements
        `series_id, supersedes`: the new number and the old one it takes the place of. A chain is
        followed to its end; one new number may replace several.

    Raises
    ------
    InvalidFrame
        A number is replaced by two others, or in the end by itself.

    Examples
    --------
    >>> chain = pl.DataFrame({"series_id": ["B", "C"], "supersedes": ["A", "B"]})
    >>> newest_numbers(chain)
    {'A': 'C', 'B': 'C'}
    >>> newest_numbers(chain.clear())
    {}
    """
    rows = checked(replacements, _REPLACEMENTS, name="replacements", key=["supersedes"])
    follows = dict(zip(rows["supersedes"].to_list(), rows["series_id"].to_list(), strict=True))
    newest = {}
    for old in follows:
        number, seen = old, {old}
        while number in follows:
            number = follows[number]
            if number in seen:
                expected = "chains of numbers that end"
                raise InvalidFrame("replacements", "supersedes", expected, found=f"a ring at {old}")
            seen.add(number)
        newest[old] = number
    return newest


def supersede(
    frame: pl.DataFrame,
    replacements: pl.DataFrame,
    *,
    amounts: Sequence[str] = ("quantity",),
    largest: Sequence[str] = (),
) -> pl.DataFrame:
    """Return `frame` with every superseded `series_id` replaced by the newest, amounts added up.

    Parameters
    ----------
    frame
        `series_id`, the `amounts`, and keys such as `period_start` that rows are kept apart by.
    replacements
        As for `newest_numbers`.
    amounts
        Columns that add up where an old number meets its new one; null only where both are.
    largest
        Columns of which the larger value is kept, such as `in_stock_share`.

    Raises
    ------
    InvalidFrame
        A column is missing, or the replacements cannot be followed.

    Examples
    --------
    >>> sales = pl.DataFrame({"series_id": ["A", "B"], "period": [1, 1], "quantity": [2, 3]})
    >>> supersede(sales, pl.DataFrame({"series_id": ["B"], "supersedes": ["A"]})).rows()
    [('B', 1, 5)]
    """
    for name in ("series_id", *amounts, *largest):
        if name not in frame.columns:
            raise InvalidFrame("frame", name, "a column", found="no such column")
    newest = newest_numbers(replacements)
    if not newest:
        return frame
    renamed = frame.with_columns(pl.col("series_id").replace(newest))
    keys = [name for name in frame.columns if name not in {*amounts, *largest}]
    some = [pl.when(pl.col(name).count() > 0).then(pl.col(name).sum()) for name in amounts]
    kept = [pl.col(name).max() for name in largest]
    return renamed.group_by(keys, maintain_order=True).agg(*some, *kept).select(frame.columns)
