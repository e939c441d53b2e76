"""People: what they see and change of themselves, and what administrators may do to them.

Reads/Writes: app_user, user_role, sign_in. Reads: shop_member, shop.
"""

import datetime as dt
from typing import Any, Literal
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict

from accounts import audit
from accounts.contacts import email_address, is_phone, phone_number
from accounts.queries import people as queries
from accounts.queries import sign_ins
from accounts.queries.people import PersonRow
from clutch.errors import Conflict, NotFound
from clutch.ids import uuid7

__all__ = [
    "GivenRole",
    "Membership",
    "NotToOneself",
    "People",
    "PersonView",
    "QuietHours",
    "add_admin",
    "change_profile",
    "disable",
    "enable",
    "give_role",
    "list_people",
    "person_view",
    "take_role",
]

GivenRole = Literal["admin", "analyst"]
"""The roles that an administrator gives; shops give theirs, programs have keys."""


class NotToOneself(Conflict):
    """Administrators neither disable themselves nor take the role from themselves."""

    def __init__(self) -> None:
        super().__init__("another administrator has to do this to you", allowed=[])


class Membership(TypedDict):
    """A shop that a person works at, and as what."""

    shop_id: UUID
    name: str
    role: str


class QuietHours(TypedDict):
    """When no push message comes, in minutes of local time since midnight."""

    from_minute: int
    until_minute: int


class PersonView(TypedDict):
    """A person, as they and administrators see them."""

    user_id: UUID
    phone: str | None
    phone_verified: bool
    email: str | None
    email_verified: bool
    name: str
    locale: str
    status: str
    quiet_hours: QuietHours | None
    roles: list[str]
    shops: list[Membership]
    created_at: dt.datetime


class People(TypedDict):
    """Some people, and the cursor that leads to more."""

    people: list[PersonView]
    next_cursor: str | None


def person_view(session: Session, user_id: UUID) -> PersonView:
    """Return a person.

    Raises
    ------
    NotFound
        There is none.
    """
    return _view(session, _known(queries.person(session, user_id)))


def change_profile(session: Session, user_id: UUID, **changes: Any) -> PersonView:
    """Change `name`, `locale`, `quiet_from_minute` or `quiet_until_minute` of a person."""
    if changes:
        queries.set_person(session, user_id, **changes)
    return person_view(session, user_id)


def list_people(session: Session, *, contact: str | None, limit: int, cursor: str | None) -> People:
    """Return people, the newest first; with `contact` the one who has this phone or address.

    Raises
    ------
    InvalidInput
        `contact` is neither a phone number nor an e-mail address.
    """
    if contact is not None:
        found = email_address if "@" in contact else phone_number
        person = queries.person_at(session, found(contact, field="contact"))
        return {"people": [_view(session, person)] if person else [], "next_cursor": None}
    page = queries.page_of_people(session, limit=limit, cursor=cursor)
    people = [_view(session, PersonRow._make(row)) for row in page.rows]
    return {"people": people, "next_cursor": page.next_cursor}


def give_role(
    session: Session, user_id: UUID, role: GivenRole, *, actor: str, now: dt.datetime
) -> PersonView:
    """Make a person an administrator or an analyst."""
    person = _known(queries.person_for_update(session, user_id=user_id))
    if queries.add_role(session, user_id, role):
        _note(session, actor, "give_role", user_id, now, role=role)
    return _view(session, person)


def take_role(
    session: Session, user_id: UUID, role: GivenRole, *, actor: str, now: dt.datetime
) -> PersonView:
    """Take a role from a person.

    Raises
    ------
    NotToOneself
        The person is who asks.
    """
    person = _known(queries.person_for_update(session, user_id=user_id))
    _not_oneself(actor, user_id)
    if queries.delete_role(session, user_id, role):
        _note(session, actor, "take_role", user_id, now, role=role)
    return _view(session, person)


def disable(
    session: Session, user_id: UUID, *, reason: str, actor: str, now: dt.datetime
) -> PersonView:
    """Shut a person out at once: their log-ins end, and new ones are refused.

    Raises
    ------
    NotToOneself
        The person is who asks.
    """
    person = _known(queries.person_for_update(session, user_id=user_id))
    _not_oneself(actor, user_id)
    if person.status != "disabled":
        queries.set_person(session, user_id, status="disabled")
        sign_ins.revoke_all(session, user_id, now, "disabled")
        _note(session, actor, "disable", user_id, now, reason=reason)
    return person_view(session, user_id)


def enable(session: Session, user_id: UUID, *, actor: str, now: dt.datetime) -> PersonView:
    """Let a person in again; they log in anew."""
    person = _known(queries.person_for_update(session, user_id=user_id))
    if person.status != "active":
        queries.set_person(session, user_id, status="active")
        _note(session, actor, "enable", user_id, now)
    return person_view(session, user_id)


def add_admin(
    session: Session,
    *,
    destination: str,
    name: str,
    password_hash: str,
    locale: str,
    actor: str,
    now: dt.datetime,
) -> UUID:
    """Make whoever has this phone or address an administrator, with this password.

    For the command line of the machine that serves: how the first administrator comes to be.
    """
    proved = {"phone_verified_at" if is_phone(destination) else "email_verified_at": now}
    known = queries.person_for_update(session, destination=destination)
    user_id = known.user_id if known else uuid7()
    if known is None:
        column = "phone" if is_phone(destination) else "email"
        given = {"user_id": user_id, "name": name, "created_at": now, column: destination}
        queries.add_person(session, password_hash=password_hash, locale=locale, **given, **proved)
    else:
        queries.set_person(session, user_id, password_hash=password_hash, **proved)
        sign_ins.revoke_all(session, user_id, now, "password_reset")
    queries.add_role(session, user_id, "admin")
    _note(session, actor, "give_role", user_id, now, role="admin")
    return user_id


def _known(person: PersonRow | None) -> PersonRow:
    if person is None:
        raise NotFound("person")
    return person


def _not_oneself(actor: str, user_id: UUID) -> None:
    if actor == f"user:{user_id}":
        raise NotToOneself


def _note(
    session: Session, actor: str, act: str, user_id: UUID, now: dt.datetime, **detail: Any
) -> None:
    audit.record(session, actor=actor, act=act, subject=f"user:{user_id}", now=now, **detail)


def _view(session: Session, row: PersonRow) -> PersonView:
    shops = queries.memberships(session, row.user_id)
    quiet: QuietHours | None = None
    if row.quiet_from_minute is not None and row.quiet_until_minute is not None:
        quiet = {"from_minute": row.quiet_from_minute, "until_minute": row.quiet_until_minute}
    return {
        "user_id": row.user_id,
        "phone": row.phone,
        "phone_verified": row.phone_verified_at is not None,
        "email": row.email,
        "email_verified": row.email_verified_at is not None,
        "name": row.name,
        "locale": row.locale,
        "status": row.status,
        "quiet_hours": quiet,
        "roles": ["customer", *queries.roles(session, row.user_id)],
        "shops": [
            {"shop_id": shop.shop_id, "name": shop.name, "role": shop.role} for shop in shops
        ],
        "created_at": row.created_at,
    }
