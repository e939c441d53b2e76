"""What a row of a file of shops must hold.

Pure.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from uuid import NAMESPACE_URL, UUID, uuid5

import polars as pl

from shops.brands import UnknownBrand, brand_id
from shops.cells import Cells, check_columns
from shops.hours import day_minutes, week_minutes
from shops.zones import multi_polygon

__all__ = ["SHOP_COLUMNS", "check_shops", "shop_id_for_code"]

SHOP_COLUMNS = (
    "shop_id", "code", "name", "name_ar", "phone", "address", "status", "lon", "lat", "makes",
    "regular_hours", "ramadan_hours", "holiday_hours", "closed_on", "service_zone",
    "rating_mean", "rating_count", "requests_received", "requests_answered",
    "answer_minutes_mean", "deliveries_count", "deliveries_on_time",
    "preparation_minutes_mean", "preparation_count",
)  # fmt: skip
_REQUIRED = ("name", "lon", "lat", "makes", "regular_hours")
_STATUSES = ("active", "pending_verification", "suspended", "inactive")
_NAMESPACE = uuid5(NAMESPACE_URL, "clutch:shop")
_MOST = 2_147_483_647
_MOST_MINUTES = 100_000
_LIST = pl.List(pl.Int32)
_PHONE = re.compile(r"\+?\d[\d ()/.-]{3,24}")
_LIST_SIGNS = re.compile("[;,|،؛]")

# Columns that mean something together alone: a mean and its count, a part and its whole.
_TOGETHER = (
    ("rating_mean", "rating_count"),
    ("answer_minutes_mean", "requests_answered", "requests_received"),
    ("deliveries_on_time", "deliveries_count"),
    ("preparation_minutes_mean", "preparation_count"),
)
_MEANS = {
    "rating_mean": ("rating_count", 1, 5),
    "answer_minutes_mean": ("requests_answered", 0, _MOST_MINUTES),
    "preparation_minutes_mean": ("preparation_count", 0, _MOST_MINUTES),
}
_COUNTS = {
    "rating_count": None,
    "requests_received": None,
    "requests_answered": "requests_received",
    "deliveries_count": None,
    "deliveries_on_time": "deliveries_count",
    "preparation_count": None,
}


def shop_id_for_code(code: str) -> str:
    """Return the identifier of the shop that another system calls `code`; always the same.

    Examples
    --------
    >>> shop_id_for_code("CAI-0001")
    'f1157c30-0894-56de-bb54-8d807264fa16'
    """
    return str(uuid5(_NAMESPACE, code))


def check_shops(cells: Cells, brand_ids: Mapping[str, int]) -> pl.DataFrame:
    """Return the rows of the table `shop` that `cells` describe.

    Parameters
    ----------
    cells
        The texts of the file; what cannot be used is noted in them.
    brand_ids
        The identifier of the make by `clutch.names.name_key` of each of its names.

    Returns
    -------
    frame
        `file_row`, `shop_id`, `lon`, `lat` and those columns of the table that the file has.
        Good only when `cells.problems()` is empty.
    """
    check_columns(cells, SHOP_COLUMNS, required=_REQUIRED, together=_TOGETHER)
    columns = {
        "file_row": cells.rows,
        "shop_id": _identifiers(cells),
        "name": cells.text("name", most=200, required=True),
        **cells.position("lon", "lat"),
        "brand_ids": cells.read("makes", _makes(brand_ids), _LIST, required=True),
        "regular_hours": cells.read("regular_hours", week_minutes, _LIST, required=True),
    }
    columns |= {name: read(cells) for name, read in _OPTIONAL.items() if name in cells}
    columns |= _statistics(cells)
    return pl.DataFrame([values.alias(name) for name, values in columns.items()])


def _statistics(cells: Cells) -> dict[str, pl.Series]:
    counts = {
        name: cells.number(name, 0, _MOST, whole=True).fill_null(0)
        for name in _COUNTS
        if name in cells
    }
    for part, whole in _COUNTS.items():
        if whole and part in counts:
            cells.refuse(part, counts[part] > counts[whole], f"is more than {whole}")
    means = {}
    for name, (counted, low, high) in _MEANS.items():
        if name in cells:
            means[name] = cells.number(name, low, high)
            lone = cells.raw(name).is_null() != (counts[counted] == 0)
            cells.refuse(name, lone, f"stands where, and only where, {counted} is above 0")
    return counts | means


def _identifiers(cells: Cells) -> pl.Series:
    """Return `shop_id`, or where a row has none, what its `code` stands for."""
    given = cells.read("shop_id", _uuid, pl.String())
    from_code = cells.read("code", shop_id_for_code, pl.String())
    cells.text("code", most=200)
    nameless = cells.raw("shop_id").is_null() & cells.raw("code").is_null()
    cells.refuse("code", nameless, "is missing, and shop_id too: one of them tells shops apart")
    identifiers = given.fill_null(from_code)
    cells.refuse_repeats("shop_id" if "code" not in cells else "code", identifiers)
    return identifiers


def _uuid(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise ValueError("expected a UUID") from None


def _makes(brand_ids: Mapping[str, int]) -> Callable[[str], list[int]]:
    def read(text: str) -> list[int]:
        names = [name for name in map(str.strip, _LIST_SIGNS.split(text)) if name]
        if not names:
            raise ValueError("expected at least one make")
        return sorted({_brand_id(name, brand_ids) for name in names})

    return read


def _brand_id(name: str, brand_ids: Mapping[str, int]) -> int:
    try:
        return brand_id(name, brand_ids)
    except UnknownBrand as error:
        hint = f" (near: {error.near})" if error.near else ""
        raise ValueError(f"no make is called {name[:40]!r}{hint}") from None


def _status(text: str) -> str:
    if text.casefold() not in _STATUSES:
        raise ValueError(f"expected one of {', '.join(_STATUSES)}, found {text[:40]!r}")
    return text.casefold()


def _phone(text: str) -> str:
    western = "".join(str(int(sign)) if sign.isdecimal() else sign for sign in text)
    if not _PHONE.fullmatch(western):
        raise ValueError(f"expected a telephone number, found {text[:40]!r}")
    return western


def _days(text: str) -> list[dt.date]:
    try:
        days = {
            dt.date.fromisoformat(day.strip()) for day in _LIST_SIGNS.split(text) if day.strip()
        }
    except ValueError:
        raise ValueError(f"expected days such as 2026-11-01, found {text[:40]!r}") from None
    return sorted(days)


_OPTIONAL: dict[str, Callable[[Cells], pl.Series]] = {
    "name_ar": lambda cells: cells.text("name_ar", most=200),
    "phone": lambda cells: cells.read("phone", _phone, pl.String()),
    "address": lambda cells: cells.text("address", most=500),
    "status": lambda cells: cells.read("status", _status, pl.String()).fill_null("active"),
    "ramadan_hours": lambda cells: cells.read("ramadan_hours", week_minutes, _LIST),
    "holiday_hours": lambda cells: _or_none_of(cells.read("holiday_hours", day_minutes, _LIST)),
    "closed_on": lambda cells: _or_none_of(cells.read("closed_on", _days, pl.List(pl.Date))),
    "service_zone": lambda cells: cells.read("service_zone", multi_polygon, pl.String()),
}


def _or_none_of(lists: pl.Series) -> pl.Series:
    return lists.zip_with(lists.is_not_null(), pl.Series([[]], dtype=lists.dtype))
