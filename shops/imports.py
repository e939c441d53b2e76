"""Shops and past deliveries from files: all rows of a file, or none.

Reads: make_alias. Writes: shop, past_delivery.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import Connection

from clutch.errors import InvalidInput
from shops.cells import Cells
from shops.files import read_cells
from shops.queries import imports as queries
from shops.queries import makes
from shops.shop_rows import check_shops
from shops.trip_rows import check_trips

__all__ = ["BadRows", "Outcome", "import_shops", "import_trips"]


Progress = Callable[[str, int, int], None]


class BadRows(InvalidInput):
    """Rows of a file that cannot be used; `problems` has `row`, `field` and `reason` of each."""

    def __init__(self, path: Path, problems: pl.DataFrame) -> None:
        self.problems = problems
        rows = problems["row"].n_unique()
        super().__init__(path.name, "rows that can all be used")
        what = "row" if rows == 1 else "rows"
        self.args = (f"{path.name}: {rows:,} {what} cannot be used; nothing is written",)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of the rows of a file."""

    new: int
    changed: int
    same: int


def import_shops(
    connection: Connection, path: Path, *, progress: Progress | None = None
) -> Outcome:
    """Add the shops of a file, and change those that are there already.

    In the caller's transaction. What the file has no column for stays as it is. `progress` is told
    what is being done.

    Raises
    ------
    InvalidInput
        The file is not a table of shops.
    BadRows
        Some of its rows cannot be used; nothing was written.
    """
    tell = progress or _silent
    tell("reading", 0, 0)
    cells = read_cells(path, place=_shop_place)
    tell("checking", 0, 0)
    shops = check_shops(cells, makes.brand_ids(connection))
    _refuse_bad_rows(path, cells)
    tell("writing", 0, 0)
    queries.stage_shops(connection, shops)
    for row, reason in queries.invalid_zones(connection) if "service_zone" in cells else ():
        cells.refuse("service_zone", cells.rows == row, reason)
    _refuse_bad_rows(path, cells)
    new, changed = queries.merge_shops(connection, shops.columns)
    return Outcome(new=new, changed=changed, same=len(shops) - new - changed)


def import_trips(
    connection: Connection,
    path: Path,
    *,
    time_zone: str | None = None,
    progress: Progress | None = None,
) -> Outcome:
    """Add the past deliveries of a file, and change those that are there already.

    Times without a zone are read in `time_zone`, or refused when that is None.

    Raises
    ------
    InvalidInput
        The file is not a table of deliveries.
    BadRows
        Some of its rows cannot be used; nothing was written.
    """
    tell = progress or _silent
    tell("reading", 0, 0)
    cells = read_cells(path, place=_trip_places)
    tell("checking", 0, 0)
    trips = check_trips(cells, time_zone)
    _refuse_bad_rows(path, cells)
    tell("writing", 0, 0)
    queries.stage_trips(connection, trips)
    field = "shop_id" if "shop_id" in cells else "shop_code"
    for row in queries.trips_of_unknown_shops(connection):
        cells.refuse(field, cells.rows == row, "no such shop")
    _refuse_bad_rows(path, cells)
    new, changed = queries.merge_trips(connection)
    return Outcome(new=new, changed=changed, same=len(trips) - new - changed)


def _silent(_doing: str, _done: int, _total: int) -> None:
    pass


def _refuse_bad_rows(path: Path, cells: Cells) -> None:
    problems = cells.problems()
    if not problems.is_empty():
        raise BadRows(path, problems)


def _shop_place(geometry: Any) -> dict[str, object]:
    """Return `lon`, `lat` of a Point; of anything else, what it is, for the check to refuse."""
    if geometry is None:
        return {}
    kind, position = _parts(geometry)
    return _axes(kind, position if kind == "Point" else None)


def _trip_places(geometry: Any) -> dict[str, object]:
    """Return the ends of a LineString; of anything else, what it is, for the check to refuse."""
    if geometry is None:
        return {}
    kind, line = _parts(geometry)
    if kind != "LineString" or not isinstance(line, list) or len(line) < 2:
        line = [None, None]
    return {
        f"{end}_{axis}": value
        for end, position in (("origin", line[0]), ("destination", line[-1]))
        for axis, value in _axes(kind, position).items()
    }


def _parts(geometry: Any) -> tuple[str, Any]:
    if not isinstance(geometry, dict):
        return str(geometry), None
    return str(geometry.get("type")), geometry.get("coordinates")


def _axes(kind: str, position: Any) -> dict[str, object]:
    if not isinstance(position, list):
        return {"lon": kind, "lat": kind}
    return dict(zip(("lon", "lat"), position, strict=False))
