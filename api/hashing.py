"""Where passwords are hashed: in few threads of their own, so that other requests keep theirs."""

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from clutch.errors import Unavailable

__all__ = ["Hashing"]

_AT_ONCE = 2
_MOST_WAITING = 50  # about half a second of work

Result = TypeVar("Result")


class Hashing:
    """Two hashes at a time in a process; a few more wait, the rest are asked to come again."""

    def __init__(self) -> None:
        self._lanes = CapacityLimiter(_AT_ONCE)

    async def run(self, act: Callable[..., Result], *arguments: object) -> Result:
        """Return what `act` returns.

        Raises
        ------
        Unavailable
            Too many wait already.
        """
        if self._lanes.statistics().tasks_waiting >= _MOST_WAITING:
            raise Unavailable("logging in", retry_after_seconds=1)
        return await run_sync(act, *arguments, limiter=self._lanes)
