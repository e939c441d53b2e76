"""Who is let in, into which rooms, and what they may say."""

import asyncio
import datetime as dt
import re
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import httpx
import pytest
import socketio
from pydantic import SecretStr
from sqlalchemy import text

from accounts import access_tokens
from clutch.ids import uuid7
from clutch.settings import Settings

KEY = "a key that tokens are signed with in tests"


class Place(NamedTuple):
    address: str
    town: Any
    log: Any


@pytest.fixture(scope="module")
def place(databases: Any, serve: Any, town_in: Any, log_in: Any) -> Iterator[Place]:
    with databases.copied() as database:
        settings = Settings(
            database_url=database.url,
            token_key=SecretStr(KEY),
            service_key=SecretStr("a service key of tests"),
            cors_origins=("https://shop.example.com",),
            job_workers=0,
        )
        with serve(settings) as address:
            yield Place(address, town_in(database), log_in(database))


def refused(address: str, auth: Any, **more: Any) -> Any:
    """Return what a client is told that is not let in."""

    async def connect() -> Any:
        told: list[Any] = []
        client = socketio.AsyncClient(reconnection=False)
        client.on("connect_error", told.append)
        with pytest.raises(socketio.exceptions.ConnectionError):
            await client.connect(address, auth=auth, transports=["websocket"], **more)
        await client.disconnect()
        return told[0]

    return asyncio.run(connect())


def test_a_customer_hears_their_own_room_from_now_on(place: Place, listening: Any) -> None:
    mona, omar = place.town.person(), place.town.person()
    room = f"user-{mona.user_id}"
    place.log.add(room, orderId="before")

    async def story() -> None:
        async with listening(place.address, mona.token) as ear:
            assert ear.rooms == [[{"room": room, "after": 1, "last": 1, "resync": False}]]
            place.log.add(room, f"user-{omar.user_id}", orderId="طلب ١", shopName="ورشة النيل")
            heard = await ear.until(1)
            payload = {"orderId": "طلب ١", "shopName": "ورشة النيل", "sequence": 2, "room": room}
            assert heard == [("new-quote", payload)]

    asyncio.run(story())


def test_who_works_at_shops_hears_each_of_them(place: Place, listening: Any) -> None:
    shop = place.town.shop()
    staff = place.town.person(role="shop_staff", shop_id=shop)

    async def story() -> None:
        async with listening(place.address, staff.token) as ear:
            rooms = {each["room"] for each in ear.rooms[0]}
            assert rooms == {f"user-{staff.user_id}", f"shop-{shop}"}
            place.log.add(f"shop-{shop}", event="new-parts-order", orderId="1")
            assert (await ear.until(1))[0][0] == "new-parts-order"

    asyncio.run(story())


def test_who_knows_where_they_stopped_hears_what_came_since(place: Place, listening: Any) -> None:
    mona = place.town.person()
    room = f"user-{mona.user_id}"
    for number in range(250):
        place.log.add(room, orderId=str(number + 1))

    async def story() -> None:
        async with listening(place.address, mona.token, after={room: 7}) as ear:
            place.log.add(room, orderId="251")
            await ear.until(244)
            assert ear.numbers(room) == list(range(8, 252))
            assert [payload["orderId"] for _, payload in ear.heard] == [
                str(number) for number in range(8, 252)
            ]

    asyncio.run(story())


@pytest.mark.parametrize("after", [4, 2**53])
def test_who_asks_for_what_is_not_there_is_told_to_load_anew(
    place: Place, listening: Any, after: int
) -> None:
    mona = place.town.person()
    room = f"user-{mona.user_id}"
    for _ in range(3):
        place.log.add(room)

    async def story() -> None:
        async with listening(place.address, mona.token, after={room: after}) as ear:
            assert ear.rooms == [[{"room": room, "after": 3, "last": 3, "resync": True}]]
            place.log.add(room)
            await ear.until(1)
            assert ear.numbers(room) == [4]

    asyncio.run(story())


def test_rooms_of_others_are_passed_over_when_connecting(place: Place, listening: Any) -> None:
    mona, omar = place.town.person(), place.town.person()
    place.log.add(f"user-{omar.user_id}")

    async def story() -> None:
        after = {f"user-{omar.user_id}": 0}
        async with listening(place.address, mona.token, after=after) as ear:
            assert [each["room"] for each in ear.rooms[0]] == [f"user-{mona.user_id}"]
            place.log.add(f"user-{mona.user_id}")
            await ear.until(1)
            assert ear.numbers(f"user-{omar.user_id}") == []

    asyncio.run(story())


