import json
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from cli.main import run
from storage.cluster import Database

Call = Callable[..., tuple[int, str, str]]
DOWNTOWN = ("--make", "toyota", "--lon", "31.2357", "--lat", "30.0444")


@pytest.fixture
def database(fresh_database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    """Three Toyota shops, the last of them closed for good."""
    monkeypatch.setenv("CLUTCH_DATABASE_URL", fresh_database.url)
    engine = create_engine(fresh_database.owner_url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO shop (shop_id, name, status, location, brand_ids, regular_hours)"
                " SELECT gen_random_uuid(), 'El Masry Brothers Auto Parts, branch ' || i, 'active',"
                " ST_SetSRID(ST_MakePoint(31.24 + i / 100.0, 30.04), 4326), '{1}',"
                " CASE WHEN i < 3 THEN '{0,10080}'::int[] ELSE '{}' END"
                " FROM generate_series(1, 3) i"
            )
        )
    engine.dispose()
    return fresh_database


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    def call(*words: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as stopped:
            run(["match", *words])
        said = capsys.readouterr()
        return int(stopped.value.code or 0), said.out, said.err

    return call


@pytest.mark.usefixtures("database")
def test_the_table_fits_a_narrow_terminal(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    code, out, err = call(*DOWNTOWN)
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= 80
    words = " ".join(out.split())
    assert "# shop km score likely 9 times of 10 why" in words
    assert "branch 1" in words
    assert "min by " in words
    assert "closed this week" in words
    assert "delivery times: " in words


@pytest.mark.usefixtures("database")
def test_json_is_the_answer_on_one_line(call: Call) -> None:
    code, out, _ = call(*DOWNTOWN, "--limit", "2", "--json")
    assert code == 0
    assert out.count("\n") == 1
    answer: Any = json.loads(out)
    assert list(answer) == ["matches", "nearest_distance_m", "weights_version", "model_version"]
    assert len(answer["matches"]) == 2


@pytest.mark.usefixtures("database")
def test_where_nobody_is_near_it_says_how_far_the_nearest_is(call: Call) -> None:
    far = ("--make", "toyota", "--lon", "29.92", "--lat", "31.2", "--max-distance-km", "5")
    assert call(*far)[:2] == (0, "no shop here carries this make; the nearest is 181.1 km away\n")
    none = ("--make", "kia", "--lon", "29.92", "--lat", "31.2")
    assert call(*none)[:2] == (0, "no shop here carries this make\n")


@pytest.mark.usefixtures("database")
def test_an_unknown_make_comes_with_the_nearest_names(call: Call) -> None:
    code, out, err = call("--make", "toyotta", "--lon", "31", "--lat", "30")
    assert (code, out) == (2, "")
    assert err == "clutch: --make: expected a known make; did you mean Toyota?, found toyotta\n"


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("--lon", "180.1"), "--lon: expected degrees from -180 to 180, found 180.1"),
        (("--lat", "131.2"), "--lat: expected degrees from -90 to 90, found 131.2"),
        (("--lat", "nan"), "--lat: expected degrees from -90 to 90, found nan"),
        (("--lon", "-inf"), "--lon: expected degrees from -180 to 180, found -inf"),
        (("--limit", "51"), "--limit: expected a whole number from 1 to 50, found 51"),
        (
            ("--max-distance-km", "0"),
            "--max-distance-km: expected kilometres above 0, to 20100, found 0",
        ),
    ],
)
def test_a_number_out_of_range_is_one_clear_line(
    call: Call, words: tuple[str, str], line: str
) -> None:
    assert call(*DOWNTOWN, *words) == (2, "", f"clutch: {line}\n")
