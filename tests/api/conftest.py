"""The application on a small market in real PostGIS, served and asked over HTTP."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import httpx
import pytest
import uvicorn
from pydantic import SecretStr
from sqlalchemy import create_engine, text

from api.app import create_app
from clutch.settings import Settings
from storage.cluster import Database

KEY = "a key for the tests"
TOKEN_KEY = "a key that tokens are signed with in tests"
DOWNTOWN = {"type": "Point", "coordinates": [31.2357, 30.0444]}

Serve = Callable[[Settings], AbstractContextManager[str]]


@pytest.fixture(scope="session")
def market(databases: Any) -> Iterator[Database]:
    """Thirty Toyota shops around Cairo; the farthest is known to hold the part A-1."""
    with databases.copied() as database:
        engine = create_engine(database.owner_url)
        with engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO shop (shop_id, name, status, location, brand_ids, regular_hours,"
                    " rating_mean, rating_count)"
                    " SELECT gen_random_uuid(), 'shop ' || i, 'active', ST_SetSRID(ST_MakePoint("
                    " 31.24 + i / 100.0, 30.04), 4326), '{1}', '{0,10080}', 3 + i % 3, i"
                    " FROM generate_series(1, 80) i"
                )
            )
            connection.execute(
                text(
                    "INSERT INTO stock_listing (shop_id, part_key, part_number, quantity,"
                    " sales_per_day, counted_at)"
                    " SELECT shop_id, 'A1', 'A-1', 9, 0.1, now() FROM shop WHERE name = 'shop 80'"
                )
            )
        engine.dispose()
        yield database


@pytest.fixture(scope="session")
def settings(market: Database) -> Settings:
    return Settings(
        database_url=market.url,
        service_key=SecretStr(KEY),
        token_key=SecretStr(TOKEN_KEY),
        rate_limits="off",  # all tests ask from one address
        job_workers=0,  # tests run jobs when they mean to: `jobs.worker.run_due`
    )


@contextmanager
def _answering(app: Any, listening: socket.socket, *, lifespan: Any = "off") -> Iterator[None]:
    """Have an application answer on a socket for as long as the block lasts."""
    config = uvicorn.Config(app, log_config=None, lifespan=lifespan, proxy_headers=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield
    finally:
        server.should_exit = True
        thread.join()


@contextmanager
def _served(settings: Settings) -> Iterator[str]:
    """Serve the API for as long as the block lasts; give its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
        app = create_app(settings.model_copy(update={"port": port}))
        with _answering(app, listening, lifespan="on"):
            yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def answering() -> Callable[..., AbstractContextManager[None]]:
    """Have another application answer: `with answering(app, listening):`."""
    return _answering


@pytest.fixture(scope="session")
def serve() -> Serve:
    """Serve an application of the test's own: `with serve(settings) as address:`."""
    return _served


@pytest.fixture(scope="session")
def address(settings: Settings) -> Iterator[str]:
    """Where the application on the market is served for the whole run."""
    with _served(settings) as address:
        yield address


@pytest.fixture(scope="session")
def client(address: str) -> Iterator[httpx.Client]:
    """A caller with the service key."""
    headers = {"Authorization": f"Bearer {KEY}"}
    with httpx.Client(base_url=address, headers=headers, trust_env=False) as client:
        yield client


@pytest.fixture
def question() -> dict[str, Any]:
    """A good question, to be spoilt."""
    return {"vehicle": {"make": "toyota"}, "delivery_location": DOWNTOWN}
