"""Two workers behind one address: whoever gets a request, the session's own worker answers it."""

import asyncio
import os
import re
import signal
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import orjson
import pytest
import websockets

from api.live.neighbours import Neighbours, neighbourhood
from benchmarks.served import serving

KEY = "a key that tokens are signed with in tests"
POLLING = "/socket.io/?EIO=4&transport=polling"
SEPARATOR = b"\x1e"


class Place(NamedTuple):
    port: int
    town: Any
    log: Any


@pytest.fixture(scope="module")
def place(databases: Any, town_in: Any, log_in: Any) -> Iterator[Place]:
    choices = {"CLUTCH_TOKEN_KEY": KEY, "CLUTCH_JOB_WORKERS": "0"}
    with (
        databases.copied() as database,
        serving(database, workers=2, **choices) as port,
    ):
        yield Place(port, town_in(database), log_in(database))


class Line:
    """A connection to one of the workers, whose process is `worker`."""

    def __init__(self, port: int) -> None:
        self.http = HTTPConnection("127.0.0.1", port, timeout=20)
        self.ask("GET", "/healthz")
        _, figures = self.ask("GET", "/metrics")
        self.worker = int(re.findall(rb'worker="(\d+)"', figures)[0])

    def ask(
        self, method: str, path: str, body: str | Iterable[bytes] | None = None
    ) -> tuple[int, bytes]:
        self.http.request(method, path, body)
        answer = self.http.getresponse()
        return answer.status, answer.read()

    def close(self) -> None:
        self.http.close()

    def begin(self) -> str:
        """Begin a session at this worker; return its address."""
        status, opened = self.ask("GET", POLLING)
        assert status == 200
        return f"{POLLING}&sid={orjson.loads(opened[1:])['sid']}"


@contextmanager
def two_lines(port: int) -> Iterator[tuple[Line, Line]]:
    """Connect to both workers, when both are there."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with closing(Line(port)) as here, closing(Line(port)) as there:
            if here.worker != there.worker:
                yield here, there
                return
        time.sleep(0.1)  # the other one starts sooner when this one is left alone
    raise AssertionError("one worker takes all")


def frames(answer: tuple[int, bytes]) -> list[bytes]:
    status, body = answer
    assert status == 200
    return body.split(SEPARATOR)


def test_a_worker_answers_polls_of_a_session_that_another_began(place: Place) -> None:
    mona = place.town.person()
    room = f"user-{mona.user_id}"
    with two_lines(place.port) as pair:
        for here, there in (pair, pair[::-1]):
            session = here.begin()
            assert there.ask("POST", session, f'40{{"token":"{mona.token}"}}') == (200, b"OK")
            heard = frames(there.ask("GET", session))
            while len(heard) < 2:
                heard += frames(there.ask("GET", session))
            assert heard[0].startswith(b"40{")
            assert heard[1].startswith(b'42["rooms"')
            place.log.add(room, shopName="ورشة النيل")
            assert "ورشة النيل".encode() in frames(there.ask("GET", session))[0]
            assert there.ask("POST", session, "1") == (200, b"OK")  # leaves
            assert here.ask("GET", session)[0] == 400


def test_a_body_past_the_limit_is_not_passed_on_to_its_end(place: Place) -> None:
    with two_lines(place.port) as (here, there):
        session = here.begin()
        assert there.ask("POST", session, (b"x" * 65_536 for _ in range(8)))[0] == 413


def test_a_websocket_takes_over_from_polling_at_another_worker(place: Place) -> None:
    mona = place.town.person()

    async def story(session: str, there: Line) -> None:
        url = f"ws://127.0.0.1:{place.port}{session.replace('=polling', '=websocket')}"
        sock = there.http.sock
        sock.settimeout(None)
        async with websockets.connect(url, sock=sock, proxy=None) as line:
            await line.send("2probe")
            assert await line.recv() == "3probe"
            await line.send("5")
            place.log.add(f"user-{mona.user_id}")
            told = [str(await line.recv()) for _ in range(4)]
            assert [each[:5] for each in told if each != "6"] == ['40{"s', '42["r', '42["n']
            # What makes no sense ends it, as it ends a connection of the worker's own.
            await line.send("42[]")
            async for _ in line:
                pass

    with two_lines(place.port) as (here, there):
        session = here.begin()
        assert there.ask("POST", session, f'40{{"token":"{mona.token}"}}') == (200, b"OK")
        asyncio.run(story(session, there))


@pytest.mark.parametrize(
    "session_id",
    [
        "0123abcd.AAAA",  # nobody's
        "../../../../../run/postgresql/.s.PGSQL.5432",
        "0123abc/.AAAA",
        "0123abcd/../x.AAAA",
        "/etc/passwd",
        "%00",
        "0123ABCD.AAAA",
        "x" * 5_000,
    ],
)
def test_a_made_up_session_is_a_bad_request(place: Place, session_id: str) -> None:
    path = f"{POLLING}&sid={quote(session_id, safe='')}"
    with closing(Line(place.port)) as line:
        assert [line.ask("GET", path)[0], line.ask("POST", path, "2")[0]] == [400, 400]


def test_clients_as_they_come_miss_nothing_when_workers_are_killed(place: Place, node: Any) -> None:
    mona = place.town.person()
    room = f"user-{mona.user_id}"

    def write() -> None:
        for _ in range(300):
            place.log.add(room)
            time.sleep(0.02)

    with ExitStack() as stack:
        clients = [stack.enter_context(node()) for _ in range(4)]
        for client in clients:
            client.connect(f"http://127.0.0.1:{place.port}", mona.token, transports=None)
        for client in clients:
            client.until(lambda line: line.get("event") == "rooms")
        with two_lines(place.port) as pair:
            workers = [line.worker for line in pair]
        writer = threading.Thread(target=write)
        writer.start()
        for worker in workers:
            time.sleep(0.5)
            os.kill(worker, signal.SIGKILL)
            with two_lines(place.port):
                pass  # the dead one's place is taken
        writer.join()
        for client in clients:
            client.until_told(300, room)
            assert client.numbers(room) == list(range(1, 301))
            assert any("disconnected" in line for line in client.said)


def test_the_owner_is_another_worker_by_its_name_or_nobody() -> None:
    with neighbourhood() as directory:
        assert directory is not None
        assert directory.stat().st_mode & 0o777 == 0o700
        one, other = Neighbours(directory), Neighbours(directory)
        assert other.owner(one.own("AAAA")) == one.own("").rstrip(".")
        assert one.owner(one.own("AAAA")) is None
        assert [one.owner(made) for made in ("", "AAAA", "../x.A", "0123abc/.A")] == [None] * 4
    assert not directory.exists()


def test_a_worker_that_is_gone_answers_nothing(tmp_path: Path) -> None:
    async def story() -> list[bool]:
        here = Neighbours(tmp_path)
        scope = {"type": "http", "method": "GET", "query_string": b"", "headers": []}

        async def leave(*_: Any) -> None:
            """End without a word, as a worker does that is killed amid a request."""

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            raise AssertionError(message)

        there = Neighbours(tmp_path)
        name = there.own("").rstrip(".")
        never = await here.pass_on(name, scope, receive, send)
        async with there.open(leave):
            amid = await here.pass_on(name, scope, receive, send)
        return [never, amid, await here.pass_on(name, scope, receive, send)]

    assert asyncio.run(story()) == [False, False, False]
