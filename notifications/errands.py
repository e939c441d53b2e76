"""Bringing an entry of an inbox to its owner: what to send where, and what became of it.

Reads: notification, notification_choice, app_user, device. Writes: dispatch, and device where a
token is dead. Nothing is sent here: that is done between two transactions, by the job.
"""

import datetime as dt
from typing import Any, Literal, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session
from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from clutch.errors import NotFound
from clutch.ids import uuid7
from notifications.inbox import push_at
from notifications.push import Message, Outcome
from notifications.queries import devices as queries
from notifications.queries.devices import ErrandRow
from notifications.queries.inbox import unread_count
from notifications.texts import TYPES

__all__ = [
    "Attempt",
    "Attempts",
    "Errand",
    "Letter",
    "Parcel",
    "attempts_of",
    "errand",
    "forget_token",
    "settle",
]

Channel = Literal["push", "sms", "email"]


class Attempt(TypedDict):
    """One attempt to bring an entry somewhere; `detail` is what the provider said.

    `retry`: it is tried again. `dead_token`: the device was forgotten. `failed`: it is given up.
    """

    channel: Channel
    device_id: UUID | None
    outcome: Literal["sent", "dead_token", "retry", "failed"]
    detail: str | None
    at: dt.datetime


class Attempts(TypedDict):
    """What was tried to bring an entry to its owner, oldest first."""

    attempts: list[Attempt]


class Parcel(NamedTuple):
    """A push message, and the device it is for."""

    device_id: UUID
    message: Message


class Letter(NamedTuple):
    """A text message or an e-mail, for somebody without a device."""

    channel: Literal["sms", "email"]
    destination: str
    subject: str
    body: str


class Errand(NamedTuple):
    """What is left to be done for an entry; `wait_until` where it is too early for any of it."""

    parcels: list[Parcel]
    letter: Letter | None = None
    wait_until: dt.datetime | None = None
    falls_back: bool = False


_NOTHING = Errand([])


def errand(session: Session, notification_id: UUID, *, now: dt.datetime) -> Errand:
    """Return what is left to be done for an entry of an inbox.

    Nothing is where its owner has read it, switched the type off, or may not log in any more.
    """
    row = queries.errand(session, notification_id)
    if row is None or row.read_at or not row.active or not row.recipient.push:
        return _NOTHING
    if wait_until := push_at(row.recipient, row.type, now):
        return Errand([], wait_until=wait_until)
    settled = queries.settled_targets(session, notification_id)
    devices = queries.devices_of(session, row.recipient.user_id)
    falls_back = row.type in TYPES and TYPES[row.type].falls_back
    if not devices:
        return Errand([], letter=_letter(row, settled) if falls_back else None)
    badge = unread_count(session, row.recipient.user_id)
    parcels = [
        Parcel(device.device_id, _message(row, device.token, badge))
        for device in devices
        if str(device.device_id) not in settled
    ]
    return Errand(parcels, falls_back=falls_back)


def _message(row: ErrandRow, token: str, badge: int) -> Message:
    return Message(
        token=token,
        title=row.title,
        body=row.message,
        type=row.type,
        # The second is the seed's name, which administrators may send.
        order_id=row.data.get("order_id") or row.data.get("orderId", ""),
        shop_id=row.data.get("shop_id") or row.data.get("shopId", ""),
        badge=badge,
    )


def _letter(row: ErrandRow, settled: set[str]) -> Letter | None:
    """Return a text message where the phone is verified, else an e-mail where the address is."""
    if settled & {"sms", "email"}:
        return None
    if row.phone:
        return Letter("sms", row.phone, row.title, f"{row.title}\n{row.message}")
    return Letter("email", row.email, row.title, row.message) if row.email else None


def settle(
    session: Session,
    notification_id: UUID,
    channel: Channel,
    target: str,
    outcome: Outcome,
    *,
    now: dt.datetime,
) -> None:
    """Note what became of an attempt; `target` is the id of the device, or the channel."""
    queries.add_dispatch(
        session,
        dispatch_id=uuid7(),
        notification_id=notification_id,
        channel=channel,
        target=target,
        outcome=outcome.kind,
        detail=outcome.detail,
        at=now,
    )


def attempts_of(session: Session, notification_id: UUID) -> Attempts:
    """Return what was tried to bring an entry to its owner, and what became of it.

    Raises
    ------
    NotFound
        There is no such entry.
    """
    rows = queries.attempts(session, notification_id)
    if rows is None:
        raise NotFound("notification")
    return {"attempts": [_attempt(row) for row in rows]}


def _attempt(row: Any) -> Attempt:
    return {
        "channel": row.channel,
        "device_id": UUID(row.target) if row.channel == "push" else None,
        "outcome": row.outcome,
        "detail": row.detail,
        "at": row.at,
    }


def forget_token(session: Session, token: str) -> None:
    """Forget the device of a token that the provider does not know any more."""
    queries.delete_token(session, token)
