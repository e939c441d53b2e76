"""The application with a database of the module's own, and the jobs that send codes."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from clutch.settings import Settings
from storage.cluster import Database

TOKEN_KEY = "a key that tokens are signed with in tests"


@pytest.fixture(scope="module")
def database(databases: Any) -> Iterator[Database]:
    with databases.copied() as database:
        yield database


@pytest.fixture(scope="module")
def town(database: Database, town_in: Any) -> Any:
    return town_in(database)


@pytest.fixture(scope="module")
def settings(database: Database, tmp_path_factory: Any) -> Settings:
    return Settings(
        database_url=database.url,
        data_directory=tmp_path_factory.mktemp("clutch"),
        token_key=SecretStr(TOKEN_KEY),
        rate_limits="off",
        job_workers=0,
    )


@pytest.fixture(scope="module")
def address(settings: Settings, serve: Any) -> Iterator[str]:
    with serve(settings) as address:
        yield address


@pytest.fixture(scope="module")
def client(address: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"{address}/api/v1", trust_env=False) as client:
        yield client


@pytest.fixture
def sent_code(settings: Settings, database: Database) -> Callable[[str], str | None]:
    """Run what is due; give the code in the last message to a destination, None without any."""
    from jobs.tools import open_tools
    from jobs.worker import run_due

    def code(destination: str) -> str | None:
        with open_tools(settings, database.url) as tools:
            run_due(tools)
        outbox: Path = settings.data_directory / "messages.jsonl"
        if not outbox.exists():
            return None
        lines = [line for line in outbox.read_text().splitlines() if f'"{destination}"' in line]
        return re.findall(r"\b\d{6}\b", lines[-1].rpartition('"body"')[2])[0] if lines else None

    return code
