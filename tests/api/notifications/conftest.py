"""People of the served market, each asking with a log-in of their own, and its jobs."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from clutch.settings import Settings
from jobs.tools import Tools, open_tools
from notifications.inbox import notify
from storage.cluster import Database
from storage.session import PLATFORM, transaction


@dataclass(frozen=True)
class Asking:
    """A person, and their way to the API."""

    person: Any
    http: httpx.Client

    @property
    def id(self) -> str:
        return str(self.person.user_id)


@pytest.fixture(scope="module")
def people(
    market: Database, town_in: Callable[[Database], Any], address: str
) -> Iterator[Callable[..., Asking]]:
    """Make somebody: `people(role="admin")`."""
    town = town_in(market)
    with ExitStack() as stack:

        def make(**facts: Any) -> Asking:
            person = town.person(**facts)
            http = httpx.Client(base_url=address, headers=person.headers, trust_env=False)
            return Asking(person, stack.enter_context(http))

        yield make


@pytest.fixture(scope="module")
def stranger(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, trust_env=False) as http:
        yield http


@pytest.fixture(scope="module")
def tools(
    market: Database, settings: Settings, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Tools]:
    """What jobs of the served market work with."""
    directory: Path = tmp_path_factory.mktemp("data")
    chosen = settings.model_copy(update={"data_directory": directory})
    with open_tools(chosen, market.url) as tools:
        yield tools


@pytest.fixture(scope="module")
def told(tools: Tools) -> Callable[..., str]:
    """Put an entry into somebody's inbox; give its id: `told(mona, "order_expired", ...)`."""

    def tell(asking: Asking, type: str, **data: str) -> str:
        with transaction(tools.engine, PLATFORM) as session:
            return str(notify(session, asking.person.user_id, type, data, now=tools.now()))

    return tell
