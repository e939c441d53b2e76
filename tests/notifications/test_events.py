"""The event log: numbers without gaps in the order of commits, and where listeners stand."""

import datetime as dt
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from redis import Redis
from sqlalchemy import Engine, create_engine, text

from notifications import events
from notifications.hints import REDIS_CHANNEL, through_redis
from storage.cluster import Database
from storage.session import PLATFORM, run, transaction

NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)


@pytest.fixture
def engine(fresh_database: Database) -> Iterator[Engine]:
    engine = create_engine(fresh_database.url)
    yield engine
    engine.dispose()


def add(engine: Engine, *rooms: str, now: dt.datetime = NOW) -> None:
    with transaction(engine, PLATFORM) as session:
        for room in rooms:
            events.append(session, room, "new-quote", {"orderId": room}, now=now)


def add_and_fail(engine: Engine, room: str) -> None:
    with transaction(engine, PLATFORM) as session:
        events.append(session, room, "new-quote", {}, now=NOW)
        raise ZeroDivisionError


def read(engine: Engine, steps: Any) -> Any:
    with transaction(engine, PLATFORM) as session:
        return run(session, steps)


def numbers(engine: Engine, room: str) -> list[int]:
    page = read(engine, events.page(room, 0, limit=1_000))
    return [each["sequence"] for each in page["events"]]


def test_two_who_write_to_the_same_rooms_wait_for_each_other_and_leave_no_gap(
    engine: Engine,
) -> None:
    barrier = threading.Barrier(2)

    def write(rooms: list[str]) -> None:
        barrier.wait()
        for _ in range(50):
            add(engine, *rooms)

    writers = [threading.Thread(target=write, args=(rooms,)) for rooms in (["a", "b"], ["b", "a"])]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert numbers(engine, "a") == numbers(engine, "b") == list(range(1, 101))


def test_what_is_rolled_back_was_never_told(engine: Engine) -> None:
    with pytest.raises(ZeroDivisionError):
        add_and_fail(engine, "a")
    add(engine, "a")
    assert numbers(engine, "a") == [1]


def test_a_listener_stands_where_they_say_when_the_log_holds_what_follows(engine: Engine) -> None:
    add(engine, "a", "a", "a")
    asked = {"a": 1, "b": None}
    assert read(engine, events.standings(asked)) == [
        {"room": "a", "after": 1, "last": 3, "resync": False},
        {"room": "b", "after": 0, "last": 0, "resync": False},
    ]
    (now,) = read(engine, events.standings({"a": None}))
    assert (now["after"], now["resync"]) == (3, False)
    (ahead,) = read(engine, events.standings({"a": 4}))
    assert (ahead["after"], ahead["resync"]) == (3, True)


def test_what_is_forgotten_is_a_beginning_without_holes(engine: Engine) -> None:
    day = dt.timedelta(days=1)
    for age in (40, 20, 35, 10):  # written by machines whose clocks differ
        add(engine, "a", now=NOW - age * day)
    add(engine, "b", now=NOW)
    with transaction(engine, PLATFORM) as session:
        assert events.forget(session, now=NOW) == 3
    (gone,) = read(engine, events.standings({"a": 2}))
    assert (gone["after"], gone["last"], gone["resync"]) == (4, 4, True)
    (there,) = read(engine, events.standings({"a": 3}))
    assert (there["after"], there["resync"]) == (3, False)
    found = read(engine, events.news([("a", 3), ("b", 0)], limit=10))
    assert [each["sequence"] for each in found["a", 3]] == [4]
    add(engine, "a")
    assert read(engine, events.newest(["a", "c"])) == {"a": 5}


def test_news_is_limited_for_each_position_by_itself(engine: Engine) -> None:
    add(engine, "a", "a", "a", "b")
    found = read(engine, events.news([("a", 0), ("a", 2), ("b", 0), ("c", 0)], limit=2))
    assert {position: [each["sequence"] for each in told] for position, told in found.items()} == {
        ("a", 0): [1, 2],
        ("a", 2): [3],
        ("b", 0): [1],
    }


def test_a_hint_goes_out_with_the_commit_and_names_each_room_once(engine: Engine) -> None:
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as listening:
        listening.execute(text("LISTEN clutch_room"))
        add(engine, "b", "a", "b")
        driver: Any = listening.connection.driver_connection
        assert [hint.payload for hint in driver.notifies(timeout=1, stop_after=2)] == ["a", "b"]


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """A Redis of the test's own; where the program is missing the test is skipped, not in CI."""
    server = shutil.which("redis-server")
    if server is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("needs redis-server")
    address = tmp_path / "redis.sock"
    process = subprocess.Popen(
        [server, "--port", "0", "--unixsocket", str(address), "--save", ""],
        stdout=subprocess.DEVNULL,
        cwd=tmp_path,
    )
    while not address.exists():
        assert process.poll() is None
        time.sleep(0.01)
    yield f"unix://{address}"
    process.terminate()
    process.wait()


def test_through_redis_the_hint_follows_the_commit_and_notify_is_spared(
    engine: Engine, redis_url: str
) -> None:
    hinting = through_redis(engine, redis_url)
    with Redis.from_url(redis_url) as client, client.pubsub() as channel:
        channel.subscribe(REDIS_CHANNEL)
        assert channel.get_message(timeout=5)["type"] == "subscribe"
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as listening:
            listening.execute(text("LISTEN clutch_room"))
            with pytest.raises(ZeroDivisionError):
                add_and_fail(hinting, "lost")
            add(hinting, "a")
            assert channel.get_message(timeout=5)["data"] == b"a"
            assert channel.get_message(timeout=0.1) is None
            driver: Any = listening.connection.driver_connection
            assert list(driver.notifies(timeout=0.1)) == []


def test_without_redis_what_is_committed_stays_committed(engine: Engine, tmp_path: Path) -> None:
    hinting = through_redis(engine, f"unix://{tmp_path}/absent.sock")
    add(hinting, "a")
    assert numbers(engine, "a") == [1]