def test_a_client_resumes_a_room_of_its_own_and_no_other(place: Place, listening: Any) -> None:
    mona, omar = place.town.person(), place.town.person()
    room, other = f"user-{mona.user_id}", f"user-{omar.user_id}"
    for _ in range(3):
        place.log.add(room, other)

    async def story() -> None:
        async with listening(place.address, mona.token) as ear:
            answer = await ear.client.call("resume", {"room": room, "after": 1})
            assert answer == {"room": room, "after": 1, "last": 3, "resync": False}
            await ear.until(2)
            assert ear.numbers(room) == [2, 3]
            refusal = await ear.client.call("resume", {"room": other, "after": 0})
            missing = await ear.client.call("resume", {"room": f"user-{uuid7()}", "after": 0})
            assert refusal == missing
            assert refusal["status"] == 404
            assert ear.numbers(other) == []
            unknown = await ear.client.call("resume", {"room": "lobby", "after": 0})
            assert unknown["detail"].startswith("room: expected user-{id} or shop-{id}")

    asyncio.run(story())


def test_an_ack_is_answered_with_what_was_sent(place: Place, listening: Any) -> None:
    mona = place.town.person()
    room = f"user-{mona.user_id}"

    async def story() -> None:
        async with listening(place.address, mona.token) as ear:
            place.log.add(room, room)
            await ear.until(2)
            answer = await ear.client.call("ack", {"room": room, "sequence": 1})
            assert answer == {"room": room, "after": 1, "last": 2, "resync": False}
            assert (await ear.client.call("ack", {"room": "user-1"}))["status"] == 422

    asyncio.run(story())


@pytest.mark.parametrize("name", ["join-user-room", "join-shop-room", "new-order", "rooms"])
def test_clients_can_neither_join_nor_tell_others(place: Place, listening: Any, name: str) -> None:
    mona, omar = place.town.person(), place.town.person()

    async def story() -> None:
        async with (
            listening(place.address, mona.token) as ear,
            listening(place.address, omar.token) as other,
        ):
            answer = await ear.client.call(name, str(omar.user_id))
            assert answer["type"] == "urn:clutch:problem:not-found"
            place.log.add(f"user-{omar.user_id}")
            await other.until(1)
            assert (ear.heard, len(other.heard)) == ([], 1)

    asyncio.run(story())


def figure(place: Place, name: str) -> float:
    """Return what the server counts under a name."""
    text = httpx.get(f"{place.address}/metrics", trust_env=False).text
    return float(re.findall(rf"^{name}{{worker=.*}} (.*)$", text, re.M)[0])


def test_metrics_count_clients_what_they_were_sent_and_asked_again(
    place: Place, listening: Any
) -> None:
    mona = place.town.person()
    room = f"user-{mona.user_id}"
    place.log.add(room, room, room)
    names = ("clutch_sockets", "clutch_socket_events_total", "clutch_socket_resumes_total")

    def counts() -> list[float]:
        return [figure(place, name) for name in names]

    before = counts()

    async def story() -> list[float]:
        async with (
            listening(place.address, mona.token, after={room: 1}) as ear,
            listening(place.address, mona.token) as other,
        ):
            await other.client.call("resume", {"room": room, "after": 0})
            await ear.until(2)
            await other.until(3)
            return counts()

    during = asyncio.run(story())
    added = [now - then for now, then in zip(during, before, strict=True)]
    assert added == [2, 5, 2]
    deadline = time.monotonic() + 5
    while figure(place, "clutch_sockets") != before[0]:
        assert time.monotonic() < deadline


def strange_tokens(person: Any) -> dict[str, str]:
    now = dt.datetime.now(dt.UTC)
    ids = (person.user_id, uuid7())
    head, body, signature = person.token.split(".")
    return {
        "altered": f"{head}.{body}.{signature[::-1]}",
        "of another key": access_tokens.issue(*ids, key="x" * 32, now=now),
        "expired": access_tokens.issue(*ids, key=KEY, now=now - dt.timedelta(minutes=16)),
        "of no log-in": access_tokens.issue(*ids, key=KEY, now=now),
        "nonsense": "token",
        "two dots": "..",
    }


@pytest.mark.parametrize(
    "kind", ["altered", "of another key", "expired", "of no log-in", "nonsense", "two dots"]
)
def test_a_token_that_does_not_hold_is_refused(place: Place, kind: str) -> None:
    told = refused(place.address, {"token": strange_tokens(place.town.person())[kind]})
    assert told["data"]["type"] == "urn:clutch:problem:unauthorised"
    assert told["message"] == told["data"]["detail"]


