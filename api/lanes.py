"""Where work that keeps a processor busy is done: in few threads of its own.

Passwords and pictures would otherwise take the threads that all other requests wait for.
"""

from collections.abc import Callable
from typing import TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from clutch.errors import Unavailable

__all__ = ["Lanes"]

_AT_ONCE = 2

Result = TypeVar("Result")


class Lanes:
    """Two at a time in a process; `most_waiting` wait, the rest are asked to come again.

    `what` is what is then not available.
    """

    def __init__(self, what: str, *, most_waiting: int) -> None:
        self._what = what
        self._most_waiting = most_waiting
        self._lanes = CapacityLimiter(_AT_ONCE)
        self._inside = 0

    async def run(self, act: Callable[..., Result], *arguments: object) -> Result:
        """Return what `act` returns.

        Raises
        ------
        Unavailable
            Too many wait already.
        """
        # Counted here: the limiter sees those who come in one burst only when they wait already.
        if self._inside >= _AT_ONCE + self._most_waiting:
            raise Unavailable(self._what, retry_after_seconds=1)
        self._inside += 1
        try:
            return await run_sync(act, *arguments, limiter=self._lanes)
        finally:
            self._inside -= 1
