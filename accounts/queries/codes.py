"""One-time codes.

Reads/Writes: one_time_code.
"""

import datetime as dt
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from storage.tables.accounts import OneTimeCode

__all__ = ["TriedRow", "delete_codes_before", "put_code", "try_code", "use_code"]


class TriedRow(NamedTuple):
    """A living code that was just tried once more."""

    code_id: UUID
    code_hash: bytes


def put_code(
    session: Session,
    *,
    code_id: UUID,
    destination: str,
    purpose: str,
    code_hash: bytes,
    now: dt.datetime,
    expires_at: dt.datetime,
) -> None:
    """Keep a code in place of the one that lives for this destination and purpose."""
    fresh = {
        "code_id": code_id,
        "code_hash": code_hash,
        "attempts": 0,
        "created_at": now,
        "expires_at": expires_at,
    }
    row = upsert(OneTimeCode).values(destination=destination, purpose=purpose, **fresh)
    session.execute(
        row.on_conflict_do_update(
            index_elements=["destination", "purpose"],
            index_where=OneTimeCode.used_at.is_(None),
            set_=fresh,
        )
    )


def try_code(
    session: Session, destination: str, purpose: str, *, now: dt.datetime, most_attempts: int
) -> TriedRow | None:
    """Count an attempt at the living code, locked until the commit; None when none may be tried."""
    row = session.execute(
        update(OneTimeCode)
        .where(
            OneTimeCode.destination == destination,
            OneTimeCode.purpose == purpose,
            OneTimeCode.used_at.is_(None),
            OneTimeCode.expires_at > now,
            OneTimeCode.attempts < most_attempts,
        )
        .values(attempts=OneTimeCode.attempts + 1)
        .returning(OneTimeCode.code_id, OneTimeCode.code_hash)
    ).one_or_none()
    return None if row is None else TriedRow._make(row)


def use_code(session: Session, code_id: UUID, now: dt.datetime) -> None:
    """Use a code up."""
    session.execute(update(OneTimeCode).where(OneTimeCode.code_id == code_id).values(used_at=now))


def delete_codes_before(session: Session, before: dt.datetime) -> None:
    """Forget the codes that expired before an instant."""
    session.execute(delete(OneTimeCode).where(OneTimeCode.expires_at < before))
