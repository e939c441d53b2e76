"""The whole application, with its jobs and the sandbox of payments, served as a person meets it."""

import datetime as dt
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from pydantic import SecretStr
from sqlalchemy import create_engine

from api.app import create_app
from clutch.settings import Settings
from demo.people import ADMIN, PASSWORD, add_people
from storage.cluster import Database
from storage.session import PLATFORM, transaction


@dataclass
class Visitor:
    """Somebody at the door: calls the API, once they have logged in as themselves."""

    client: httpx.Client
    headers: dict[str, str] = field(default_factory=dict)

    def call(
        self, method: str, path: str, body: Any = None, *, status: int = 0, **more: Any
    ) -> Any:
        """Call, and return the answer; it has `status`, or is none of a refusal."""
        answer = self.client.request(
            method, f"/api/v1{path}", json=body, headers=self.headers, **more
        )
        assert answer.status_code == (status or answer.status_code), answer.text
        assert status or answer.is_success, answer.text
        return answer.json() if answer.content else None

    def log_in(self, login: dict[str, str]) -> None:
        token = self.call("POST", "/auth/log-in", login)["access_token"]
        self.headers = {"Authorization": f"Bearer {token}"}

    def eventually(self, path: str, true: Callable[[Any], bool]) -> Any:
        """Read something again and again until it is as it should be."""
        until = time.monotonic() + 30
        while not true(seen := self.call("GET", path)):
            assert time.monotonic() < until, seen
            time.sleep(0.1)
        return seen


@dataclass(frozen=True)
class Market:
    """A served application that knows nobody but its administrator."""

    client: httpx.Client

    def visitor(self, **person: str) -> Visitor:
        """Let somebody in: registered and logged in; without a `name` a stranger."""
        visitor = Visitor(self.client)
        if person:
            visitor.call("POST", "/auth/register", person, status=201)
            visitor.log_in({key: person[key] for key in person if key not in ("name", "locale")})
        return visitor

    def admin(self) -> Visitor:
        admin = Visitor(self.client)
        admin.log_in({"email": ADMIN, "password": PASSWORD})
        return admin


@pytest.fixture(scope="module")
def market(databases: Any, tmp_path_factory: Any) -> Iterator[Market]:
    """Serve a fresh market for the journeys of a module."""
    directory: Path = tmp_path_factory.mktemp("market")
    with databases.copied() as database, socket.create_server(("127.0.0.1", 0)) as listening:
        _add_admin(database)
        settings = Settings(
            database_url=database.url,
            data_directory=directory,
            port=listening.getsockname()[1],
            token_key=SecretStr("a key that tokens are signed with in tests"),
        )
        config = uvicorn.Config(create_app(settings), log_config=None, lifespan="on")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        address = f"http://127.0.0.1:{settings.port}"
        with httpx.Client(base_url=address, timeout=30, trust_env=False) as client:
            yield Market(client)
        server.should_exit = True
        thread.join()


def _add_admin(database: Database) -> None:
    engine = create_engine(database.url)
    with transaction(engine, PLATFORM) as session:
        add_people(session, now=dt.datetime.now(dt.UTC))
    engine.dispose()
