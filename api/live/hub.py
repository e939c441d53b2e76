"""The hub of a process: brings the log of each room to those who listen here.

Each listener has a position in each of its rooms: the number of the last event put on its way. One
task alone reads the log after the positions and moves them, by exactly the events that it sends in
the same step. So nobody misses an event or hears it twice, whether they just came, asked to hear
again, or have listened all along: these are one case. Hints only say when to read.
"""

import asyncio
import datetime as dt
import time
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field

import structlog

from accounts.principal import Principal
from api.live.wire import Wire, frame
from api.metrics import SocketMetrics
from clutch.errors import Unavailable
from notifications.events import Event

__all__ = ["PAGE", "Hub", "Listener"]

_log = structlog.get_logger()

PAGE = 100
"""The most events of a room that are read, and sent to a listener, at a time."""

_POSITIONS_AT_ONCE = 100
_MOST_WAITING = 200  # frames; beyond it a listener is not sent more
_PAUSE_SECONDS = 0.05
_STUCK_SECONDS = 10.0
_RETRY_SECONDS = 1.0

Position = tuple[str, int]
_Read = Callable[[Collection[Position]], Awaitable[Mapping[Position, list[Event]]]]


@dataclass(eq=False, slots=True)
class Listener:
    """A client who listens, until the token it showed ends; `positions` are the hub's to move."""

    caller: Principal
    expires_at: dt.datetime
    wire: Wire
    positions: dict[str, int] = field(default_factory=dict)
    full_since: float | None = None


class Hub:
    """The listeners of a process; `read` gives the events after positions, at most `PAGE` each."""

    def __init__(self, read: _Read, metrics: SocketMetrics) -> None:
        self._read = read
        self._metrics = metrics
        self._rooms: dict[str, set[Listener]] = {}
        self._news: dict[str, None] = {}  # rooms to read, in the order they were hinted at
        self._held: set[str] = set()
        self._awake = asyncio.Event()

    @property
    def listeners(self) -> set[Listener]:
        """Return everybody who listens here."""
        return set().union(*self._rooms.values())

    @property
    def rooms(self) -> list[str]:
        """Return the rooms that somebody here listens to."""
        return list(self._rooms)

    def add(self, listener: Listener, positions: Mapping[str, int]) -> None:
        """Tell `listener` all that comes after a number in each room."""
        listener.positions.update(positions)
        for room in positions:
            self._rooms.setdefault(room, set()).add(listener)
            self.hint(room)

    def remove(self, listener: Listener) -> None:
        """Tell `listener` no more."""
        for room in listener.positions:
            here = self._rooms.get(room, set())
            here.discard(listener)
            if not here:
                self._rooms.pop(room, None)

    def move(self, listener: Listener, room: str, after: int) -> None:
        """Have a listener hear a room of its own again from `after` on."""
        listener.positions[room] = after
        self.hint(room)

    def hint(self, room: str) -> None:
        """Read a room soon; nothing when nobody here listens to it."""
        if room in self._rooms:
            self._news[room] = None
            self._awake.set()

    def hint_all(self) -> None:
        """Read every room soon: hints may have been lost."""
        for room in self._rooms:
            self.hint(room)

    def hint_those_behind(self, newest: Mapping[str, int]) -> None:
        """Read the rooms soon that have events which some listener was not sent."""
        for room, last in newest.items():
            if any(listener.positions[room] < last for listener in self._rooms.get(room, ())):
                self.hint(room)

    async def run(self) -> None:
        """Bring news to listeners, for ever."""
        while True:
            await self._awake.wait()
            positions = self._next_positions()
            if not positions:
                continue
            try:
                found = await self._read(positions)
            except Unavailable:
                for room, _ in positions:
                    self.hint(room)
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            for (room, after), events in found.items():
                self._tell(room, after, events)

    def _next_positions(self) -> set[Position]:
        positions: set[Position] = set()
        while self._news and len(positions) < _POSITIONS_AT_ONCE:
            room = next(iter(self._news))
            del self._news[room]
            for listener in self._rooms.get(room, ()):
                if self._takes_more(listener):
                    positions.add((room, listener.positions[room]))
                else:
                    self._hold(room)
        if not self._news:
            self._awake.clear()
        return positions

    def _tell(self, room: str, after: int, events: list[Event]) -> None:
        frames = [
            frame(each["event"], each["payload"] | {"sequence": each["sequence"], "room": room})
            for each in events
        ]
        for listener in self._rooms.get(room, ()):
            if listener.positions[room] != after:
                continue  # it was moved while the log was read
            if not self._takes_more(listener):
                self._hold(room)
                continue
            for told in frames:
                listener.wire.send(told)
            listener.positions[room] = events[-1]["sequence"]
            self._metrics.sent.inc(len(events))
        if len(events) == PAGE:
            self.hint(room)

    def _takes_more(self, listener: Listener) -> bool:
        """Say whether a client keeps up; it is cut off when it has not for 10 seconds."""
        if listener.wire.waiting < _MOST_WAITING:
            listener.full_since = None
            return True
        now = time.monotonic()
        listener.full_since = listener.full_since or now
        if now - listener.full_since > _STUCK_SECONDS and listener.wire.is_open:
            _log.info("cut off a listener that does not read", caller=listener.caller.name)
            self._metrics.cut_off.inc()
            listener.wire.cut()
            listener.full_since = now  # it takes a moment to end: once is enough
        return False

    def _hold(self, room: str) -> None:
        """Look at a room again in a moment, when a listener may have taken what waits for it."""
        if room not in self._held:
            self._held.add(room)
            asyncio.get_running_loop().call_later(_PAUSE_SECONDS, self._look_again, room)

    def _look_again(self, room: str) -> None:
        self._held.discard(room)
        self.hint(room)
