from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import text

from clutch.ids import uuid7

VEHICLES = "/api/v1/vehicles"
VERNA = {"make": "هيونداي", "model": "Verna", "year": 2012, "vin": "kmhcn41d-bcu123456"}


@pytest.fixture(scope="module")
def garage(address: str, market: Any, town_in: Any) -> Iterator[tuple[httpx.Client, Any]]:
    with httpx.Client(base_url=address, trust_env=False) as client:
        yield client, town_in(market)


def test_cars_come_and_go(garage: tuple[httpx.Client, Any]) -> None:
    client, town = garage
    headers = town.person().headers
    added = client.post(VEHICLES, json={**VERNA, "name": "mine"}, headers=headers)
    assert added.status_code == 201
    car = added.json()
    assert (car["make"], car["make_ar"], car["vin"]) == ("Hyundai", "هيونداي", "KMHCN41DBCU123456")
    assert car["vin_hint"] == {
        "make": "Hyundai",
        "country": "South Korea",
        "years": [1982, 2012],
        "agrees": True,
    }
    path = f"{VEHICLES}/{car['vehicle_id']}"
    assert client.get(path, headers=headers).json() == car
    replaced = client.put(path, json={**VERNA, "make": "Kia", "plate": "س ص ٤٢١"}, headers=headers)
    assert replaced.status_code == 200
    assert (replaced.json()["vin_hint"]["agrees"], replaced.json()["name"]) == (False, None)
    client.post(VEHICLES, json={"make": "Fiat", "vin": "128A0012345"}, headers=headers)
    listed = client.get(VEHICLES, headers=headers).json()["vehicles"]
    assert [each["make"] for each in listed] == ["Fiat", "Kia"]
    assert client.delete(path, headers=headers).status_code == 204
    assert client.get(path, headers=headers).status_code == 404
    assert len(client.get(VEHICLES, headers=headers).json()["vehicles"]) == 1


def test_an_order_keeps_the_car_that_left_the_garage(garage: tuple[httpx.Client, Any]) -> None:
    client, town = garage
    headers = town.person().headers
    vehicle_id = client.post(VEHICLES, json=VERNA, headers=headers).json()["vehicle_id"]
    order = client.post(
        "/api/v1/auto-parts-orders",
        json={
            "vehicle_id": vehicle_id,
            "delivery_location": {"type": "Point", "coordinates": [31.2, 30.0]},
        },
        headers=headers,
    ).json()
    client.delete(f"{VEHICLES}/{vehicle_id}", headers=headers)
    kept = client.get(f"/api/v1/auto-parts-orders/{order['order_id']}", headers=headers).json()
    assert (kept["vehicle_id"], kept["vehicle"]) == (None, order["vehicle"])


def test_a_car_is_added_once_for_each_key(garage: tuple[httpx.Client, Any]) -> None:
    client, town = garage
    headers = {**town.person().headers, "Idempotency-Key": "my-only-car"}
    first, again = (client.post(VEHICLES, json=VERNA, headers=headers) for _ in range(2))
    assert first.content == again.content
    assert len(client.get(VEHICLES, headers=headers).json()["vehicles"]) == 1


def test_another_garage_is_closed(garage: tuple[httpx.Client, Any]) -> None:
    client, town = garage
    owner, stranger = town.person(), town.person()
    own = client.post(VEHICLES, json=VERNA, headers=owner.headers).json()["vehicle_id"]
    for method, body in (("GET", None), ("PUT", VERNA), ("DELETE", None)):
        foreign, missing = (
            client.request(method, f"{VEHICLES}/{each}", json=body, headers=stranger.headers)
            for each in (own, uuid7())
        )
        assert foreign.status_code == missing.status_code == 404
        assert foreign.json() == missing.json()
        assert client.request(method, f"{VEHICLES}/{own}", json=body).status_code == 401
    assert client.get(f"{VEHICLES}/{own}", headers=owner.headers).json()["make"] == "Hyundai"


def test_a_full_garage_takes_no_more(garage: tuple[httpx.Client, Any]) -> None:
    client, town = garage
    person = town.person()
    fill(town, person.user_id, 50)
    refused = client.post(VEHICLES, json=VERNA, headers=person.headers)
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:clutch:problem:garage-full"
    assert len(client.get(VEHICLES, headers=person.headers).json()["vehicles"]) == 50


def fill(town: Any, user_id: UUID, count: int) -> None:
    with town.engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO vehicle (vehicle_id, user_id, brand_id, created_at)"
                " SELECT gen_random_uuid(), :user, 1, now() FROM generate_series(1, :count)"
            ),
            {"user": user_id, "count": count},
        )


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"make": "Trabant"}, "make"),
        ({"vin": "KMHCN41DBCU12345O"}, "vin"),
        ({"vin": "1M8GDM9A0KP042788"}, "vin"),
        ({"vin": "x" * 41}, "vin"),
        ({"year": 2019.5}, "year"),
        ({"plate": ""}, "plate"),
        ({"name": "a\tb"}, "name"),
        ({"owner": "me"}, "owner"),
    ],
)
def test_bad_fields_are_named(
    garage: tuple[httpx.Client, Any], change: dict[str, Any], field: str
) -> None:
    client, town = garage
    person = town.person()
    answer = client.post(VEHICLES, json={**VERNA, **change}, headers=person.headers)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == field
    assert client.get(VEHICLES, headers=person.headers).json() == {"vehicles": []}
