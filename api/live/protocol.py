"""python-socketio's server, made to take nothing from strangers on trust.

The library calls a program's own handlers for whatever name a client writes, `connect` among them,
keeps binary parts until they are whole, lets a socket stay that never says who it is, and lets a
frame that it cannot read end its task with a traceback. Here such frames end the connection.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, cast
from urllib.parse import parse_qs

import engineio
import socketio
from socketio import packet
from starlette.datastructures import Headers
from starlette.types import Message, Receive, Scope, Send

from api.live.neighbours import Neighbours
from api.live.wire import Wire

__all__ = ["MOST_BYTES", "Protocol"]

MOST_BYTES = 16 * 1024
"""The most that a client says at once: a token, and a number for each of its rooms."""

_MOST_SOCKETS = 10_000
_BUSY = 503
_SECONDS_TO_CONNECT = 10.0
_PING_SECONDS, _PONG_SECONDS = 25, 20
_RESERVED = ("connect", "disconnect")
_SOCKET = "clutch.socket"

# It would log each bad frame with a traceback; what goes wrong in handlers is logged by the door.
_quiet = logging.getLogger("clutch.live.library")
_quiet.setLevel(logging.CRITICAL)


class _Sessions(engineio.AsyncServer):  # type: ignore[misc]
    """The library's sessions, whose ids say whose they are among neighbours."""

    def __init__(self, neighbours: Neighbours | None, **options: Any) -> None:
        super().__init__(**options)
        self._neighbours = neighbours

    def generate_id(self) -> str:
        """Return the id of a new session."""
        made = str(super().generate_id())
        return self._neighbours.own(made) if self._neighbours else made


