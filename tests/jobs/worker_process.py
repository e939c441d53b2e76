"""A worker in a process of its own, to be killed: `worker_process.py URL`.

Its job `test.slow` writes that it began, and does its work only where the diary says that it may.
"""

import asyncio
import sys
import time
from typing import Any

from pydantic import SecretStr
from sqlalchemy import text

from clutch.settings import Settings
from jobs.registry import task
from jobs.tools import Tools
from jobs.worker import Heartbeat, run_worker
from storage.session import PLATFORM, transaction


def slow(tools: Tools, **_: Any) -> None:
    with transaction(tools.engine, PLATFORM) as session:
        session.execute(text("INSERT INTO diary (what) VALUES ('begun')"))
    while True:
        with transaction(tools.engine, PLATFORM) as session:
            if session.scalar(text("SELECT count(*) FROM diary WHERE what = 'go on'")):
                break
        time.sleep(0.02)
    with transaction(tools.engine, PLATFORM) as session:
        done = session.scalar(text("SELECT count(*) FROM diary WHERE what = 'done'"))
        if not done:
            session.execute(text("INSERT INTO diary (what) VALUES ('done')"))


if __name__ == "__main__":
    task("test.slow")(slow)
    quick = Heartbeat(seconds=0.2, silence_seconds=1, look_seconds=0.2)
    settings = Settings(token_key=SecretStr("k" * 32))
    asyncio.run(run_worker(settings, sys.argv[1], asyncio.Event(), heartbeat=quick))
