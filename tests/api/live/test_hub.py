"""Exactly once and in order, whatever comes in between: the hub on a log in memory."""

import asyncio
import datetime as dt
from collections.abc import Callable, Collection, Mapping
from typing import Any

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.principal import Principal
from api.live.hub import PAGE, Hub, Listener, Position
from api.metrics import Metrics
from clutch.errors import Unavailable
from notifications.events import Event

NOW = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
CALLER = Principal(name="user:1", roles=frozenset())


class Ear:
    """A wire that keeps what it is sent; `waiting` is set by who pretends to be slow."""

    def __init__(self) -> None:
        self.told: list[tuple[str, int]] = []
        self.waiting = 0
        self.is_open = True

    def send(self, packet: Any) -> None:
        _, payload = orjson.loads(packet.encode()[2:])
        self.told.append((payload["room"], payload["sequence"]))

    def cut(self) -> None:
        self.is_open = False


class Log:
    """The event log, in memory; each read takes a turn, in which other things happen."""

    def __init__(self) -> None:
        self.last: dict[str, int] = {}
        self.failures = 0
        self.reads = 0

    async def read(self, positions: Collection[Position]) -> Mapping[Position, list[Event]]:
        self.reads += 1
        last = dict(self.last)
        await asyncio.sleep(0)
        if self.failures:
            self.failures -= 1
            raise Unavailable("the database")
        return {
            (room, after): [
                Event(sequence=number, event="told", payload={}, created_at=NOW)
                for number in range(after + 1, last[room] + 1)[:PAGE]
            ]
            for room, after in positions
            if last.get(room, 0) > after
        }


def hub_of(log: Log) -> Hub:
    return Hub(log.read, Metrics().sockets)


def listener() -> tuple[Listener, Ear]:
    ear = Ear()
    return Listener(CALLER, NOW, ear), ear  # type: ignore[arg-type]


async def running(hub: Hub, story: Callable[[], Any]) -> None:
    task = asyncio.create_task(hub.run())
    try:
        await story()
        for _ in range(60):
            await asyncio.sleep(0)
    finally:
        task.cancel()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from("ab"), st.integers(1, 150)),
        st.tuples(st.just("join"), st.sampled_from(["a", "b", "ab"]), st.integers(0, 40)),
        st.tuples(st.just("leave"), st.just(""), st.integers(0, 5)),
        st.tuples(st.just("wait"), st.just(""), st.integers(1, 3)),
        st.tuples(st.just("hint"), st.sampled_from("ab"), st.just(0)),
    ),
    max_size=25,
)


@given(STEPS)
@settings(max_examples=150, deadline=None)
def test_every_listener_hears_each_event_of_its_rooms_once_and_in_order(steps: Any) -> None:
    log = Log()
    hub = hub_of(log)
    here: list[tuple[Listener, Ear, dict[str, int]]] = []
    left: list[tuple[Ear, dict[str, int]]] = []

    async def story() -> None:
        for act, rooms, number in steps:
            if act == "write":
                log.last[rooms] = log.last.get(rooms, 0) + number
                hub.hint(rooms)
            elif act == "join":
                entering, ear = listener()
                starts = {room: min(number, log.last.get(room, 0)) for room in rooms}
                hub.add(entering, starts)
                here.append((entering, ear, starts))
            elif act == "leave" and here:
                leaving, ear, starts = here.pop(number % len(here))
                hub.remove(leaving)
                left.append((ear, starts))
            elif act == "hint":
                hub.hint(rooms)
            for _ in range(number if act == "wait" else 0):
                await asyncio.sleep(0)

    asyncio.run(running(hub, story))
    for _, ear, starts in here:
        for room, after in starts.items():
            heard = [number for name, number in ear.told if name == room]
            assert heard == list(range(after + 1, log.last.get(room, 0) + 1))
    for ear, starts in left:
        for room, after in starts.items():
            heard = [number for name, number in ear.told if name == room]
            assert heard == list(range(after + 1, after + 1 + len(heard)))
    assert set(hub.rooms) == {room for _, _, starts in here for room in starts}


def test_a_room_is_heard_again_from_where_one_asks() -> None:
    log = Log()
    hub = hub_of(log)
    log.last["a"] = 3
    again, ear = listener()

    async def story() -> None:
        hub.add(again, {"a": 0})
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        hub.move(again, "a", 1)

    asyncio.run(running(hub, story))
    assert ear.told == [("a", 1), ("a", 2), ("a", 3), ("a", 2), ("a", 3)]


def test_who_does_not_read_is_sent_no_more_until_they_do(monkeypatch: Any) -> None:
    monkeypatch.setattr("api.live.hub._PAUSE_SECONDS", 0.001)
    log = Log()
    hub = hub_of(log)
    log.last["a"] = 5
    slow, ear = listener()
    other, prompt = listener()
    ear.waiting = 1_000

    async def story() -> None:
        hub.add(slow, {"a": 0})
        hub.add(other, {"a": 0})
        await asyncio.sleep(0.02)
        assert (ear.told, len(prompt.told)) == ([], 5)
        ear.waiting = 0
        await asyncio.sleep(0.02)

    asyncio.run(running(hub, story))
    assert [number for _, number in ear.told] == [1, 2, 3, 4, 5]


def test_who_has_not_read_for_long_is_cut_off(monkeypatch: Any) -> None:
    monkeypatch.setattr("api.live.hub._PAUSE_SECONDS", 0.001)
    monkeypatch.setattr("api.live.hub._STUCK_SECONDS", 0.01)
    hub = hub_of(Log())
    slow, ear = listener()
    ear.waiting = 1_000

    async def story() -> None:
        hub.add(slow, {"a": 0})
        await asyncio.sleep(0.05)

    asyncio.run(running(hub, story))
    assert not ear.is_open


def test_news_waits_while_the_database_is_away(monkeypatch: Any) -> None:
    monkeypatch.setattr("api.live.hub._RETRY_SECONDS", 0)
    log = Log()
    log.failures, log.last["a"] = 3, 2
    hub = hub_of(log)
    waiting, ear = listener()

    async def story() -> None:
        hub.add(waiting, {"a": 0})

    asyncio.run(running(hub, story))
    assert ear.told == [("a", 1), ("a", 2)]


def test_rooms_that_nobody_listens_to_are_not_read() -> None:
    log = Log()
    hub = hub_of(log)

    async def story() -> None:
        hub.hint("a")
        hub.hint_those_behind({"a": 7})

    asyncio.run(running(hub, story))
    assert log.reads == 0


def test_a_lost_hint_is_noticed_by_the_numbers() -> None:
    log = Log()
    hub = hub_of(log)
    there, ear = listener()

    async def story() -> None:
        hub.add(there, {"a": 0})
        for _ in range(5):
            await asyncio.sleep(0)
        log.last["a"] = 1
        hub.hint_those_behind({"a": 1})

    asyncio.run(running(hub, story))
    assert ear.told == [("a", 1)]
