from collections.abc import Callable, Mapping, Sequence

import polars as pl
import pytest

from shops.cells import Cells

SHOP = {
    "code": "CAI-1",
    "name": "El Nour",
    "lon": "31.2405",
    "lat": "30.0535",
    "makes": "Toyota",
    "regular_hours": "Sat-Thu 09:00-22:00",
}
TRIP = {
    "trip_id": "t1",
    "origin_lon": "31.24",
    "origin_lat": "30.05",
    "destination_lon": "31.30",
    "destination_lat": "30.10",
    "started_at": "2026-10-01T09:30:00+02:00",
    "duration_seconds": "1200",
}
CellsOf = Callable[..., Cells]


def _cells(base: Mapping[str, str], changes: Sequence[Mapping[str, str | None]]) -> Cells:
    rows = [{**base, **change} for change in changes]
    names = list(dict.fromkeys(name for row in rows for name in row))
    frame = pl.DataFrame(
        {name: pl.Series([row.get(name) for row in rows], dtype=pl.String) for name in names}
    )
    return Cells(frame, first_row=2)


@pytest.fixture
def shop_cells() -> CellsOf:
    """Rows of a good shop, each with changes."""
    return lambda *changes: _cells(SHOP, changes)


@pytest.fixture
def trip_cells() -> CellsOf:
    """Rows of a good trip, each with changes."""
    return lambda *changes: _cells(TRIP, changes)


@pytest.fixture
def brand_ids() -> dict[str, int]:
    return {"toyota": 1, "تويوتا": 1, "vw": 11, "volkswagen": 11, "mercedesbenz": 21, "kia": 3}
