import pytest
from sqlalchemy import create_engine, text

from cli.main import run
from storage.cluster import Database


@pytest.fixture
def database(fresh_database: Database, monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setenv("CLUTCH_DATABASE_URL", fresh_database.owner_url)
    return fresh_database


def exit_code(*arguments: str) -> int:
    with pytest.raises(SystemExit) as stopped:
        run(["seed", *arguments])
    return int(stopped.value.code or 0)


def test_it_says_what_it_loaded_and_will_not_load_twice(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code("--shops", "40", "--days", "5") == 0
    said = capsys.readouterr()
    assert said.out.startswith("loaded 40 shops, ")
    assert said.err == ""
    assert exit_code("--shops", "40") == 1
    said = capsys.readouterr()
    assert said.err.startswith("clutch: the database already holds shops or deliveries; --replace")
    assert said.err.count("\n") == 1
    assert exit_code("--shops", "30", "--replace", "--until", "today") == 0
    engine = create_engine(database.owner_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT count(*) FROM shop")) == 30
    engine.dispose()


@pytest.mark.parametrize(
    ("option", "value"),
    [("--shops", "0"), ("--days", "-1"), ("--seed", "-1"), ("--until", "1.11.2026")],
)
def test_a_wrong_option_is_one_clear_line(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(option, value) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"clutch: {option}: expected ")
    assert said.count("\n") == 1
