"""A database for the module, and sessions as the serving role."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Any

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from storage.cluster import Database
from storage.session import PLATFORM, Tenant, open_engine, transaction

NOW = dt.datetime(2026, 11, 1, 9, tzinfo=dt.UTC)

Transaction = Callable[..., AbstractContextManager[Session]]


@pytest.fixture(scope="module")
def database(databases: Any) -> Iterator[Database]:
    """A database that the tests of a module share."""
    with databases.copied() as database:
        yield database


@pytest.fixture(scope="module")
def engine(database: Database) -> Iterator[Engine]:
    engine = open_engine(database.url)
    yield engine
    engine.dispose()


@pytest.fixture
def begin(engine: Engine) -> Transaction:
    """Begin a transaction: `with begin() as session:`."""
    return lambda tenant=PLATFORM: transaction(engine, tenant)


@pytest.fixture(scope="session")
def now() -> dt.datetime:
    return NOW


@pytest.fixture
def stranger() -> Tenant:
    return Tenant()


@pytest.fixture
def at_once() -> Callable[[int, Callable[[int], Any]], list[Any]]:
    """Call something from several threads that begin together; give what each got."""

    def call(count: int, act: Callable[[int], Any]) -> list[Any]:
        together = threading.Barrier(count)

        def one(place: int) -> Any:
            together.wait()
            return act(place)

        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(one, range(count)))

    return call
