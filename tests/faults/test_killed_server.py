"""A server killed amid creating requests, on a network that cuts: nothing lost, nothing twice."""

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import create_engine, text

from storage.cluster import Database

pytestmark = pytest.mark.slow

_REQUESTS, _CLIENTS, _SHARE_CUT = 1_000, 12, 0.30
_PATH = "/api/v1/vehicles"


def vehicle(number: int) -> dict[str, Any]:
    return {"make": "Toyota", "model": "Corolla", "year": 2015, "name": f"car {number}"}


def key(number: int) -> str:
    return f"garage-of-a-fault-test-{number}"


def test_nothing_acknowledged_is_lost_and_nothing_is_done_twice(
    fresh_database: Database, town_in: Any, server: Any, cutting_proxy: Any, persistent: Any
) -> None:
    town = town_in(fresh_database)
    people = [town.person() for _ in range(50)]
    served = server(fresh_database, workers=2)
    proxy = cutting_proxy(served.port, share=_SHARE_CUT, seed=1)
    client, straight = persistent(proxy.port), persistent(served.port)

    def create(number: int) -> Any:
        if number == _REQUESTS // 2:
            served.kill()
            served.start()
        headers = people[number % len(people)].headers
        return client.post(_PATH, vehicle(number), headers=headers, key=key(number))

    def repeat(number: int) -> Any:
        headers = people[number % len(people)].headers
        return straight.post(_PATH, vehicle(number), headers=headers, key=key(number))

    with ThreadPoolExecutor(_CLIENTS) as clients:
        answers = list(clients.map(create, range(_REQUESTS)))
        again = list(clients.map(repeat, range(_REQUESTS)))

    assert {answer.status_code for answer in answers} == {201}
    assert [answer.content for answer in again] == [answer.content for answer in answers]
    assert {answer.headers.get("idempotency-replayed") for answer in again} == {"true"}
    acknowledged = {UUID(json.loads(answer.content)["vehicle_id"]) for answer in answers}
    engine = create_engine(fresh_database.owner_url)
    with engine.connect() as connection:
        rows = connection.execute(text("SELECT vehicle_id, name FROM vehicle")).all()
    engine.dispose()
    assert len(acknowledged) == len(rows) == _REQUESTS
    assert {row.vehicle_id for row in rows} == acknowledged
    assert {row.name for row in rows} == {f"car {number}" for number in range(_REQUESTS)}
    # Without faults the test would prove nothing.
    assert all(count > 30 for count in proxy.cuts.values())
    assert client.attempts > _REQUESTS * 1.2
