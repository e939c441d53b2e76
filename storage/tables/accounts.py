"""People and programs that call: who they are, how they prove it, what they did."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    BigInteger,
    CheckConstraint,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base

__all__ = [
    "AppUser",
    "AuditEntry",
    "IdempotencyKey",
    "OneTimeCode",
    "RefreshToken",
    "ServiceKey",
    "ShopMember",
    "SignIn",
    "StaffInvitation",
    "UserRole",
]

LOCALES = ("ar", "en")


class AppUser(Base):
    """A person; `phone` is E.164, `email` in lower case, `password_hash` Argon2id.

    Quiet hours are minutes of local time since midnight; they may run past it.
    """

    __tablename__ = "app_user"

    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    phone: Mapped[str | None] = mapped_column(Text, unique=True)
    email: Mapped[str | None] = mapped_column(Text, unique=True)
    phone_verified_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    email_verified_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    name: Mapped[str] = mapped_column(Text)
    password_hash: Mapped[str] = mapped_column(Text)
    locale: Mapped[str] = mapped_column(Text, server_default="ar")
    status: Mapped[str] = mapped_column(Text, server_default="active")
    quiet_from_minute: Mapped[int | None] = mapped_column(Integer)
    quiet_until_minute: Mapped[int | None] = mapped_column(Integer)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("phone IS NOT NULL OR email IS NOT NULL", name="reachable"),
        CheckConstraint("phone ~ '^[+][1-9][0-9]{6,14}$'", name="phone_e164"),
        CheckConstraint("email = lower(email) AND position('@' IN email) > 1", name="email_form"),
        CheckConstraint("btrim(name) <> ''", name="name_filled"),
        CheckConstraint(f"locale IN {LOCALES}", name="locale_known"),
        CheckConstraint("status IN ('active', 'disabled')", name="status_known"),
        CheckConstraint(
            "(quiet_from_minute IS NULL) = (quiet_until_minute IS NULL)"
            " AND quiet_from_minute BETWEEN 0 AND 1439"
            " AND quiet_until_minute BETWEEN 0 AND 1439",
            name="quiet_hours_in_day",
        ),
    )


class UserRole(Base):
    """A role of a person on the platform as a whole; everybody is a customer without a row."""

    __tablename__ = "user_role"

    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("app_user.user_id", ondelete="CASCADE"), primary_key=True
    )
    role: Mapped[str] = mapped_column(Text, primary_key=True)

    __table_args__ = (CheckConstraint("role IN ('admin', 'analyst')", name="role_known"),)


class ShopMember(Base):
    """A person who works at a shop."""

    __tablename__ = "shop_member"

    shop_id: Mapped[UUID] = mapped_column(
        ForeignKey("shop.shop_id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("app_user.user_id", ondelete="CASCADE"), primary_key=True, index=True
    )
    role: Mapped[str] = mapped_column(Text)

    __table_args__ = (CheckConstraint("role IN ('shop_owner', 'shop_staff')", name="role_known"),)


class StaffInvitation(Base):
    """Somebody who was asked to work at a shop, by the phone or address they may prove theirs."""

    __tablename__ = "staff_invitation"

    invitation_id: Mapped[UUID] = mapped_column(primary_key=True)
    shop_id: Mapped[UUID] = mapped_column(ForeignKey("shop.shop_id", ondelete="CASCADE"))
    destination: Mapped[str] = mapped_column(Text, index=True)
    role: Mapped[str] = mapped_column(Text)
    invited_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("role IN ('shop_owner', 'shop_staff')", name="role_known"),
        Index("staff_invitation_key", "shop_id", "destination", unique=True),
    )


class SignIn(Base):
    """A log-in on one device; all refresh tokens that descend from it end with it."""

    __tablename__ = "sign_in"

    sign_in_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("app_user.user_id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    revoked_because: Mapped[str | None] = mapped_column(Text)


class RefreshToken(Base):
    """A refresh token, kept as its SHA-256; used once."""

    __tablename__ = "refresh_token"

    token_hash: Mapped[bytes] = mapped_column(LargeBinary, primary_key=True)
    sign_in_id: Mapped[UUID] = mapped_column(
        ForeignKey("sign_in.sign_in_id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), index=True)
    used_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))


class OneTimeCode(Base):
    """A code sent to a phone or an address, kept as a keyed hash; few attempts, used once.

    There is one that lives for each destination and purpose.
    """

    __tablename__ = "one_time_code"

    code_id: Mapped[UUID] = mapped_column(primary_key=True)
    destination: Mapped[str] = mapped_column(Text)
    purpose: Mapped[str] = mapped_column(Text)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    attempts: Mapped[int] = mapped_column(Integer, server_default="0")
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    used_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("purpose IN ('verify', 'log_in', 'reset_password')", name="purpose_known"),
        CheckConstraint("attempts >= 0", name="attempts_not_negative"),
        Index(
            "one_time_code_live_key",
            "destination",
            "purpose",
            unique=True,
            postgresql_where=text("used_at IS NULL"),
        ),
    )


class ServiceKey(Base):
    """A key by which a program calls, kept as its SHA-256."""

    __tablename__ = "service_key"

    service_key_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    key_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    role: Mapped[str] = mapped_column(Text)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(Text))
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    revoked_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("role IN ('order_service', 'pipeline')", name="role_known"),
        CheckConstraint("btrim(name) <> ''", name="name_filled"),
    )


class IdempotencyKey(Base):
    """The answer to a creating request, to be given again byte for byte; null while it runs."""

    __tablename__ = "idempotency_key"

    caller: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int | None] = mapped_column(Integer)
    body: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), index=True)


class AuditEntry(Base):
    """One act, chained: `entry_hash` covers the entry and the hash of the one before it."""

    __tablename__ = "audit_entry"

    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    actor: Mapped[str] = mapped_column(Text)
    act: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    detail: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    previous_hash: Mapped[bytes] = mapped_column(LargeBinary)
    entry_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)

    __table_args__ = (
        CheckConstraint("sequence > 0", name="sequence_positive"),
        Index("audit_entry_subject_idx", "subject"),
    )
