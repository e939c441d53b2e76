"""The door to the job queue: a job is queued in the transaction that causes it, or not at all.

Writes: procrastinate_jobs. `jobs.tasks` says what each name does.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

import psycopg
from procrastinate import App, SyncPsycopgConnector
from sqlalchemy.orm import Session

__all__ = ["Queue", "enqueue", "enqueue_all"]

Queue = Literal["default", "partners", "announcements"]

# Never opened: each job goes through the connection of its session.
_queue = App(connector=SyncPsycopgConnector())


def enqueue(
    session: Session,
    task: str,
    *,
    at: dt.datetime | None = None,
    queue: Queue = "default",
    **arguments: Any,
) -> None:
    """Queue `task` for when the transaction has committed, or for `at` when that is later.

    What waits for a partner's server, and what tells crowds, have a `queue` of their own, so that
    nothing waits for them. `arguments` are JSON: ids as text. A job may run more than once, so
    tasks are repeatable.
    """
    enqueue_all(session, task, [arguments], at=at, queue=queue)


def enqueue_all(
    session: Session,
    task: str,
    arguments: Sequence[Mapping[str, Any]],
    *,
    at: dt.datetime | None = None,
    queue: Queue = "default",
) -> None:
    """Queue `task` once for each of `arguments`, as `enqueue` does, in one statement."""
    connection = cast("psycopg.Connection", session.connection().connection.driver_connection)
    job = _queue.configure_task(task, schedule_at=at, queue=queue, connection=connection)
    job.batch_defer(*map(dict, arguments))
