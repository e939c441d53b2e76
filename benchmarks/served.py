"""What is measured, as users run it: a database of its own, and servers as processes."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from urllib.request import urlopen

from sqlalchemy import create_engine, make_url, text

from storage.cluster import Database
from storage.upgrade import upgrade

__all__ = ["SERVICE_KEY", "free_port", "own_database", "serving", "started"]

SERVICE_KEY = "benchmark-service-key"
_TRIES, _PAUSE_SECONDS = 300, 0.1


@contextmanager
def own_database(server: Database, name: str) -> Iterator[Database]:
    """Give a database with the newest schema, and drop it in the end."""
    owner = create_engine(server.owner_url, isolation_level="AUTOCOMMIT")
    with owner.connect() as connection:
        connection.execute(text(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)"))
        connection.execute(text(f"CREATE DATABASE {name}"))
        database = Database(
            url=_renamed(server.url, name), owner_url=_renamed(server.owner_url, name)
        )
        try:
            upgrade(database.owner_url)
            yield database
        finally:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    owner.dispose()


def _renamed(url: str, database: str) -> str:
    return make_url(url).set(database=database).render_as_string(hide_password=False)


@contextmanager
def serving(database: Database, *, workers: int, **choices: str) -> Iterator[int]:
    """Run `clutch serve` on a database, with more environment variables; give its port."""
    port = free_port()
    command = ["-c", "from cli.main import run; run()", "serve", f"--port={port}"]
    environment = {
        "CLUTCH_DATABASE_URL": database.url,
        "CLUTCH_DATABASE_OWNER_URL": database.owner_url,
        "CLUTCH_SERVICE_KEY": SERVICE_KEY,
        **choices,
    }
    with started([*command, f"--workers={workers}"], environment):
        _await_ready(port)
        yield port


@contextmanager
def started(arguments: Sequence[str], environment: Mapping[str, str]) -> Iterator[None]:
    """Run this Python with `arguments` for as long as the block lasts."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def _await_ready(port: int) -> None:
    for _ in range(_TRIES):
        try:
            with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5):
                return
        except OSError:
            time.sleep(_PAUSE_SECONDS)
    raise TimeoutError("the server did not become ready")
