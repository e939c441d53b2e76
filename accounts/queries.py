"""The SQL of accounts: who calls, idempotency keys, the audit log.

Reads/Writes: app_user, user_role, shop_member, sign_in, service_key, idempotency_key, audit_entry.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from storage.session import Query
from storage.tables.accounts import AuditEntry, IdempotencyKey

__all__ = [
    "CallerRow",
    "IdempotencyRow",
    "ServiceKeyRow",
    "add_audit_entries",
    "add_idempotency_key",
    "caller",
    "idempotency_key",
    "keep_answer",
    "lock_audit_end",
    "service_key",
]

_AUDIT_LOCK = 0x61756474  # "audt": one writer of the log at a time


class CallerRow(NamedTuple):
    """A person with a living log-in: roles on the platform, and shops with the role in each."""

    locale: str
    roles: list[str]
    shop_ids: list[UUID]
    shop_roles: list[str]


class ServiceKeyRow(NamedTuple):
    """A key that was not revoked."""

    name: str
    role: str
    scopes: list[str]


class IdempotencyRow(NamedTuple):
    """What is kept under an idempotency key."""

    request_hash: bytes
    status: int | None
    body: bytes | None


_CALLER = """
SELECT u.locale,
       ARRAY(SELECT role FROM user_role r WHERE r.user_id = u.user_id),
       ARRAY(SELECT shop_id FROM shop_member m WHERE m.user_id = u.user_id ORDER BY shop_id),
       ARRAY(SELECT role FROM shop_member m WHERE m.user_id = u.user_id ORDER BY shop_id)
FROM sign_in s JOIN app_user u USING (user_id)
WHERE s.sign_in_id = %(sign_in_id)s AND u.user_id = %(user_id)s
  AND s.revoked_at IS NULL AND u.status = 'active'
"""
_SERVICE_KEY = """
SELECT name, role, scopes FROM service_key WHERE key_hash = %(key_hash)s AND revoked_at IS NULL
"""


def caller(user_id: UUID, sign_in_id: UUID) -> Query:
    """Ask for the person of a living log-in. Rows: none or one `CallerRow`."""
    parameters = {"user_id": user_id, "sign_in_id": sign_in_id}
    return Query(_CALLER, parameters, CallerRow._make)


def service_key(key_hash: bytes) -> Query:
    """Ask for the living service key of this SHA-256. Rows: none or one `ServiceKeyRow`."""
    return Query(_SERVICE_KEY, {"key_hash": key_hash}, ServiceKeyRow._make)


def add_idempotency_key(
    session: Session, caller: str, key: str, request_hash: bytes, now: dt.datetime
) -> bool:
    """Claim a key; False when it is taken. Waits for a transaction that holds it."""
    row = upsert(IdempotencyKey).values(
        caller=caller, key=key, request_hash=request_hash, created_at=now
    )
    claimed = session.execute(row.on_conflict_do_nothing().returning(IdempotencyKey.key))
    return claimed.first() is not None


def idempotency_key(session: Session, caller: str, key: str) -> IdempotencyRow:
    """Return what is kept under a key that is taken."""
    row = session.execute(
        select(IdempotencyKey.request_hash, IdempotencyKey.status, IdempotencyKey.body).where(
            IdempotencyKey.caller == caller, IdempotencyKey.key == key
        )
    ).one()
    return IdempotencyRow._make(row)


def keep_answer(session: Session, caller: str, key: str, status: int, body: bytes) -> None:
    """Keep the answer to a request under its key."""
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.caller == caller, IdempotencyKey.key == key)
        .values(status=status, body=body)
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
