"""Who comes in by Socket.IO, in which rooms they are, and what they may say.

A client shows an access token when it connects, `auth: {token, after}`, and is in the rooms that
the token stands for; it never names rooms to join. It is told `rooms`, where it stands in each, and
then every event after that. All that it may say is `resume` and `ack`.
"""

import asyncio
import datetime as dt
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import structlog
from pydantic import BaseModel, ValidationError
from socketio.exceptions import ConnectionRefusedError as Refused
from starlette.datastructures import Headers
from starlette.types import Receive, Scope, Send

from accounts import access_tokens
from accounts.principal import Principal
from api.access import authenticate
from api.errors import Unauthorised, problem_for
from api.faults import fault
from api.live.hints import hear_postgres, hear_redis
from api.live.hub import PAGE, Hub, Listener, Position
from api.live.neighbours import Neighbours
from api.live.protocol import Protocol
from api.live.watch import Watch
from api.live.wire import frame
from api.metrics import SocketMetrics
from api.problems import Problem
from api.schemas.live import Handshake, Heard, Resume
from api.state import State
from clutch.errors import ClutchError, Forbidden, InvalidInput, NotFound, TooMany, Unavailable
from clutch.settings import Settings
from notifications import events
from storage.session import Steps, reading, run_async

__all__ = ["Door"]

_log = structlog.get_logger()

_MOST_OF_A_PERSON = 20
_HANDSHAKES_AT_ONCE = 4  # of the connections that HTTP requests read by, half stay theirs
_RETRY_SECONDS = 5
_RESTART_SECONDS = 1.0
_BEARER = "bearer "
_PROOF = "a living access token as `auth: {token}`"

Said = TypeVar("Said", bound=BaseModel)
Result = TypeVar("Result")


