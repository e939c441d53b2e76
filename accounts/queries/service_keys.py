"""The keys by which programs call.

Reads/Writes: service_key.
"""

import datetime as dt
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from storage.paging import Page, page_of
from storage.tables.accounts import ServiceKey

__all__ = ["KeyRow", "add_key", "page_of_keys", "revoke_key"]

_COLUMNS = (
    ServiceKey.service_key_id,
    ServiceKey.name,
    ServiceKey.role,
    ServiceKey.scopes,
    ServiceKey.created_at,
    ServiceKey.revoked_at,
)


class KeyRow(NamedTuple):
    """A key without the key itself."""

    service_key_id: UUID
    name: str
    role: str
    scopes: list[str]
    created_at: dt.datetime
    revoked_at: dt.datetime | None


def add_key(session: Session, **values: Any) -> bool:
    """Add a key; False when another has its name."""
    row = upsert(ServiceKey).values(**values)
    added = row.on_conflict_do_nothing(index_elements=["name"]).returning(ServiceKey.name)
    return session.execute(added).first() is not None


def page_of_keys(session: Session, *, limit: int, cursor: str | None) -> Page[Any]:
    """Return some keys by name, the revoked ones too."""
    rows = select(*_COLUMNS).order_by(ServiceKey.name)
    return page_of(session, rows, limit=limit, cursor=cursor)


def revoke_key(session: Session, service_key_id: UUID, now: dt.datetime) -> KeyRow | None:
    """End a key, once; return it as it then is, or None when there is none."""
    session.execute(
        update(ServiceKey)
        .where(ServiceKey.service_key_id == service_key_id, ServiceKey.revoked_at.is_(None))
        .values(revoked_at=now)
    )
    row = session.execute(
        select(*_COLUMNS).where(ServiceKey.service_key_id == service_key_id)
    ).one_or_none()
    return None if row is None else KeyRow._make(row)
