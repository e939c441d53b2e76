"""Who works at a shop: its owners take people on, by the phone or e-mail they proved to be theirs.

Reads: app_user. Reads/Writes: shop_member, locked as a whole: a shop keeps an owner.
"""

import datetime as dt
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from accounts import audit
from accounts.contacts import is_phone
from accounts.queries import people
from clutch.errors import Conflict, InvalidInput, NotFound
from shops.queries import members as rows

__all__ = ["LastOwner", "Member", "MemberRole", "Members", "put_member", "remove_member", "staff"]

MemberRole = Literal["shop_owner", "shop_staff"]


class Member(TypedDict):
    """A person who works at a shop."""

    user_id: UUID
    name: str
    role: MemberRole


class Members(TypedDict):
    """The people of a shop, owners first."""

    members: list[Member]


class LastOwner(Conflict):
    """A shop keeps an owner."""

    def __init__(self) -> None:
        super().__init__("the shop has no other owner", allowed=["add an owner"])


def staff(session: Session, shop_id: UUID) -> Members:
    """Return the people of a shop."""
    return {"members": [_member(row) for row in rows.members(session, shop_id)]}


def put_member(
    session: Session,
    shop_id: UUID,
    destination: str,
    role: MemberRole,
    *,
    actor: str,
    now: dt.datetime,
) -> Members:
    """Take a person on, or give one who works there another role.

    `destination` is a phone in E.164 or an e-mail address in lower case.

    Raises
    ------
    InvalidInput
        Nobody has shown that it is theirs.
    LastOwner
        It is the only owner, who would be none.
    """
    user_id = _person_at(session, destination)
    roles = rows.lock_members(session, shop_id)
    if role != "shop_owner":
        _assert_owned_without(roles, user_id)
    rows.put_member(session, shop_id, user_id, role)
    _record(session, "put_member", shop_id, user_id, actor, now, role=role)
    return staff(session, shop_id)


def remove_member(
    session: Session, shop_id: UUID, user_id: UUID, *, actor: str, now: dt.datetime
) -> Members:
    """Let a person go; from now on they see nothing of the shop.

    Raises
    ------
    NotFound
        They do not work there.
    LastOwner
        It is the only owner.
    """
    roles = rows.lock_members(session, shop_id)
    if user_id not in roles:
        raise NotFound("member")
    _assert_owned_without(roles, user_id)
    rows.remove_member(session, shop_id, user_id)
    _record(session, "remove_member", shop_id, user_id, actor, now)
    return staff(session, shop_id)


def _person_at(session: Session, destination: str) -> UUID:
    person = people.person_at(session, destination)
    field = "phone" if is_phone(destination) else "email"
    proved = person and (person.phone_verified_at if field == "phone" else person.email_verified_at)
    if person is None or not proved or person.status != "active":
        raise InvalidInput(field, "that of a registered person, who has confirmed it")
    return person.user_id


def _assert_owned_without(roles: dict[UUID, str], user_id: UUID) -> None:
    others = [role for member, role in roles.items() if member != user_id]
    if roles.get(user_id) == "shop_owner" and "shop_owner" not in others:
        raise LastOwner


def _record(
    session: Session,
    act: str,
    shop_id: UUID,
    user_id: UUID,
    actor: str,
    now: dt.datetime,
    **detail: str,
) -> None:
    audit.record(
        session,
        actor=actor,
        act=act,
        subject=f"shop:{shop_id}",
        now=now,
        member=f"user:{user_id}",
        **detail,
    )


def _member(row: rows.MemberRow) -> Member:
    return {"user_id": row.user_id, "name": row.name, "role": row.role}  # type: ignore[typeddict-item]
