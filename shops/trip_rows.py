"""What a row of a file of past deliveries must hold.

Pure.
"""

import re
from uuid import NAMESPACE_URL, UUID, uuid5

import polars as pl

from shops.cells import Cells, check_columns
from shops.shop_rows import shop_id_for_code

__all__ = ["TRIP_COLUMNS", "check_trips"]

_REQUIRED = (
    "origin_lon", "origin_lat", "destination_lon", "destination_lat", "started_at",
    "duration_seconds",
)  # fmt: skip
TRIP_COLUMNS = ("trip_id", *_REQUIRED, "shop_id", "shop_code", "preparation_seconds")
_NAMESPACE = uuid5(NAMESPACE_URL, "clutch:trip")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_MOST_SECONDS, _MOST_PREPARATION_SECONDS = 1_000_000, 6_000_000


def check_trips(cells: Cells, time_zone: str | None) -> pl.DataFrame:
    """Return the rows of the table `past_delivery` that `cells` describe.

    Parameters
    ----------
    cells
        The texts of the file; what cannot be used is noted in them.
    time_zone
        Where clocks stood by which times without a zone were written; None refuses such times.

    Returns
    -------
    frame
        `file_row`, the four coordinates, and the other columns of the table. A trip without a
        `trip_id` is told by all that is said of it. Good only when `cells.problems()` is empty.
    """
    check_columns(cells, TRIP_COLUMNS, required=_REQUIRED)
    columns = {
        "file_row": cells.rows,
        "delivery_id": _identifiers(cells),
        "shop_id": _shop_ids(cells),
        **cells.position("origin_lon", "origin_lat"),
        **cells.position("destination_lon", "destination_lat"),
        "started_at": cells.instant("started_at", time_zone, required=True),
        "preparation_seconds": cells.number(
            "preparation_seconds", 0, _MOST_PREPARATION_SECONDS, whole=True
        ),
        "duration_seconds": cells.number(
            "duration_seconds", 1, _MOST_SECONDS, required=True, whole=True
        ),
    }
    return pl.DataFrame([values.alias(name) for name, values in columns.items()])


def _identifiers(cells: Cells) -> pl.Series:
    named = cells.read("trip_id", _trip_id, pl.String())
    if named.null_count():
        texts = [cells.raw(name).fill_null("") for name in TRIP_COLUMNS[1:]]
        said = pl.select(pl.concat_str(texts, separator="|")).to_series()
        made = pl.Series([str(uuid5(_NAMESPACE, each)) for each in said], dtype=pl.String)
        named = named.fill_null(made)
    cells.refuse_repeats("trip_id" if "trip_id" in cells else "trip", named)
    return named


def _trip_id(text: str) -> str:
    """Return a UUID as it is, and for another system's identifier always the same UUID."""
    return str(UUID(text)) if _UUID.fullmatch(text) else str(uuid5(_NAMESPACE, text))


def _shop_ids(cells: Cells) -> pl.Series:
    given = cells.read("shop_id", _uuid, pl.String())
    return given.fill_null(cells.read("shop_code", shop_id_for_code, pl.String()))


def _uuid(text: str) -> str:
    if not _UUID.fullmatch(text):
        raise ValueError("expected a UUID")
    return str(UUID(text))
