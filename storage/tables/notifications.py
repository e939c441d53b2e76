"""What anyone is told: the event log of each room, the inbox, devices, outbound webhooks."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base

__all__ = [
    "Device",
    "Dispatch",
    "Notification",
    "NotificationChoice",
    "Room",
    "RoomEvent",
    "WebhookDelivery",
    "WebhookEndpoint",
]


class Room(Base):
    """A room of listeners, `user-{id}` or `shop-{id}`, and the number of its newest event."""

    __tablename__ = "room"

    room: Mapped[str] = mapped_column(Text, primary_key=True)
    last_sequence: Mapped[int] = mapped_column(BigInteger)

    __table_args__ = (CheckConstraint("last_sequence >= 0", name="sequence_not_negative"),)


class RoomEvent(Base):
    """One event of a room; `sequence` rises by one without gaps, in the order of commits."""

    __tablename__ = "room_event"

    room: Mapped[str] = mapped_column(ForeignKey("room.room"), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    event: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), index=True)

    __table_args__ = (CheckConstraint("sequence > 0", name="sequence_positive"),)


class Notification(Base):
    """An entry of a person's inbox, in the language they had then."""

    __tablename__ = "notification"

    notification_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.user_id", ondelete="CASCADE"))
    type: Mapped[str] = mapped_column(Text)
    title: Mapped[str] = mapped_column(Text)
    message: Mapped[str] = mapped_column(Text)
    data: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    read_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        Index(
            "notification_inbox_idx",
            "user_id",
            text("created_at DESC"),
            text("notification_id DESC"),
        ),
        Index("notification_unread_idx", "user_id", postgresql_where=text("read_at IS NULL")),
    )


class NotificationChoice(Base):
    """A channel that a person switched off (or on again) for a type of notification."""

    __tablename__ = "notification_choice"

    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("app_user.user_id", ondelete="CASCADE"), primary_key=True
    )
    type: Mapped[str] = mapped_column(Text, primary_key=True)
    push: Mapped[bool] = mapped_column(Boolean)


class Device(Base):
    """A device that takes push messages; `token` is what the push provider knows it by.

    It hears as long as the log-in lasts that registered it; those registered before that was kept
    have none.
    """

    __tablename__ = "device"

    device_id: Mapped[UUID] = mapped_column(primary_key=True)
    token: Mapped[str] = mapped_column(Text, unique=True)
    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("app_user.user_id", ondelete="CASCADE"), index=True
    )
    sign_in_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("sign_in.sign_in_id", ondelete="CASCADE"), index=True
    )
    platform: Mapped[str] = mapped_column(Text)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("platform IN ('android', 'ios', 'web')", name="platform_known"),
    )


class Dispatch(Base):
    """One attempt to bring a notification to a device, a phone or an address, and its outcome."""

    __tablename__ = "dispatch"

    dispatch_id: Mapped[UUID] = mapped_column(primary_key=True)
    notification_id: Mapped[UUID] = mapped_column(
        ForeignKey("notification.notification_id", ondelete="CASCADE"), index=True
    )
    channel: Mapped[str] = mapped_column(Text)
    target: Mapped[str] = mapped_column(Text)
    outcome: Mapped[str] = mapped_column(Text)
    detail: Mapped[str | None] = mapped_column(Text)
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("channel IN ('push', 'sms', 'email')", name="channel_known"),
        CheckConstraint(
            "outcome IN ('sent', 'dead_token', 'retry', 'failed')", name="outcome_known"
        ),
    )


class WebhookEndpoint(Base):
    """Where a partner wants to hear of events; `secrets` are sealed, the newest first."""

    __tablename__ = "webhook_endpoint"

    endpoint_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    url: Mapped[str] = mapped_column(Text)
    events: Mapped[list[str]] = mapped_column(ARRAY(Text))
    secrets: Mapped[list[str]] = mapped_column(ARRAY(Text))
    active: Mapped[bool] = mapped_column(Boolean, server_default="true")
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("cardinality(secrets) BETWEEN 1 AND 2", name="secrets_one_or_two"),
    )


class WebhookDelivery(Base):
    """A message to an endpoint: kept until it was taken or given up."""

    __tablename__ = "webhook_delivery"

    webhook_delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    endpoint_id: Mapped[UUID] = mapped_column(
        ForeignKey("webhook_endpoint.endpoint_id", ondelete="CASCADE")
    )
    event: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    status: Mapped[str] = mapped_column(Text, server_default="waiting")
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    last_status_code: Mapped[int | None] = mapped_column(Integer)
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("status IN ('waiting', 'delivered', 'given_up')", name="status_known"),
        # Also the order of the log: ids rise with time.
        Index("webhook_delivery_log_idx", "endpoint_id", text("webhook_delivery_id DESC")),
    )
