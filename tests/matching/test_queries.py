"""Candidates from real PostGIS: the right shops, by the right plan."""

import datetime as dt
import json
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Connection, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from matching import queries
from matching.queries import CANDIDATES_NEAR, Place
from storage.session import Query, Steps, run

CAIRO = Place(brand_id=1, lon=31.2357, lat=30.0444, ramadan=True, holiday=True)


def fetch(session: Session, query: Query) -> list[Any]:
    def steps() -> Steps[list[Any]]:
        return (yield query) or []

    return run(session, steps())


def near(session: Session, place: Place, *, count: int) -> list[queries.CandidateRow]:
    return fetch(session, queries.candidates_near(place, count=count))


def names(rows: list[queries.CandidateRow]) -> list[str]:
    return [row.name for row in rows]


def test_shops_come_nearest_first_with_their_distance(session: Session, add_shop: Any) -> None:
    add_shop("far", 31.40, 30.04)
    add_shop("near", 31.236, 30.044)
    add_shop("middle", 31.30, 30.04)
    rows = near(session, CAIRO, count=50)
    assert names(rows) == ["near", "middle", "far"]
    # one degree of longitude at 30.04 north is 96.49 km on WGS 84
    assert rows[2].distance_m == pytest.approx((31.40 - 31.2357) * 96_490, rel=2e-3)


def test_other_brands_and_shops_that_are_not_active_are_left_out(
    session: Session, add_shop: Any
) -> None:
    add_shop("toyota and kia", brand_ids=[1, 3])
    add_shop("kia", brand_ids=[3])
    for status in ("pending_verification", "suspended", "inactive"):
        add_shop(status, status=status)
    assert names(near(session, CAIRO, count=50)) == ["toyota and kia"]


def test_a_service_zone_that_leaves_the_customer_out_excludes_the_shop(
    session: Session, add_shop: Any
) -> None:
    square = "SRID=4326;MULTIPOLYGON((({0} 30, {1} 30, {1} 31, {0} 31, {0} 30)))"
    add_shop("serves here", service_zone=square.format(31, 32))
    add_shop("serves elsewhere", service_zone=square.format(32, 33))
    assert names(near(session, CAIRO, count=50)) == ["serves here"]


def test_hours_that_cannot_count_are_not_sent(session: Session, add_shop: Any) -> None:
    add_shop("shop", ramadan_hours=[1200, 1400], closed_on=[dt.date(2026, 1, 1)])
    row = near(session, CAIRO, count=1)[0]
    assert (row.ramadan_hours, row.holiday_hours) == ([1200, 1400], [0, 1440])
    assert row.closed_on == [dt.date(2026, 1, 1)]
    plain = CAIRO._replace(ramadan=False, holiday=False)
    row = near(session, plain, count=1)[0]
    assert (row.ramadan_hours, row.holiday_hours) == (None, None)


def test_a_shop_that_holds_the_part_is_found_however_far(session: Session, add_shop: Any) -> None:
    aswan = add_shop("Aswan", 32.90, 24.09)
    empty = add_shop("sold out", 31.23, 30.04)
    for shop_id, quantity in ((aswan, 3), (empty, 0)):
        session.execute(
            text(
                "INSERT INTO stock_listing (shop_id, part_key, part_number, quantity, counted_at)"
                " VALUES (:shop_id, '0446502220', '04465-02220', :quantity, now())"
            ),
            {"shop_id": shop_id, "quantity": quantity},
        )
    rows = fetch(session, queries.candidates_by_stock(CAIRO, count=50, part_keys=["0446502220"]))
    assert names(rows) == ["Aswan"]
    stock = fetch(session, queries.known_stock([aswan, empty], ["0446502220", "other"]))
    assert sorted(row.quantity for row in stock) == [0, 3]


@pytest.mark.parametrize(
    ("lon", "lat"),
    [(999, 0), (0, 131.2), (float("nan"), 0), (0, float("inf")), (-180.001, 0), (0, -90.001)],
)
def test_a_place_off_the_earth_is_refused_by_the_database(
    add_shop: Any, lon: float, lat: float
) -> None:
    with pytest.raises(IntegrityError, match="shop_location_on_earth_check"):
        add_shop("nowhere", lon, lat)


@pytest.mark.parametrize(
    ("columns", "constraint"),
    [
        ({"regular_hours": [600, 540]}, "shop_regular_hours_rise_check"),
        ({"regular_hours": [600]}, "shop_regular_hours_rise_check"),
        ({"regular_hours": [600, 10_081]}, "shop_regular_hours_rise_check"),
        ({"holiday_hours": [0, 1441]}, "shop_holiday_hours_rise_check"),
        ({"brand_ids": []}, "shop_brand_ids_filled_check"),
        ({"rating_mean": 4.0}, "shop_rating_in_range_check"),
        ({"rating_mean": 5.5, "rating_count": 1}, "shop_rating_in_range_check"),
        ({"requests_answered": 1, "answer_minutes_mean": 5.0}, "shop_requests_counted_check"),
        ({"status": "open"}, "shop_status_known_check"),
        ({"name": "  "}, "shop_name_filled_check"),
    ],
)
def test_the_database_refuses_what_no_shop_can_be(
    add_shop: Any, columns: dict[str, Any], constraint: str
) -> None:
    with pytest.raises(IntegrityError, match=constraint):
        add_shop(**{"name": "impossible"} | columns)


@pytest.mark.parametrize("brand_id", [1, 2, 3], ids=["common", "rare", "absent"])
def test_one_index_scan_finds_brand_and_order_together(
    connection: Connection, brand_id: int
) -> None:
    connection.execute(
        text(
            "INSERT INTO shop (shop_id, name, status, location, brand_ids, regular_hours)"
            " SELECT gen_random_uuid(), 'shop', 'active',"
            " ST_SetSRID(ST_MakePoint(31 + random(), 30 + random()), 4326),"
            " CASE WHEN i % 2000 = 0 THEN ARRAY[2] ELSE ARRAY[1] END, '{0,10080}'"
            " FROM generate_series(1, 20000) AS i"
        )
    )
    connection.execute(text("ANALYZE shop"))
    place = CAIRO._replace(brand_id=brand_id)
    with connection.connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {CANDIDATES_NEAR}", {**place._asdict(), "count": 50})
        found = cursor.fetchone()
    assert found is not None
    plan = json.dumps(found[0])
    assert '"Index Name": "shop_location_brand_ids_idx"' in plan
    assert "brand_ids @>" in plan.split('"Index Cond": ')[1].split('",')[0]
    assert "location <->" in plan.split('"Order By": ')[1].split('",')[0]
    assert "Seq Scan" not in plan


def test_fifty_candidates_hold_the_ten_truly_nearest(session: Session, add_shop: Any) -> None:
    rng = np.random.default_rng(5)
    for i, (lon, lat) in enumerate(rng.normal((31.2357, 30.0444), 0.2, (300, 2))):
        add_shop(f"shop {i}", float(lon), float(lat))
    nearest = near(session, CAIRO, count=50)[:10]
    exact = session.scalars(
        text(
            "SELECT name FROM shop ORDER BY ST_Distance(location::geography,"
            " ST_SetSRID(ST_MakePoint(31.2357, 30.0444), 4326)::geography) LIMIT 10"
        )
    )
    assert names(nearest) == exact.all()
