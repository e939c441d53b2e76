"""A market played by people whose lines are cut: it gets its parts, and nobody misses a word.

Rate limits are on: each simulated person calls from an address of their own, as people do.
"""

import datetime as dt
import json
from typing import Any

import pytest

from cli.main import run
from demo.people import add_people
from storage.cluster import Database
from storage.session import PLATFORM, open_engine, transaction

pytestmark = pytest.mark.slow

FIELDS = [
    "orders",
    "quoted",
    "accepted",
    "delivered",
    "cancelled",
    "quote_response_minutes_mean",
    "share_quoted_within_2h",
    "lost_events",
    "duplicate_events",
]


@pytest.fixture
def address(fresh_database: Database, server: Any) -> str:
    """A fresh server that knows nobody but the administrator."""
    engine = open_engine(fresh_database.url)
    with transaction(engine, PLATFORM) as session:
        add_people(session, now=dt.datetime.now(dt.UTC))
    engine.dispose()
    return str(server(fresh_database, workers=1).address)


def test_a_simulated_market_lives_and_loses_nothing(
    address: str, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--orders", "12", "--shops", "5", "--speed", "1200", "--district", "Nasr City"]
    with pytest.raises(SystemExit) as ended:
        run(["simulate", "--url", address, *options, "--json"])
    assert ended.value.code == 0
    (line,) = capsys.readouterr().out.splitlines()
    figures = json.loads(line)
    assert list(figures) == FIELDS
    assert figures["orders"] == 12
    assert (figures["lost_events"], figures["duplicate_events"]) == (0, 0)
    assert figures["quoted"] >= figures["accepted"] >= figures["delivered"] > 0
    assert 1 < figures["quote_response_minutes_mean"] < 240
    assert 0 < figures["share_quoted_within_2h"] <= 1


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("--orders", "0"),
        ("--speed", "0.1"),
        ("--shops", "1000"),
        ("--url", "ftp://here"),
        ("--url", "http://[::1"),
        ("--url", "http://127.0.0.1:99999"),
        ("--district", "Atlantis"),
    ],
)
def test_a_wrong_call_names_the_option(
    option: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["simulate", option, value])
    assert ended.value.code == 2
    assert capsys.readouterr().err.startswith(f"clutch: {option}: expected ")


def test_without_a_server_one_line_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["simulate", "--url", "http://127.0.0.1:9", "--orders", "1"])
    assert ended.value.code == 1
    assert capsys.readouterr().err.count("\n") == 1
