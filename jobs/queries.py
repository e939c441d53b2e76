"""The SQL of the queue, beside what procrastinate itself says to it.

Reads/Writes: procrastinate_jobs, procrastinate_workers, procrastinate_events.
"""

import datetime as dt
from typing import Any, LiteralString, NamedTuple

from sqlalchemy import Connection, text

__all__ = [
    "FETCH",
    "DueJob",
    "FailedJob",
    "delete_finished",
    "fail",
    "failed_jobs",
    "queue_depth",
    "register",
    "retry",
    "succeed",
    "take_due",
    "take_up_stalled",
    "unregister",
]


class DueJob(NamedTuple):
    """A job that was taken from the queue; `attempts` failed before."""

    job_id: int
    name: str
    arguments: dict[str, Any]
    attempts: int


class FailedJob(NamedTuple):
    """A job that was given up."""

    job_id: int
    name: str
    arguments: dict[str, Any]
    attempts: int
    failed_at: dt.datetime


# The library's own reads past every job that waits for its time, each time: 30 ms with 200,000 of
# them, this 0.1. What came due at a time has waited longest, so it goes first; NULL is "at once".
FETCH: LiteralString = """
UPDATE procrastinate_jobs SET status = 'doing', worker_id = %(worker_id)s WHERE id = COALESCE(
    (SELECT id FROM procrastinate_jobs
     WHERE status = 'todo' AND queue_name = %(queue)s AND scheduled_at <= now()
     ORDER BY scheduled_at, id LIMIT 1 FOR UPDATE SKIP LOCKED),
    (SELECT id FROM procrastinate_jobs
     WHERE status = 'todo' AND queue_name = %(queue)s AND scheduled_at IS NULL
     ORDER BY scheduled_at, id LIMIT 1 FOR UPDATE SKIP LOCKED))
RETURNING id, status, task_name, priority, lock, queueing_lock, args, scheduled_at, queue_name,
    attempts, worker_id
"""
"""Takes the next due job of a queue. Our jobs have neither priority nor lock: it heeds neither."""

_TAKE_DUE = text(
    "UPDATE procrastinate_jobs SET status = 'doing', worker_id = :worker_id WHERE id = ("
    " SELECT id FROM procrastinate_jobs"
    " WHERE status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= :now)"
    " ORDER BY scheduled_at NULLS FIRST, id LIMIT 1 FOR UPDATE SKIP LOCKED)"
    " RETURNING id, task_name, args, attempts"
)
# A row that somebody else is changing right now has somebody who cares for it.
_TAKE_UP_STALLED = text(
    "WITH taken_up AS ("
    "UPDATE procrastinate_jobs SET worker_id = NULL, attempts = attempts + 1, scheduled_at = now(),"
    " status = CAST(CASE WHEN attempts < :most THEN 'todo' ELSE 'failed' END"
    "  AS procrastinate_job_status)"
    " WHERE id IN (SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND NOT EXISTS ("
    "  SELECT FROM procrastinate_workers w WHERE w.id = worker_id"
    "  AND w.last_heartbeat > now() - :silence) FOR UPDATE SKIP LOCKED)"
    " RETURNING id, queue_name)"
    " SELECT pg_notify('procrastinate_queue_v1#' || queue_name,"
    "  CAST(json_build_object('type', 'job_inserted', 'job_id', id) AS text)) FROM taken_up"
)
_FAILED = text(
    "SELECT j.id, j.task_name, j.args, j.attempts, max(e.at) FROM procrastinate_jobs j"
    " JOIN procrastinate_events e ON e.job_id = j.id"
    " WHERE j.status = 'failed' GROUP BY j.id ORDER BY max(e.at) DESC, j.id LIMIT :most"
)
_DELETE_FINISHED = text(
    "DELETE FROM procrastinate_jobs j WHERE status NOT IN ('todo', 'doing') AND NOT EXISTS ("
    " SELECT FROM procrastinate_events e WHERE e.job_id = j.id AND e.at > :before)"
)


def take_due(connection: Connection, worker_id: int, now: dt.datetime) -> DueJob | None:
    """Take the job that was due first, of those that are due at `now`."""
    row = connection.execute(_TAKE_DUE, {"worker_id": worker_id, "now": now}).first()
    return None if row is None else DueJob._make(row)


def register(connection: Connection) -> int:
    """Enter a worker; return its number."""
    entered = text("SELECT worker_id FROM procrastinate_register_worker_v1()")
    worker_id: int = connection.scalars(entered).one()
    return worker_id


def unregister(connection: Connection, worker_id: int) -> None:
    """Strike a worker off."""
    statement = text("SELECT procrastinate_unregister_worker_v1(:worker_id)")
    connection.execute(statement, {"worker_id": worker_id})


def succeed(connection: Connection, job_id: int) -> None:
    """Take a job that is done off the queue."""
    connection.execute(
        text("SELECT procrastinate_finish_job_v1(:job_id, 'succeeded', true)"), {"job_id": job_id}
    )


def fail(connection: Connection, job_id: int) -> None:
    """Give a job up; it stays to be seen."""
    connection.execute(
        text("SELECT procrastinate_finish_job_v1(:job_id, 'failed', false)"), {"job_id": job_id}
    )


def retry(connection: Connection, job_id: int, at: dt.datetime) -> None:
    """Queue a job that failed again, for `at`."""
    connection.execute(
        text("SELECT procrastinate_retry_job_v2(:job_id, :at, NULL, NULL, NULL)"),
        {"job_id": job_id, "at": at},
    )


def take_up_stalled(connection: Connection, *, silence: dt.timedelta, most_attempts: int) -> int:
    """Queue again what workers had begun that were not heard of for `silence`; return how many.

    What was begun `most_attempts` times may be what ends the workers: it is given up.
    """
    facts = {"silence": silence, "most": most_attempts}
    return len(connection.execute(_TAKE_UP_STALLED, facts).all())


def queue_depth(connection: Connection) -> dict[str, int]:
    """Return how many jobs are in each status."""
    rows = connection.execute(
        text("SELECT CAST(status AS text), count(*) FROM procrastinate_jobs GROUP BY status")
    )
    return {status: count for status, count in rows}  # noqa: C416


def failed_jobs(connection: Connection, *, most: int) -> list[FailedJob]:
    """Return the jobs that were given up, newest first."""
    return [FailedJob._make(row) for row in connection.execute(_FAILED, {"most": most})]


def delete_finished(connection: Connection, *, before: dt.datetime) -> int:
    """Delete jobs that ended before an instant; return how many."""
    return connection.execute(_DELETE_FINISHED, {"before": before}).rowcount
