"""Joining: somebody gives a phone or an address, a name and a password.

Writes: app_user. That a phone or an address is taken is said, because the person in front of the
form needs to know that they have an account; how many may be tried is limited instead.
"""

import datetime as dt
from uuid import UUID

from sqlalchemy.orm import Session

from accounts import audit
from accounts.codes import Purpose, request_code
from accounts.contacts import is_phone
from accounts.queries import people as queries
from clutch.errors import Conflict
from clutch.ids import uuid7

__all__ = ["AlreadyRegistered", "register"]


class AlreadyRegistered(Conflict):
    """The phone or the address is somebody's already."""

    def __init__(self) -> None:
        super().__init__(
            "this phone or address has an account", allowed=["log_in", "reset_password"]
        )


def register(
    session: Session,
    *,
    destination: str,
    name: str,
    password_hash: str,
    locale: str,
    now: dt.datetime,
) -> UUID:
    """Add a person, send them a code to verify `destination` with, and return their id.

    `destination` is a phone or an address as `accounts.contacts` gives it.

    Raises
    ------
    AlreadyRegistered
        It is somebody's already.
    """
    user_id = uuid7()
    added = queries.add_person(
        session,
        user_id=user_id,
        name=name,
        password_hash=password_hash,
        locale=locale,
        created_at=now,
        **{"phone" if is_phone(destination) else "email": destination},
    )
    if not added:
        raise AlreadyRegistered
    request_code(session, destination=destination, purpose=Purpose.VERIFY)
    subject = f"user:{user_id}"
    audit.record(session, actor=subject, act="register", subject=subject, now=now)
    return user_id
