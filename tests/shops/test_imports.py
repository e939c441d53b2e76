import datetime as dt
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from geojson_pydantic import Feature, FeatureCollection, Point
from sqlalchemy import Connection, text

from shops.imports import BadRows, Outcome, import_shops, import_trips
from shops.shop_rows import shop_id_for_code

SHOPS = pl.DataFrame(
    {
        "code": ["CAI-1", "CAI-2"],
        "name": ["El Nour", "Delta Parts"],
        "name_ar": ["النور", None],
        "lon": [31.2405, 31.2001],
        "lat": [30.0535, 30.0561],
        "makes": ["Toyota; VW", "فولكس فاجن"],
        "regular_hours": ["Sat-Thu 09:00-22:00; Fri 14:00-22:00", "Daily 10:00-20:00"],
    }
)
TRIPS = pl.DataFrame(
    {
        "shop_code": ["CAI-1", None],
        "origin_lon": [31.2405, 31.2],
        "origin_lat": [30.0535, 30.0],
        "destination_lon": [31.3, 31.25],
        "destination_lat": [30.1, 30.05],
        "started_at": ["2026-10-01T09:30:00+02:00", "2026-10-01T10:30:00Z"],
        "duration_seconds": [1_200, 600],
    }
)


def written(frame: pl.DataFrame, path: Path) -> Path:
    frame.write_csv(path) if path.suffix == ".csv" else frame.write_parquet(path)
    return path


def as_geojson(frame: pl.DataFrame, path: Path) -> Path:
    """Write shops as our GeoJSON models do."""
    features = [
        Feature(
            type="Feature",
            geometry=Point(type="Point", coordinates=(row.pop("lon"), row.pop("lat"))),
            properties={**row, "makes": row["makes"].split("; ")},
        )
        for row in frame.to_dicts()
    ]
    path.write_text(
        FeatureCollection(type="FeatureCollection", features=features).model_dump_json()
    )
    return path


def held(connection: Connection, code: str) -> Any:
    return connection.execute(
        text(
            "SELECT *, ST_X(location) AS lon, ST_Y(location) AS lat FROM shop WHERE shop_id = :id"
        ),
        {"id": shop_id_for_code(code)},
    ).one()


def count(connection: Connection, table: str) -> int:
    return connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0  # noqa: S608


def test_shops_are_added_once_whatever_the_format(connection: Connection, tmp_path: Path) -> None:
    assert import_shops(connection, written(SHOPS, tmp_path / "a.csv")) == Outcome(
        new=2, changed=0, same=0
    )
    again = [
        written(SHOPS, tmp_path / "a.csv"),
        written(SHOPS, tmp_path / "a.parquet"),
        as_geojson(SHOPS, tmp_path / "a.geojson"),
    ]
    for path in again:
        assert import_shops(connection, path) == Outcome(new=0, changed=0, same=2)
    shop = held(connection, "CAI-1")
    assert (shop.name, shop.name_ar, shop.status) == ("El Nour", "النور", "active")
    assert (shop.lon, shop.lat) == (31.2405, 30.0535)
    assert shop.brand_ids == [1, 11]
    assert shop.regular_hours[8:10] == [4 * 1_440 + 840, 4 * 1_440 + 1_320]


def test_only_what_differs_is_changed_and_other_columns_stay(
    connection: Connection, tmp_path: Path
) -> None:
    full = SHOPS.with_columns(phone=pl.lit("01012345678"), status=pl.lit("suspended"))
    import_shops(connection, written(full, tmp_path / "a.csv"))
    renamed = SHOPS.with_columns(name=pl.Series(["El Nour", "Delta Spare Parts"]))
    outcome = import_shops(connection, written(renamed, tmp_path / "b.csv"))
    assert outcome == Outcome(new=0, changed=1, same=1)
    shop = held(connection, "CAI-2")
    assert (shop.name, shop.phone, shop.status) == ("Delta Spare Parts", "01012345678", "suspended")


def test_every_optional_column_arrives(connection: Connection, tmp_path: Path) -> None:
    ring = [[31.0, 30.0], [31.5, 30.0], [31.5, 30.5], [31.0, 30.0]]
    full = SHOPS.head(1).with_columns(
        address=pl.lit("1 El Tawfikia Street"),
        ramadan_hours=pl.lit("Daily 20:00-02:00"),
        holiday_hours=pl.lit("12:00-18:00"),
        closed_on=pl.lit("2026-12-25"),
        service_zone=pl.lit(orjson.dumps({"type": "Polygon", "coordinates": [ring]}).decode()),
        rating_mean=4.5,
        rating_count=12,
        requests_received=20,
        requests_answered=18,
        answer_minutes_mean=7.5,
        deliveries_count=10,
        deliveries_on_time=9,
        preparation_minutes_mean=15.0,
        preparation_count=10,
    )
    path = written(full, tmp_path / "a.parquet")
    assert import_shops(connection, path).new == 1
    assert import_shops(connection, path).same == 1
    shop = held(connection, "CAI-1")
    assert shop.ramadan_hours[:2] == [0, 120]
    assert (shop.holiday_hours, shop.closed_on) == ([720, 1_080], [dt.date(2026, 12, 25)])
    assert (shop.rating_mean, shop.requests_answered, shop.deliveries_on_time) == (4.5, 18, 9)
    assert shop.service_zone is not None


