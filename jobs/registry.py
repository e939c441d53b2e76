"""Which jobs there are: each a function with a name, and how often it is tried again.

    @task("quotes.lapse")
    def lapse(tools: Tools, *, quote_id: str) -> None:
        with transaction(tools.engine, PLATFORM) as session:
            ...

A job may run more than once (the worker was killed in the middle), so each is written to be
repeatable. It opens its own transactions, and asks nobody outside while one is open. One that
raises is tried again later, and stays in the queue as failed when it was tried often enough.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from jobs.tools import Tools

__all__ = ["Task", "backoff", "periodic", "task", "tasks"]

Act = Callable[..., None]

_FIRST_WAIT, _LONGEST_WAIT = 5, 3_600


@dataclass(frozen=True)
class Task:
    """A kind of job; `waits` are the seconds before each further try, `cron` when it comes."""

    name: str
    act: Act
    waits: Sequence[int]
    cron: str | None = None

    def run(self, tools: Tools, **arguments: Any) -> None:
        """Do it once, now."""
        self.act(tools, **arguments)

    def retry_at(self, attempts: int, now: dt.datetime) -> dt.datetime | None:
        """Return when to try again after `attempts` earlier failures and this one; None: never."""
        if attempts >= len(self.waits):
            return None
        return now + dt.timedelta(seconds=self.waits[attempts])


def backoff(retries: int) -> tuple[int, ...]:
    """Return the seconds to wait before each of `retries`, three times as long each time.

    Examples
    --------
    >>> backoff(5)
    (5, 15, 45, 135, 405)
    >>> backoff(0), backoff(8)[-1]
    ((), 3600)
    """
    return tuple(min(_FIRST_WAIT * 3**n, _LONGEST_WAIT) for n in range(retries))


_tasks: dict[str, Task] = {}


def task(name: str, *, retries: int = 5) -> Callable[[Act], Act]:
    """Make a function the job of this name; `jobs.tasks` imports every module that does."""
    return _registered(name, backoff(retries))


def periodic(cron: str, name: str, *, retries: int = 0) -> Callable[[Act], Act]:
    """Make a function the job that comes by itself at the times of `cron` (UTC), once for all."""
    return _registered(name, backoff(retries), cron)


def _registered(name: str, waits: Sequence[int], cron: str | None = None) -> Callable[[Act], Act]:
    def register(act: Act) -> Act:
        if name in _tasks:
            raise ValueError(f"two jobs are named {name}")
        _tasks[name] = Task(name, act, waits, cron)
        return act

    return register


def tasks() -> Mapping[str, Task]:
    """Return every registered job by its name; import `jobs.tasks` before."""
    return MappingProxyType(_tasks)
