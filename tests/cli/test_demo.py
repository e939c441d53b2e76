"""`clutch demo`, from nothing to a market that can be looked at, and its end."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from cli.main import run
from demo.people import ADMIN, CUSTOMER, OWNER, PASSWORD
from storage.cluster import Database

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_it_is_not_for_production(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CLUTCH_ENVIRONMENT", "production")
    with pytest.raises(SystemExit) as ended:
        run(["demo"])
    assert ended.value.code == 1
    assert "not for production" in capsys.readouterr().err


@pytest.fixture
def demo(fresh_database: Database, tmp_path: Path) -> Any:
    """The demo as a process, on a database of the test's own; gives it and its address."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = str(probe.getsockname()[1])
    kept = {name: value for name, value in os.environ.items() if "CLUTCH" not in name}
    chosen = {
        "CLUTCH_DATABASE_URL": fresh_database.url,
        "CLUTCH_DATABASE_OWNER_URL": fresh_database.owner_url,
        "CLUTCH_DATA_DIRECTORY": str(tmp_path),
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "-c", "from cli.main import run; run()", "demo", "--port", port]
    with subprocess.Popen(
        command,
        env=kept | chosen,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    ) as process:
        yield process, f"http://127.0.0.1:{port}"
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def shown_to_programs(address: str) -> dict[str, str]:
    """What the README exports on the way: a customer's token, and the key of a service."""
    with httpx.Client(base_url=f"{address}/api/v1", trust_env=False) as client:

        def headers(email: str) -> dict[str, str]:
            login = {"email": email, "password": PASSWORD}
            token = client.post("/auth/log-in", json=login).raise_for_status().json()
            return {"Authorization": f"Bearer {token['access_token']}"}

        key = {"name": "order-service", "role": "order_service", "scopes": ["matching", "orders"]}
        made = client.post("/admin/service-keys", json=key, headers=headers(ADMIN))
        token = headers(CUSTOMER)["Authorization"].removeprefix("Bearer ")
        return {"KEY": made.raise_for_status().json()["key"], "TOKEN": token}


def read_on(address: str, data: Path) -> str:
    """Do what the README says to do beside the demo; return what its order came to."""
    here = data / "checkout"
    here.mkdir()
    (here / ".clutch").symlink_to(data)
    shown = os.environ | shown_to_programs(address)
    said: list[str] = []
    for language, block in re.findall(r"```(sh|python)\n(.*?)```", README, re.S):
        if "http://127.0.0.1:8000/" not in block:
            continue
        program = block.replace("http://127.0.0.1:8000", address)
        shell = ["bash", "-euc"] if language == "sh" else [sys.executable, "-c"]
        done = subprocess.run(
            [*shell, program], cwd=here, env=shown, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        said.append(done.stdout)
    ordered, delivered, matched, ranked, by_curl, by_python = said
    assert (json.loads(by_curl)["status"], json.loads(by_curl)["invited"]) == ("submitted", 8)
    assert by_python.split()[1:] == ["submitted", "8", "None"]
    assert json.loads(ordered)["invited"] == 8
    assert len(json.loads(matched)["matches"]) == 3
    assert len(ranked.splitlines()) == 20
    return delivered


@pytest.mark.slow
def test_it_prints_log_ins_that_work_and_plays_a_market(demo: Any, tmp_path: Path) -> None:
    process, address = demo
    said: list[str] = []
    deadline = time.monotonic() + 300
    for line in process.stdout:
        said.append(line)
        if "More of it" in line:
            break
        assert time.monotonic() < deadline, said[-20:]
    told = "".join(said)
    assert PASSWORD in told
    for email in (ADMIN, CUSTOMER, OWNER):
        assert email in told
        login = {"email": email, "password": PASSWORD}
        entered = httpx.post(f"{address}/api/v1/auth/log-in", json=login, trust_env=False)
        assert entered.status_code == 200
    assert read_on(address, tmp_path).split()[-3:-1] == ["delivered", "delivered"]
    figures = dict(re.findall(r"│ ([a-z ]+?) +│ +([0-9.,]+) │", told))
    assert int(figures["orders"]) == 24
    assert int(figures["delivered"]) > 0
    assert (figures["lost events"], figures["duplicate events"]) == ("0", "0")
    os.killpg(process.pid, signal.SIGINT)  # Ctrl-C goes to all that the terminal runs
    assert process.wait(30) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{address}/healthz", trust_env=False)
