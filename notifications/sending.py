"""What administrators send to many: to people by their ids, to a shop's staff, or to a role.

Writes: notification, and the jobs that bring it; as the platform. Where an audience is larger than
can be told in one request, jobs tell the rest, a thousand at a time. Pushes have a queue of their
own: however many they are, news of an order is not kept waiting.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Literal
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from clutch.errors import NotFound
from notifications.inbox import tell
from notifications.queries import inbox as queries
from notifications.queries.inbox import Recipient
from notifications.texts import Text
from storage.queue import enqueue

__all__ = ["MOST_AT_ONCE", "Receipt", "Sent", "send_to_people", "send_to_role", "send_to_shop"]

MOST_AT_ONCE = 1_000

Texts = Mapping[str, Text]
Data = Mapping[str, str]


class Receipt(TypedDict):
    """What became of a notification to one person.

    `queued`: it is in the inbox, and a push is on its way. `switched_off`: it is in the inbox, and
    they want no push of this type. `unknown_user`: there is no such person, and no entry.
    """

    user_id: UUID
    notification_id: UUID | None
    outcome: Literal["queued", "switched_off", "unknown_user"]


class Sent(TypedDict):
    """What became of it for each; `more_follow` when the rest of a role is told by jobs."""

    results: list[Receipt]
    more_follow: bool


def send_to_people(
    session: Session,
    user_ids: Sequence[UUID],
    type: str,
    texts: Texts,
    data: Data,
    *,
    now: dt.datetime,
) -> Sent:
    """Tell people by their ids, each once, in the order given."""
    wanted = list(dict.fromkeys(user_ids))
    recipients = queries.people(session, type, wanted)
    told = {each["user_id"]: each for each in _tell(session, recipients, type, texts, data, now)}
    results = [told.get(user_id) or _unknown(user_id) for user_id in wanted]
    return {"results": results, "more_follow": False}


def _unknown(user_id: UUID) -> Receipt:
    return {"user_id": user_id, "notification_id": None, "outcome": "unknown_user"}


def send_to_shop(
    session: Session, shop_id: UUID, type: str, texts: Texts, data: Data, *, now: dt.datetime
) -> Sent:
    """Tell everybody who works at a shop.

    Raises
    ------
    NotFound
        There is no such shop.
    """
    recipients = queries.members_of_shops(session, type, [shop_id])
    if not recipients and not queries.shop_exists(session, shop_id):
        raise NotFound("shop")
    return {
        "results": _tell(session, recipients, type, texts, data, now),
        "more_follow": False,
    }


def send_to_role(
    session: Session,
    role: str,
    type: str,
    texts: Texts,
    data: Data,
    *,
    now: dt.datetime,
    after: UUID | None = None,
    most: int = MOST_AT_ONCE,
) -> Sent:
    """Tell the active people of a role whose ids come `after`; a job tells those beyond `most`."""
    recipients = queries.with_role(session, type, role, after=after, most=most)
    if len(recipients) == most:
        enqueue(
            session,
            "notifications.send_to_role",
            queue="announcements",
            role=role,
            type=type,
            texts={locale: list(text) for locale, text in texts.items()},
            data=dict(data),
            after=str(recipients[-1].user_id),
        )
    results = _tell(session, recipients, type, texts, data, now)
    return {"results": results, "more_follow": len(recipients) == most}


def _tell(
    session: Session,
    recipients: Sequence[Recipient],
    type: str,
    texts: Texts,
    data: Data,
    now: dt.datetime,
) -> list[Receipt]:
    ids = tell(session, recipients, type, data, text=texts.__getitem__, now=now, crowd=True)
    return [
        {
            "user_id": each.user_id,
            "notification_id": notification_id,
            "outcome": "queued" if each.push else "switched_off",
        }
        for each, notification_id in zip(recipients, ids, strict=True)
    ]
