"""Workers, as they run: in time, in the middle of trouble, and to a good end."""

import asyncio
import datetime as dt
import runpy
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

from jobs import queries
from jobs.registry import periodic, task
from jobs.tools import Tools
from jobs.worker import _end, _InThreads
from notifications.devices import add_device
from notifications.push import Outcome, RecordingPush
from notifications.sending import send_to_people
from notifications.texts import Text
from storage.cluster import Database
from storage.queue import enqueue
from storage.session import PLATFORM, transaction

_SECOND = dt.timedelta(seconds=1)
PROCESS = Path(__file__).with_name("worker_process.py")


@pytest.fixture
def diary(tools: Tools, fresh_database: Database, extra_tasks: None, diary_of: Any) -> Any:
    """What the jobs of these tests wrote; `test.note` writes."""
    owner = create_engine(fresh_database.owner_url)
    with owner.begin() as connection:
        connection.execute(
            text("CREATE TABLE diary (what text, at timestamptz DEFAULT clock_timestamp())")
        )
        connection.execute(text("GRANT ALL ON diary TO PUBLIC"))
    owner.dispose()
    diary = diary_of(tools)

    @task("test.note")
    def note(tools: Tools, *, what: str) -> None:
        diary.write(what)

    return diary


@pytest.fixture
def process(fresh_database: Database) -> Iterator[subprocess.Popen[bytes]]:
    """A worker in a process of its own."""
    with subprocess.Popen([sys.executable, str(PROCESS), fresh_database.url]) as process:
        yield process
        process.kill()


def _queue(tools: Tools, name: str, **arguments: Any) -> None:
    with transaction(tools.engine, PLATFORM) as session:
        enqueue(session, name, **arguments)


def _waiting(tools: Tools) -> list[str]:
    """Return the jobs of these tests that are still in the queue."""
    with tools.engine.connect() as connection:
        names = text("SELECT task_name FROM procrastinate_jobs WHERE task_name LIKE 'test.%'")
        return list(connection.scalars(names))


def _cut_off(database: Database) -> None:
    """End every connection to the database but our own."""
    owner = create_engine(database.owner_url)
    with owner.begin() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    owner.dispose()


def test_a_job_starts_at_once(
    tools: Tools, fresh_database: Database, working: Any, diary: Any
) -> None:
    with working(fresh_database.url):
        _queue(tools, "test.note", what="first")
        diary.wait_for("first")
        waits = []
        for n in range(10):
            before = time.perf_counter()
            _queue(tools, "test.note", what=str(n))
            diary.wait_for(str(n))
            waits.append(time.perf_counter() - before)
    # The worker looks for itself only every two seconds.
    assert statistics.median(waits) < 0.5


def test_each_job_runs_once_however_many_workers_there_are(
    tools: Tools, fresh_database: Database, working: Any, diary: Any
) -> None:
    names = [str(n) for n in range(40)]
    with transaction(tools.engine, PLATFORM) as session:
        for name in names:
            enqueue(session, "test.note", what=name)
    with working(fresh_database.url, at_a_time=2), working(fresh_database.url, at_a_time=2):
        for name in names:
            diary.wait_for(name)
    assert sorted(diary.entries, key=int) == names
    assert _waiting(tools) == []


def test_a_worker_that_was_cut_off_hears_again(
    tools: Tools, fresh_database: Database, working: Any, diary: Any
) -> None:
    with working(fresh_database.url):
        _queue(tools, "test.note", what="before")
        diary.wait_for("before")
        _cut_off(fresh_database)
        tools.engine.dispose()
        _queue(tools, "test.note", what="while away")
        diary.wait_for("while away")
        time.sleep(0.5)
        before = time.perf_counter()
        _queue(tools, "test.note", what="after")
        diary.wait_for("after")
        assert time.perf_counter() - before < 2


def test_a_job_of_a_killed_worker_is_run_to_its_end_by_another(
    tools: Tools,
    fresh_database: Database,
    working: Any,
    diary: Any,
    process: subprocess.Popen[bytes],
) -> None:
    _queue(tools, "test.slow")
    diary.wait_for("begun")
    process.kill()
    process.wait()
    diary.write("go on")
    task("test.slow")(runpy.run_path(str(PROCESS))["slow"])
    with working(fresh_database.url):
        diary.wait_for("done")
    assert diary.entries == ["begun", "go on", "begun", "done"]
    assert _waiting(tools) == []


def test_a_worker_that_stops_finishes_what_it_began(
    tools: Tools, fresh_database: Database, working: Any, diary: Any
) -> None:
    @task("test.long")
    def long(tools: Tools) -> None:
        diary.write("begun")
        time.sleep(0.3)
        diary.write("done")

    _queue(tools, "test.long")
    with working(fresh_database.url):
        diary.wait_for("begun")
    assert diary.entries == ["begun", "done"]
    assert _waiting(tools) == []