class Door:
    """The Socket.IO application of one process: an ASGI application that works while `open`.

    Workers that share an address meet in `neighbourhood`.
    """

    def __init__(
        self, settings: Settings, metrics: SocketMetrics, *, neighbourhood: Path | None
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._neighbours = Neighbours(neighbourhood) if neighbourhood else None
        # Requests of one polling client reach several workers, which know each their own.
        may_poll = settings.workers == 1 or self._neighbours is not None
        self._protocol = Protocol(
            transports=["polling", "websocket"] if may_poll else ["websocket"],
            neighbours=self._neighbours,
            is_welcome=self._is_welcome,
            connected=self._enter,
        )
        self._protocol.on("connect", self._logged(self._connect))
        self._protocol.on("disconnect", self._logged(self._disconnect))
        self._protocol.on("resume", self._logged(self._resume))
        self._protocol.on("ack", self._logged(self._ack))
        self._protocol.on("*", self._logged(self._other))
        self._hub = Hub(self._news, metrics)
        self._admitted: dict[str, tuple[Listener, list[events.Standing]]] = {}
        self._listeners: dict[str, Listener] = {}
        self._connections: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer what comes to the door."""
        await self._protocol.serve(scope, receive, send)

    @asynccontextmanager
    async def open(self, state: State) -> AsyncIterator[None]:
        """Bring news to listeners for as long as the block lasts."""
        self._state = state
        self._handshakes = asyncio.Semaphore(_HANDSHAKES_AT_ONCE)
        works: list[Callable[[], Awaitable[None]]] = [
            self._hub.run,
            Watch(self._hub, state.pool, self._end_strangers).run,
            partial(hear_postgres, state.engine.url, self._heard),
        ]
        if self._settings.redis_url:
            works.append(partial(hear_redis, self._settings.redis_url, self._heard))
        tasks = [asyncio.create_task(_for_ever(work)) for work in works]
        neighbours = self._neighbours
        at_home = neighbours.open(self._protocol.serve) if neighbours else nullcontext()
        try:
            async with at_home:
                yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._protocol.shutdown()

    async def _connect(self, sid: str, environ: dict[str, Any], auth: object = None) -> None:
        socket_id = self._protocol.manager.eio_sid_from_sid(sid, "/")
        wire = self._protocol.wire(socket_id)
        if wire is None:
            raise Refused
        try:
            async with self._handshakes:
                handshake = _parsed(Handshake, {} if auth is None else auth)
                token = handshake.token or _bearer(environ)
                caller, expires_at = await self._person(token)
                asked = {room: handshake.after.get(room) for room in events.rooms_of(caller)}
                standings = await self._ask(events.standings(asked))
        except Unavailable:
            # A client that is refused gives up; one whose connection breaks tries again by itself.
            wire.cut()
            raise Refused from None
        except ClutchError as error:
            problem = _problem(Unauthorised(_PROOF) if isinstance(error, Unauthorised) else error)
            raise Refused(problem["detail"], problem) from None
        self._metrics.resumed.inc(sum(after is not None for after in asked.values()))
        self._connections[caller.name] += 1
        self._admitted[socket_id] = (Listener(caller, expires_at, wire), standings)

    async def _person(self, token: str) -> tuple[Principal, dt.datetime]:
        """Return who shows `token`, and until when it is good."""
        caller = await authenticate(self._state, token)
        if caller.user_id is None:
            raise Forbidden("for people only: a service key has no rooms")
        if self._connections[caller.name] >= _MOST_OF_A_PERSON:
            raise TooMany("connections", retry_after_seconds=_RETRY_SECONDS)
        now = dt.datetime.now(dt.UTC)
        return caller, access_tokens.read(token, key=self._state.token_key, now=now).expires_at

    def _enter(self, socket_id: str) -> None:
        """Tell a client that was let in where it stands, and from there on what happens."""
        entering = self._admitted.pop(socket_id, None)
        if entering is None:
            return
        listener, standings = entering
        sid = self._protocol.manager.sid_from_eio_sid(socket_id, "/")
        if sid is None or not listener.wire.is_open:
            self._count_out(listener)
            return
        self._listeners[sid] = listener
        self._metrics.connected.inc()
        listener.wire.send(frame("rooms", {"rooms": standings}))
        self._hub.add(listener, {each["room"]: each["after"] for each in standings})

    async def _disconnect(self, sid: str, reason: str) -> None:
        listener = self._listeners.pop(sid, None)
        if listener is not None:
            self._hub.remove(listener)
            self._metrics.connected.dec()
            self._count_out(listener)

    def _count_out(self, listener: Listener) -> None:
        self._connections[listener.caller.name] -= 1
        if not self._connections[listener.caller.name]:
            del self._connections[listener.caller.name]

    async def _resume(self, sid: str, *said: object) -> Mapping[str, Any]:
        """Have a client hear a room of its own again; answer where it then stands."""
        listener = self._listeners[sid]
        try:
            asked = _parsed(Resume, *said)
            if asked.room not in listener.positions:
                raise NotFound("room")
            (standing,) = await self._ask(events.standings({asked.room: asked.after}))
        except ClutchError as error:
            return _problem(error)
        self._metrics.resumed.inc()
        self._hub.move(listener, asked.room, standing["after"])
        return standing

    async def _ack(self, sid: str, *said: object) -> Mapping[str, Any]:
        """Answer which number a client has been sent, so that it can tell if it lacks some."""
        listener = self._listeners[sid]
        try:
            heard = _parsed(Heard, *said)
            if heard.room not in listener.positions:
                raise NotFound("room")
        except ClutchError as error:
            return _problem(error)
        last = listener.positions[heard.room]
        return events.Standing(room=heard.room, after=heard.sequence, last=last, resync=False)

    async def _other(self, event: str, sid: str, *said: object) -> Mapping[str, Any]:
        return _problem(NotFound("event: clients say resume and ack"))

    def _heard(self, room: str | None) -> None:
        if room is None:
            self._hub.hint_all()
        else:
            self._hub.hint(room)

    async def _news(self, positions: Collection[Position]) -> Mapping[Position, list[events.Event]]:
        return await self._ask(events.news(positions, limit=PAGE))

    async def _ask(self, steps: Steps[Result]) -> Result:
        async with reading(self._state.pool) as connection:
            return await run_async(connection, steps)

    def _end_strangers(self) -> None:
        self._protocol.end_strangers({each.wire.socket_id for each in self._hub.listeners})

    def _is_welcome(self, headers: Headers) -> bool:
        """Say whether a page may call: one of ours, or of an allowed origin; apps name none."""
        origin, allowed = headers.get("origin"), self._settings.cors_origins
        if origin is None or origin in allowed or "*" in allowed:
            return True
        return urlsplit(origin).netloc == headers.get("host")

    @staticmethod
    def _logged(handler: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """Log what goes wrong in a handler; the library, which is quiet, ends the call."""

        async def handle(*arguments: object) -> Any:
            try:
                return await handler(*arguments)
            except (ClutchError, Refused):
                raise
            except Exception:
                _log.exception("a socket's event failed", handler=handler.__name__)
                raise

        return handle


async def _for_ever(work: Callable[[], Awaitable[None]]) -> None:
    while True:
        try:
            await work()
        except Exception:  # noqa: BLE001 - one failure must not silence every listener
            _log.exception("what sockets are told stopped, and goes on")
            await asyncio.sleep(_RESTART_SECONDS)


def _problem(error: ClutchError) -> dict[str, Any]:
    problem: Problem = problem_for(error)[0]
    return problem.model_dump(exclude_defaults=True)


def _parsed(kind: type[Said], *said: object) -> Said:
    try:
        return kind.model_validate(said[0] if len(said) == 1 else None)
    except ValidationError as error:
        first = fault(error.errors(include_url=False)[0])
        raise InvalidInput(first.field, first.expected) from None


def _bearer(environ: Mapping[str, Any]) -> str:
    shown = str(environ.get("HTTP_AUTHORIZATION", ""))
    if not shown.lower().startswith(_BEARER):
        raise Unauthorised
    return shown[len(_BEARER) :].strip()
