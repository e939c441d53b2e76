"""Many listeners in one process: clients that speak as much Socket.IO as it takes to listen.

Each keeps what an app keeps, the number of the last event of each of its rooms, and notes every
number it is told, with the time since the event was written.
"""

import asyncio
import base64
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import orjson

__all__ = ["Client", "connect_all"]

_CONNECTING_AT_ONCE = 250  # what the listen queue of a server holds is not what is measured
_CONNECT_SECONDS = 60
_TEXT, _CLOSE = 0x81, 0x88
_SHORT, _TWO_BYTES = 126, 127
_MASK = bytes(4)


@dataclass(eq=False)
class Client:
    """Who listens: `auth` is what it shows, and `rooms` what it should then hear."""

    auth: Mapping[str, Any]
    rooms: list[str]
    replays: bool = True
    last: dict[str, int] = field(default_factory=dict)
    heard: list[tuple[str, int]] = field(default_factory=list)
    delays_ms: list[float] = field(default_factory=list)
    connect_seconds: float = 0.0
    behind: dict[str, int] = field(default_factory=dict)
    caught_up_at: float = 0.0
    line: "_Line | None" = None

    def handshake(self) -> dict[str, Any]:
        """Return what is shown now."""
        return {**self.auth, "after": self.last} if self.replays else dict(self.auth)

    def told_where(self, standings: Iterable[Mapping[str, Any]]) -> None:
        """Take note of where it stands, and of what it lacks still."""
        for each in standings:
            self.last[each["room"]] = each["after"]
            if each["after"] < each["last"]:
                self.behind[each["room"]] = each["last"]
        self._look_if_caught_up()

    def told(self, payload: Mapping[str, Any]) -> None:
        """Take note of an event."""
        room, sequence = payload["room"], payload["sequence"]
        self.heard.append((room, sequence))
        self.last[room] = sequence
        self.delays_ms.append((time.time() - payload["at"]) * 1e3)
        if self.behind and sequence >= self.behind.get(room, sequence + 1):
            del self.behind[room]
            self._look_if_caught_up()

    def _look_if_caught_up(self) -> None:
        if not self.behind:
            self.caught_up_at = time.perf_counter()

    def cut(self) -> None:
        """Lose the line, in the middle of whatever comes."""
        if self.line is not None:
            self.line.transport.abort()
        self.behind = {}


async def connect_all(clients: Iterable[Client], port: int) -> None:
    """Connect every client; each notes how long it took to be told where it stands."""
    places = asyncio.Semaphore(_CONNECTING_AT_ONCE)

    async def connect(client: Client) -> None:
        async with places:
            await _connect(client, port)

    async with asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(connect(client))


async def _connect(client: Client, port: int) -> None:
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    _, line = await loop.create_connection(lambda: _Line(client, port), "127.0.0.1", port)
    client.line = line
    async with asyncio.timeout(_CONNECT_SECONDS):
        await line.entered.wait()
    client.connect_seconds = time.perf_counter() - started


class _Line(asyncio.Protocol):
    """A WebSocket (RFC 6455) that carries Engine.IO's text packets."""

    def __init__(self, client: Client, port: int) -> None:
        self._client = client
        self._port = port
        self._unread = b""
        self._upgraded = False
        self.entered = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        key = base64.b64encode(os.urandom(16)).decode()
        self.transport.write(
            (
                "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"
                f"Host: 127.0.0.1:{self._port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n"
            ).encode()
        )

    def data_received(self, data: bytes) -> None:
        self._unread += data
        if not self._upgraded:
            head, end, rest = self._unread.partition(b"\r\n\r\n")
            if not end:
                return
            assert head.startswith(b"HTTP/1.1 101"), head
            self._upgraded, self._unread = True, rest
        while (frame := self._next_frame()) is not None:
            self._read(frame)

    def _next_frame(self) -> bytes | None:
        unread = self._unread
        if len(unread) < 2:
            return None
        length, start = unread[1], 2
        if length == _SHORT:
            length, start = int.from_bytes(unread[2:4]), 4
        elif length == _TWO_BYTES:
            length, start = int.from_bytes(unread[2:10]), 10
        if len(unread) < start or len(unread) < start + length:
            return None
        self._unread = unread[start + length :]
        return unread[start : start + length] if unread[0] == _TEXT else b""

    def _read(self, packet: bytes) -> None:
        if packet.startswith(b"42"):
            event, payload = orjson.loads(packet[2:])
            if event == "rooms":
                self._client.told_where(payload["rooms"])
                self.entered.set()
            else:
                self._client.told(payload)
        elif packet.startswith(b"0{"):
            self._send(b"40" + orjson.dumps(self._client.handshake()))
        elif packet == b"2":
            self._send(b"3")
        elif packet.startswith(b"40") and not self._client.replays:
            self.entered.set()
        elif packet.startswith(b"44"):
            raise AssertionError(packet)

    def _send(self, packet: bytes) -> None:
        size = len(packet)
        long = bytes([0x80 | size]) if size < _SHORT else bytes([0xFE]) + size.to_bytes(2)
        self.transport.write(bytes([_TEXT]) + long + _MASK + packet)
