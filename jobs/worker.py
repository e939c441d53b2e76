"""Workers: they take jobs from the queue and run them in threads.

A job starts milliseconds after the commit that queued it, for PostgreSQL tells the worker; every
few seconds the worker also looks for itself. It lives through a database that goes away, and takes
up what a worker had begun that was killed. Jobs for partners' servers, which may hang, and what
tells crowds have workers of their own, so that nothing else waits for them.
"""

import asyncio
import datetime as dt
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from logging import CRITICAL, getLogger
from typing import Any, NamedTuple

import structlog
from procrastinate import App, BaseRetryStrategy, PsycopgConnector, RetryDecision
from procrastinate.exceptions import ProcrastinateException
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from psycopg import Error as DatabaseError
from sqlalchemy import make_url
from sqlalchemy.exc import SQLAlchemyError

import jobs.tasks  # noqa: F401 (registers them)
from clutch.settings import Settings
from jobs import queries
from jobs.registry import Task, tasks
from jobs.tools import Tools, open_tools
from storage.queue import Queue

__all__ = ["HEARTBEAT", "Heartbeat", "Ran", "run_due", "run_worker", "working"]

_log = structlog.get_logger()

_BESIDE: Mapping[Queue, int] = {"partners": 2, "announcements": 1}
_BESIDE_AT_A_TIME = sum(_BESIDE.values())
_MOST_BEGINNINGS = 10
_CONNECT_SECONDS = 3
_REST_SECONDS = 1.0
_LAST_SECONDS = 10.0
_LOOK_SECONDS = 2.0  # what is due at a time is not told: it is looked for


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """How often a worker says that it lives, and after what silence it counts as dead."""

    seconds: float
    silence_seconds: float
    look_seconds: float


HEARTBEAT = Heartbeat(seconds=5, silence_seconds=20, look_seconds=5)


@asynccontextmanager
async def working(
    settings: Settings, database_url: str, *, at_a_time: int, heartbeat: Heartbeat = HEARTBEAT
) -> AsyncIterator[None]:
    """Run a worker beside the block, `at_a_time` jobs at once; it ends in good order."""
    stop = asyncio.Event()
    worker = asyncio.create_task(
        run_worker(settings, database_url, stop, at_a_time=at_a_time, heartbeat=heartbeat)
    )
    worker.add_done_callback(_tell_of_death)
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait([worker])


def _tell_of_death(worker: asyncio.Task[None]) -> None:
    if not worker.cancelled() and (error := worker.exception()):
        _log.error("the worker of jobs ended", exc_info=error)


async def run_worker(
    settings: Settings,
    database_url: str,
    stop: asyncio.Event,
    *,
    at_a_time: int = 1,
    heartbeat: Heartbeat = HEARTBEAT,
) -> None:
    """Run jobs until `stop` is set, and what runs then to its end."""
    getLogger("procrastinate").setLevel(CRITICAL)  # what fails is logged here, once
    threads = at_a_time + _BESIDE_AT_A_TIME
    in_threads = _InThreads()
    with open_tools(settings, database_url, connections=threads + 1) as tools:
        while not stop.is_set():
            try:
                await _work(tools, in_threads, database_url, stop, at_a_time, heartbeat)
            except (ProcrastinateException, DatabaseError, SQLAlchemyError) as error:
                _log.warning("the queue of jobs is away", cause=type(error).__name__)
            if not stop.is_set():
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), _REST_SECONDS)
        await asyncio.to_thread(in_threads.wait)


class _InThreads:
    """What runs in threads: it ends, and lets go of its connection, before the engine is closed."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self.count = 0

    @contextmanager
    def one_more(self) -> Iterator[None]:
        """Count what runs in the block."""
        with self._changed:
            self.count += 1
        try:
            yield
        finally:
            with self._changed:
                self.count -= 1
                self._changed.notify_all()

    def wait(self) -> None:
        """Wait until nothing runs, for 10 seconds at most."""
        with self._changed:
            self._changed.wait_for(lambda: self.count == 0, _LAST_SECONDS)


async def _work(
    tools: Tools,
    in_threads: _InThreads,
    database_url: str,
    stop: asyncio.Event,
    at_a_time: int,
    heartbeat: Heartbeat,
) -> None:
    """Run jobs until `stop` is set or the database goes away."""
    app = App(connector=_connector(database_url, at_a_time + _BESIDE_AT_A_TIME))
    app.job_manager = _Queue(app.connector)
    for each in tasks().values():
        _add(app, tools, in_threads, each)
    async with app.open_async():
        running = [
            asyncio.create_task(each)
            for each in (
                _worker(app, "default", at_a_time, heartbeat),
                *(_worker(app, queue, count, heartbeat) for queue, count in _BESIDE.items()),
                _care_for_stalled(tools, in_threads, heartbeat),
                stop.wait(),
            )
        ]
        ended, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        await _end(running, in_threads)
    for part in ended:
        await part


async def _end(running: Iterable[asyncio.Task[Any]], in_threads: _InThreads) -> None:
    """Cancel the tasks until all have ended.

    A worker that was just starting may miss that it was cancelled, and would run on. One that did
    not is finishing its jobs, which a second cancelling would break off: not while one runs.
    """
    for part in running:
        part.cancel()
    _, left = await asyncio.wait(running, timeout=_REST_SECONDS)
    while left:
        if not in_threads.count:
            for part in left:
                part.cancel()
        _, left = await asyncio.wait(left, timeout=_REST_SECONDS)
    await asyncio.gather(*running, return_exceptions=True)


class _Queue(JobManager):
    """The library's queue, but for how the next job is found: see `queries.FETCH`."""

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:
        """Take the next due job of the queues, each of which must be named."""
        for queue in queues or ():
            rows = await self.connector.execute_query_all_async(
                queries.FETCH, queue=queue, worker_id=worker_id
            )
            if rows:
                return Job.from_row(rows[0])
        return None


