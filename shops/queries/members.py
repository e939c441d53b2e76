"""The SQL of the people of a shop.

Reads: app_user. Reads/Writes: shop_member.
"""

from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from storage.tables.accounts import AppUser, ShopMember

__all__ = [
    "MemberRow",
    "add_member",
    "lock_members",
    "members",
    "owners",
    "put_member",
    "remove_member",
]


class MemberRow(NamedTuple):
    """A person who works at a shop."""

    user_id: UUID
    name: str
    role: str


def members(session: Session, shop_id: UUID) -> list[MemberRow]:
    """Return the people of a shop, owners first."""
    rows = session.execute(
        select(ShopMember.user_id, AppUser.name, ShopMember.role)
        .join(AppUser, AppUser.user_id == ShopMember.user_id)
        .where(ShopMember.shop_id == shop_id)
        .order_by(ShopMember.role, AppUser.name, ShopMember.user_id)
    )
    return [MemberRow._make(row) for row in rows]


def lock_members(session: Session, shop_id: UUID) -> dict[UUID, str]:
    """Return the role of each of a shop's people, locked."""
    rows = session.execute(
        select(ShopMember.user_id, ShopMember.role)
        .where(ShopMember.shop_id == shop_id)
        .order_by(ShopMember.user_id)
        .with_for_update()
    )
    return {row.user_id: row.role for row in rows}


def add_member(session: Session, shop_id: UUID, user_id: UUID, role: str) -> None:
    """Make a person one of a shop's, who keep their role when they are already."""
    row = upsert(ShopMember).values(shop_id=shop_id, user_id=user_id, role=role)
    session.execute(row.on_conflict_do_nothing())


def put_member(session: Session, shop_id: UUID, user_id: UUID, role: str) -> None:
    """Make a person one of a shop's, in that role."""
    row = upsert(ShopMember).values(shop_id=shop_id, user_id=user_id, role=role)
    session.execute(
        row.on_conflict_do_update(index_elements=["shop_id", "user_id"], set_={"role": role})
    )


def remove_member(session: Session, shop_id: UUID, user_id: UUID) -> None:
    """Take a person out of a shop."""
    session.execute(
        delete(ShopMember).where(ShopMember.shop_id == shop_id, ShopMember.user_id == user_id)
    )


def owners(session: Session, shop_id: UUID) -> Sequence[UUID]:
    """Return who owns a shop."""
    return session.scalars(
        select(ShopMember.user_id)
        .where(ShopMember.shop_id == shop_id, ShopMember.role == "shop_owner")
        .order_by(ShopMember.user_id)
    ).all()
