"""A bad network, and a server that dies: what clients in the real world live with."""

import asyncio
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from storage.cluster import Database

KEY = "a key for the tests"
TOKEN_KEY = "a key that tokens are signed with in tests"
_CHUNK = 65_536
_PATIENCE_SECONDS = 120
POINTS = ("request", "silence", "answer")


@dataclass
class CuttingProxy:
    """Passes connections on to a port, and cuts a share of them at random points.

    It cuts in the middle of the request, after the request and before any answer, or in the middle
    of the answer. `cuts` counts what it did.
    """

    upstream_port: int
    share: float
    seed: int
    port: int = 0
    connections: int = 0
    cuts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(POINTS, 0))

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - a seeded fault, not a secret

    async def serve(self, listening: socket.socket, ready: threading.Event) -> None:
        server = await asyncio.start_server(self._pass_on, sock=listening)
        self.port = listening.getsockname()[1]
        ready.set()
        async with server:
            await server.serve_forever()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        point = self._random.choice(POINTS) if self._random.random() < self.share else None
        try:
            upstream = await asyncio.open_connection("127.0.0.1", self.upstream_port)
        except OSError:
            writer.transport.abort()
            return
        request = self._copy(reader, upstream[1], cut=point == "request")
        answer = self._copy(upstream[0], writer, cut=point == "answer")
        if point == "silence":
            # The request has passed; nobody will hear what comes of it.
            answer.close()
            answer = self._hang_up_soon()
        ways = [asyncio.create_task(request), asyncio.create_task(answer)]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            if point and any(task.result() for task in done):
                self.cuts[point] += 1
        finally:
            for task in ways:
                task.cancel()
            for each in (writer, upstream[1]):
                with suppress(OSError):
                    each.transport.abort() if point else each.close()

    async def _copy(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, cut: bool
    ) -> bool:
        """Copy until the end; with `cut` only a part of what comes first. Say whether it cut."""
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                writer.write(data[: self._random.randrange(len(data))] if cut else data)
                await writer.drain()
                if cut:
                    return True
        return False

    async def _hang_up_soon(self) -> bool:
        await asyncio.sleep(self._random.uniform(0, 0.03))
        return True


@pytest.fixture
def cutting_proxy() -> Iterator[Callable[..., CuttingProxy]]:
    """Put a proxy before a port: `proxy = cutting_proxy(port, share=0.3, seed=1)`."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    serving: list[asyncio.Future[None]] = []

    def put(port: int, *, share: float, seed: int) -> CuttingProxy:
        proxy, ready = CuttingProxy(port, share, seed), threading.Event()
        listening = socket.create_server(("127.0.0.1", 0), backlog=1024)
        serving.append(asyncio.run_coroutine_threadsafe(proxy.serve(listening, ready), loop))
        assert ready.wait(5)
        return proxy

    yield put
    for future in serving:
        future.cancel()
    asyncio.run_coroutine_threadsafe(_ended(), loop).result(5)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


async def _ended() -> None:
    others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


class Server:
    """`clutch serve` as processes of its own, on one port for good, that can be killed."""

    def __init__(self, environment: dict[str, str], *, workers: int) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port: int = probe.getsockname()[1]
        words = ["serve", "--port", str(self.port), "--workers", str(workers)]
        self._command = [sys.executable, "-c", "from cli.main import run; run()", *words]
        self._environment = environment
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and return when it answers."""
        self._process = subprocess.Popen(
            self._command,
            env=self._environment,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < deadline:
            assert self._process.poll() is None
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.address}/readyz", trust_env=False).status_code == 200:
                    return
            time.sleep(0.05)
        raise AssertionError("it did not start")

    def kill(self) -> None:
        """End it and its workers at once, wherever they are."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Start a server: `server(database, workers=2)`."""
    servers: list[Server] = []

    def start(database: Database, *, workers: int) -> Server:
        kept = {name: value for name, value in os.environ.items() if "CLUTCH" not in name}
        chosen = {"DATABASE_URL": database.url, "SERVICE_KEY": KEY, "TOKEN_KEY": TOKEN_KEY}
        chosen["DATA_DIRECTORY"] = str(tmp_path)
        named = {f"CLUTCH_{name}": value for name, value in chosen.items()}
        servers.append(Server(kept | named, workers=workers))
        servers[-1].start()
        return servers[-1]

    yield start
    for each in servers:
        each.kill()


class Persistent:
    """A client that sends a creating request under one key until it has a whole answer."""

    def __init__(self, port: int) -> None:
        # A connection of its own for each attempt: one that was cut is of no use to another.
        # (http.client takes headers that end early for whole ones, and then a missing body too.)
        once_each = httpx.Limits(max_keepalive_connections=0)
        address = f"http://127.0.0.1:{port}"
        self._http = httpx.Client(base_url=address, limits=once_each, timeout=5, trust_env=False)
        self.attempts = 0

    def post(self, path: str, body: Any, *, headers: dict[str, str], key: str) -> httpx.Response:
        """Send until something was answered that is neither our fault nor 'later'."""
        more = {"Idempotency-Key": key}
        deadline, pause = time.monotonic() + _PATIENCE_SECONDS, 0.01
        while time.monotonic() < deadline:
            self.attempts += 1
            with suppress(httpx.TransportError):
                answer = self._http.post(path, json=body, headers=headers | more)
                if answer.status_code < 500 and answer.status_code != 429:
                    return answer
            time.sleep(pause)
            pause = min(2 * pause, 0.5)
        raise AssertionError("no answer")

    def close(self) -> None:
        self._http.close()


@pytest.fixture
def persistent() -> Iterator[Callable[[int], Persistent]]:
    """Give the client that does not give up: `client = persistent(port)`."""
    clients: list[Persistent] = []

    def client(port: int) -> Persistent:
        clients.append(Persistent(port))
        return clients[-1]

    yield client
    for each in clients:
        each.close()
