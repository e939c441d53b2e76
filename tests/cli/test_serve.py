"""`clutch serve`, as processes of its own."""

import json
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from cli.keys import service_key, token_key
from cli.main import run
from clutch.errors import SetupNeeded
from clutch.settings import Settings
from storage.cluster import Cluster, Database

KEY = "a key for the tests"
TOKEN_KEY = "a key that tokens are signed with in tests"

Started = Callable[..., tuple[subprocess.Popen[str], str]]


@pytest.fixture
def directory() -> Iterator[Path]:
    """A place that the private server's user can enter."""
    directory = Path(tempfile.mkdtemp(prefix="clutch-"))
    directory.chmod(0o755)
    yield directory
    Cluster(directory / "postgres").reset()
    shutil.rmtree(directory)


@pytest.fixture
def started(directory: Path) -> Iterator[Started]:
    """Start `clutch serve` and wait until it answers; give the process and its address."""
    processes: list[subprocess.Popen[str]] = []

    def start(*words: str, **settings: str) -> tuple[subprocess.Popen[str], str]:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = str(probe.getsockname()[1])
        kept = {name: value for name, value in os.environ.items() if "CLUTCH" not in name}
        given = {"data_directory": str(directory), "service_key": KEY, "token_key": TOKEN_KEY}
        given |= settings
        chosen = {f"CLUTCH_{name.upper()}": value for name, value in given.items()}
        command = [sys.executable, "-c", "from cli.main import run; run()"]
        process = subprocess.Popen(
            [*command, "serve", "--port", port, *words],
            env=kept | chosen,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        _await(f"http://127.0.0.1:{port}/readyz", process)
        return process, f"http://127.0.0.1:{port}"

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def _await(url: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        try:
            assert httpx.get(url, trust_env=False, timeout=30).status_code == 200
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError("it did not start")


def workers(address: str) -> set[str]:
    found: set[str] = set()
    for _ in range(100):
        text = httpx.get(f"{address}/metrics", trust_env=False).text
        found |= set(re.findall(r'worker="(\d+)"', text))
        if len(found) > 1:
            break
    return found


@pytest.mark.slow
@pytest.mark.postgis
def test_workers_share_the_requests_and_their_logs_are_json(
    started: Started, postgis: Database
) -> None:
    process, address = started("--workers", "2", environment="production", database_url=postgis.url)
    # The first worker may answer before the second one is up.
    deadline = time.monotonic() + 60
    while len(workers(address)) < 2:
        assert time.monotonic() < deadline
    process.send_signal(signal.SIGINT)
    _, log = process.communicate(timeout=15)
    assert process.returncode == 0
    events = [json.loads(line) for line in log.splitlines()]
    assert all({"event", "level", "timestamp"} <= set(event) for event in events)
    assert sum(event["event"] == "Application shutdown complete." for event in events) == 2
    assert KEY not in log
    assert TOKEN_KEY not in log


@pytest.mark.slow
@pytest.mark.postgis
def test_stopping_it_stops_the_private_database_too(started: Started, directory: Path) -> None:
    process, address = started()
    assert httpx.post(f"{address}/api/v1/matching/shops", trust_env=False).status_code == 401
    assert Cluster(directory / "postgres").status().running
    asked_at = time.monotonic()
    process.send_signal(signal.SIGTERM)
    _, log = process.communicate(timeout=15)
    assert time.monotonic() - asked_at < 10
    assert process.returncode == 0
    assert "Application shutdown complete." in log
    assert "Traceback" not in log
    assert not Cluster(directory / "postgres").status().running


def test_a_port_in_use_is_one_clear_line(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLUTCH_DATABASE_URL", "postgresql://127.0.0.1:1/absent")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit) as stopped:
            run(["serve", "--port", str(port)])
    assert stopped.value.code == 1
    assert capsys.readouterr().err == (
        f"clutch: cannot listen on 127.0.0.1:{port} (Address already in use):"
        " choose another with --port or --host\n"
    )


@pytest.mark.parametrize(
    ("key_of", "file"), [(service_key, "service-key"), (token_key, "token-key")]
)
def test_in_development_a_key_is_made_once_and_kept_to_its_owner(
    directory: Path, key_of: Callable[[Settings], str], file: str
) -> None:
    chosen = Settings(data_directory=directory / "new")
    key = key_of(chosen)
    assert len(key) == 32
    assert key_of(chosen) == key
    kept = directory / "new" / file
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert [each.name for each in kept.parent.iterdir()] == [file]


@pytest.mark.parametrize(
    ("key_of", "name"), [(service_key, "CLUTCH_SERVICE_KEY"), (token_key, "CLUTCH_TOKEN_KEY")]
)
def test_in_production_a_key_must_be_set(
    directory: Path, key_of: Callable[[Settings], str], name: str
) -> None:
    chosen = Settings(data_directory=directory, environment="production")
    with pytest.raises(SetupNeeded, match=f"set {name} to"):
        key_of(chosen)
    assert list(directory.iterdir()) == []
