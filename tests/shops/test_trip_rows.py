import datetime as dt
from collections.abc import Callable
from uuid import UUID

import pytest

from shops.cells import Cells
from shops.shop_rows import shop_id_for_code
from shops.trip_rows import check_trips

CellsOf = Callable[..., Cells]


def test_a_good_row_becomes_a_row_of_the_table(trip_cells: CellsOf) -> None:
    cells = trip_cells({"shop_code": "CAI-1", "preparation_seconds": "600"})
    row = check_trips(cells, None).row(0, named=True)
    assert cells.problems().is_empty()
    assert UUID(row["delivery_id"]).version == 5
    assert row["shop_id"] == shop_id_for_code("CAI-1")
    assert row["started_at"] == dt.datetime(2026, 10, 1, 7, 30, tzinfo=dt.UTC)
    assert (row["preparation_seconds"], row["duration_seconds"]) == (600, 1_200)


def test_a_trip_without_an_identifier_is_told_by_what_is_said_of_it(trip_cells: CellsOf) -> None:
    unnamed = {"trip_id": None}
    cells = trip_cells(unnamed, unnamed | {"duration_seconds": "1201"}, unnamed)
    first, second, third = check_trips(cells, None)["delivery_id"]
    assert first == third != second
    assert cells.problems().rows() == [(4, "trip_id", "repeats row 2")]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"origin_lat": "200"}, "origin_lat"),
        ({"destination_lon": "Infinity"}, "destination_lon"),
        ({"started_at": "yesterday"}, "started_at"),
        ({"started_at": "2026-10-01T09:30:00"}, "started_at"),
        ({"duration_seconds": "0"}, "duration_seconds"),
        ({"duration_seconds": "12.5"}, "duration_seconds"),
        ({"duration_seconds": None}, "duration_seconds"),
        ({"shop_id": "shop one"}, "shop_id"),
        ({"preparation_seconds": "-1"}, "preparation_seconds"),
    ],
)
def test_a_bad_cell_is_told_by_row_and_field(
    trip_cells: CellsOf, change: dict[str, str | None], field: str
) -> None:
    cells = trip_cells({}, {"trip_id": "t2", **change})
    check_trips(cells, None)
    assert cells.problems()["row", "field"].rows() == [(3, field)]