def test_one_bad_row_keeps_all_out(connection: Connection, tmp_path: Path) -> None:
    bad = SHOPS.with_columns(lat=pl.Series([30.0, 131.0]), makes=pl.Series(["Toyotta", "Kia"]))
    with pytest.raises(BadRows, match="2 rows cannot be used; nothing is written") as raised:
        import_shops(connection, written(bad, tmp_path / "a.csv"))
    problems = raised.value.problems
    assert problems["row", "field"].unique().sort("row", "field").rows() == [
        (2, "makes"),
        (3, "lat"),
        (3, "lon, lat"),
    ]
    assert count(connection, "shop") == 0


def test_a_zone_that_crosses_itself_is_a_bad_row(connection: Connection, tmp_path: Path) -> None:
    bow_tie = [[31.0, 30.0], [31.5, 30.5], [31.5, 30.0], [31.0, 30.5], [31.0, 30.0]]
    zone = orjson.dumps({"type": "Polygon", "coordinates": [bow_tie]}).decode()
    shops = SHOPS.with_columns(service_zone=pl.Series([None, zone]))
    with pytest.raises(BadRows) as raised:
        import_shops(connection, written(shops, tmp_path / "a.csv"))
    row, field, reason = raised.value.problems.row(0)
    assert (row, field) == (3, "service_zone")
    assert reason.startswith("Self-intersection")
    assert count(connection, "shop") == 0


def test_a_point_that_is_none_is_a_bad_row(connection: Connection, tmp_path: Path) -> None:
    path = as_geojson(SHOPS, tmp_path / "a.geojson")
    document = orjson.loads(path.read_bytes())
    document["features"][0]["geometry"] = {
        "type": "LineString",
        "coordinates": [[31, 30], [32, 30]],
    }
    document["features"][1]["geometry"]["coordinates"] = [True, None]
    path.write_bytes(orjson.dumps(document))
    with pytest.raises(BadRows) as raised:
        import_shops(connection, path)
    assert raised.value.problems.rows() == [
        (1, "lon", "expected a number from -180 to 180, found 'LineString'"),
        (1, "lat", "expected a number from -90 to 90, found 'LineString'"),
        (2, "lon", "expected a number from -180 to 180, found 'true'"),
        (2, "lat", "is missing"),
    ]


def test_trips_are_added_once_and_belong_to_their_shop(
    connection: Connection, tmp_path: Path
) -> None:
    import_shops(connection, written(SHOPS, tmp_path / "shops.csv"))
    path = written(TRIPS, tmp_path / "trips.csv")
    assert import_trips(connection, path) == Outcome(new=2, changed=0, same=0)
    assert import_trips(connection, path) == Outcome(new=0, changed=0, same=2)
    trip = connection.execute(
        text("SELECT *, ST_X(destination) AS lon FROM past_delivery WHERE shop_id IS NOT NULL")
    ).one()
    assert str(trip.shop_id) == shop_id_for_code("CAI-1")
    assert trip.started_at == dt.datetime(2026, 10, 1, 7, 30, tzinfo=dt.UTC)
    assert (trip.duration_seconds, trip.lon, trip.preparation_seconds) == (1_200, 31.3, None)


def test_a_named_trip_may_be_corrected(connection: Connection, tmp_path: Path) -> None:
    trips = TRIPS.drop("shop_code").with_columns(trip_id=pl.Series(["t1", "t2"]))
    import_trips(connection, written(trips, tmp_path / "a.csv"))
    corrected = trips.with_columns(duration_seconds=pl.Series([1_300, 600]))
    outcome = import_trips(connection, written(corrected, tmp_path / "b.parquet"))
    assert outcome == Outcome(new=0, changed=1, same=1)


def test_a_trip_of_an_unknown_shop_keeps_all_out(connection: Connection, tmp_path: Path) -> None:
    with pytest.raises(BadRows) as raised:
        import_trips(connection, written(TRIPS, tmp_path / "a.csv"))
    assert raised.value.problems.rows() == [(2, "shop_code", "no such shop")]
    assert count(connection, "past_delivery") == 0


def test_geojson_trips_are_lines_from_shop_to_customer(
    connection: Connection, tmp_path: Path
) -> None:
    line = [[31.24, 30.05], [31.26, 30.06], [31.30, 30.10]]
    properties = {"started_at": "2026-10-01T09:30:00+02:00", "duration_seconds": 1_200}
    document = {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "geometry": {"type": "LineString", "coordinates": line},
                "properties": properties,
            }
        ],
    }
    path = tmp_path / "trips.geojson"
    path.write_bytes(orjson.dumps(document))
    assert import_trips(connection, path).new == 1
    ends = connection.execute(
        text("SELECT ST_AsText(origin), ST_AsText(destination) FROM past_delivery")
    ).one()
    assert tuple(ends) == ("POINT(31.24 30.05)", "POINT(31.3 30.1)")
    document["features"][0]["geometry"] = {"type": "Point", "coordinates": [31, 30]}
    path.write_bytes(orjson.dumps(document))
    with pytest.raises(BadRows) as raised:
        import_trips(connection, path)
    assert raised.value.problems["reason"].str.ends_with("found 'Point'").all()
