"""The SQL of the inbox: who is told, what stands there, what they chose.

Reads: app_user, user_role, shop, shop_member. Reads/Writes: notification, notification_choice.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Row, Select, and_, delete, exists, func, insert, select, true, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from storage.paging import Page, page_of
from storage.tables.accounts import AppUser, ShopMember, UserRole
from storage.tables.notifications import Notification, NotificationChoice
from storage.tables.shops import Shop

__all__ = [
    "Recipient",
    "add_notifications",
    "choices_of",
    "delete_before",
    "inbox_page",
    "mark_all_read",
    "mark_read",
    "members_of_shops",
    "people",
    "put_choices",
    "shop_exists",
    "unread_count",
    "with_role",
]


class Recipient(NamedTuple):
    """Somebody to be told, and how: `push` is False where they switched the type off."""

    user_id: UUID
    locale: str
    quiet_from_minute: int | None
    quiet_until_minute: int | None
    push: bool


def _recipients(type: str) -> Select[*tuple[Any, ...]]:
    chosen = and_(NotificationChoice.user_id == AppUser.user_id, NotificationChoice.type == type)
    return (
        select(
            AppUser.user_id,
            AppUser.locale,
            AppUser.quiet_from_minute,
            AppUser.quiet_until_minute,
            func.coalesce(NotificationChoice.push, true()),
        )
        .outerjoin(NotificationChoice, chosen)
        .order_by(AppUser.user_id)
    )


def _fetched(session: Session, rows: Select[*tuple[Any, ...]]) -> list[Recipient]:
    return [Recipient._make(row) for row in session.execute(rows)]


def people(session: Session, type: str, user_ids: Sequence[UUID]) -> list[Recipient]:
    """Return those of `user_ids` that there are."""
    return _fetched(session, _recipients(type).where(AppUser.user_id.in_(user_ids)))


def members_of_shops(session: Session, type: str, shop_ids: Collection[UUID]) -> list[Recipient]:
    """Return who works at any of the shops, each once; as the platform: others do not see that."""
    member = exists().where(ShopMember.user_id == AppUser.user_id, ShopMember.shop_id.in_(shop_ids))
    return _fetched(session, _recipients(type).where(member))


def shop_exists(session: Session, shop_id: UUID) -> bool:
    """Say whether there is such a shop."""
    return session.scalars(select(exists().where(Shop.shop_id == shop_id))).one()


def with_role(
    session: Session,
    type: str,
    role: str,
    *,
    after: UUID | None = None,
    most: int | None = None,
) -> list[Recipient]:
    """Return the next active people of a role, on the platform or in any shop, by their ids.

    Customers are those without any other role. Left out, `most` is everybody.
    """
    on_platform = exists().where(UserRole.user_id == AppUser.user_id)
    in_shop = exists().where(ShopMember.user_id == AppUser.user_id)
    if role == "customer":
        of_role = ~on_platform & ~in_shop
    else:
        of_role = on_platform.where(UserRole.role == role) | in_shop.where(ShopMember.role == role)
    rows = _recipients(type).where(AppUser.status == "active", of_role).limit(most)
    return _fetched(session, rows if after is None else rows.where(AppUser.user_id > after))


def add_notifications(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Put entries into inboxes."""
    session.execute(insert(Notification), list(rows))


def inbox_page(
    session: Session,
    user_id: UUID,
    *,
    unread: bool,
    type: str | None,
    limit: int,
    cursor: str | None,
) -> Page[Row[Any]]:
    """Return a page of somebody's inbox, newest first; just what is unread, or of a type."""
    rows = select(
        Notification.notification_id,
        Notification.type,
        Notification.title,
        Notification.message,
        Notification.data,
        Notification.read_at,
        Notification.created_at,
    ).where(Notification.user_id == user_id)
    if unread:
        rows = rows.where(Notification.read_at.is_(None))
    if type is not None:
        rows = rows.where(Notification.type == type)
    newest = rows.order_by(Notification.created_at.desc(), Notification.notification_id.desc())
    return page_of(session, newest, limit=limit, cursor=cursor)


def unread_count(session: Session, user_id: UUID) -> int:
    """Return how many entries somebody has not read."""
    unread = select(func.count()).where(
        Notification.user_id == user_id, Notification.read_at.is_(None)
    )
    return session.scalars(unread).one()


def mark_read(
    session: Session, user_id: UUID, notification_id: UUID, now: dt.datetime
) -> dt.datetime | None:
    """Mark an entry of somebody's as read; return when it first was. None: no such entry."""
    marked = (
        update(Notification)
        .where(Notification.notification_id == notification_id, Notification.user_id == user_id)
        .values(read_at=func.coalesce(Notification.read_at, now))
        .returning(Notification.read_at)
    )
    return session.execute(marked).scalar_one_or_none()


def mark_all_read(session: Session, user_id: UUID, now: dt.datetime) -> int:
    """Mark all entries of somebody's as read; return how many were not."""
    marked = (
        update(Notification)
        .where(Notification.user_id == user_id, Notification.read_at.is_(None))
        .values(read_at=now)
        .returning(Notification.notification_id)
    )
    return len(session.execute(marked).all())


def choices_of(session: Session, user_id: UUID) -> dict[str, bool]:
    """Return the types somebody chose on, and whether push is on for each."""
    rows = select(NotificationChoice.type, NotificationChoice.push).where(
        NotificationChoice.user_id == user_id
    )
    return {row.type: row.push for row in session.execute(rows)}


def put_choices(session: Session, user_id: UUID, choices: Mapping[str, bool]) -> None:
    """Keep whether push is on for some types."""
    rows = [{"user_id": user_id, "type": type, "push": on} for type, on in sorted(choices.items())]
    chosen = upsert(NotificationChoice).values(rows)
    session.execute(
        chosen.on_conflict_do_update(
            index_elements=["user_id", "type"], set_={"push": chosen.excluded.push}
        )
    )


def delete_before(session: Session, before: dt.datetime) -> None:
    """Delete the entries that were made before an instant, and what was tried to bring them."""
    session.execute(delete(Notification).where(Notification.created_at < before))
