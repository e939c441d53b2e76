import pytest
from sqlalchemy import create_engine, text

from cli.main import run
from storage.cluster import Database


@pytest.fixture
def database(fresh_database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("CLUTCH_DATABASE_URL", fresh_database.url)
    monkeypatch.setenv("CLUTCH_DATABASE_OWNER_URL", fresh_database.owner_url)
    return fresh_database


def exit_code(*words: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        run(words)
    return int(stopped.value.code or 0)


def models(database: Database) -> int:
    engine = create_engine(database.owner_url)
    with engine.connect() as connection:
        count = connection.scalar(text("SELECT count(*) FROM model_version"))
    engine.dispose()
    return int(count or 0)


def test_too_few_deliveries_leave_the_model_and_say_what_to_do(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code("train", "delivery") == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        "clutch: 0 past deliveries are too few to learn from: bring 30 or more"
        " with `clutch import trips FILE`, or make some up with `clutch seed`\n"
    )
    assert models(database) == 0


def test_it_keeps_what_it_learned_and_says_from_how_much(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    engine = create_engine(database.owner_url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO shop (shop_id, name, status, location, brand_ids, regular_hours)"
                " VALUES (gen_random_uuid(), 'shop', 'active',"
                " ST_SetSRID(ST_MakePoint(31.2, 30), 4326), '{1}', '{0,10080}')"
            )
        )
        connection.execute(
            text(
                "INSERT INTO past_delivery (delivery_id, shop_id, origin, destination, started_at,"
                " preparation_seconds, duration_seconds) SELECT gen_random_uuid(), shop_id,"
                " location, ST_SetSRID(ST_MakePoint(31.2 + i / 5000.0, 30), 4326),"
                " now() - make_interval(hours => i), 600, 300 + 4 * i"
                " FROM shop, generate_series(1, 200) i"
            )
        )
    engine.dispose()
    assert exit_code("train", "delivery") == 0
    assert "learned from 200 deliveries" in capsys.readouterr().out
    assert models(database) == 1


def test_without_a_word_it_says_what_can_be_learned(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("train") == 2
    said = capsys.readouterr()
    assert "delivery" in said.out + said.err
