"""The sales frame as a panel: one row a series, one column a period, nothing filled with zeros.

A period that has no row, or a row with a null quantity, was not observed: its exposure is 0. A
series may begin late and end early. Time out of stock is exposure lost: sales are what was seen in
`exposure` of a period, and demand a period is estimated as units over exposure, each summed first:
the maximum-likelihood rate of a Poisson process that is watched in stretches.
Pure.
"""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from clutch.errors import InvalidFrame
from clutch.frames import Column, checked
from forecasting.periods import LONGEST, Frequency, period_numbers

__all__ = ["Panel", "panel_of"]

Floats = NDArray[np.float64]

_CONTRACT = [
    Column(name="series_id", kind="key"),
    Column(name="period_start", kind="day"),
    Column(name="quantity", kind="number", nullable=True, minimum=0),
    Column(
        name="in_stock_share", kind="number", required=False, nullable=True, minimum=0, maximum=1
    ),
    Column(name="lost_sales", kind="number", required=False, nullable=True, minimum=0),
    Column(name="price", kind="number", required=False, nullable=True, minimum=0),
    Column(name="group_id", kind="key", required=False, nullable=True),
    Column(name="brand_id", kind="key", required=False, nullable=True),
]
_ATTRIBUTES = ("group_id", "brand_id")
_LARGEST_PANEL_CELLS = 400_000_000


@dataclass(frozen=True, kw_only=True)
class Panel:
    """Sales of N series over T consecutive periods.

    `quantity` and `exposure` are N x T; where `exposure` is 0 nothing was observed and `quantity`
    is 0 too. `price` is N x T with NaN where unknown, or None. `attributes` holds a value for
    each series, null where unknown. `first` is the running number of the first period.
    """

    series_id: pl.Series
    quantity: Floats
    exposure: Floats
    price: Floats | None
    attributes: dict[str, pl.Series]
    freq: Frequency
    first: int
    weekday: int

    @property
    def end(self) -> int:
        """The running number of the first period after the panel."""
        return self.first + int(self.quantity.shape[1])

    @property
    def is_whole(self) -> bool:
        """Whether all quantities are whole numbers, as counts are."""
        return bool((self.quantity == np.rint(self.quantity)).all())

    def until(self, period: int) -> "Panel":
        """Return what was known before the period with that running number."""
        length = period - self.first
        return replace(
            self,
            quantity=self.quantity[:, :length],
            exposure=self.exposure[:, :length],
            price=None if self.price is None else self.price[:, :length],
        )

    def in_units_of(self, unit: float) -> "Panel":
        """Return the same sales counted in lots of `unit`."""
        return replace(self, quantity=self.quantity / unit)

    def take(self, rows: slice | NDArray[np.int64]) -> "Panel":
        """Return some of the series."""
        return replace(
            self,
            series_id=self.series_id[rows],
            quantity=self.quantity[rows],
            exposure=self.exposure[rows],
            price=None if self.price is None else self.price[rows],
            attributes={name: values[rows] for name, values in self.attributes.items()},
        )


