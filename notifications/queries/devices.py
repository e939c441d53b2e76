"""The SQL of bringing notifications to people: their devices, and what was tried.

Reads: notification, notification_choice, app_user, sign_in. Reads/Writes: device, dispatch.
"""

import datetime as dt
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import and_, case, delete, exists, func, insert, select, true
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.orm import Session

from notifications.queries.inbox import Recipient
from storage.tables.accounts import AppUser, SignIn
from storage.tables.notifications import Device, Dispatch, Notification, NotificationChoice

__all__ = [
    "AttemptRow",
    "DeviceRow",
    "ErrandRow",
    "add_dispatch",
    "attempts",
    "delete_device",
    "delete_token",
    "devices_of",
    "errand",
    "put_device",
    "settled_targets",
]

_MOST_DEVICES = 20


class DeviceRow(NamedTuple):
    """A device that takes push messages."""

    device_id: UUID
    token: str
    platform: str
    created_at: dt.datetime


class ErrandRow(NamedTuple):
    """An entry of an inbox, and how its owner may be reached; contacts are those verified."""

    type: str
    title: str
    message: str
    data: dict[str, Any]
    read_at: dt.datetime | None
    active: bool
    phone: str | None
    email: str | None
    recipient: Recipient


class AttemptRow(NamedTuple):
    """One attempt to bring an entry somewhere; `target` is the id of a device, or the channel."""

    channel: str
    target: str
    outcome: str
    detail: str | None
    at: dt.datetime


def put_device(
    session: Session,
    device_id: UUID,
    user_id: UUID,
    sign_in_id: UUID | None,
    token: str,
    platform: str,
    now: dt.datetime,
) -> UUID:
    """Keep a device; return the id it is known by. A token that somebody else had moves over.

    Of a person's devices the newest twenty stay.
    """
    device = upsert(Device).values(
        device_id=device_id,
        user_id=user_id,
        sign_in_id=sign_in_id,
        token=token,
        platform=platform,
        created_at=now,
    )
    new = device.excluded
    same = Device.user_id == new.user_id
    kept = device.on_conflict_do_update(
        index_elements=["token"],
        set_={
            "device_id": case((same, Device.device_id), else_=new.device_id),
            "user_id": new.user_id,
            "sign_in_id": new.sign_in_id,
            "platform": new.platform,
            "created_at": new.created_at,
        },
    )
    known_by = session.execute(kept.returning(Device.device_id)).scalar_one()
    older = (
        select(Device.device_id)
        .where(Device.user_id == user_id)
        .order_by(Device.created_at.desc(), Device.device_id.desc())
        .offset(_MOST_DEVICES)
    )
    session.execute(delete(Device).where(Device.device_id.in_(older)))
    return known_by


def devices_of(session: Session, user_id: UUID) -> list[DeviceRow]:
    """Return the devices of a person that are logged in, newest first."""
    rows = (
        select(Device.device_id, Device.token, Device.platform, Device.created_at)
        .outerjoin(SignIn, SignIn.sign_in_id == Device.sign_in_id)
        .where(Device.user_id == user_id, SignIn.revoked_at.is_(None))
        .order_by(Device.created_at.desc(), Device.device_id.desc())
    )
    return [DeviceRow._make(row) for row in session.execute(rows)]


def delete_device(session: Session, user_id: UUID, device_id: UUID) -> bool:
    """Forget a device of a person; False where they have no such device."""
    gone = delete(Device).where(Device.device_id == device_id, Device.user_id == user_id)
    return session.execute(gone.returning(Device.device_id)).first() is not None


def delete_token(session: Session, token: str) -> None:
    """Forget the device that a token stood for."""
    session.execute(delete(Device).where(Device.token == token))


def errand(session: Session, notification_id: UUID) -> ErrandRow | None:
    """Return what is to be brought, and to whom."""
    chosen = and_(
        NotificationChoice.user_id == Notification.user_id,
        NotificationChoice.type == Notification.type,
    )
    row = session.execute(
        select(
            Notification.type,
            Notification.title,
            Notification.message,
            Notification.data,
            Notification.read_at,
            AppUser.status == "active",
            case((AppUser.phone_verified_at.is_not(None), AppUser.phone)),
            case((AppUser.email_verified_at.is_not(None), AppUser.email)),
            AppUser.user_id,
            AppUser.locale,
            AppUser.quiet_from_minute,
            AppUser.quiet_until_minute,
            func.coalesce(NotificationChoice.push, true()),
        )
        .join(AppUser, AppUser.user_id == Notification.user_id)
        .outerjoin(NotificationChoice, chosen)
        .where(Notification.notification_id == notification_id)
    ).first()
    if row is None:
        return None
    return ErrandRow._make((*row[:8], Recipient._make(row[8:])))


def settled_targets(session: Session, notification_id: UUID) -> set[str]:
    """Return where an entry was brought, or will never be."""
    rows = select(Dispatch.target).where(
        Dispatch.notification_id == notification_id, Dispatch.outcome != "retry"
    )
    return set(session.scalars(rows))


def attempts(session: Session, notification_id: UUID) -> list[AttemptRow] | None:
    """Return what was tried to bring an entry to its owner, oldest first; None: no such entry."""
    tried = (
        select(Dispatch.channel, Dispatch.target, Dispatch.outcome, Dispatch.detail, Dispatch.at)
        .where(Dispatch.notification_id == notification_id)
        .order_by(Dispatch.at, Dispatch.dispatch_id)
    )
    rows = [AttemptRow._make(row) for row in session.execute(tried)]
    there_is = select(exists().where(Notification.notification_id == notification_id))
    return rows if rows or session.scalars(there_is).one() else None


def add_dispatch(session: Session, **row: Any) -> None:
    """Note one attempt to bring an entry somewhere, and its outcome."""
    session.execute(insert(Dispatch).values(row))
