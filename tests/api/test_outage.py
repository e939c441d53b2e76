"""The database goes and comes back under a server that stays."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from pydantic import SecretStr

from api import state
from clutch.settings import Settings
from storage.cluster import Cluster
from storage.upgrade import upgrade

PATH = "/api/v1/matching/shops"
KEY = "a key for the tests"

pytestmark = [pytest.mark.postgis, pytest.mark.slow]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """A private server to stop and kill, in a place that its user can enter."""
    directory = Path(tempfile.mkdtemp(prefix="clutch-"))
    directory.chmod(0o755)
    cluster = Cluster(directory / "postgres")
    upgrade(cluster.start().owner_url)
    yield cluster
    cluster.reset()
    shutil.rmtree(directory)


@pytest.fixture(scope="module")
def caller(cluster: Cluster, serve: Any) -> Iterator[httpx.Client]:
    settings = Settings(database_url=cluster.start().url, service_key=SecretStr(KEY))
    with (
        serve(settings) as address,
        httpx.Client(
            base_url=address,
            headers={"Authorization": f"Bearer {KEY}"},
            timeout=30,
            trust_env=False,
        ) as caller,
    ):
        yield caller


@pytest.fixture
def ask(caller: httpx.Client, question: dict[str, Any]) -> Any:
    return lambda *_: caller.post(PATH, json=question)


def stop(cluster: Cluster) -> None:
    cluster.stop(now=True)


def kill(cluster: Cluster) -> None:
    """Kill the server, and wait for its children: they may still answer a question at hand."""
    status = cluster.status()
    assert status.process_id is not None
    assert status.database is not None
    with psycopg.connect(status.database.owner_url.replace("+psycopg", "")) as connection:
        rows = connection.execute("SELECT pid FROM pg_stat_activity").fetchall()
    os.kill(status.process_id, signal.SIGKILL)
    until = time.monotonic() + 10
    while time.monotonic() < until and any(is_running(pid) for (pid,) in rows):
        time.sleep(0.01)


def is_running(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    return True


def many(ask: Any, count: int = 20) -> list[Any]:
    with ThreadPoolExecutor(count) as callers:
        return list(callers.map(ask, range(count)))


def is_refused(answer: httpx.Response) -> bool:
    return (
        answer.status_code == 503
        and int(answer.headers["retry-after"]) > 0
        and answer.headers["content-type"] == "application/problem+json"
        and answer.json()["type"] == "urn:clutch:problem:unavailable"
    )


def returns(cluster: Cluster, ask: Any) -> bool:
    """Start the database; say whether it is used again within 10 seconds."""
    cluster.start()
    back_at = time.monotonic()
    while ask().status_code != 200:
        if time.monotonic() - back_at > 10:
            return False
    return True


@pytest.mark.parametrize(("go", "away_seconds"), [(stop, 0), (kill, 12)])
def test_without_its_database_it_refuses_and_then_serves_again(
    cluster: Cluster, caller: httpx.Client, ask: Any, go: Any, away_seconds: int
) -> None:
    # Fills the pool, so that there are connections to lose.
    assert {answer.status_code for answer in many(ask)} == {200}
    go(cluster)
    gone_at = time.monotonic()
    assert all(is_refused(answer) for answer in many(ask))
    assert is_refused(caller.get("/readyz"))
    assert time.monotonic() - gone_at < 15
    assert caller.get("/healthz").status_code == 200
    while time.monotonic() - gone_at < away_seconds:
        assert is_refused(ask())

    assert returns(cluster, ask)
    assert {answer.status_code for answer in many(ask)} == {200}
    assert caller.get("/readyz").status_code == 200


def test_connections_lost_unseen_are_not_met_one_by_one(cluster: Cluster, ask: Any) -> None:
    many(ask)
    stop(cluster)
    cluster.start()
    answers = [ask().status_code for _ in range(20)]
    assert answers.count(503) <= 1
    assert answers[-1] == 200


def test_what_is_known_serves_while_it_cannot_be_read_again(
    cluster: Cluster, ask: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "_KNOWLEDGE_SECONDS", 0.0)
    monkeypatch.setattr(state, "_RETRY_SECONDS", 0.0)
    assert ask().status_code == 200
    stop(cluster)
    assert is_refused(ask())
    assert is_refused(ask())
    assert returns(cluster, ask)
