"""The SQL of the people of a shop, and of those who were asked to become some.

Reads: app_user, shop. Reads/Writes: shop_member, staff_invitation.
"""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from storage.tables.accounts import AppUser, ShopMember, StaffInvitation
from storage.tables.shops import Shop

__all__ = [
    "InvitationRow",
    "MemberRow",
    "add_invitation",
    "add_member",
    "change_invitation",
    "invitations_of_shop",
    "invitations_to",
    "lock_members",
    "members",
    "owners",
    "put_member",
    "remove_invitation",
    "remove_member",
]


class MemberRow(NamedTuple):
    """A person who works at a shop."""

    user_id: UUID
    name: str
    role: str


class InvitationRow(NamedTuple):
    """Somebody who was asked to work at a shop."""

    invitation_id: UUID
    shop_id: UUID
    shop_name: str
    destination: str
    role: str
    invited_at: dt.datetime


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


_INVITATIONS = (
    select(
        StaffInvitation.invitation_id,
        StaffInvitation.shop_id,
        Shop.name,
        StaffInvitation.destination,
        StaffInvitation.role,
        StaffInvitation.invited_at,
    )
    .join(Shop, Shop.shop_id == StaffInvitation.shop_id)
    .order_by(StaffInvitation.invited_at, StaffInvitation.invitation_id)
)


def invitations_of_shop(session: Session, shop_id: UUID) -> list[InvitationRow]:
    """Return whom a shop waits for, oldest first."""
    rows = session.execute(_INVITATIONS.where(StaffInvitation.shop_id == shop_id))
    return [InvitationRow._make(row) for row in rows]


def invitations_to(session: Session, destinations: Collection[str]) -> list[InvitationRow]:
    """Return the invitations to one of these phones and addresses, oldest first."""
    rows = session.execute(_INVITATIONS.where(StaffInvitation.destination.in_(destinations)))
    return [InvitationRow._make(row) for row in rows]


def add_invitation(
    session: Session,
    *,
    invitation_id: UUID,
    shop_id: UUID,
    destination: str,
    role: str,
    now: dt.datetime,
) -> bool:
    """Ask somebody to work at a shop; False when they were asked already."""
    row = upsert(StaffInvitation).values(
        invitation_id=invitation_id,
        shop_id=shop_id,
        destination=destination,
        role=role,
        invited_at=now,
    )
    added = row.on_conflict_do_nothing().returning(StaffInvitation.invitation_id)
    return session.execute(added).first() is not None


def change_invitation(session: Session, shop_id: UUID, destination: str, role: str) -> None:
    """Give somebody who was asked already another role."""
    session.execute(
        update(StaffInvitation)
        .where(StaffInvitation.shop_id == shop_id, StaffInvitation.destination == destination)
        .values(role=role)
    )


def remove_invitation(session: Session, invitation_id: UUID) -> bool:
    """End an invitation; False when somebody did before."""
    ended = session.execute(
        delete(StaffInvitation)
        .where(StaffInvitation.invitation_id == invitation_id)
        .returning(StaffInvitation.invitation_id)
    )
    return ended.first() is not None
