"""The audit log: who did what to what, each entry chained to the one before by its hash.

Writes: audit_entry, at the very end of the transaction of the change, under a lock that all who
write it wait for. `verify` finds an entry that was altered or removed. Removing the newest ones
leaves a chain that holds: note its end (`Verdict.end`) elsewhere, and check it against a later one.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import orjson
from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from accounts.queries import audit as queries
from clutch.errors import InvalidInput
from storage.session import Ending, at_end

__all__ = [
    "AuditRow",
    "Entries",
    "Entry",
    "Verdict",
    "entry_hash",
    "list_entries",
    "record",
    "verdict",
    "verify",
]

_FIRST = bytes(32)
_END = re.compile(r"[0-9]{1,18}:[0-9a-f]{64}")


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


class Entry(TypedDict):
    """One entry as administrators read it."""

    sequence: int
    at: dt.datetime
    actor: str
    act: str
    subject: str
    detail: dict[str, Any]
    entry_hash: str


class Entries(TypedDict):
    """Some entries, and the cursor that leads to older ones."""

    entries: list[Entry]
    next_cursor: str | None


class Verdict(TypedDict):
    """Whether the log is as it was written; `end` names its newest entry: `number:hash`."""

    whole: bool
    entries: int
    first_broken: int | None
    end: str | None


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


def verify(session: Session, *, seen: str | None = None) -> Verdict:
    """Check the whole log, and that the entry `seen` (an earlier `end`) is still in it.

    Raises
    ------
    InvalidInput
        `seen` is not the end of a log.
    """
    if seen is not None and not _END.fullmatch(seen):
        raise InvalidInput("seen", "an earlier end of the log, as 12:9f86d0...")
    with queries.audit_entries(session) as entries:
        return verdict(map(AuditRow._make, entries), seen=seen)


def verdict(rows: Iterable[AuditRow], *, seen: str | None = None) -> Verdict:
    """Return whether `rows`, the whole log in order, is as it was written.

    Examples
    --------
    >>> verdict([])
    {'whole': True, 'entries': 0, 'first_broken': None, 'end': None}
    """
    number, previous, found = 0, _FIRST, seen is None
    broken: int | None = None
    for row in rows:
        number += 1
        digest = entry_hash(*row[:6], previous)
        if (row.sequence, row.previous_hash, row.entry_hash) != (number, previous, digest):
            broken = min(number, row.sequence)
            break
        previous = digest
        found = found or seen == f"{number}:{digest.hex()}"
    if broken is None and seen and not found:
        broken = min(int(seen.partition(":")[0]), number + 1)
    return {
        "whole": broken is None,
        "entries": number,
        "first_broken": broken,
        "end": f"{number}:{previous.hex()}" if number and broken is None else None,
    }


def list_entries(
    session: Session, *, subject: str | None, limit: int, cursor: str | None
) -> Entries:
    """Return entries, newest first; of one subject, as `order:<id>`, where it is given."""
    page = queries.page_of_entries(session, subject=subject, limit=limit, cursor=cursor)
    entries: list[Entry] = [
        {
            "sequence": row.sequence,
            "at": row.at,
            "actor": row.actor,
            "act": row.act,
            "subject": row.subject,
            "detail": row.detail,
            "entry_hash": row.entry_hash.hex(),
        }
        for row in page.rows
    ]
    return {"entries": entries, "next_cursor": page.next_cursor}
