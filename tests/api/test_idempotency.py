"""A creating request sent twice is done once, whichever way its answers went."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text

from clutch.settings import Settings

CAR = {"make": "toyota", "model": "Corolla", "year": 2019}


@pytest.fixture
def send(client: httpx.Client, town: Any) -> Any:
    person = town.person()

    def sent(
        key: str | bytes | None, car: dict[str, Any] = CAR, headers: Any = None
    ) -> httpx.Response:
        of_key = {"Idempotency-Key": key} if key is not None else {}
        return client.post("/vehicles", json=car, headers={**(headers or person.headers), **of_key})

    sent.user_id = person.user_id  # type: ignore[attr-defined]
    return sent


@pytest.fixture(scope="module")
def town(databases: Any, town_in: Any, database: Any) -> Any:
    return town_in(database)


@pytest.fixture(scope="module")
def database(databases: Any) -> Any:
    with databases.copied() as database:
        yield database


@pytest.fixture(scope="module")
def client(database: Any, serve: Any, settings: Settings) -> Any:
    own = settings.model_copy(update={"database_url": database.url, "job_workers": 0})
    with (
        serve(own) as address,
        httpx.Client(base_url=f"{address}/api/v1", trust_env=False) as client,
    ):
        yield client


def counted(town: Any, user_id: Any) -> int:
    with town.engine.begin() as connection:
        return int(
            connection.scalar(
                text("SELECT count(*) FROM vehicle WHERE user_id = :id"), {"id": user_id}
            )
        )


def test_of_many_at_once_one_is_done_and_all_get_its_bytes(send: Any, town: Any) -> None:
    key, together = str(uuid4()), Barrier(6)

    def one(_: int) -> httpx.Response:
        together.wait()
        return send(key)

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(one, range(6)))
    assert [answer.status_code for answer in answers] == [201] * 6
    assert len({answer.content for answer in answers}) == 1
    replayed = [answer.headers.get("idempotency-replayed") for answer in answers]
    assert sorted(replayed, key=str) == [None, *["true"] * 5]
    assert counted(town, send.user_id) == 1


def test_it_is_answered_again_long_after(send: Any, town: Any) -> None:
    key = str(uuid4())
    first, second = send(key), send(key)
    assert first.content == second.content
    assert counted(town, send.user_id) == 1


def test_another_body_under_the_key_is_refused(send: Any, town: Any) -> None:
    key = str(uuid4())
    send(key)
    refused = send(key, CAR | {"year": 2020})
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "Idempotency-Key"
    assert counted(town, send.user_id) == 1


def test_nothing_is_kept_of_what_failed(send: Any, town: Any) -> None:
    key = str(uuid4())
    assert send(key, {"make": "no such make"}).status_code == 422
    assert send(key).status_code == 201
    assert counted(town, send.user_id) == 1


def test_somebody_elses_key_is_another(send: Any, town: Any) -> None:
    key, other = str(uuid4()), town.person()
    assert send(key).content != send(key, headers=other.headers).content
    assert counted(town, other.user_id) == 1


def test_the_same_for_another_shop_is_another_request(send: Any, town: Any) -> None:
    person, shops = town.person(), [town.shop(), town.shop()]
    with town.engine.begin() as connection:
        for shop_id in shops:
            connection.execute(
                text("INSERT INTO shop_member VALUES (:shop_id, :user_id, 'shop_staff')"),
                {"shop_id": shop_id, "user_id": person.user_id},
            )
    key = str(uuid4())
    acting_for = [{**person.headers, "X-Shop-Id": str(shop_id)} for shop_id in shops]
    assert send(key, headers=acting_for[0]).status_code == 201
    assert send(key, headers=acting_for[0]).headers["idempotency-replayed"] == "true"
    refused = send(key, headers=acting_for[1])
    assert refused.status_code == 422
    assert refused.json()["errors"][0]["field"] == "Idempotency-Key"


def test_without_a_key_each_is_done(send: Any, town: Any) -> None:
    assert send(None).content != send(None).content
    assert counted(town, send.user_id) == 2


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("short", "at least 8 characters"),
        ("x" * 121, "at most 120 characters"),
        ("with space in it", r"text of the form ^[\x21-\x7e]+$"),
        ("é" * 10, r"text of the form ^[\x21-\x7e]+$"),
    ],
)
def test_a_bad_key_is_named(send: Any, town: Any, key: str, expected: str) -> None:
    refused = send(key.encode())
    assert refused.status_code == 422
    assert refused.json()["errors"] == [{"field": "Idempotency-Key", "expected": expected}]
    assert counted(town, send.user_id) == 0
