"""The SQL of applications.

Reads/Writes: shop_onboarding.
"""

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from storage.tables.onboarding import ShopOnboarding

__all__ = [
    "ApplicationRow",
    "application",
    "application_for_update",
    "application_of_anyone",
    "change_application",
    "open_application",
]


class ApplicationRow(NamedTuple):
    """An application; the steps hold what was saved of them, or None."""

    onboarding_id: UUID
    user_id: UUID
    shop_id: UUID | None
    status: str
    business_info: dict[str, Any] | None
    location_info: dict[str, Any] | None
    vehicle_brands: dict[str, Any] | None
    inventory_setup: dict[str, Any] | None
    pricing_strategy: dict[str, Any] | None
    verification: dict[str, Any] | None
    created_at: dt.datetime
    updated_at: dt.datetime


_COLUMNS = [getattr(ShopOnboarding, name) for name in ApplicationRow._fields]


def open_application(
    session: Session, *, onboarding_id: UUID, user_id: UUID, now: dt.datetime
) -> ApplicationRow:
    """Return the open application of a person, locked; made as `onboarding_id` if there is none."""
    row = upsert(ShopOnboarding).values(
        onboarding_id=onboarding_id, user_id=user_id, created_at=now, updated_at=now
    )
    # An update that changes nothing locks the row that is there, and returns it.
    opened = row.on_conflict_do_update(
        index_elements=["user_id"],
        index_where=text("approved_at IS NULL"),
        set_={"user_id": row.excluded.user_id},
    )
    return ApplicationRow._make(session.execute(opened.returning(*_COLUMNS)).one())


def application(session: Session, onboarding_id: UUID, user_id: UUID) -> ApplicationRow | None:
    """Return an application of this person."""
    return _one(session, _of(onboarding_id, user_id))


def application_for_update(
    session: Session, onboarding_id: UUID, user_id: UUID
) -> ApplicationRow | None:
    """Return an application of this person, locked."""
    return _one(session, _of(onboarding_id, user_id).with_for_update())


def application_of_anyone(session: Session, onboarding_id: UUID) -> ApplicationRow:
    """Return an application that exists, for its review."""
    rows = _rows().where(ShopOnboarding.onboarding_id == onboarding_id)
    return ApplicationRow._make(session.execute(rows).one())


def change_application(
    session: Session, onboarding_id: UUID, values: Mapping[str, Any], *, now: dt.datetime
) -> None:
    """Write some columns of an application."""
    session.execute(
        update(ShopOnboarding)
        .where(ShopOnboarding.onboarding_id == onboarding_id)
        .values(**values, updated_at=now)
    )


def _rows() -> Select[Any]:
    return select(*_COLUMNS)


def _of(onboarding_id: UUID, user_id: UUID) -> Select[Any]:
    return _rows().where(
        ShopOnboarding.onboarding_id == onboarding_id, ShopOnboarding.user_id == user_id
    )


def _one(session: Session, rows: Select[Any]) -> ApplicationRow | None:
    row = session.execute(rows).one_or_none()
    return None if row is None else ApplicationRow._make(row)