def _worker(app: App, queue: Queue, at_a_time: int, heartbeat: Heartbeat) -> Any:
    return app.run_worker_async(
        queues=[queue],
        concurrency=at_a_time,
        install_signal_handlers=False,
        fetch_job_polling_interval=_LOOK_SECONDS,
        delete_jobs="successful",
        update_heartbeat_interval=heartbeat.seconds,
        stalled_worker_timeout=heartbeat.silence_seconds,
    )


def _connector(database_url: str, at_a_time: int) -> PsycopgConnector:
    return PsycopgConnector(
        conninfo=make_url(database_url)
        .set(drivername="postgresql")
        .render_as_string(hide_password=False),
        kwargs={"connect_timeout": _CONNECT_SECONDS, "options": "-c statement_timeout=15s"},
        min_size=1,
        max_size=at_a_time + 2,
        timeout=_CONNECT_SECONDS,
    )


def _add(app: App, tools: Tools, in_threads: _InThreads, each: Task) -> None:
    def act(**arguments: Any) -> None:
        with in_threads.one_more():
            _run(tools, each, arguments)

    def act_in_time(timestamp: int) -> None:
        act()

    retry = _Retry(each, tools.now)
    if each.cron is None:
        app.task(name=each.name, retry=retry)(act)
    else:
        app.periodic(cron=each.cron)(app.task(name=each.name, retry=retry)(act_in_time))


def _run(tools: Tools, each: Task, arguments: dict[str, Any]) -> None:
    try:
        each.run(tools, **arguments)
    except Exception:
        _log.exception("a job failed", job=each.name)
        raise


class _Retry(BaseRetryStrategy):
    def __init__(self, each: Task, now: Callable[[], dt.datetime]) -> None:
        self._task = each
        self._now = now

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        at = self._task.retry_at(job.attempts, self._now())
        return RetryDecision(retry_at=at) if at else None


async def _care_for_stalled(tools: Tools, in_threads: _InThreads, heartbeat: Heartbeat) -> None:
    silence = dt.timedelta(seconds=heartbeat.silence_seconds)

    def take_up() -> int:
        with in_threads.one_more(), tools.engine.begin() as connection:
            return queries.take_up_stalled(
                connection, silence=silence, most_attempts=_MOST_BEGINNINGS
            )

    while True:
        if count := await asyncio.to_thread(take_up):
            _log.warning("jobs of dead workers taken up", count=count)
        await asyncio.sleep(heartbeat.look_seconds)


class Ran(NamedTuple):
    """How many jobs were done, how many failed and come again, and how many were given up."""

    done: int
    retried: int
    failed: int


def run_due(tools: Tools) -> Ran:
    """Run all that is due by the tools' clock, and what that queues, here and now.

    For tests and demonstrations; periodic jobs come only where a worker runs.
    """
    counts = {"done": 0, "retried": 0, "failed": 0}
    with tools.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as queue:
        worker_id = queries.register(queue)
        while job := queries.take_due(queue, worker_id, tools.now()):
            each = tasks().get(job.name)
            try:
                if each is None:
                    raise LookupError(job.name)
                _run(tools, each, job.arguments)
            except Exception:  # noqa: BLE001 (a job may fail in any way; `_run` logged it)
                at = each and each.retry_at(job.attempts, tools.now())
                if at:
                    queries.retry(queue, job.job_id, at)
                else:
                    queries.fail(queue, job.job_id)
                counts["retried" if at else "failed"] += 1
            else:
                queries.succeed(queue, job.job_id)
                counts["done"] += 1
        queries.unregister(queue, worker_id)
    return Ran(**counts)
