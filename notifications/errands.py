"""Bringing an entry of an inbox to its owner: what to send where, and what became of it.

Reads: notification, notification_choice, app_user, device. Writes: dispatch, and device where a
token is dead. Nothing is sent here: that is done between two transactions, by the job.
"""

import datetime as dt
from typing import Literal, NamedTuple
from uuid import UUID

from sqlalchemy.orm import Session

from clutch.ids import uuid7
from notifications.inbox import push_at
from notifications.push import Message, Outcome
from notifications.queries import devices as queries
from notifications.queries.devices import ErrandRow
from notifications.queries.inbox import unread_count
from notifications.texts import TYPES

__all__ = ["Errand", "Letter", "Parcel", "errand", "settle"]

Channel = Literal["push", "sms", "email"]


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


def forget_token(session: Session, token: str) -> None:
    """Forget the device of a token that the provider does not know any more."""
    queries.delete_token(session, token)
