"""Tools of jobs on a database of the test's own, with a clock that the test sets; real workers."""

import asyncio
import datetime as dt
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from clutch.settings import Settings
from jobs import registry
from jobs.tools import Tools, open_tools
from jobs.worker import Heartbeat, run_worker
from storage.cluster import Database
from storage.session import PLATFORM, transaction

NOON = dt.datetime(2026, 11, 22, 10, tzinfo=dt.UTC)


@dataclass
class Clock:
    """What the tools think it is o'clock: noon in Cairo, until a test moves it."""

    now: dt.datetime = NOON

    def __call__(self) -> dt.datetime:
        return self.now

    def forward(self, **span: float) -> None:
        self.now += dt.timedelta(**span)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tools(fresh_database: Database, clock: Clock, tmp_path: Path) -> Iterator[Tools]:
    settings = Settings(
        database_url=fresh_database.url, data_directory=tmp_path, token_key=SecretStr("k" * 32)
    )
    with open_tools(settings, fresh_database.url, now=clock) as tools:
        yield tools


Working = Callable[..., AbstractContextManager[None]]
QUICK = Heartbeat(seconds=0.2, silence_seconds=1, look_seconds=0.2)


@contextmanager
def _working(url: str, *, at_a_time: int = 1) -> Iterator[None]:
    """Run a worker in a thread for as long as the block lasts."""
    loop = asyncio.new_event_loop()
    stop = asyncio.Event()
    settings = Settings(token_key=SecretStr("k" * 32))
    worker = run_worker(settings, url, stop, at_a_time=at_a_time, heartbeat=QUICK)
    thread = threading.Thread(target=loop.run_until_complete, args=[worker])
    thread.start()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join()
        loop.close()


@pytest.fixture
def working() -> Working:
    """Run a worker beside the test: `with working(database.url):`."""
    return _working


@dataclass
class Diary:
    """What jobs of the tests wrote down, in the database they ran on."""

    tools: Tools

    @property
    def entries(self) -> list[str]:
        with self.tools.engine.connect() as connection:
            return list(connection.scalars(text("SELECT what FROM diary ORDER BY at")))

    def write(self, what: str) -> None:
        with transaction(self.tools.engine, PLATFORM) as session:
            session.execute(text("INSERT INTO diary (what) VALUES (:what)"), {"what": what})

    def wait_for(self, what: str, *, times: int = 1, seconds: float = 60) -> None:
        until = time.monotonic() + seconds
        while self.entries.count(what) < times:
            assert time.monotonic() < until, f"{what} was not written: {self.entries}"
            time.sleep(0.005)


@pytest.fixture
def diary_of() -> type[Diary]:
    return Diary


@pytest.fixture
def extra_tasks() -> Iterator[None]:
    """Forget the jobs that the test registers."""
    before = set(registry.tasks())
    yield
    for name in set(registry.tasks()) - before:
        del registry._tasks[name]
