"""How a shop joins: its application, step by step, the review of it, and what is kept of it."""

import datetime as dt
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, DateTime, ForeignKey, Index, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base

__all__ = ["ShopOnboarding", "ShopProfile", "ShopReview"]


class ShopOnboarding(Base):
    """An application; each step is JSON because it is a draft until the whole is completed.

    It stays open, the only one of its person, until its shop is approved.
    """

    __tablename__ = "shop_onboarding"

    onboarding_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("app_user.user_id", ondelete="CASCADE"), index=True
    )
    shop_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("shop.shop_id", ondelete="SET NULL"), unique=True
    )
    status: Mapped[str] = mapped_column(Text, server_default="in_progress")
    business_info: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    location_info: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    vehicle_brands: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    inventory_setup: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    pricing_strategy: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    verification: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    approved_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("status IN ('in_progress', 'completed', 'failed')", name="status_known"),
        CheckConstraint("status <> 'completed' OR shop_id IS NOT NULL", name="completed_has_shop"),
        Index(
            "shop_onboarding_open_key",
            "user_id",
            unique=True,
            postgresql_where=text("approved_at IS NULL"),
        ),
    )


class ShopReview(Base):
    """A completed application in the queue of the administrators, and what they decided."""

    __tablename__ = "shop_review"

    review_id: Mapped[UUID] = mapped_column(primary_key=True)
    onboarding_id: Mapped[UUID] = mapped_column(
        ForeignKey("shop_onboarding.onboarding_id", ondelete="CASCADE"), index=True
    )
    shop_id: Mapped[UUID] = mapped_column(
        ForeignKey("shop.shop_id", ondelete="CASCADE"), index=True
    )
    requested_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    decision: Mapped[str | None] = mapped_column(Text)
    reasons: Mapped[list[str]] = mapped_column(ARRAY(Text), server_default="{}")
    decided_by: Mapped[UUID | None] = mapped_column(ForeignKey("app_user.user_id"))
    decided_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("decision IN ('approved', 'refused')", name="decision_known"),
        CheckConstraint(
            "(decision IS NULL) = (decided_at IS NULL)"
            " AND (decision IS NULL) = (decided_by IS NULL)",
            name="decided_whole",
        ),
        CheckConstraint(
            "decision IS DISTINCT FROM 'refused' OR cardinality(reasons) > 0",
            name="refusal_reasoned",
        ),
        Index(
            "shop_review_waiting_key",
            "onboarding_id",
            unique=True,
            postgresql_where=text("decision IS NULL"),
        ),
    )


class ShopProfile(Base):
    """What is known of a shop beyond what matching needs; money in piastres."""

    __tablename__ = "shop_profile"

    shop_id: Mapped[UUID] = mapped_column(
        ForeignKey("shop.shop_id", ondelete="CASCADE"), primary_key=True
    )
    legal_name: Mapped[str] = mapped_column(Text)
    tax_number: Mapped[str | None] = mapped_column(Text)
    commercial_register: Mapped[str | None] = mapped_column(Text)
    contact_email: Mapped[str | None] = mapped_column(Text)
    delivery_fee_piastres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    free_delivery_from_piastres: Mapped[int | None] = mapped_column(BigInteger)
    inventory_setup: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    pricing_strategy: Mapped[dict[str, Any]] = mapped_column(JSONB, server_default=text("'{}'"))
    suspended_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    suspended_because: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        CheckConstraint("delivery_fee_piastres >= 0", name="delivery_fee_not_negative"),
        CheckConstraint("free_delivery_from_piastres >= 0", name="free_delivery_not_negative"),
        CheckConstraint(
            "(suspended_at IS NULL) = (suspended_because IS NULL)", name="suspension_reasoned"
        ),
        Index("shop_profile_tax_number_key", "tax_number", unique=True),
    )
