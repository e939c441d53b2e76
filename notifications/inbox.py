"""Telling people: an entry in the inbox, and a push that is queued with it.

Writes: notification, and the job `notifications.bring`, in the transaction of what is told of. The
text is in the language the person has then. Push waits for the end of their quiet hours, unless
the type wakes people up, and is left out where they switched the type off; the inbox is neither.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from clutch.errors import NotFound
from clutch.ids import uuid7
from notifications import texts
from notifications.queries import inbox as queries
from notifications.queries.inbox import Recipient
from notifications.quiet_hours import end_of_quiet
from notifications.texts import Text
from storage.queue import Queue, enqueue_all
from storage.session import as_platform

__all__ = [
    "Inbox",
    "Notification",
    "ReadMark",
    "ReadMarks",
    "forget_old",
    "inbox_of",
    "notify",
    "notify_admins",
    "notify_shop",
    "notify_shops",
    "push_at",
    "read",
    "read_all",
    "tell",
]

_KEPT_FOR = dt.timedelta(days=365)


class Notification(TypedDict):
    """An entry of an inbox; `read_at` is null until it was read."""

    notification_id: UUID
    type: str
    title: str
    message: str
    data: dict[str, str]
    read: bool
    read_at: dt.datetime | None
    created_at: dt.datetime


class Inbox(TypedDict):
    """A page of an inbox, newest first; `unread_count` is of all of it."""

    notifications: list[Notification]
    unread_count: int
    next_cursor: str | None


class ReadMark(TypedDict):
    """When an entry was first read."""

    notification_id: UUID
    read_at: dt.datetime


class ReadMarks(TypedDict):
    """How many entries were unread until now."""

    marked: int


def notify(
    session: Session, user_id: UUID, type: str, data: Mapping[str, str], *, now: dt.datetime
) -> UUID:
    """Tell a person; return the id of the entry in their inbox.

    `data` holds the fields that `texts.TYPES` names for the type, as text; `order_id` and
    `shop_id` go along with the push.

    Raises
    ------
    InvalidInput
        There is no such type, or `data` lacks a field of it.
    NotFound
        There is no such person.
    """
    recipients = queries.people(session, type, [user_id])
    if not recipients:
        raise NotFound("user")
    return _tell_of(session, recipients, type, data, now=now)[0]


def notify_admins(
    session: Session, type: str, data: Mapping[str, str], *, now: dt.datetime
) -> None:
    """Tell every active administrator, whoever the transaction acts for.

    Raises
    ------
    InvalidInput
        There is no such type, or `data` lacks a field of it.
    """
    with as_platform(session):
        recipients = queries.with_role(session, type, "admin")
    _tell_of(session, recipients, type, data, now=now)


def notify_shop(
    session: Session, shop_id: UUID, type: str, data: Mapping[str, str], *, now: dt.datetime
) -> None:
    """Tell everybody who works at a shop, whoever the transaction acts for.

    Raises
    ------
    InvalidInput
        There is no such type, or `data` lacks a field of it.
    """
    notify_shops(session, [shop_id], type, data, now=now)


def notify_shops(
    session: Session,
    shop_ids: Collection[UUID],
    type: str,
    data: Mapping[str, str],
    *,
    now: dt.datetime,
) -> None:
    """Tell everybody who works at any of the shops, each once, as `notify_shop` does.

    Raises
    ------
    InvalidInput
        There is no such type, or `data` lacks a field of it.
    """
    with as_platform(session):
        recipients = queries.members_of_shops(session, type, shop_ids)
    _tell_of(session, recipients, type, data, now=now)


def _tell_of(
    session: Session,
    recipients: Sequence[Recipient],
    type: str,
    data: Mapping[str, str],
    *,
    now: dt.datetime,
) -> list[UUID]:
    def text(locale: str) -> Text:
        return texts.text_of(type, data, locale)

    return tell(session, recipients, type, data, text=text, now=now)


def tell(
    session: Session,
    recipients: Sequence[Recipient],
    type: str,
    data: Mapping[str, str],
    *,
    text: Callable[[str], Text],
    now: dt.datetime,
    crowd: bool = False,
) -> list[UUID]:
    """Put `text(locale)` into each inbox and queue the pushes; return the ids of the entries.

    Pushes to a `crowd` stand in a queue of their own.
    """
    if not recipients:
        return []
    written = {locale: text(locale) for locale in {each.locale for each in recipients}}
    ids = [uuid7() for _ in recipients]
    rows = [
        {
            "notification_id": notification_id,
            "user_id": each.user_id,
            "type": type,
            "title": written[each.locale].title,
            "message": written[each.locale].message,
            "data": dict(data),
            "created_at": now,
        }
        for notification_id, each in zip(ids, recipients, strict=True)
    ]
    queries.add_notifications(session, rows)
    queued: dict[dt.datetime | None, list[dict[str, Any]]] = {}
    for notification_id, each in zip(ids, recipients, strict=True):
        if each.push:
            errand = {"notification_id": str(notification_id), "crowd": crowd}
            queued.setdefault(push_at(each, type, now), []).append(errand)
    for at, errands in queued.items():
        queue: Queue = "announcements" if crowd else "default"
        enqueue_all(session, "notifications.bring", errands, at=at, queue=queue)
    return ids


def push_at(recipient: Recipient, type: str, now: dt.datetime) -> dt.datetime | None:
    """Return when a push may go out; None: now."""
    if type in texts.TYPES and texts.TYPES[type].wakes:
        return None
    return end_of_quiet(now, recipient.quiet_from_minute, recipient.quiet_until_minute)


def inbox_of(
    session: Session,
    user_id: UUID,
    *,
    unread: bool = False,
    type: str | None = None,
    limit: int = 20,
    cursor: str | None = None,
) -> Inbox:
    """Return a page of somebody's inbox; just what they have not read, or is of a type, if asked.

    Raises
    ------
    InvalidInput
        The cursor is not one of this list.
    """
    page = queries.inbox_page(
        session, user_id, unread=unread, type=type, limit=limit, cursor=cursor
    )
    return {
        "notifications": [_entry(row) for row in page.rows],
        "unread_count": queries.unread_count(session, user_id),
        "next_cursor": page.next_cursor,
    }


def _entry(row: Any) -> Notification:
    return {
        "notification_id": row.notification_id,
        "type": row.type,
        "title": row.title,
        "message": row.message,
        "data": row.data,
        "read": row.read_at is not None,
        "read_at": row.read_at,
        "created_at": row.created_at,
    }


def read(session: Session, user_id: UUID, notification_id: UUID, *, now: dt.datetime) -> ReadMark:
    """Mark an entry of somebody's as read; once read it stays so.

    Raises
    ------
    NotFound
        There is no such entry in their inbox.
    """
    read_at = queries.mark_read(session, user_id, notification_id, now)
    if read_at is None:
        raise NotFound("notification")
    return {"notification_id": notification_id, "read_at": read_at}


def read_all(session: Session, user_id: UUID, *, now: dt.datetime) -> ReadMarks:
    """Mark all of somebody's inbox as read."""
    return {"marked": queries.mark_all_read(session, user_id, now)}


def forget_old(session: Session, *, now: dt.datetime) -> None:
    """Delete entries of more than a year ago, read or not."""
    queries.delete_before(session, now - _KEPT_FOR)
