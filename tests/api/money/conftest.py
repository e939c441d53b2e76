"""The application and, apart from it, the sandbox of a payment provider that is in a hurry."""

import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from clutch.settings import Settings
from jobs.tools import open_tools
from jobs.worker import run_due
from sandbox.app import Merchant, Sandbox
from sandbox.sending import Pace
from storage.cluster import Database

TOKEN_KEY = "a key that tokens are signed with in tests"
NEW_SECRET = "whsec_bmV3ZXN0IHNlY3JldCBvZiB0aGUgdGVzdHMhISE="
OLD_SECRET = "whsec_b2xkZXIgc2VjcmV0IG9mIHRoZSB0ZXN0cyEhISE="
API_KEY = "the merchant's key"


@dataclass(frozen=True)
class Office:
    """The served application, its database, and what its jobs need."""

    address: str
    town: Any
    settings: Settings
    database: Database

    def call(self, person: Any, method: str, path: str, **more: Any) -> httpx.Response:
        headers = {**(person.headers if person else {}), **more.pop("headers", {})}
        return httpx.request(
            method,
            f"{self.address}/api/v1{path}",
            headers=headers,
            trust_env=False,
            timeout=20,
            **more,
        )

    def run_jobs(self) -> None:
        with open_tools(self.settings, self.database.url) as tools:
            run_due(tools)

    def payment(self, payment_id: Any) -> Any:
        return self.town.row("SELECT * FROM payment WHERE payment_id = :id", id=payment_id)

    def eventually(self, true: Callable[[], bool]) -> None:
        """Wait for what happens by itself."""
        until = time.monotonic() + 10
        while not true():
            assert time.monotonic() < until, "it never happened"
            time.sleep(0.05)


@pytest.fixture(scope="session")
def office(
    databases: Any,
    serve: Any,
    answering: Any,
    town_in: Callable[[Database], Any],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Office]:
    directory: Path = tmp_path_factory.mktemp("sandbox")
    with databases.copied() as database, socket.create_server(("127.0.0.1", 0)) as listening:
        settings = Settings(
            database_url=database.url,
            data_directory=directory,
            token_key=SecretStr(TOKEN_KEY),
            payment_provider_url=f"http://127.0.0.1:{listening.getsockname()[1]}",
            payment_provider_key=SecretStr(API_KEY),
            payment_webhook_secrets=SecretStr(f"{NEW_SECRET} {OLD_SECRET}"),
            job_workers=0,
            rate_limits="off",
        )
        with serve(settings) as address:
            merchant = Merchant(
                api_key=API_KEY,
                webhook_secret=OLD_SECRET,
                notify_url=f"{address}/api/v1/payments/webhooks/hosted",
            )
            pace = Pace(late=0.6, retry=0.3, look=0.05)
            sandbox = Sandbox(directory=directory, merchant=merchant, pace=pace)
            with sandbox.running(), answering(sandbox.app, listening):
                yield Office(address, town_in(database), settings, database)
