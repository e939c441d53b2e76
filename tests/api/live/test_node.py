"""npm's socket.io-client, as apps use it, on lines that break in the middle."""

import threading
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from clutch.settings import Settings

KEY = "a key that tokens are signed with in tests"


class Place(NamedTuple):
    address: str
    town: Any
    log: Any


@pytest.fixture(scope="module")
def place(databases: Any, serve: Any, town_in: Any, log_in: Any) -> Iterator[Place]:
    with databases.copied() as database:
        settings = Settings(database_url=database.url, token_key=SecretStr(KEY), job_workers=0)
        with serve(settings) as address:
            yield Place(address, town_in(database), log_in(database))


def test_two_clients_cut_off_again_and_again_miss_nothing(
    place: Place, node: Any, proxied: Any
) -> None:
    shop_id = place.town.shop()
    customer, staff = place.town.person(), place.town.person(role="shop_owner", shop_id=shop_id)
    own, shop = f"user-{customer.user_id}", f"shop-{shop_id}"

    def write() -> None:
        for number in range(1, 301):
            place.log.add(own, event="new-quote", orderId=str(number), shopName="قطع غيار النور")
            place.log.add(shop, event="new-parts-order", orderId=str(number))
            time.sleep(0.004)

    with node() as first, node() as second, proxied(place.address) as proxy:
        first.connect(proxy.address, customer.token)
        second.connect(proxy.address, staff.token)
        for client in (first, second):
            client.until(lambda line: line.get("event") == "rooms")
        writer = threading.Thread(target=write)
        writer.start()
        for _ in range(8):
            time.sleep(0.2)
            proxy.cut()
        writer.join()
        first.until_told(300, own)
        second.until_told(300, shop)
        assert first.numbers(own) == second.numbers(shop) == list(range(1, 301))
        assert [payload["orderId"] for _, payload in first.events] == [
            str(number) for number in range(1, 301)
        ]
        assert {payload["shopName"] for _, payload in first.events} == {"قطع غيار النور"}
        assert sum("disconnected" in line for line in first.said) >= 3


@pytest.mark.parametrize("transports", [["polling"], ["polling", "websocket"]])
def test_a_client_that_polls_catches_up_too(place: Place, node: Any, transports: Any) -> None:
    mona = place.town.person()
    room = f"user-{mona.user_id}"
    place.log.add(*[room] * 250)
    with node() as client:
        client.connect(place.address, mona.token, after={room: 3}, transports=transports)
        client.until_told(250, room)
        place.log.add(room)
        client.until_told(251, room)
        assert client.numbers(room) == list(range(4, 252))


def test_a_client_asks_to_hear_again_and_says_what_it_heard(place: Place, node: Any) -> None:
    mona = place.town.person()
    room = f"user-{mona.user_id}"
    place.log.add(room, room, room)
    with node() as client:
        client.connect(place.address, mona.token)
        client.until(lambda line: line.get("event") == "rooms")
        client.say(emit=["resume", {"room": room, "after": 1}])
        answer = client.until(lambda line: "answer" in line)["answer"]
        assert answer == {"room": room, "after": 1, "last": 3, "resync": False}
        client.until_told(3, room)
        client.say(emit=["ack", {"room": room, "sequence": 3}])
        assert client.until(lambda line: "answer" in line)["answer"]["last"] == 3
        assert client.numbers(room) == [2, 3]


def test_a_client_whose_log_in_is_revoked_is_told_why(place: Place, node: Any) -> None:
    mona = place.town.person()
    with node() as client:
        client.connect(place.address, mona.token)
        client.until(lambda line: line.get("event") == "rooms")
        with place.town.engine.begin() as connection:
            connection.execute(
                text("UPDATE sign_in SET revoked_at = now() WHERE user_id = :id"),
                {"id": mona.user_id},
            )
        refused = client.until(lambda line: "refused" in line)["refused"]
        assert refused["data"]["status"] == 401
        assert refused["message"] == refused["data"]["detail"]
