import datetime as dt
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from clutch.errors import InvalidInput
from shops.cells import Cells
from shops.files import read_cells


def place(geometry: Any) -> dict[str, object]:
    return dict(zip(("lon", "lat"), geometry["coordinates"], strict=True)) if geometry else {}


def read(path: Path, content: bytes) -> Cells:
    path.write_bytes(content)
    return read_cells(path, place=place)


def texts(cells: Cells) -> dict[str, list[str | None]]:
    return {name: cells.raw(name).to_list() for name in cells.columns}


def feature(properties: object, coordinates: object = (31.2, 30.1)) -> dict[str, object]:
    geometry = {"type": "Point", "coordinates": coordinates} if coordinates else None
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def collection(*features: object) -> bytes:
    return orjson.dumps({"type": "FeatureCollection", "features": features})


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_of_a_spreadsheet_is_read_as_text(tmp_path: Path, separator: str, end: str) -> None:
    lines = [["﻿Code", " NAME "], ["007", "النور"], ["", ""], ["1e5", '"a, b"']]
    content = end.join(separator.join(line) for line in lines) + end
    cells = read(tmp_path / "shops.csv", content.encode())
    assert texts(cells) == {"code": ["007", "1e5"], "name": ["النور", "a, b"]}
    assert cells.rows.to_list() == [2, 4]


def test_parquet_values_become_the_texts_that_a_person_would_write(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "code": [7],
            "lon": [0.1 + 0.2],
            "lat": [float("nan")],
            "makes": [["Kia", None, "VW"]],
            "started_at": [dt.datetime(2026, 10, 1, 7, 30, tzinfo=dt.UTC)],
            "open": [True],
        }
    )
    frame.write_parquet(tmp_path / "shops.parquet")
    cells = read_cells(tmp_path / "shops.parquet", place=place)
    assert texts(cells)["code"] == ["7"]
    assert texts(cells)["makes"] == ["Kia;VW"]
    assert texts(cells)["open"] == ["true"]
    assert cells.number("lon", -180, 180).to_list() == [0.1 + 0.2]
    assert cells.instant("started_at", None).to_list() == frame["started_at"].to_list()
    assert cells.number("lat", -90, 90).to_list() == [None]
    assert cells.rows.to_list() == [1]


def test_geojson_features_are_rows_with_their_point_as_columns(tmp_path: Path) -> None:
    cells = read(
        tmp_path / "shops.geojson",
        collection(
            feature({"code": "a", "makes": ["Kia", "VW"], "zone": {"type": "Polygon"}}),
            feature({"code": 7, "open": True, "lon": "1", "lat": "2"}, None),
        ),
    )
    assert texts(cells) == {
        "code": ["a", "7"],
        "makes": ["Kia;VW", None],
        "zone": ['{"type":"Polygon"}', None],
        "lon": ["31.2", "1"],
        "lat": ["30.1", "2"],
        "open": [None, "true"],
    }


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv", b"", "nothing in a.csv"),
        ("a.csv", b" \n\n", "nothing in a.csv"),
        ("a.csv", b"code,name\n", "none in a.csv"),
        ("a.csv", b"code,name\n,\n", "none in a.csv"),
        ("a.csv", b"code,name\na,b\nc,\xff\n", "byte 0xff in line 3"),
        ("a.csv", b"code,name\na,b\nc,d,e\n", "3 cells in row 3 under a header of 2"),
        ("a.csv", b'code,name\na,"b\nc,d\n', "expected a CSV table with a header"),
        ("a.csv", b"code,CODE\na,b\n", "columns: expected names that differ"),
        ("a.parquet", b"PAR1", "expected a Parquet table"),
        ("a.geojson", b'{"a": NaN}', "expected GeoJSON, found line 1, column 7"),
        ("a.geojson", b"[" * 100_000, "expected GeoJSON"),
        ("a.geojson", b"[]", "expected a GeoJSON FeatureCollection"),
        ("a.geojson", b'{"type": "Feature"}', "expected a GeoJSON FeatureCollection"),
        ("a.geojson", collection(), "none in a.geojson"),
        ("a.geojson", collection(feature({}), 7), "found feature 2"),
        ("a.geojson", collection(feature(None)), "found feature 1"),
        ("a.txt", b"code\n1\n", "ending in .csv, .parquet, .geojson, .json, found a.txt"),
    ],
)
def test_a_file_that_is_no_table_is_one_clear_line(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    with pytest.raises(InvalidInput) as raised:
        read(tmp_path / name, content)
    assert message in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_folder_or_nothing_is_no_file(tmp_path: Path) -> None:
    (tmp_path / "shops.csv").mkdir()
    with pytest.raises(InvalidInput, match="a file, not a folder"):
        read_cells(tmp_path / "shops.csv", place=place)
    with pytest.raises(InvalidInput, match="a file that exists"):
        read_cells(tmp_path / "none.csv", place=place)


def test_a_column_that_holds_records_is_refused(tmp_path: Path) -> None:
    pl.DataFrame({"hours": [{"mon": 1}]}).write_parquet(tmp_path / "a.parquet")
    with pytest.raises(InvalidInput, match="hours: expected a column of texts"):
        read_cells(tmp_path / "a.parquet", place=place)
