"""The audit log.

Reads/Writes: audit_entry.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

from storage.paging import Page, page_of
from storage.tables.accounts import AuditEntry

__all__ = ["add_audit_entries", "audit_entries", "lock_audit_end", "page_of_entries"]

_AUDIT_LOCK = 0x61756474  # "audt": one writer of the log at a time
_AT_ONCE = 1_000
_COLUMNS = (
    AuditEntry.sequence,
    AuditEntry.at,
    AuditEntry.actor,
    AuditEntry.act,
    AuditEntry.subject,
    AuditEntry.detail,
    AuditEntry.previous_hash,
    AuditEntry.entry_hash,
)


def lock_audit_end(session: Session) -> tuple[int, bytes] | None:
    """Lock the end of the audit log until the commit; return its last number and hash."""
    session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _AUDIT_LOCK})
    row = session.execute(
        select(AuditEntry.sequence, AuditEntry.entry_hash)
        .order_by(AuditEntry.sequence.desc())
        .limit(1)
    ).first()
    return None if row is None else (row.sequence, row.entry_hash)


def add_audit_entries(session: Session, entries: Sequence[Mapping[str, Any]]) -> None:
    """Append to the audit log."""
    session.execute(insert(AuditEntry), list(entries))


@contextmanager
def audit_entries(session: Session) -> Iterator[Iterable[Any]]:
    """Give every entry in order, a thousand at a time."""
    rows = select(*_COLUMNS).order_by(AuditEntry.sequence)
    with session.execute(rows, execution_options={"yield_per": _AT_ONCE}) as entries:
        yield entries


def page_of_entries(
    session: Session, *, subject: str | None, limit: int, cursor: str | None
) -> Page[Any]:
    """Return some entries, newest first, of one subject where it is given."""
    rows = select(*_COLUMNS).order_by(AuditEntry.sequence.desc())
    if subject is not None:
        rows = rows.where(AuditEntry.subject == subject)
    return page_of(session, rows, limit=limit, cursor=cursor)
