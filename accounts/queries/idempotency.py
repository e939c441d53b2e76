"""Answers kept under idempotency keys.

Reads/Writes: idempotency_key.
"""

import datetime as dt
from typing import NamedTuple

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from storage.tables.accounts import IdempotencyKey

__all__ = [
    "IdempotencyRow",
    "add_idempotency_key",
    "delete_keys_before",
    "idempotency_key",
    "keep_answer",
]


class IdempotencyRow(NamedTuple):
    """What is kept under an idempotency key."""

    request_hash: bytes
    status: int | None
    body: bytes | None


def add_idempotency_key(
    session: Session, caller: str, key: str, request_hash: bytes, now: dt.datetime
) -> bool:
    """Claim a key; False when it is taken. Waits for a transaction that holds it."""
    row = upsert(IdempotencyKey).values(
        caller=caller, key=key, request_hash=request_hash, created_at=now
    )
    claimed = session.execute(row.on_conflict_do_nothing().returning(IdempotencyKey.key))
    return claimed.first() is not None


def idempotency_key(session: Session, caller: str, key: str) -> IdempotencyRow | None:
    """Return what is kept under a key; None when it was purged just now."""
    row = session.execute(
        select(IdempotencyKey.request_hash, IdempotencyKey.status, IdempotencyKey.body).where(
            IdempotencyKey.caller == caller, IdempotencyKey.key == key
        )
    ).one_or_none()
    return None if row is None else IdempotencyRow._make(row)


def keep_answer(session: Session, caller: str, key: str, status: int, body: bytes) -> None:
    """Keep the answer to a request under its key."""
    session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.caller == caller, IdempotencyKey.key == key)
        .values(status=status, body=body)
    )


def delete_keys_before(session: Session, before: dt.datetime) -> None:
    """Forget the keys claimed before an instant."""
    session.execute(delete(IdempotencyKey).where(IdempotencyKey.created_at < before))
