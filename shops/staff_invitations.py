"""Being asked to work at a shop: an invitation is taken up or declined by whom it is for.

Reads: app_user, shop. Reads/Writes: staff_invitation, shop_member. It is for who has confirmed the
phone or address that it names, whoever had it when they were asked.
"""

import datetime as dt
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from accounts.queries import people
from clutch.errors import NotFound
from shops.members import MemberRole, employ
from shops.queries import members as rows
from storage.session import as_platform

__all__ = ["StaffInvitation", "StaffInvitations", "accept", "decline", "invitations_of"]


class StaffInvitation(TypedDict):
    """A shop that asks a person to work there."""

    invitation_id: UUID
    shop_id: UUID
    shop_name: str
    role: MemberRole
    invited_at: dt.datetime


class StaffInvitations(TypedDict):
    """The shops that ask, oldest first."""

    invitations: list[StaffInvitation]


def invitations_of(session: Session, user_id: UUID) -> StaffInvitations:
    """Return what a person was asked and has not answered."""
    return {"invitations": [_view(row) for row in _to(session, user_id)]}


def accept(
    session: Session, invitation_id: UUID, *, user_id: UUID, now: dt.datetime
) -> StaffInvitation:
    """Make the person one of the shop's; return what was accepted.

    Raises
    ------
    NotFound
        The person was not asked, or it was answered or taken back.
    LastOwner
        The person is the shop's only owner, and was to be none.
    """
    asked = _ended(session, invitation_id, user_id)
    with as_platform(session):
        employ(
            session,
            asked["shop_id"],
            user_id,
            asked["role"],
            roles=rows.lock_members(session, asked["shop_id"]),
            actor=f"user:{user_id}",
            now=now,
        )
    return asked


def decline(session: Session, invitation_id: UUID, *, user_id: UUID) -> StaffInvitations:
    """Say no; return what else the person was asked.

    Raises
    ------
    NotFound
        The person was not asked, or it was answered or taken back.
    """
    _ended(session, invitation_id, user_id)
    return invitations_of(session, user_id)


def _ended(session: Session, invitation_id: UUID, user_id: UUID) -> StaffInvitation:
    asked = {row.invitation_id: row for row in _to(session, user_id)}.get(invitation_id)
    if asked is None:
        raise NotFound("invitation")
    # Not yet the shop's, the person does not see its rows.
    with as_platform(session):
        ended = rows.remove_invitation(session, invitation_id)
    if not ended:
        raise NotFound("invitation")
    return _view(asked)


def _to(session: Session, user_id: UUID) -> list[rows.InvitationRow]:
    person = people.person(session, user_id)
    if person is None:
        return []
    proved = {
        person.phone if person.phone_verified_at else None,
        person.email if person.email_verified_at else None,
    }
    with as_platform(session):
        return rows.invitations_to(session, [each for each in proved if each])


def _view(row: rows.InvitationRow) -> StaffInvitation:
    return {
        "invitation_id": row.invitation_id,
        "shop_id": row.shop_id,
        "shop_name": row.shop_name,
        "role": row.role,  # type: ignore[typeddict-item]  # the table allows no other
        "invited_at": row.invited_at,
    }
