"""People and shops who listen: a served application, Python clients, and npm's client in Node."""

import asyncio
import datetime as dt
import json
import os
import queue
import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import socketio
from sqlalchemy import Engine, create_engine

from notifications.events import append
from storage.session import PLATFORM, transaction

HERE = Path(__file__).parent


@dataclass
class Log:
    """Writes events as use cases do: in a transaction, with the hint at its commit."""

    engine: Engine

    def add(self, *rooms: str, event: str = "new-quote", **payload: Any) -> None:
        with transaction(self.engine, PLATFORM) as session:
            for room in rooms:
                append(session, room, event, payload, now=dt.datetime.now(dt.UTC))


@pytest.fixture(scope="session")
def log_in() -> Iterator[Callable[[Any], Log]]:
    """Give the log of a database: `log = log_in(fresh_database)`."""
    engines: list[Engine] = []

    def log(database: Any) -> Log:
        engines.append(create_engine(database.url))
        return Log(engines[-1])

    yield log
    for engine in engines:
        engine.dispose()


@dataclass
class Ear:
    """A client that notes what it is told; `heard` without the first word, `rooms`."""

    client: socketio.AsyncClient
    rooms: list[Any] = field(default_factory=list)
    heard: list[tuple[str, Any]] = field(default_factory=list)

    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def met(self, condition: Callable[[], bool], seconds: float) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                await self.changed.wait()
                self.changed.clear()

    async def until(self, count: int, seconds: float = 10) -> list[tuple[str, Any]]:
        await self.met(lambda: len(self.heard) >= count, seconds)
        return self.heard

    async def gone(self, seconds: float = 10) -> None:
        await self.met(lambda: not self.client.connected, seconds)

    def numbers(self, room: str) -> list[int]:
        return [each["sequence"] for _, each in self.heard if each["room"] == room]


@asynccontextmanager
async def _listening(
    address: str, token: str, *, transports: tuple[str, ...] = ("websocket",), **auth: Any
) -> AsyncIterator[Ear]:
    """Listen as who holds `token`, for as long as the block lasts."""
    client = socketio.AsyncClient(reconnection=False)
    ear = Ear(client)

    @client.on("*")
    async def note(event: str, payload: Any) -> None:
        if event == "rooms":
            ear.rooms.append(payload["rooms"])
        else:
            ear.heard.append((event, payload))
        ear.changed.set()

    @client.on("disconnect")
    async def leave(reason: str) -> None:
        client.connected = False
        ear.changed.set()

    await client.connect(address, auth={"token": token, **auth}, transports=list(transports))
    try:
        await ear.met(lambda: bool(ear.rooms), 10)
        yield ear
    finally:
        await client.disconnect()


@pytest.fixture(scope="session")
def listening() -> Any:
    """Listen: `async with listening(address, person.token, after={...}) as ear:`."""
    return _listening


class Node:
    """npm's socket.io-client in a process of its own."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._lines: queue.Queue[dict[str, Any]] = queue.Queue()
        self.events: list[tuple[str, Any]] = []
        self.said: list[dict[str, Any]] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(json.loads(line))

    def say(self, **line: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()

    def connect(self, url: str, token: str, **more: Any) -> None:
        self.say(connect={"url": url, "token": token, **more})

    def until(self, met: Callable[[dict[str, Any]], bool], seconds: float = 20) -> dict[str, Any]:
        """Read lines until one meets a condition; return it."""
        until = time.monotonic() + seconds
        while True:
            line = self._lines.get(timeout=max(0.01, until - time.monotonic()))
            self.said.append(line)
            if "event" in line and line["event"] != "rooms":
                self.events.append((line["event"], line["payload"]))
            if met(line):
                return line

    def until_told(self, sequence: int, room: str) -> None:
        """Read lines until this event of a room has come."""
        self.until(
            lambda line: (
                line.get("event", "rooms") != "rooms"
                and line["payload"]["room"] == room
                and line["payload"]["sequence"] == sequence
            )
        )

    def numbers(self, room: str) -> list[int]:
        return [each["sequence"] for _, each in self.events if each["room"] == room]


@contextmanager
def _started() -> Iterator[Node]:
    process = subprocess.Popen(
        ["node", str(HERE / "client.mjs")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=HERE,
    )
    try:
        yield Node(process)
    finally:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        process.wait(timeout=10)
        process.stdout.close()


@pytest.fixture(scope="session")
def node() -> Callable[[], Any]:
    """Start npm's client: `with node() as client:`. Without Node it is skipped, but never in CI."""
    there = shutil.which("node") and (HERE / "node_modules" / "socket.io-client").is_dir()
    if not there:
        why = "needs Node and `npm ci` in tests/api/live"
        if os.environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    return _started


class Proxy:
    """Passes bytes to a server until it is told to cut every connection, abruptly."""

    def __init__(self, address: str) -> None:
        host, _, port = address.removeprefix("http://").partition(":")
        self._to = (host, int(port))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = socket.create_connection(self._to)
                self._open += [client, server]
                for pair in ((client, server), (server, client)):
                    threading.Thread(target=_pass, args=pair, daemon=True).start()

    def cut(self) -> None:
        """Reset all connections in the middle of whatever they carry."""
        at_once = struct.pack("ii", 1, 0)
        while self._open:
            each = self._open.pop()
            with suppress(OSError):
                each.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, at_once)
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def close(self) -> None:
        self._listening.close()
        self.cut()


def _pass(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)


@pytest.fixture(scope="session")
def proxied() -> Any:
    """Put a proxy in between: `with proxied(address) as proxy:`, then `proxy.cut()`."""

    @contextmanager
    def between(address: str) -> Iterator[Proxy]:
        proxy = Proxy(address)
        try:
            yield proxy
        finally:
            proxy.close()

    return between
