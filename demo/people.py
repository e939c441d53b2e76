"""Log-ins to look at the demo with: an administrator, a customer, and the owner of a shop.

Their password is in the documentation: they are for a developer's machine and nothing else.
Writes: app_user, user_role, shop_member, shop.
"""

import datetime as dt
from typing import NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from accounts.passwords import hashed
from accounts.queries import people
from clutch.ids import uuid7
from demo import queries
from shops.queries.members import add_member

__all__ = ["ADMIN", "CUSTOMER", "OWNER", "PASSWORD", "LogIn", "add_people"]

PASSWORD = "cairo-parts-demo"  # noqa: S105 - known to everybody, on purpose
ADMIN, CUSTOMER, OWNER = "admin@demo.clutch.test", "mona@demo.clutch.test", "adel@demo.clutch.test"
_TAHRIR = (31.2357, 30.0444)


class LogIn(NamedTuple):
    """Somebody to log in as, and what they can see."""

    email: str
    sees: str


def add_people(session: Session, *, now: dt.datetime) -> list[LogIn]:
    """Add the people of the demo who are not there yet; return all of them.

    The owner gets the shop that is nearest to Tahrir Square and carries Toyota. It never closes, so
    that at any hour it is among those that hear of an order there.
    """
    password_hash = hashed(PASSWORD)
    admin = _person(session, ADMIN, "Admin", password_hash, now)
    people.add_role(session, admin, "admin")
    _person(session, CUSTOMER, "منى عادل", password_hash, now)
    logins = [LogIn(ADMIN, "everything"), LogIn(CUSTOMER, "her garage and her orders")]
    shop = queries.nearest_active_shop(session, "Toyota", *_TAHRIR)
    if shop is None:
        return logins
    owner = _person(session, OWNER, "Adel Fathy", password_hash, now)
    # Shops join the demo too: one that is nearer by now is not his.
    has = people.memberships(session, owner)
    if not has:
        add_member(session, shop.shop_id, owner, "shop_owner")
        queries.open_round_the_clock(session, shop.shop_id)
    return [*logins, LogIn(OWNER, f"the shop {has[0].name if has else shop.name}")]


def _person(session: Session, email: str, name: str, password_hash: str, now: dt.datetime) -> UUID:
    known = people.person_at(session, email)
    if known is not None:
        return known.user_id
    user_id = uuid7()
    people.add_person(
        session,
        user_id=user_id,
        email=email,
        email_verified_at=now,
        name=name,
        password_hash=password_hash,
        locale="en" if name.isascii() else "ar",
        created_at=now,
    )
    return user_id
