import datetime as dt
from collections.abc import Callable
from uuid import UUID

import pytest

from clutch.errors import InvalidInput
from shops.cells import Cells
from shops.shop_rows import check_shops, shop_id_for_code

CellsOf = Callable[..., Cells]
A_UUID = "0190A2F4-0000-7000-8000-000000000001"


def test_a_good_row_becomes_a_row_of_the_table(
    shop_cells: CellsOf, brand_ids: dict[str, int]
) -> None:
    cells = shop_cells(
        {
            "makes": "VW; تويوتا | Volkswagen",
            "name_ar": "النور",
            "phone": "٠١٠ 1234 5678",
            "closed_on": "2026-12-25; 2026-12-24",
            "holiday_hours": "12:00-18:00",
            "ramadan_hours": "",
        }
    )
    row = check_shops(cells, brand_ids).row(0, named=True)
    assert cells.problems().is_empty()
    assert row["file_row"] == 2
    assert row["shop_id"] == shop_id_for_code("CAI-1")
    assert (row["lon"], row["lat"]) == (31.2405, 30.0535)
    assert row["brand_ids"] == [1, 11]
    assert row["phone"] == "010 1234 5678"
    assert row["closed_on"] == [dt.date(2026, 12, 24), dt.date(2026, 12, 25)]
    assert row["holiday_hours"] == [720, 1_080]
    assert row["ramadan_hours"] is None
    assert "address" not in row


def test_a_shop_is_told_by_its_identifier_or_by_its_code(
    shop_cells: CellsOf, brand_ids: dict[str, int]
) -> None:
    cells = shop_cells({"shop_id": A_UUID}, {"code": "CAI-2"}, {"code": "ق ١"})
    ids = check_shops(cells, brand_ids)["shop_id"].to_list()
    assert cells.problems().is_empty()
    assert ids[0] == A_UUID.lower()
    assert [UUID(each).version for each in ids[1:]] == [5, 5]


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"code": None}, "code", "is missing, and shop_id too"),
        ({"shop_id": "7"}, "shop_id", "expected a UUID"),
        ({"name": "  "}, "name", "is missing"),
        ({"lon": "nan"}, "lon", "found 'nan'"),
        ({"lat": "inf"}, "lat", "found 'inf'"),
        ({"lon": "0", "lat": "0"}, "lon, lat", "in the sea"),
        ({"makes": "Toyotta"}, "makes", r"no make is called 'Toyotta' \(near: toyota\)"),
        ({"makes": "zzzz"}, "makes", "no make is called 'zzzz'$"),
        ({"makes": ";"}, "makes", "at least one make"),
        ({"regular_hours": "always"}, "regular_hours", "is not days followed by times"),
        ({"holiday_hours": "20:00-02:00"}, "holiday_hours", "may not pass midnight"),
        ({"closed_on": "tomorrow"}, "closed_on", "expected days such as"),
        ({"status": "open"}, "status", "expected one of active, pending_verification"),
        ({"phone": "call me"}, "phone", "expected a telephone number"),
        ({"service_zone": "Cairo"}, "service_zone", "expected a GeoJSON Polygon"),
        ({"rating_mean": "6", "rating_count": "3"}, "rating_mean", "from 1 to 5"),
        ({"rating_mean": "4", "rating_count": ""}, "rating_mean", "rating_count is above 0"),
        ({"rating_mean": "", "rating_count": "2"}, "rating_mean", "rating_count is above 0"),
        (
            {"deliveries_count": "3", "deliveries_on_time": "4"},
            "deliveries_on_time",
            "is more than deliveries_count",
        ),
        ({"deliveries_count": "-1", "deliveries_on_time": "0"}, "deliveries_count", "whole number"),
    ],
)
def test_a_bad_cell_is_told_by_row_field_and_reason(
    shop_cells: CellsOf,
    brand_ids: dict[str, int],
    change: dict[str, str | None],
    field: str,
    reason: str,
) -> None:
    good = {
        "code": "CAI-2",
        **dict.fromkeys(set(change) - {"code", "name", "lon", "lat", "makes", "regular_hours"}),
    }
    cells = shop_cells(good, change)
    check_shops(cells, brand_ids)
    problems = cells.problems()
    assert problems["row"].unique().to_list() == [3]
    assert field in problems["field"].to_list()
    assert problems["reason"].str.contains(reason).any()


def test_the_same_shop_twice_in_a_file_is_refused(
    shop_cells: CellsOf, brand_ids: dict[str, int]
) -> None:
    cells = shop_cells({}, {"code": "CAI-2"}, {"code": " CAI-1 "})
    check_shops(cells, brand_ids)
    assert cells.problems().rows() == [(4, "code", "repeats row 2")]


def test_a_file_without_the_columns_it_needs_is_refused(
    shop_cells: CellsOf, brand_ids: dict[str, int]
) -> None:
    with pytest.raises(InvalidInput, match=r"columns: expected only .*, found colour"):
        check_shops(shop_cells({"colour": "red"}), brand_ids)
    with pytest.raises(InvalidInput, match="all or none of rating_mean, rating_count"):
        check_shops(shop_cells({"rating_mean": "4"}), brand_ids)
