"""Tools of jobs on a database of the test's own, with a clock that the test sets."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from clutch.settings import Settings
from jobs.tools import Tools, open_tools
from storage.cluster import Database

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
    settings = Settings(database_url=fresh_database.url, data_directory=tmp_path)
    with open_tools(settings, fresh_database.url, now=clock) as tools:
        yield tools
