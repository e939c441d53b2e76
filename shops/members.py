"""Who works at a shop: its owners invite people, change roles, let people go.

Reads: app_user. Reads/Writes: shop_member, locked as a whole: a shop keeps an owner;
staff_invitation. Nobody works at a shop without having said so: see `shops.staff_invitations`.
"""

import datetime as dt
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from accounts import audit
from accounts.contacts import is_phone
from accounts.queries import people
from clutch.errors import Conflict, Forbidden, NotFound
from clutch.ids import uuid7
from notifications import inbox
from shops.queries import members as rows
from shops.queries import profiles as profile_rows

__all__ = [
    "LastOwner",
    "Member",
    "MemberRole",
    "MemberToCome",
    "Members",
    "call_back",
    "employ",
    "invite",
    "remove_member",
    "staff",
]

MemberRole = Literal["shop_owner", "shop_staff"]


class Member(TypedDict):
    """A person who works at a shop."""

    user_id: UUID
    name: str
    role: MemberRole


class MemberToCome(TypedDict):
    """Somebody who was invited; `destination` is the phone or e-mail address."""

    invitation_id: UUID
    destination: str
    role: MemberRole
    invited_at: dt.datetime


class Members(TypedDict):
    """The people of a shop, owners first, and those who were invited."""

    members: list[Member]
    invitations: list[MemberToCome]


class LastOwner(Conflict):
    """A shop keeps an owner."""

    def __init__(self) -> None:
        super().__init__("the shop has no other owner", allowed=["add an owner"])


def staff(session: Session, shop_id: UUID) -> Members:
    """Return the people of a shop, and whom it waits for."""
    return {
        "members": [_member(row) for row in rows.members(session, shop_id)],
        "invitations": [_to_come(row) for row in rows.invitations_of_shop(session, shop_id)],
    }


def invite(
    session: Session,
    shop_id: UUID,
    destination: str,
    role: MemberRole,
    *,
    actor: str,
    now: dt.datetime,
) -> Members:
    """Ask a person to work at the shop, or give one who does another role.

    `destination` is a phone in E.164 or an e-mail address in lower case. Whether it is anybody's
    is not told; who proves it to be theirs, now or later, finds the invitation.

    Raises
    ------
    LastOwner
        It is the only owner, who would be none.
    """
    user_id = _person_at(session, destination)
    roles = rows.lock_members(session, shop_id)
    if user_id in roles:
        employ(session, shop_id, user_id, role, roles=roles, actor=actor, now=now)
        return staff(session, shop_id)
    asked = rows.add_invitation(
        session,
        invitation_id=uuid7(),
        shop_id=shop_id,
        destination=destination,
        role=role,
        now=now,
    )
    if not asked:
        rows.change_invitation(session, shop_id, destination, role)
    audit.record(
        session, actor=actor, act="invite_member", subject=f"shop:{shop_id}", now=now, role=role
    )
    if asked and user_id is not None:
        shop = profile_rows.profile(session, shop_id)
        if shop is None:
            raise NotFound("shop")
        data = {"shop_id": str(shop_id), "shop_name": shop.name}
        inbox.notify(session, user_id, "staff_invitation", data, now=now)
    return staff(session, shop_id)


def call_back(
    session: Session, shop_id: UUID, invitation_id: UUID, *, actor: str, now: dt.datetime
) -> Members:
    """Take an invitation of the shop back.

    Raises
    ------
    NotFound
        The shop has none such: it was taken up, declined or taken back.
    """
    own = {row.invitation_id for row in rows.invitations_of_shop(session, shop_id)}
    if invitation_id not in own or not rows.remove_invitation(session, invitation_id):
        raise NotFound("invitation")
    audit.record(session, actor=actor, act="uninvite_member", subject=f"shop:{shop_id}", now=now)
    return staff(session, shop_id)


def remove_member(
    session: Session, shop_id: UUID, user_id: UUID, *, removed_by: UUID, now: dt.datetime
) -> Members:
    """Let a person go, who from now on sees nothing of the shop; staff may go themselves.

    Raises
    ------
    NotFound
        They do not work there.
    Forbidden
        Only owners let others go.
    LastOwner
        It is the only owner.
    """
    roles = rows.lock_members(session, shop_id)
    if user_id != removed_by and roles.get(removed_by) != "shop_owner":
        raise Forbidden("for shop_owner only, but for oneself")
    if user_id not in roles:
        raise NotFound("member")
    _assert_owned_without(roles, user_id)
    rows.remove_member(session, shop_id, user_id)
    audit.record(
        session,
        actor=f"user:{removed_by}",
        act="remove_member",
        subject=f"shop:{shop_id}",
        now=now,
        member=f"user:{user_id}",
    )
    return staff(session, shop_id)


def employ(
    session: Session,
    shop_id: UUID,
    user_id: UUID,
    role: MemberRole,
    *,
    roles: dict[UUID, str],
    actor: str,
    now: dt.datetime,
) -> None:
    """Make a person one of the shop's, in that role; `roles` has all its people, locked.

    Raises
    ------
    LastOwner
        It is the only owner, who would be none.
    """
    if role != "shop_owner":
        _assert_owned_without(roles, user_id)
    rows.put_member(session, shop_id, user_id, role)
    audit.record(
        session,
        actor=actor,
        act="put_member",
        subject=f"shop:{shop_id}",
        now=now,
        member=f"user:{user_id}",
        role=role,
    )


def _person_at(session: Session, destination: str) -> UUID | None:
    """Return who has shown that the phone or address is theirs."""
    person = people.person_at(session, destination)
    if person is None or person.status != "active":
        return None
    proved = person.phone_verified_at if is_phone(destination) else person.email_verified_at
    return person.user_id if proved else None


def _assert_owned_without(roles: dict[UUID, str], user_id: UUID) -> None:
    others = [role for member, role in roles.items() if member != user_id]
    if roles.get(user_id) == "shop_owner" and "shop_owner" not in others:
        raise LastOwner


def _member(row: rows.MemberRow) -> Member:
    return {"user_id": row.user_id, "name": row.name, "role": row.role}  # type: ignore[typeddict-item]


def _to_come(row: rows.InvitationRow) -> MemberToCome:
    return {
        "invitation_id": row.invitation_id,
        "destination": row.destination,
        "role": row.role,  # type: ignore[typeddict-item]  # the table allows no other
        "invited_at": row.invited_at,
    }
