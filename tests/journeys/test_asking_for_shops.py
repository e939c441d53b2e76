"""The order service's question, asked in each way there is, has one answer."""

import asyncio
import datetime as dt
import json
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine

import demo
from api.app import create_app
from cli.main import run
from clutch.settings import Settings
from storage.cluster import Database
from storage.session import transaction

KEY = "a key for the tests"
OPTIONS = ("--make", "toyota", "--lon", "31.2357", "--lat", "30.0444", "--limit", "25")
QUESTION = {
    "vehicle": {"make": "Toyota"},
    "delivery_location": {"type": "Point", "coordinates": [31.2357, 30.0444]},
    "limit": 25,
}


@pytest.fixture
def market(fresh_database: Database) -> Database:
    engine = create_engine(fresh_database.owner_url)
    with transaction(engine) as session:
        demo.load(session.connection(), shops=800, seed=1, days=3, until=dt.date(2026, 11, 1))
    engine.dispose()
    return fresh_database


def by_http(market: Database, question: dict[str, Any]) -> Any:
    app = create_app(Settings(database_url=market.url, service_key=SecretStr(KEY)))

    async def ask() -> httpx.Response:
        async with (
            app.router.lifespan_context(app),
            httpx.AsyncClient(
                transport=httpx.ASGITransport(app),
                base_url="http://clutch",
                headers={"Authorization": f"Bearer {KEY}"},
            ) as caller,
        ):
            return await caller.post("/api/v1/matching/shops", json=question)

    answer = asyncio.run(ask())
    assert answer.status_code == 200
    return answer.json()


def shape(value: Any) -> Any:
    """The names and kinds in an answer, of lists those of the first entry."""
    if isinstance(value, dict):
        return {name: shape(each) for name, each in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return "number" if isinstance(value, int | float) else type(value).__name__


@pytest.mark.parametrize("part", [None, "04465-02220"])
def test_the_command_line_and_the_api_agree(
    market: Database,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    part: str | None,
) -> None:
    monkeypatch.setenv("CLUTCH_DATABASE_URL", market.url)
    with pytest.raises(SystemExit) as ended:
        run(["match", *OPTIONS, *(("--part", part) if part else ()), "--json"])
    assert ended.value.code == 0
    printed = json.loads(capsys.readouterr().out)
    sent = by_http(market, QUESTION | ({"parts": [{"number": part}]} if part else {}))

    assert len(sent["matches"]) == 25
    assert shape(printed) == shape(sent)
    for name in ("nearest_distance_m", "weights_version", "model_version"):
        assert printed[name] == sent[name]
    # Seconds lie between the two: waits may change a little, the order does not.
    for by_command, by_api in zip(printed["matches"], sent["matches"], strict=True):
        assert by_command["shop"] == by_api["shop"]
        assert by_command["distance_m"] == by_api["distance_m"]
        assert by_command["score"] == pytest.approx(by_api["score"], abs=1e-3)