class Protocol(socketio.AsyncServer):  # type: ignore[misc]
    """The server of one process; `connected` is called when a client has been told that it is.

    With `neighbours` it answers for the sessions of other workers too, by asking them.
    """

    def __init__(
        self,
        *,
        transports: list[str],
        neighbours: Neighbours | None,
        is_welcome: Callable[[Headers], bool],
        connected: Callable[[str], None],
    ) -> None:
        self._neighbours = neighbours
        super().__init__(
            async_mode="asgi",
            async_handlers=False,  # what a client says is dealt with in its order
            transports=transports,
            cors_allowed_origins=[],  # looked at here, for all that comes
            max_http_buffer_size=MOST_BYTES,
            ping_interval=_PING_SECONDS,
            ping_timeout=_PONG_SECONDS,
            logger=_quiet,
            engineio_logger=_quiet,
        )
        self._is_welcome = is_welcome
        self._connected = connected
        self._arrived: dict[str, float] = {}

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or a WebSocket for as long as it lasts."""
        if not self._is_welcome(Headers(scope=scope)):
            await _refuse(scope, send, status=403)
            return
        session_id = _session_id(scope)
        if not session_id and len(self.eio.sockets) >= _MOST_SOCKETS:
            await _refuse(scope, send, status=_BUSY)
            return
        owner = self._neighbours.owner(session_id) if self._neighbours else None
        if self._neighbours and owner:
            if not await self._neighbours.pass_on(owner, scope, receive, send):
                await _refuse(scope, send, status=400)
            return
        try:
            if scope["type"] == "http" and scope["method"] == "GET":
                await self._answer_poll(session_id, scope, receive, send)
            elif scope["type"] == "websocket" and session_id:
                await self._answer_upgrade(session_id, scope, receive, send)
            else:
                await self.handle_request(scope, receive, send)
        except (ValueError, KeyError):
            pass  # not Engine.IO, or gone before it asked anything
        finally:
            if scope["type"] == "websocket" and (wire := self.wire(scope.get(_SOCKET, ""))):
                wire.cut()

    async def _answer_poll(
        self, session_id: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Answer a poll, which waits for news; who goes away meanwhile is waited for no more."""
        asked = await receive()

        async def what_was_asked() -> Message:
            return asked

        answering = asyncio.create_task(self.handle_request(scope, what_was_asked, send))
        leaving = asyncio.create_task(cast("Coroutine[Any, Any, Message]", receive()))
        try:
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            leaving.cancel()
        if not answering.done() and (wire := self.wire(session_id)):
            wire.cut()
        await answering

    async def _answer_upgrade(
        self, session_id: str, scope: Scope, receive: Receive, send: Send
    ) -> None:
        """Let a WebSocket take over from polling; until it has, the client is told nothing.

        The library would wait for ever for one that keeps silent, and tell the client no more when
        one has failed.
        """
        session = self.eio.sockets.get(session_id)

        async def in_time() -> Message:
            if session is None or session.upgraded:
                return await receive()
            try:
                return await asyncio.wait_for(
                    cast("Coroutine[Any, Any, Message]", receive()), _SECONDS_TO_CONNECT
                )
            except TimeoutError:
                return {"type": "websocket.disconnect"}

        try:
            await self.handle_request(scope, in_time, send)
        finally:
            if session is not None and not session.upgraded:
                session.upgrading = False

    def _engineio_server_class(self) -> Callable[..., _Sessions]:
        return partial(_Sessions, self._neighbours)

    def wire(self, socket_id: str) -> Wire | None:
        """Return the way to the client of an Engine.IO socket that is there."""
        socket = self.eio.sockets.get(socket_id)
        return None if socket is None else Wire(socket)

    def end_strangers(self, known: set[str]) -> None:
        """End the sockets that have been here for 10 seconds and are not `known`."""
        latest = asyncio.get_running_loop().time() - _SECONDS_TO_CONNECT
        for socket_id, arrived in list(self._arrived.items()):
            if arrived < latest and socket_id not in known and (wire := self.wire(socket_id)):
                wire.cut()

    async def _handle_eio_connect(self, eio_sid: str, environ: dict[str, Any]) -> None:
        await super()._handle_eio_connect(eio_sid, environ)
        self._arrived[eio_sid] = asyncio.get_running_loop().time()
        environ["asgi.scope"][_SOCKET] = eio_sid

    async def _handle_eio_disconnect(self, eio_sid: str, reason: str) -> None:
        self._arrived.pop(eio_sid, None)
        await super()._handle_eio_disconnect(eio_sid, reason)

    async def _handle_eio_message(self, eio_sid: str, data: object) -> None:
        if _is_understood(data):
            await super()._handle_eio_message(eio_sid, data)
        elif wire := self.wire(eio_sid):
            wire.cut()

    async def _handle_connect(self, eio_sid: str, namespace: str, data: object) -> None:
        await super()._handle_connect(eio_sid, namespace, data)
        self._connected(eio_sid)


def _is_understood(data: object) -> bool:
    """Say whether a frame is one of those that our clients send.

    Examples
    --------
    >>> _is_understood('2["resume",{}]'), _is_understood('0{"token":"..."}'), _is_understood("1")
    (True, True, True)
    >>> _is_understood('2["connect",{}]'), _is_understood("2[]"), _is_understood('51-["a",{}]')
    (False, False, False)
    """
    if not isinstance(data, str):
        return False
    try:
        said = packet.Packet(encoded_packet=data)
    except (ValueError, RecursionError):
        return False
    if said.packet_type == packet.EVENT:
        name = said.data[0] if isinstance(said.data, list) and said.data else None
        return isinstance(name, str) and name not in _RESERVED
    return said.packet_type in (packet.CONNECT, packet.DISCONNECT)


def _session_id(scope: Scope) -> str:
    """Return the session that a request is of; empty: it begins one."""
    query: str = scope["query_string"].decode("latin-1")
    return parse_qs(query).get("sid", [""])[0]


async def _refuse(scope: Scope, send: Send, *, status: int) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close"})  # which answers 403
        return
    headers = [(b"content-length", b"0")]
    if status == _BUSY:
        headers.append((b"retry-after", b"5"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": b""})
