import datetime as dt
from typing import Any

import pytest
from sqlalchemy import Connection, text

import demo
from demo import loading, queries
from demo.loading import DatabaseNotEmpty

UNTIL = dt.date(2026, 11, 1)
TABLES = {"shop": "shop_id", "stock_listing": "shop_id, part_key", "past_delivery": "delivery_id"}


def load(connection: Connection, **options: Any) -> demo.Counts:
    return demo.load(connection, **{"shops": 120, "seed": 7, "days": 20, "until": UNTIL, **options})


def fingerprint(connection: Connection) -> dict[str, str]:
    return {
        table: connection.scalar(
            text(f"SELECT md5(string_agg(row::text, '|' ORDER BY {key})) FROM {table} AS row")  # noqa: S608
        )
        for table, key in TABLES.items()
    }


def count(connection: Connection, table: str) -> int:
    return connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0  # noqa: S608


def index_definition(connection: Connection) -> str:
    return str(
        connection.scalar(text("SELECT pg_get_indexdef('shop_location_brand_ids_idx'::regclass)"))
    )


def test_it_loads_as_many_rows_as_it_says(connection: Connection) -> None:
    counts = load(connection)
    assert counts.shops == count(connection, "shop") == 120
    assert counts.stock_listings == count(connection, "stock_listing") > 0
    assert counts.past_deliveries == count(connection, "past_delivery") > 0


def test_the_same_arguments_load_the_same_bytes(connection: Connection) -> None:
    load(connection)
    first = fingerprint(connection)
    load(connection, replace=True)
    assert fingerprint(connection) == first
    load(connection, replace=True, seed=8)
    assert fingerprint(connection)["shop"] != first["shop"]


def test_a_large_load_gives_the_same_rows_and_the_same_index(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    load(connection)
    rows, index = fingerprint(connection), index_definition(connection)
    monkeypatch.setattr(loading, "_BUILD_INDEX_LAST", 100)
    load(connection, replace=True)
    assert fingerprint(connection) == rows
    assert index_definition(connection) == index


def test_chunks_are_joined_without_gaps(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "_CHUNK", 50)
    seen: list[tuple[str, int, int]] = []
    load(connection, progress=lambda *told: seen.append(told))
    assert [told for told in seen if told[0] == "shops"] == [
        ("shops", 0, 120),
        ("shops", 50, 120),
        ("shops", 100, 120),
    ]
    assert count(connection, "shop") == 120


def test_a_database_with_rows_is_left_alone(connection: Connection) -> None:
    load(connection)
    before = fingerprint(connection)
    with pytest.raises(DatabaseNotEmpty, match="already holds shops"):
        load(connection, seed=8)
    assert fingerprint(connection) == before


def test_replacing_keeps_what_did_not_come_from_a_seed(connection: Connection) -> None:
    connection.execute(
        text(
            "INSERT INTO shop (shop_id, name, location, brand_ids, regular_hours) VALUES"
            " (gen_random_uuid(), 'A real shop', ST_Point(31, 30, 4326), '{1}', '{}')"
        )
    )
    load(connection, replace=True)
    load(connection, replace=True, shops=30)
    assert count(connection, "shop") == 31
    assert count(connection, "shop WHERE name = 'A real shop'") == 1


def test_a_failure_in_the_middle_leaves_nothing(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "_BUILD_INDEX_LAST", 100)
    index = index_definition(connection)

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(queries, "copy_deliveries", fail)
    with pytest.raises(OSError, match="disk full"), connection.begin_nested():
        load(connection)
    assert count(connection, "shop") == count(connection, "stock_listing") == 0
    assert index_definition(connection) == index


def test_some_make_is_carried_by_no_shop(connection: Connection) -> None:
    load(connection, shops=2_000)
    absent = connection.scalars(
        text(
            "SELECT name_en FROM make WHERE NOT EXISTS"
            " (SELECT FROM shop WHERE brand_ids @> ARRAY[make.brand_id])"
        )
    )
    assert {"Cupra", "DS"} <= set(absent)
