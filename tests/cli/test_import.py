from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from cli.main import run
from storage.cluster import Database

HEADER = "code,name,lon,lat,makes,regular_hours\n"
GOOD = "CAI-1,النور,31.2405,30.0535,Toyota,Sat-Thu 09:00-22:00\n"


@pytest.fixture
def database(fresh_database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("CLUTCH_DATABASE_URL", fresh_database.owner_url)
    return fresh_database


def exit_code(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        run(["import", *arguments])
    return int(stopped.value.code or 0)


def shops_held(database: Database) -> int:
    engine = create_engine(database.owner_url)
    with engine.connect() as connection:
        count = connection.scalar(text("SELECT count(*) FROM shop"))
    engine.dispose()
    return count or 0


def test_it_says_what_it_did_and_that_there_is_nothing_more_to_do(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "shops.csv"
    path.write_text(HEADER + GOOD)
    assert exit_code("shops", str(path)) == 0
    assert capsys.readouterr().out == "shops: 1 new, 0 changed, 0 the same\n"
    assert exit_code("shops", str(path)) == 0
    assert capsys.readouterr().out == "nothing to do: all 1 shops are there already\n"
    assert shops_held(database) == 1


def test_bad_rows_are_listed_up_to_fifty_and_nothing_is_written(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "shops.csv"
    bad = "".join(f"X{i},Shop,31.2,131,Toyota,Daily 24 hours\n" for i in range(40))
    path.write_text(HEADER + GOOD + bad)
    assert exit_code("shops", str(path)) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[0] == "row 3: lat: expected a number from -90 to 90, found '131'"
    assert lines[50:] == [
        "and 30 more",
        "clutch: shops.csv: 40 rows cannot be used; nothing is written",
    ]
    assert shops_held(database) == 0


def test_times_without_a_zone_need_one_named(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "trips.csv"
    path.write_text(
        "origin_lon,origin_lat,destination_lon,destination_lat,started_at,duration_seconds\n"
        "31.2,30.0,31.3,30.1,2026-10-01 09:30,1200\n"
    )
    assert exit_code("trips", str(path)) == 2
    assert "expected a time and zone" in capsys.readouterr().err
    assert exit_code("trips", str(path), "--time-zone", "Africa/Cairo") == 0
    assert capsys.readouterr().out == "deliveries: 1 new, 0 changed, 0 the same\n"


@pytest.mark.parametrize("zone", ["Mars", "../etc/passwd", ""])
def test_an_unknown_time_zone_is_one_clear_line(
    zone: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code("trips", str(tmp_path / "trips.csv"), "--time-zone", zone) == 2
    assert capsys.readouterr().err.startswith("clutch: --time-zone: expected a name such as")


def test_a_folder_is_one_clear_line(
    database: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code("shops", str(tmp_path)) == 2
    said = capsys.readouterr().err
    assert said == f"clutch: FILE: expected a file, not a folder, found {tmp_path}\n"