def panel_of(sales: pl.DataFrame, freq: Frequency, *, name: str = "sales") -> Panel:
    """Return the panel that the frame `sales` describes, series in the order of their ids.

    Raises
    ------
    InvalidFrame
        A column breaks its contract; two rows are about the same series and period; periods do not
        start as `freq` has it; or dates lie so far apart that the panel cannot be held in memory.

    Examples
    --------
    >>> from datetime import date
    >>> sales = pl.DataFrame(
    ...     {
    ...         "series_id": ["a", "a", "b"],
    ...         "period_start": [date(2024, 1, 1), date(2024, 3, 1), date(2024, 3, 1)],
    ...         "quantity": [2, 0, None],
    ...     }
    ... )
    >>> panel = panel_of(sales, "M")
    >>> panel.quantity.tolist(), panel.exposure.tolist()
    ([[2.0, 0.0, 0.0], [0.0, 0.0, 0.0]], [[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]])
    >>> panel_of(sales.clear(), "M").quantity.shape
    (0, 0)
    """
    rows = checked(sales, _CONTRACT, name=name)
    numbers = period_numbers(rows["period_start"], freq, name=name)
    weekday = int(rows["period_start"].cast(pl.Int32)[0]) % 7 if rows.height else 0
    first, length = _span(numbers, freq)
    ids, series = _codes(rows["series_id"])
    if len(ids) * length > _LARGEST_PANEL_CELLS:
        expected = f"series x periods of at most {_LARGEST_PANEL_CELLS:,}"
        found = f"{len(ids):,} x {length:,}"
        raise InvalidFrame(name, "period_start", expected, found=found)
    _refuse_duplicates(series, numbers, name)
    recent = numbers >= first
    cells = (series[recent], numbers[recent] - first)
    shape = (len(ids), length)

    def spread(values: pl.Series, missing: float) -> Floats:
        matrix = np.full(shape, missing)
        matrix[cells] = values.cast(pl.Float64).fill_null(missing).to_numpy()[recent]
        return matrix

    exposure = spread(_exposure(rows), 0.0)
    quantity = np.where(exposure > 0, spread(_evidence(rows), 0.0), 0.0)
    return Panel(
        series_id=ids,
        quantity=quantity,
        exposure=exposure,
        price=spread(rows["price"], np.nan) if "price" in rows.columns else None,
        attributes={a: _attribute(rows, ids, a, name) for a in _ATTRIBUTES if a in rows.columns},
        freq=freq,
        first=first,
        weekday=weekday,
    )


def _span(numbers: NDArray[np.int64], freq: Frequency) -> tuple[int, int]:
    if not len(numbers):
        return 0, 0
    last = int(numbers.max())
    first = max(int(numbers.min()), last + 1 - LONGEST[freq])
    return first, last + 1 - first


def _codes(series_id: pl.Series) -> tuple[pl.Series, NDArray[np.int64]]:
    """Return the ids in order, and for each row the position of its own.

    Rows of a series mostly lie together, so that only the ids of runs are sorted.
    """
    runs = series_id.rle_id().to_numpy()
    starts = np.flatnonzero(np.diff(runs, prepend=-1)) if len(runs) else np.zeros(0, dtype=np.int64)
    run_ids = series_id.gather(starts)
    ids = run_ids.unique().sort()
    codes = run_ids.replace_strict(ids, pl.int_range(len(ids), eager=True), return_dtype=pl.Int64)
    return ids, codes.to_numpy()[runs] if len(runs) else starts


def _refuse_duplicates(series: NDArray[np.int64], numbers: NDArray[np.int64], name: str) -> None:
    cells = series * (int(np.ptp(numbers)) + 1 if len(numbers) else 1) + numbers
    if (np.diff(cells) > 0).all():
        return
    order = np.argsort(cells, kind="stable")
    same = np.diff(cells[order]) == 0
    if same.any():
        at = int(np.argmax(same))
        rows = sorted(order[at : at + 2].tolist())
        key = "series_id + period_start"
        raise InvalidFrame(name, key, "one row for each", found="duplicates", rows=rows)


def _evidence(rows: pl.DataFrame) -> pl.Series:
    """Return units sold, and those asked for and not sold where that was recorded."""
    sold = rows["quantity"]
    return sold + rows["lost_sales"].fill_null(0) if "lost_sales" in rows.columns else sold


def _exposure(rows: pl.DataFrame) -> pl.Series:
    """Return the share of each period in which demand could be seen."""
    share = pl.lit(1.0)
    if "in_stock_share" in rows.columns:
        share = pl.col("in_stock_share").fill_null(1.0)
    if "lost_sales" in rows.columns:
        share = pl.when(pl.col("lost_sales").is_not_null()).then(1.0).otherwise(share)
    seen = pl.when(pl.col("quantity").is_not_null()).then(share).otherwise(0.0)
    return rows.select(seen.alias("exposure")).to_series()


def _attribute(rows: pl.DataFrame, ids: pl.Series, attribute: str, name: str) -> pl.Series:
    """Return one value for each of `ids`; null where it is not known."""
    values = rows.group_by("series_id").agg(pl.col(attribute).drop_nulls().unique().sort())
    of_series = ids.to_frame().join(values, on="series_id", how="left", maintain_order="left")
    several = of_series.filter(pl.col(attribute).list.len() > 1)
    if several.height:
        found = f"several for {several['series_id'][0]}"
        raise InvalidFrame(name, attribute, "one value for each series", found=found)
    return of_series[attribute].list.first()
