"""Telling people: an entry in the inbox, and a push that is queued with it.

Writes: notification, and the job `notifications.bring`, in the transaction of what is told of. The
text is in the language the person has then. Push waits for the end of their quiet hours, unless
the type wakes people up, and is left out where they switched the type off; the inbox is neither.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from clutch.errors import NotFound
from clutch.ids import uuid7
from notifications import texts
from notifications.queries import inbox as queries
from notifications.queries.inbox import Recipient
from notifications.quiet_hours import end_of_quiet
from notifications.texts import Text
from storage.queue import enqueue
from storage.session import as_platform

__all__ = ["notify", "notify_shop", "tell"]


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


def notify_shop(
    session: Session, shop_id: UUID, type: str, data: Mapping[str, str], *, now: dt.datetime
) -> None:
    """Tell everybody who works at a shop, whoever the transaction acts for.

    Raises
    ------
    InvalidInput
        There is no such type, or `data` lacks a field of it.
    """
    with as_platform(session):
        recipients = queries.members_of_shop(session, type, shop_id)
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
) -> list[UUID]:
    """Put `text(locale)` into each inbox and queue the pushes; return the ids of the entries."""
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
    for notification_id, each in zip(ids, recipients, strict=True):
        if each.push:
            at = push_at(each, type, now)
            enqueue(session, "notifications.bring", at=at, notification_id=str(notification_id))
    return ids


def push_at(recipient: Recipient, type: str, now: dt.datetime) -> dt.datetime | None:
    """Return when a push may go out; None: now."""
    if type in texts.TYPES and texts.TYPES[type].wakes:
        return None
    return end_of_quiet(now, recipient.quiet_from_minute, recipient.quiet_until_minute)
