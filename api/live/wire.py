"""The way to one client: frames go out in order, are counted, and can be cut off at once.

Frames are put on the queue of the client's Engine.IO socket without waiting, so that whoever sends
knows that nothing comes in between. A browser's client notices a cut and connects again by itself.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson
from engineio import packet
from engineio.async_socket import AsyncSocket

__all__ = ["Wire", "frame"]

_EVENT = "2"
_cutting: set[asyncio.Task[None]] = set()


def frame(event: str, payload: Mapping[str, Any]) -> packet.Packet:
    """Return an event as Socket.IO writes it; it is encoded once, for however many clients.

    Examples
    --------
    >>> frame("new-quote", {"shopName": "ورشة", "sequence": 3}).encode()
    '42["new-quote",{"shopName":"ورشة","sequence":3}]'
    """
    return packet.Packet(packet.MESSAGE, _EVENT + orjson.dumps([event, payload]).decode())


class Wire:
    """What a listener is told through; `waiting` frames were not yet taken by the network."""

    def __init__(self, socket: AsyncSocket) -> None:
        self._socket = socket

    @property
    def socket_id(self) -> str:
        """Return the id of the Engine.IO socket."""
        return str(self._socket.sid)

    @property
    def is_open(self) -> bool:
        """Say whether frames may still arrive."""
        return not (self._socket.closed or self._socket.closing)

    @property
    def waiting(self) -> int:
        """Return how many frames the client has not been ready for."""
        return int(self._socket.queue.qsize())

    def send(self, told: packet.Packet) -> None:
        """Put a frame behind those that wait."""
        self._socket.queue.put_nowait(told)

    def cut(self) -> None:
        """End the connection; what still waits is dropped, so that nothing is skipped."""
        if self.is_open:
            task = asyncio.get_running_loop().create_task(self._close())
            _cutting.add(task)
            task.add_done_callback(_cutting.discard)

    async def _close(self) -> None:
        queue = self._socket.queue
        while not queue.empty():
            queue.get_nowait()
            queue.task_done()
        await self._socket.close(wait=False)
        # Wakes the writer, which ends a WebSocket that its client would leave open.
        queue.put_nowait(None)
