"""Somebody's ear at the server: hears their rooms, is cut off now and then, and misses nothing.

Every event carries its room and its number there. Who connects says up to where they heard in each
room, and is told the rest. Each number is checked here, so that an event lost or told twice is
counted.
"""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

import aiohttp
import numpy as np
import socketio
from socketio.exceptions import SocketIOError

from simulator.caller import Caller
from simulator.tally import Tally

__all__ = ["Listener"]

_AWAY_SECONDS = 0.5
_HANDSHAKE_SECONDS = 10
_CATCH_UP_SECONDS = 20.0

Handle = Callable[[str, Mapping[str, Any]], None]


class Listener:
    """Hears `rooms` as `caller`, and hands each event, once and in order, to `handle`.

    Its connection is cut after about `cut_after_seconds`, again and again, and after a moment made
    anew.
    """

    def __init__(
        self,
        url: str,
        session: aiohttp.ClientSession,
        caller: Caller,
        rooms: list[str],
        handle: Handle,
        *,
        tally: Tally,
        rng: np.random.Generator,
        cut_after_seconds: float,
    ) -> None:
        self._url = url
        self._session = session
        self._caller = caller
        self._heard = dict.fromkeys(rooms, 0)
        self._last: dict[str, int] = {}
        self._news = asyncio.Event()
        self._ended = asyncio.Event()
        self._handle = handle
        self._tally = tally
        self._rng = rng
        self._cut_after_seconds = cut_after_seconds

    async def listen(self) -> None:
        """Listen for ever, with interruptions."""
        while True:
            client = self._client()
            self._ended.clear()
            try:
                with suppress(SocketIOError, TimeoutError):
                    await self._connect(client)
                    # The server may end it too, say because the person's shops are others.
                    cut_after = self._rng.exponential(self._cut_after_seconds)
                    await asyncio.wait_for(self._ended.wait(), cut_after)
            finally:  # also when nobody listens any more: a second ear would hear it twice
                await self._hang_up(client)
            await asyncio.sleep(self._rng.uniform(0, _AWAY_SECONDS))

    async def settle(self) -> None:
        """Connect once more; count as lost what the server has told of and never brought."""
        client = self._client()
        self._last = {}
        with suppress(SocketIOError, TimeoutError):
            await self._connect(client)
            await asyncio.wait_for(self._caught_up(), _CATCH_UP_SECONDS)
        await self._hang_up(client)
        self._tally.lost_events += sum(
            max(0, self._last.get(room, heard + 1) - heard) for room, heard in self._heard.items()
        )

    async def _caught_up(self) -> None:
        while not self._last or any(
            self._heard[room] < number for room, number in self._last.items()
        ):
            self._news.clear()
            await self._news.wait()

    def _client(self) -> socketio.AsyncClient:
        client = socketio.AsyncClient(
            reconnection=False,
            http_session=self._session,
            handle_sigint=False,  # it would cancel everything: Ctrl-C is the command's
        )
        client.on("*", self._on_event)
        client.on("disconnect", self._on_end)
        return client

    async def _connect(self, client: socketio.AsyncClient) -> None:
        proof = {"token": await self._caller.fresh_token(), "after": self._heard}
        await client.connect(
            self._url, auth=proof, transports=["websocket"], wait_timeout=_HANDSHAKE_SECONDS
        )

    async def _hang_up(self, client: socketio.AsyncClient) -> None:
        with suppress(SocketIOError):
            await client.disconnect()

    async def _on_end(self, _reason: str) -> None:
        self._ended.set()

    async def _on_event(self, event: str, payload: Mapping[str, Any]) -> None:
        self._news.set()
        if event == "rooms":
            self._last = {each["room"]: each["last"] for each in payload["rooms"]}
            return
        room, number = payload["room"], payload["sequence"]
        if number <= self._heard[room]:
            self._tally.duplicate_events += 1
            return
        self._tally.lost_events += number - self._heard[room] - 1
        self._heard[room] = number
        self._tally.heard_events += 1
        self._handle(event, payload)
