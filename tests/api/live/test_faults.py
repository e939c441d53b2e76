"""Lines that break, clients that misbehave, and several processes: nothing is missed."""

import asyncio
import json
import re
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, NamedTuple

import httpx
import pytest
import websockets
from pydantic import SecretStr
from sqlalchemy import text

from clutch.settings import Settings

KEY = "a key that tokens are signed with in tests"


class Place(NamedTuple):
    settings: Settings
    address: str
    town: Any
    log: Any


@pytest.fixture(scope="module")
def place(databases: Any, serve: Any, town_in: Any, log_in: Any) -> Iterator[Place]:
    with databases.copied() as database:
        settings = Settings(database_url=database.url, token_key=SecretStr(KEY), job_workers=0)
        with serve(settings) as address:
            yield Place(settings, address, town_in(database), log_in(database))


def test_news_arrives_after_the_hints_connection_was_killed(place: Place, listening: Any) -> None:
    mona = place.town.person()
    room = f"user-{mona.user_id}"

    async def story() -> None:
        async with listening(place.address, mona.token) as ear:
            with place.town.engine.begin() as connection:
                killed = connection.scalars(
                    text(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        " WHERE application_name = 'clutch live' AND datname = current_database()"
                    )
                )
                assert killed.all() == [True]
            place.log.add(room)
            await ear.until(1)
            await asyncio.sleep(1.5)
            place.log.add(room)
            await ear.until(2, seconds=1)
            assert ear.numbers(room) == [1, 2]

    asyncio.run(story())


def test_a_hint_that_is_lost_delays_news_by_seconds_only(place: Place, listening: Any) -> None:
    mona = place.town.person()
    room = f"user-{mona.user_id}"

    async def story() -> None:
        async with listening(place.address, mona.token) as ear:
            with place.town.engine.begin() as connection:
                for statement in (
                    "INSERT INTO room VALUES (:room, 1)",
                    "INSERT INTO room_event VALUES (:room, 1, 'new-quote', '{}', now())",
                ):
                    connection.execute(text(statement), {"room": room})
            await ear.until(1, seconds=5)
            assert ear.numbers(room) == [1]

    asyncio.run(story())


def test_news_written_beside_one_process_reaches_the_sockets_of_another(
    place: Place, serve: Any, listening: Any
) -> None:
    mona = place.town.person()
    room = f"user-{mona.user_id}"

    async def story(other: str) -> None:
        async with (
            listening(place.address, mona.token) as here,
            listening(other, mona.token) as there,
        ):
            for _ in range(20):
                place.log.add(room)
            await here.until(20)
            await there.until(20)
            assert here.numbers(room) == there.numbers(room) == list(range(1, 21))

    with serve(place.settings) as other:
        asyncio.run(story(other))


def socket_of(place: Place) -> str:
    return place.address.replace("http", "ws") + "/socket.io/?EIO=4&transport=websocket"


async def until_closed(socket: websockets.ClientConnection) -> list[str]:
    """Return what still comes until the other side ends the connection."""
    frames: list[str] = []
    async with asyncio.timeout(5):
        with suppress(websockets.ConnectionClosedError):
            async for frame in socket:
                frames.append(str(frame))  # noqa: PERF401 - kept when the line breaks
    return frames


GARBAGE = [
    "",
    "x",
    "4",
    "4x",
    "42",
    "42[]",
    "42{}",
    '42["connect",{},{"token":"x"}]',
    '42["disconnect"]',
    '451-["resume",{"_placeholder":true,"num":0}]',
    '4999999999-["x"]',
    "43[]",
    "4" + "[" * 9_000,
    "44{}",
    b"\x00\x01",
    '42["resume",' + "1" * 5_000 + "]",
]


@pytest.mark.parametrize("admitted", [False, True])
@pytest.mark.parametrize("frame", GARBAGE)
def test_a_frame_that_makes_no_sense_ends_the_connection_and_nothing_else(
    place: Place, frame: str | bytes, admitted: bool, capfd: Any
) -> None:
    mona = place.town.person()

    async def story() -> None:
        async with websockets.connect(socket_of(place), proxy=None) as socket:
            assert str(await socket.recv()).startswith("0{")
            if admitted:
                await socket.send(f'40{{"token":"{mona.token}"}}')
                assert str(await socket.recv()).startswith("40{")
                assert str(await socket.recv()).startswith('42["rooms"')
            await socket.send(frame)
            await until_closed(socket)

    asyncio.run(story())
    assert "Traceback" not in capfd.readouterr().err