def test_a_partner_that_hangs_keeps_nobody_waiting(
    tools: Tools, fresh_database: Database, working: Any, diary: Any
) -> None:
    hang_up = threading.Event()

    @task("test.hang")
    def hang(tools: Tools) -> None:
        hang_up.wait(20)

    with transaction(tools.engine, PLATFORM) as session:
        for _ in range(5):
            enqueue(session, "test.hang", queue="partners")
        enqueue(session, "test.note", what="meanwhile")
    with working(fresh_database.url):
        diary.wait_for("meanwhile", seconds=5)
        hang_up.set()


def test_a_crowd_that_is_told_keeps_nobody_waiting(
    tools: Tools, fresh_database: Database, working: Any, diary: Any, town_in: Any
) -> None:
    go_on = threading.Event()
    push = RecordingPush(lambda _: Outcome("sent" if go_on.wait(20) else "failed"))
    people = [town_in(fresh_database).person().user_id for _ in range(3)]
    now = dt.datetime.now(dt.UTC)
    with transaction(tools.engine, PLATFORM) as session:
        for user_id in people:
            phone = {"token": f"phone-{user_id}", "platform": "ios", "sign_in_id": None}
            add_device(session, user_id, **phone, now=now)
        texts = dict.fromkeys(("en", "ar"), Text("Open on Friday", "All day."))
        send_to_people(session, people, "announcement", texts, {}, now=now)
        enqueue(session, "test.note", what="an order")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("jobs.tools.open_push", lambda _: push)
        with working(fresh_database.url):
            diary.wait_for("an order", seconds=5)
            go_on.set()


def test_a_periodic_job_comes_by_itself(fresh_database: Database, working: Any, diary: Any) -> None:
    @periodic("* * * * * *", "test.tick")
    def tick(tools: Tools) -> None:
        diary.write("tick")

    with working(fresh_database.url), working(fresh_database.url):
        diary.wait_for("tick")
        before = time.perf_counter()
        diary.wait_for("tick", times=5)
        # One a second, though two workers look at the clock; the first may have been overdue.
        assert time.perf_counter() - before > 2.5


def test_what_is_due_is_taken_in_turn_and_nothing_before_its_time(
    tools: Tools, fresh_database: Database, working: Any, diary: Any
) -> None:
    now = dt.datetime.now(dt.UTC)
    with transaction(tools.engine, PLATFORM) as session:
        enqueue(session, "test.note", what="at once")
        enqueue(session, "test.note", what="later", at=now + dt.timedelta(hours=1))
        enqueue(session, "test.note", what="due last", at=now - dt.timedelta(minutes=1))
        enqueue(session, "test.note", what="due first", at=now - dt.timedelta(minutes=2))
    with working(fresh_database.url):
        diary.wait_for("at once")
    assert diary.entries == ["due first", "due last", "at once"]
    assert _waiting(tools) == ["test.note"]


def test_jobs_that_wait_for_their_time_are_not_read_to_find_one_that_is_due(
    fresh_database: Database,
) -> None:
    with psycopg.connect(
        make_url(fresh_database.owner_url)
        .set(drivername="postgresql")
        .render_as_string(hide_password=False)
    ) as connection:
        connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, scheduled_at)"
            " SELECT 'default', 'x', now() + i * interval '1 s' FROM generate_series(1, 20000) i"
        )
        connection.execute(
            "INSERT INTO procrastinate_jobs (queue_name, task_name) VALUES ('default', 'due')"
        )
        facts = {"queue": "default", "worker_id": None}
        plan = connection.execute("EXPLAIN (ANALYZE, FORMAT JSON) " + queries.FETCH, facts)
        root = plan.fetchone()[0][0]["Plan"]

        def read(node: Any) -> int:
            own = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
            return own + sum(read(each) for each in node.get("Plans", ()))

        assert read(root) < 20


def test_what_ends_its_workers_is_given_up(tools: Tools, diary: Any) -> None:
    _queue(tools, "test.note", what="poison")
    with tools.engine.begin() as connection:
        connection.execute(text("UPDATE procrastinate_jobs SET status = 'doing', attempts = 10"))
        taken_up = queries.take_up_stalled(connection, silence=_SECOND, most_attempts=10)
        assert (taken_up, queries.queue_depth(connection)) == (1, {"failed": 1})


def test_a_job_of_a_living_worker_is_left_to_it(tools: Tools, diary: Any) -> None:
    _queue(tools, "test.note", what="mine")
    with tools.engine.begin() as connection:
        worker_id = queries.register(connection)
        assert queries.take_due(connection, worker_id, tools.now())
        assert queries.take_up_stalled(connection, silence=_SECOND, most_attempts=10) == 0
        assert queries.queue_depth(connection) == {"doing": 1}


def test_a_worker_that_missed_that_it_was_to_end_is_told_again() -> None:
    async def deaf_once() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(60)
        await asyncio.sleep(60)

    async def ended() -> bool:
        worker = asyncio.create_task(deaf_once())
        await asyncio.sleep(0)
        await _end([worker], _InThreads())
        return worker.cancelled()

    assert asyncio.run(asyncio.wait_for(ended(), 10))
