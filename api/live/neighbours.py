"""Workers of one machine pass on what belongs to each other's sessions.

A client may begin with long polling, whose requests reach any worker, while its session is known to
one. So a session's id begins with the name of its worker, and a worker that gets another's request
carries the conversation to it, as the messages of ASGI, through a Unix socket. The sockets are in a
directory that only the user who serves can enter. Windows has none.
"""

import asyncio
import json
import re
import secrets
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Neighbours", "neighbourhood"]

_NAME_BYTES = 4
_OF_A_WORKER = re.compile(r"([0-9a-f]{8})\.")
_CARRIED = ("type", "method", "path", "query_string", "headers")
_SIZE_BYTES = 4
_BACKLOG = 2048  # where it is full, who connects is turned away at once
_BYTES = "latin-1"


@contextmanager
def neighbourhood() -> Iterator[Path | None]:
    """Make the directory where workers meet, for as long as the block lasts; None on Windows."""
    if not hasattr(socket, "AF_UNIX"):
        yield None
        return
    with TemporaryDirectory(prefix="clutch-", ignore_cleanup_errors=True) as directory:
        yield Path(directory)


class Neighbours:
    """A worker among those who meet in `directory`."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._name = secrets.token_hex(_NAME_BYTES)

    def own(self, session_id: str) -> str:
        """Return the id of a session of this worker."""
        return f"{self._name}.{session_id}"

    def owner(self, session_id: str) -> str | None:
        """Return which other worker has a session; None: this one, or nobody."""
        named = _OF_A_WORKER.match(session_id)
        return named[1] if named and named[1] != self._name else None

    @asynccontextmanager
    async def open(self, app: ASGIApp) -> AsyncIterator[None]:
        """Have `app` answer what the others pass on, for as long as the block lasts."""

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await _answer(app, reader, writer)

        here = self._directory / self._name
        server = await asyncio.start_unix_server(answer, here, backlog=_BACKLOG)
        try:
            yield
        finally:
            server.close()
            here.unlink(missing_ok=True)

    async def pass_on(self, owner: str, scope: Scope, receive: Receive, send: Send) -> bool:
        """Have the owner answer a request; say whether it did: it may be gone."""
        try:
            reader, writer = await asyncio.open_unix_connection(self._directory / owner)
        except OSError:
            return False
        asked = {key: scope[key] for key in _CARRIED if key in scope}
        carrying = asyncio.create_task(_carry(asked, receive, writer))
        answered = False
        try:
            while (message := await _read(reader)) is not None:
                await send(message)
                answered = True
            if carrying.done():
                carrying.result()  # raises what was wrong with the request
        finally:
            carrying.cancel()
            writer.close()
        return answered


async def _carry(asked: Message, receive: Receive, writer: asyncio.StreamWriter) -> None:
    """Tell the owner what is asked, and what else the client says; hang up when it leaves."""
    said = asked
    try:
        while not said["type"].endswith(".disconnect"):
            await _write(writer, said)
            said = await receive()
    except ConnectionError:
        pass  # the owner is gone
    finally:
        writer.close()


async def _answer(app: ASGIApp, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer one request that a neighbour passed on; the client is gone when the neighbour is."""

    async def receive() -> Message:
        gone = {"type": f"{asked['type']}.disconnect", "code": 1006}
        return await _read(reader) or gone

    async def send(message: Message) -> None:
        await _write(writer, message)

    try:
        with suppress(ConnectionError):
            if asked := await _read(reader) or {}:
                await app(asked, receive, send)
    finally:
        writer.close()


async def _write(writer: asyncio.StreamWriter, message: Message) -> None:
    data = _packed(message)
    writer.write(len(data).to_bytes(_SIZE_BYTES) + data)
    await writer.drain()


async def _read(reader: asyncio.StreamReader) -> Message | None:
    """Return what comes next; None when the other side is gone."""
    try:
        size = int.from_bytes(await reader.readexactly(_SIZE_BYTES))
        return _unpacked(await reader.readexactly(size))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


def _packed(message: Message) -> bytes:
    """Write a message of ASGI down; JSON knows no bytes.

    Examples
    --------
    >>> _packed({"type": "http.request", "body": b"4"})
    b'{"type": "http.request", "body": {"latin-1": "4"}}'
    >>> _unpacked(_packed({"text": None, "headers": [(b"host", b"x")]}))
    {'text': None, 'headers': [[b'host', b'x']]}
    """

    def text_of(value: bytes) -> dict[str, str]:
        return {_BYTES: value.decode(_BYTES)}

    return json.dumps(message, default=text_of, ensure_ascii=False).encode()


def _unpacked(data: bytes) -> Message:
    def restored(each: dict[str, Any]) -> Any:
        return each[_BYTES].encode(_BYTES) if each.keys() == {_BYTES} else each

    message: Message = json.loads(data, object_hook=restored)
    return message
