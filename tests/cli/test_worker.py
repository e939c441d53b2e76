"""`clutch worker`, as a process of its own."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from storage.cluster import Database

CLUTCH = Path(sys.executable).with_name("clutch")


@pytest.fixture
def environment(fresh_database: Database, tmp_path: Path) -> dict[str, str]:
    return os.environ | {
        "CLUTCH_DATABASE_URL": fresh_database.url,
        "CLUTCH_DATA_DIRECTORY": str(tmp_path),
    }


def test_sigterm_ends_it_well(environment: dict[str, str]) -> None:
    command = [str(CLUTCH), "worker", "--at-a-time", "2"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as worker:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "running 2 jobs at a time; Ctrl-C stops\n"
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=60) == 0


def test_what_was_given_up_is_shown(environment: dict[str, str], fresh_database: Database) -> None:
    engine = create_engine(fresh_database.owner_url)
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO procrastinate_jobs (queue_name, task_name, args) VALUES"
                """ ('default', 'quotes.remind', '{"quote_id": "q-7"}'), ('default', 'w', '{}')"""
            )
        )
        connection.execute(
            text("UPDATE procrastinate_jobs SET status = 'doing' WHERE task_name <> 'w'")
        )
        connection.execute(
            text("UPDATE procrastinate_jobs SET status = 'failed' WHERE task_name <> 'w'")
        )
    engine.dispose()
    shown = subprocess.run(
        [str(CLUTCH), "worker", "--failed"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    first, second = shown.stdout.splitlines()
    assert first == "1 waiting, 0 running, 1 failed"
    assert second.endswith("quotes.remind {'quote_id': 'q-7'}")