def test_a_message_past_16_kib_ends_the_connection(place: Place) -> None:
    async def story() -> None:
        async with websockets.connect(socket_of(place), proxy=None) as socket:
            await socket.recv()
            await socket.send("40" + "x" * 20_000)
            await until_closed(socket)

    asyncio.run(story())


def test_a_socket_that_never_says_who_it_is_ends(place: Place, monkeypatch: Any) -> None:
    monkeypatch.setattr("api.live.protocol._SECONDS_TO_CONNECT", 0.5)

    async def story() -> None:
        async with websockets.connect(socket_of(place), proxy=None) as socket:
            await socket.recv()
            await until_closed(socket)

    asyncio.run(story())


@pytest.mark.parametrize("silent", [False, True])
def test_a_websocket_that_does_not_take_over_leaves_the_client_polling(
    place: Place, monkeypatch: Any, silent: bool
) -> None:
    monkeypatch.setattr("api.live.protocol._SECONDS_TO_CONNECT", 0.5 if silent else 60)
    mona = place.town.person()
    url = socket_of(place)
    polling = url.replace("ws:", "http:").replace("=websocket", "=polling")

    async def story() -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
            opened = (await client.get(polling)).text
            session = f"&sid={json.loads(opened[1:])['sid']}"
            await client.post(polling + session, content=f'40{{"token":"{mona.token}"}}')
            async with websockets.connect(url + session, proxy=None) as socket:
                if silent:
                    await until_closed(socket)
            told = ""
            place.log.add(f"user-{mona.user_id}")
            for _ in range(5):
                told += (await client.get(polling + session)).text
                if "new-quote" in told:
                    return
            raise AssertionError(told)

    asyncio.run(story())


def test_only_so_many_sockets_are_kept(place: Place, monkeypatch: Any) -> None:
    monkeypatch.setattr("api.live.protocol._MOST_SOCKETS", 0)
    polling = socket_of(place).replace("ws:", "http:").replace("=websocket", "=polling")
    for pretence in ("", "&sid=", "&asid=1"):
        answer = httpx.get(polling + pretence, trust_env=False)
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")

    async def story() -> None:
        with pytest.raises(websockets.InvalidStatus):
            async with websockets.connect(socket_of(place), proxy=None):
                pass

    asyncio.run(story())


def test_a_reader_who_stops_is_cut_off_and_goes_on_where_they_stopped(
    place: Place, listening: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("api.live.hub._STUCK_SECONDS", 0.3)
    mona, omar = place.town.person(), place.town.person()
    room = f"user-{mona.user_id}"
    for _ in range(40):
        place.log.add(*[room] * 20, text="x" * 40_000)

    async def story() -> None:
        async with websockets.connect(
            socket_of(place), proxy=None, compression=None, max_queue=1
        ) as socket:
            await socket.send(f'40{{"token":"{mona.token}","after":{{"{room}":0}}}}')
            async with listening(place.address, omar.token) as other:
                started = time.monotonic()
                place.log.add(f"user-{omar.user_id}")
                await other.until(1)
                assert time.monotonic() - started < 2
                await asyncio.sleep(1.5)
            frames = await until_closed(socket)
        told = [each for each in frames if each.startswith('42["new-quote"')]
        heard = [int(each.split('"sequence":')[1].split(",")[0]) for each in told]
        assert heard == list(range(1, len(heard) + 1))
        assert len(heard) < 800
        async with listening(place.address, mona.token, after={room: len(heard)}) as ear:
            await ear.until(800 - len(heard))
            assert ear.numbers(room) == list(range(len(heard) + 1, 801))

    asyncio.run(story())
    figures = httpx.get(f"{place.address}/metrics", trust_env=False).text
    assert re.search(r"^clutch_socket_slow_clients_total{.*} 1.0$", figures, re.M)
