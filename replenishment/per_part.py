"""A number for every part: one for all, a column of the demand, or a frame of its own.

Pure.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import polars as pl

from clutch.errors import InvalidFrame, InvalidInput
from clutch.frames import Column, checked
from replenishment.negative_binomial import Floats

__all__ = [
    "COUNT",
    "POSITIVE",
    "SHARE",
    "WHOLE",
    "ZERO_OR_MORE",
    "PerPart",
    "Range",
    "per_part",
]

PerPart: TypeAlias = float | str | pl.DataFrame


@dataclass(frozen=True, kw_only=True)
class Range:
    """Which numbers may be given, and what a message calls them."""

    text: str
    minimum: float = 0.0
    zero: bool = True
    below: float = np.inf
    whole: bool = False

    def refused(self, numbers: Floats) -> Floats:
        """Return the numbers outside the range."""
        wrong = ~np.isfinite(numbers) | (numbers < self.minimum) | (numbers >= self.below)
        if not self.zero:
            wrong |= numbers == 0
        if self.whole:
            wrong |= numbers != np.floor(numbers)
        return numbers[wrong]


POSITIVE = Range(text="a number above 0", zero=False)
ZERO_OR_MORE = Range(text="a number of 0 or more")
SHARE = Range(text="a share above 0 and below 1", zero=False, below=1.0)
COUNT = Range(text="a whole number of 0 or more", whole=True)
WHOLE = Range(text="a whole number of 1 or more", minimum=1.0, whole=True)


def per_part(
    value: PerPart, name: str, allowed: Range, *, demand: pl.DataFrame, parts: pl.Series
) -> Floats:
    """Return `value` for each of `parts`.

    Parameters
    ----------
    value
        A number for all; the name of a column of `demand`, constant for each part; or a frame
        `series_id, <name>` with a row for every part.
    name
        What the caller calls it.

    Raises
    ------
    InvalidInput
        A number is not `allowed`; InvalidFrame where it stands in a frame, or a part has none.

    Examples
    --------
    >>> demand = pl.DataFrame({"series_id": ["a", "b"], "weeks": [2, 3]})
    >>> per_part("weeks", "lead_time", POSITIVE, demand=demand, parts=demand["series_id"]).tolist()
    [2.0, 3.0]
    >>> per_part(0.5, "lead_time", POSITIVE, demand=demand, parts=demand["series_id"]).tolist()
    [0.5, 0.5]
    """
    if isinstance(value, str):
        if value not in demand.columns:
            raise InvalidFrame("demand", value, "a column of numbers", found="no such column")
        rows = demand.select("series_id", value).unique()
        return _joined(rows, "demand", value, allowed, parts)
    if isinstance(value, pl.DataFrame):
        return _joined(value, name, name, allowed, parts)
    is_number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    if not is_number or len(allowed.refused(np.array([float(value)]))):
        expected = f"{allowed.text}, the name of a column of demand, or a frame"
        raise InvalidInput(name, expected, found=str(value) if is_number else type(value).__name__)
    return np.full(len(parts), float(value))


def _joined(
    rows: pl.DataFrame, frame: str, column: str, allowed: Range, parts: pl.Series
) -> Floats:
    contract = [Column(name="series_id", kind="key"), Column(name=column, kind="number")]
    kept = checked(rows, contract, name=frame, key=["series_id"])
    if kept["series_id"].dtype != parts.dtype and len(parts):
        found = str(kept["series_id"].dtype)
        raise InvalidFrame(frame, "series_id", f"{parts.dtype} as in demand", found=found)
    joined = pl.DataFrame({"series_id": parts}).join(
        kept, on="series_id", how="left", maintain_order="left"
    )
    missing = joined.filter(pl.col(column).is_null())
    if len(missing):
        found = f"none for {missing['series_id'][0]}"
        raise InvalidFrame(frame, column, "a value for every part", found=found)
    numbers = joined[column].cast(pl.Float64).to_numpy()
    refused = allowed.refused(numbers)
    if len(refused):
        raise InvalidFrame(frame, column, allowed.text, found=f"{refused[0]:g}")
    return numbers
