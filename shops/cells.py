"""Reads a table of texts, column by column, and keeps what cannot be used with its row and reason.

A file of any format becomes a frame of texts first (`shops.files`); here texts become values. No
column stops at its first fault, so that one run names them all.
Pure.
"""

from collections.abc import Callable, Sequence

import polars as pl

from clutch.errors import InvalidInput

__all__ = ["Cells", "check_columns"]

_SHOWN = 40  # signs of a value that are worth repeating
_ARABIC_DIGITS = dict(zip("٠١٢٣٤٥٦٧٨٩٫", "0123456789.", strict=True))
_PROBLEM = {"row": pl.Int64(), "field": pl.String(), "reason": pl.String()}
_UNPRINTABLE = r"[\p{C}\p{Zl}\p{Zp}]"
_YEARS = (1970, 2199)
_INSTANT = "%Y-%m-%dT%H:%M:%S%.f"


class Cells:
    """The cells of a file; `first_row` is what people call its first row. Blank rows are left out.

    Examples
    --------
    >>> cells = Cells(pl.DataFrame({"lat": ["30", "x", ""]}), first_row=2)
    >>> cells.number("lat", -90, 90, required=True).to_list()
    [30.0, None, None]
    >>> cells.problems().rows()
    [(3, 'lat', "expected a number from -90 to 90, found 'x'"), (4, 'lat', 'is missing')]
    """

    def __init__(self, frame: pl.DataFrame, *, first_row: int) -> None:
        filled = ~frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
        self._frame = frame.filter(filled)
        numbers = pl.int_range(first_row, first_row + len(frame), eager=True)
        self.rows = numbers.filter(filled).alias("row")
        self._problems = [pl.DataFrame(schema=_PROBLEM)]

    @property
    def columns(self) -> list[str]:
        """The names of the columns, as the file has them."""
        return self._frame.columns

    def __contains__(self, field: str) -> bool:
        return field in self._frame.columns

    def problems(self) -> pl.DataFrame:
        """Return `row`, `field`, `reason` of all that cannot be used, in the order of the rows."""
        printable = pl.col("reason").str.replace_all(_UNPRINTABLE, "�")
        problems = pl.concat(self._problems).with_columns(printable)
        return problems.sort("row", maintain_order=True)

    def refuse(self, field: str, bad: pl.Series, reason: str | pl.Series) -> None:
        """Note that the rows where `bad` is true cannot be used."""
        wrong = bad.fill_null(value=False)
        if wrong.any():
            reasons = pl.lit(reason)
            self._problems.append(
                pl.select(row=self.rows, field=pl.lit(field), reason=reasons).filter(wrong)
            )

    def raw(self, field: str, *, required: bool = False) -> pl.Series:
        """Return the texts of a column without the spaces around them, null where it has none."""
        if field not in self:
            return pl.Series(field, [None] * len(self.rows), dtype=pl.String)
        texts = self._frame[field].str.strip_chars()
        texts = texts.set(texts == "", None)
        if required:
            self.refuse(field, texts.is_null(), "is missing")
        return texts

    def text(self, field: str, *, most: int, required: bool = False) -> pl.Series:
        """Return texts of at most `most` signs, none of them a control sign."""
        texts = self.raw(field, required=required)
        self.refuse(field, texts.str.len_chars() > most, f"expected at most {most} signs")
        self.refuse(field, texts.str.contains(r"\p{Cc}"), "holds a control sign or a line break")
        return texts

    def number(
        self, field: str, low: float, high: float, *, required: bool = False, whole: bool = False
    ) -> pl.Series:
        """Return finite numbers from `low` to `high`, null where a cell is empty or refused."""
        texts = self.raw(field, required=required)
        western = texts.str.replace_many(_ARABIC_DIGITS)
        values = western.cast(pl.Float64, strict=False)
        good = values.is_finite() & values.is_between(low, high)
        if whole:
            good &= values == values.round()
        kind = "a whole number" if whole else "a number"
        bad = ~good.fill_null(value=False) & texts.is_not_null()
        self.refuse(field, bad, found(f"{kind} from {low:,.10g} to {high:,.10g}", texts))
        values = values.set(bad, None)
        return values.cast(pl.Int64) if whole else values

    def position(self, lon: str, lat: str) -> dict[str, pl.Series]:
        """Return longitudes and latitudes on Earth, by the names of their columns."""
        values = {
            lon: self.number(lon, -180, 180, required=True),
            lat: self.number(lat, -90, 90, required=True),
        }
        far_north = self.raw(lat).cast(pl.Float64, strict=False).abs().is_between(90, 180)
        swapped = far_north & values[lat].is_null() & (values[lon].abs() <= 90)
        self.refuse(f"{lon}, {lat}", swapped, "are they swapped? A latitude is at most 90")
        nowhere = (values[lon] == 0) & (values[lat] == 0)
        self.refuse(f"{lon}, {lat}", nowhere, "0, 0 is in the sea")
        return values

    def instant(self, field: str, time_zone: str | None, *, required: bool = False) -> pl.Series:
        """Return instants in UTC; texts without a zone are read in `time_zone`, or refused."""
        texts = self.raw(field, required=required)
        uniform = texts.str.replace_many(_ARABIC_DIGITS).str.replace(r"^(.{10}) ", "${1}T")
        uniform = uniform.str.replace(r"(T\d{2}:\d{2})($|Z|[+-])", "${1}:00${2}")
        values = uniform.str.replace("Z$", "+00:00").str.to_datetime(
            f"{_INSTANT}%z", strict=False, time_unit="us"
        )
        if time_zone is not None:
            local = uniform.str.to_datetime(_INSTANT, strict=False, time_unit="us")
            placed = local.dt.replace_time_zone(time_zone, ambiguous="null", non_existent="null")
            values = values.fill_null(placed.dt.convert_time_zone("UTC"))
        values = values.set(~values.dt.year().is_between(*_YEARS), None)
        zone = "" if time_zone else " and zone"
        self.refuse(
            field,
            values.is_null() & texts.is_not_null(),
            found(f"a time{zone} such as 2026-11-01T09:30:00+02:00", texts),
        )
        return values

    def read(
        self,
        field: str,
        reader: Callable[[str], object],
        dtype: pl.DataType,
        *,
        required: bool = False,
    ) -> pl.Series:
        """Return what `reader` makes of each text; its ValueError is the reason of a refusal.

        Each distinct text is read once.
        """
        texts = self.raw(field, required=required)
        distinct = texts.drop_nulls().unique(maintain_order=True)
        values: list[object] = []
        reasons: list[str | None] = []
        for each in distinct:
            try:
                values.append(reader(each))
                reasons.append(None)
            except ValueError as error:
                values.append(None)
                reasons.append(str(error))
        known = pl.DataFrame(
            [
                distinct.alias("text"),
                pl.Series("value", values, dtype=dtype),
                pl.Series("reason", reasons, dtype=pl.String),
            ]
        )
        joined = pl.DataFrame({"text": texts}).join(
            known, on="text", how="left", maintain_order="left"
        )
        self.refuse(field, joined["reason"].is_not_null(), joined["reason"])
        return joined["value"]

    def refuse_repeats(self, field: str, keys: pl.Series) -> None:
        """Note every row whose key another row above it has."""
        first = pl.select(row=self.rows, key=keys).select(
            pl.col("row").first().over("key").alias("first")
        )["first"]
        bad = (first != self.rows) & keys.is_not_null()
        self.refuse(field, bad, "repeats row " + first.cast(pl.String))


def check_columns(
    cells: Cells,
    known: Sequence[str],
    *,
    required: Sequence[str],
    together: Sequence[Sequence[str]] = (),
) -> None:
    """Raise InvalidInput unless the file has the columns it needs, and no others.

    Of the columns that stand `together`, a file has all or none.
    """
    unknown = [name for name in cells.columns if name not in known]
    if unknown:
        shown = ", ".join(name if name.isprintable() else repr(name) for name in unknown)
        raise InvalidInput("columns", f"only {', '.join(known)}", found=shown[:200])
    missing = [name for name in required if name not in cells]
    if missing:
        raise InvalidInput("columns", ", ".join(missing), found=", ".join(cells.columns))
    for group in together:
        if 0 < sum(name in cells for name in group) < len(group):
            present = ", ".join(name for name in group if name in cells)
            raise InvalidInput("columns", f"all or none of {', '.join(group)}", found=present)


def found(expected: str, texts: pl.Series) -> pl.Series:
    """Return one reason a row: what was expected, and the text that stood there."""
    shown = texts.str.slice(0, _SHOWN)
    return pl.select(
        pl.concat_str(
            pl.lit(f"expected {expected}, found '"), shown, pl.lit("'"), ignore_nulls=True
        )
    ).to_series()
