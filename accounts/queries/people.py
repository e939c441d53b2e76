"""People: their contacts, passwords, roles and wishes.

Reads/Writes: app_user, user_role. Reads: shop_member, shop.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from storage.paging import Page, page_of
from storage.tables.accounts import AppUser, ShopMember, UserRole
from storage.tables.shops import Shop

__all__ = [
    "MembershipRow",
    "PersonRow",
    "add_person",
    "add_role",
    "delete_role",
    "memberships",
    "page_of_people",
    "person",
    "person_at",
    "person_for_update",
    "roles",
    "set_person",
]

_COLUMNS = (
    AppUser.user_id,
    AppUser.phone,
    AppUser.email,
    AppUser.phone_verified_at,
    AppUser.email_verified_at,
    AppUser.name,
    AppUser.password_hash,
    AppUser.locale,
    AppUser.status,
    AppUser.quiet_from_minute,
    AppUser.quiet_until_minute,
    AppUser.created_at,
)


class PersonRow(NamedTuple):
    """A person as kept."""

    user_id: UUID
    phone: str | None
    email: str | None
    phone_verified_at: dt.datetime | None
    email_verified_at: dt.datetime | None
    name: str
    password_hash: str
    locale: str
    status: str
    quiet_from_minute: int | None
    quiet_until_minute: int | None
    created_at: dt.datetime


class MembershipRow(NamedTuple):
    """A shop that a person works at."""

    shop_id: UUID
    name: str
    role: str


def add_person(session: Session, **values: Any) -> bool:
    """Add a person; False when the phone or the address is another's."""
    added = session.execute(
        upsert(AppUser).values(**values).on_conflict_do_nothing().returning(AppUser.user_id)
    )
    return added.first() is not None


def person(session: Session, user_id: UUID) -> PersonRow | None:
    """Return a person."""
    return _one(session, select(*_COLUMNS).where(AppUser.user_id == user_id))


def person_at(session: Session, destination: str) -> PersonRow | None:
    """Return whose phone or address this is."""
    return _one(session, select(*_COLUMNS).where(_reached_at(destination)))


def person_for_update(
    session: Session, *, user_id: UUID | None = None, destination: str = ""
) -> PersonRow | None:
    """Return a person by id or by phone or address, locked until the commit."""
    whom = _reached_at(destination) if user_id is None else AppUser.user_id == user_id
    return _one(session, select(*_COLUMNS).where(whom).with_for_update(key_share=True))


def _reached_at(destination: str) -> Any:
    column = AppUser.phone if destination.startswith("+") else AppUser.email
    return column == destination


def _one(session: Session, rows: Any) -> PersonRow | None:
    row = session.execute(rows).one_or_none()
    return None if row is None else PersonRow._make(row)


def set_person(session: Session, user_id: UUID, **values: Any) -> None:
    """Change columns of a person."""
    session.execute(update(AppUser).where(AppUser.user_id == user_id).values(**values))


def page_of_people(session: Session, *, limit: int, cursor: str | None) -> Page[Any]:
    """Return some people, the newest first."""
    rows = select(*_COLUMNS).order_by(AppUser.created_at.desc(), AppUser.user_id)
    return page_of(session, rows, limit=limit, cursor=cursor)


def roles(session: Session, user_id: UUID) -> Sequence[str]:
    """Return the roles of a person on the platform, besides that of a customer."""
    rows = select(UserRole.role).where(UserRole.user_id == user_id).order_by(UserRole.role)
    return session.scalars(rows).all()


def add_role(session: Session, user_id: UUID, role: str) -> bool:
    """Give a person a role; False when they have it."""
    row = upsert(UserRole).values(user_id=user_id, role=role).on_conflict_do_nothing()
    return session.execute(row.returning(UserRole.role)).first() is not None


def delete_role(session: Session, user_id: UUID, role: str) -> bool:
    """Take a role from a person; False when they do not have it."""
    rows = delete(UserRole).where(UserRole.user_id == user_id, UserRole.role == role)
    return session.execute(rows.returning(UserRole.role)).first() is not None


def memberships(session: Session, user_id: UUID) -> list[MembershipRow]:
    """Return the shops that a person works at."""
    rows = (
        select(ShopMember.shop_id, Shop.name, ShopMember.role)
        .join(Shop, Shop.shop_id == ShopMember.shop_id)
        .where(ShopMember.user_id == user_id)
        .order_by(Shop.name, ShopMember.shop_id)
    )
    return [MembershipRow._make(row) for row in session.execute(rows)]
