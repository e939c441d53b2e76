"""The audit log: who did what to what, each entry chained to the one before by its hash.

Writes: audit_entry, at the very end of the transaction of the change, under a lock that all who
write it wait for. `broken_link` finds an entry that was altered or removed.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson
from sqlalchemy.orm import Session

from accounts.queries import audit as queries
from storage.session import Ending, at_end

__all__ = ["AuditRow", "broken_link", "entry_hash", "record"]

_FIRST = bytes(32)


class AuditRow(NamedTuple):
    """One entry as it is kept."""

    sequence: int
    at: dt.datetime
    actor: str
    act: str
    subject: str
    detail: Mapping[str, Any]
    previous_hash: bytes
    entry_hash: bytes


def record(
    session: Session, *, actor: str, act: str, subject: str, now: dt.datetime, **detail: Any
) -> None:
    """Enter an act in the log; `detail` is JSON and holds no coordinates, phones or tokens."""
    at_end(session, Ending.AUDIT, _write, (now, actor, act, subject, detail))


def _write(session: Session, entries: list[Any]) -> None:
    sequence, previous = queries.lock_audit_end(session) or (0, _FIRST)
    rows = []
    for at, actor, act, subject, detail in entries:
        sequence += 1
        digest = entry_hash(sequence, at, actor, act, subject, detail, previous)
        rows.append(AuditRow(sequence, at, actor, act, subject, detail, previous, digest))
        previous = digest
    queries.add_audit_entries(session, [row._asdict() for row in rows])


def entry_hash(
    sequence: int,
    at: dt.datetime,
    actor: str,
    act: str,
    subject: str,
    detail: Mapping[str, Any],
    previous: bytes,
) -> bytes:
    """Return the SHA-256 over an entry and the hash of the one before it.

    Examples
    --------
    >>> at = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    >>> entry_hash(1, at, "user:1", "log_in", "user:1", {}, bytes(32)).hex()[:8]
    '87b1a89d'
    """
    told = [sequence, at.astimezone(dt.UTC).isoformat(), actor, act, subject, dict(detail)]
    return hashlib.sha256(previous + orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).digest()


def broken_link(rows: Iterable[AuditRow]) -> int | None:
    """Return the number of the first entry that is not as it was written; None: all are.

    `rows` is the whole log, in order.
    """
    expected, previous = 1, _FIRST
    for row in rows:
        digest = entry_hash(*row[:6], previous)
        if (row.sequence, row.previous_hash, row.entry_hash) != (expected, previous, digest):
            return row.sequence
        expected, previous = expected + 1, digest
    return None
