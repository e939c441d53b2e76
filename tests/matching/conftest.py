"""Small markets in real PostGIS."""

from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID, uuid5

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

SHOPS = UUID(int=0)
ALWAYS_OPEN = [0, 10_080]

AddShop = Callable[..., UUID]


@pytest.fixture
def session(connection: Connection) -> Iterator[Session]:
    """A session whose work is undone when the test ends."""
    with Session(connection, join_transaction_mode="create_savepoint") as session:
        yield session


@pytest.fixture
def add_shop(session: Session) -> AddShop:
    """Add an active Toyota shop that is always open; give columns to make it another."""

    def add(name: str, lon: float = 31.24, lat: float = 30.04, **columns: Any) -> UUID:
        row = {
            "shop_id": uuid5(SHOPS, name),
            "name": name,
            "status": "active",
            "brand_ids": [1],
            "regular_hours": ALWAYS_OPEN,
            "holiday_hours": [0, 1_440],
        } | columns
        names = ", ".join(row)
        values = ", ".join(f":{column}" for column in row)
        session.execute(
            text(
                f"INSERT INTO shop ({names}, location) VALUES ({values},"  # noqa: S608
                " ST_SetSRID(ST_MakePoint(:lon, :lat), 4326))"
            ),
            {**row, "lon": lon, "lat": lat},
        )
        shop_id: UUID = row["shop_id"]
        return shop_id

    return add