@pytest.mark.parametrize("auth", [None, {}, {"after": {}}])
def test_nobody_is_let_in_without_a_token(place: Place, auth: Any) -> None:
    told = refused(place.address, auth)["data"]
    assert (told["status"], told["detail"]) == (
        401,
        "send a living access token as `auth: {token}`",
    )


@pytest.mark.parametrize(
    ("auth", "field"),
    [
        ({"token": 7}, "token"),
        ({"token": "x" * 5_000}, "token"),
        ({"token": "x", "after": {"lobby": 1}}, "after"),
        ({"token": "x", "after": {f"user-{uuid7()}": -1}}, "after"),
        ({"token": "x", "after": {f"user-{uuid7()}": True}}, "after"),
        ({"token": "x", "rooms": ["user-1"]}, "rooms"),
        (["token"], "body"),
    ],
)
def test_an_unusable_handshake_names_the_field(place: Place, auth: Any, field: str) -> None:
    told = refused(place.address, auth)
    assert told["data"]["status"] == 422
    assert told["data"]["errors"][0]["field"].startswith(field)


def test_a_token_may_come_in_the_header(place: Place, listening: Any) -> None:
    mona = place.town.person()

    async def story() -> None:
        client = socketio.AsyncClient(reconnection=False)
        await client.connect(place.address, headers=mona.headers, transports=["websocket"])
        assert client.connected
        await client.disconnect()

    asyncio.run(story())


def test_a_service_key_has_no_rooms(place: Place) -> None:
    told = refused(place.address, {"token": "a service key of tests"})
    assert told["data"]["type"] == "urn:clutch:problem:forbidden"


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [("https://shop.example.com", True), ("https://evil.example.com", False), ("null", False)],
)
def test_pages_of_other_origins_are_kept_out(place: Place, origin: str, welcome: bool) -> None:
    answer = httpx.get(
        f"{place.address}/socket.io/?EIO=4&transport=polling",
        headers={"Origin": origin},
        trust_env=False,
    )
    assert answer.status_code == (200 if welcome else 403)
    assert answer.headers.get("access-control-allow-origin") == (origin if welcome else None)


def test_a_person_has_twenty_connections_at_most(place: Place, listening: Any) -> None:
    mona = place.town.person()

    async def story() -> None:
        async with asyncio.TaskGroup() as group:
            clients = [socketio.AsyncClient(reconnection=False) for _ in range(20)]
            for client in clients:
                group.create_task(
                    client.connect(
                        place.address, auth={"token": mona.token}, transports=["websocket"]
                    )
                )
        told = await asyncio.to_thread(refused, place.address, {"token": mona.token})
        assert told["data"]["status"] == 429
        await clients[0].disconnect()
        await asyncio.sleep(0.2)
        async with listening(place.address, mona.token):
            pass
        for client in clients:
            await client.disconnect()

    asyncio.run(story())


def change(place: Place, statement: str, **values: Any) -> Callable[[], None]:
    def make() -> None:
        with place.town.engine.begin() as connection:
            connection.execute(text(statement), values)

    return make


def test_who_may_listen_no_more_is_cut_off_within_seconds(place: Place, listening: Any) -> None:
    shop = place.town.shop()
    mona, omar = place.town.person(), place.town.person(role="shop_staff", shop_id=shop)
    now = dt.datetime.now(dt.UTC)
    with place.town.engine.connect() as connection:
        sign_in = connection.scalar(
            text("SELECT sign_in_id FROM sign_in WHERE user_id = :id"), {"id": mona.user_id}
        )
    ending = access_tokens.issue(
        mona.user_id, sign_in, key=KEY, now=now - access_tokens.LIFETIME + dt.timedelta(seconds=3)
    )

    async def story() -> None:
        async with (
            listening(place.address, mona.token) as revoked,
            listening(place.address, omar.token) as removed,
            listening(place.address, ending) as expired,
            listening(place.address, place.town.person().token) as other,
        ):
            await expired.gone(8)
            assert revoked.client.connected
            change(
                place, "UPDATE sign_in SET revoked_at = now() WHERE user_id = :id", id=mona.user_id
            )()
            change(place, "DELETE FROM shop_member WHERE user_id = :id", id=omar.user_id)()
            await revoked.gone(6)
            await removed.gone(6)
            assert other.client.connected
        async with listening(place.address, omar.token) as again:
            assert [each["room"] for each in again.rooms[0]] == [f"user-{omar.user_id}"]

    asyncio.run(story())
