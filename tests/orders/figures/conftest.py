"""A town of its own for each test, acted on as the role that serves."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import Engine

from storage.cluster import Database
from storage.session import open_engine


@dataclass(frozen=True)
class Quarter:
    """A town, and the engine of the role that serves in it."""

    town: Any
    engine: Engine


@pytest.fixture
def quarter(fresh_database: Database, town_in: Callable[[Database], Any]) -> Iterator[Quarter]:
    engine = open_engine(fresh_database.url)
    yield Quarter(town_in(fresh_database), engine)
    engine.dispose()
