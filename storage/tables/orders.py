"""A customer's order: the car, the parts, who was asked, what they quoted.

Rows that a shop may see carry `shop_id` and, where the customer may see them too, `user_id`: the
policies of row-level security stand on these two. Money is in piastres.
"""

import datetime as dt
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry
from sqlalchemy import (
    ARRAY,
    REAL,
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import SRID_WGS84, Base, on_earth

__all__ = [
    "OrderInvitation",
    "OrderPart",
    "OrderTransition",
    "PartsOrder",
    "Quote",
    "QuoteLine",
    "Rating",
    "Vehicle",
]

ORDER_STATUSES = (
    "draft", "submitted", "quoted", "accepted", "processing", "shipped", "delivered", "cancelled",
)  # fmt: skip
PARTIES = ("customer", "shop", "courier", "platform")
PAYMENT_STATUSES = ("pending", "paid", "failed", "refunded")
PAYMENT_METHODS = ("cash_on_delivery", "card", "wallet")
CONDITIONS = ("oem", "aftermarket", "used")


class Vehicle(Base):
    """A car in a customer's garage."""

    __tablename__ = "vehicle"

    vehicle_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("app_user.user_id", ondelete="CASCADE"), index=True
    )
    brand_id: Mapped[int] = mapped_column(ForeignKey("make.brand_id"))
    model: Mapped[str | None] = mapped_column(Text)
    year: Mapped[int | None] = mapped_column(Integer)
    vin: Mapped[str | None] = mapped_column(Text)
    plate: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (CheckConstraint("year BETWEEN 1900 AND 2100", name="year_in_range"),)


class PartsOrder(Base):
    """An order from draft to delivery; `number` is what people say on the phone.

    `cell` is the centre of the grid cell around `delivery_point`: all that shops learn of it until
    a quote is accepted. `divided_from`: the order whose customer bought at several shops, and of
    which this one is the part of one shop.
    """

    __tablename__ = "parts_order"

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    number: Mapped[str] = mapped_column(Text, unique=True)
    user_id: Mapped[UUID] = mapped_column(ForeignKey("app_user.user_id"))
    status: Mapped[str] = mapped_column(Text, server_default="draft")
    priority: Mapped[str] = mapped_column(Text, server_default="normal")
    vehicle_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("vehicle.vehicle_id", ondelete="SET NULL"), index=True
    )
    brand_id: Mapped[int] = mapped_column(ForeignKey("make.brand_id"))
    vehicle_model: Mapped[str | None] = mapped_column(Text)
    vehicle_year: Mapped[int | None] = mapped_column(Integer)
    vin: Mapped[str | None] = mapped_column(Text)
    delivery_point: Mapped[Any] = mapped_column(Geometry("POINT", SRID_WGS84, spatial_index=False))
    delivery_address: Mapped[str | None] = mapped_column(Text)
    cell: Mapped[Any] = mapped_column(Geometry("POINT", SRID_WGS84, spatial_index=False))
    notes: Mapped[str | None] = mapped_column(Text)
    divided_from: Mapped[UUID | None] = mapped_column(Uuid)
    selected_quote_id: Mapped[UUID | None] = mapped_column(Uuid)
    payment_method: Mapped[str | None] = mapped_column(Text)
    payment_status: Mapped[str] = mapped_column(Text, server_default="pending")
    rounds: Mapped[int] = mapped_column(Integer, server_default="0")
    cancelled_by: Mapped[str | None] = mapped_column(Text)
    cancel_reason: Mapped[str | None] = mapped_column(Text)
    submitted_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint(f"status IN {ORDER_STATUSES}", name="status_known"),
        CheckConstraint("priority IN ('normal', 'urgent')", name="priority_known"),
        CheckConstraint(f"payment_method IN {PAYMENT_METHODS}", name="payment_method_known"),
        CheckConstraint(f"payment_status IN {PAYMENT_STATUSES}", name="payment_status_known"),
        CheckConstraint(on_earth("delivery_point"), name="delivery_point_on_earth"),
        CheckConstraint(on_earth("cell"), name="cell_on_earth"),
        CheckConstraint("vehicle_year BETWEEN 1900 AND 2100", name="vehicle_year_in_range"),
        CheckConstraint(
            "(selected_quote_id IS NOT NULL)"
            " = (status IN ('accepted', 'processing', 'shipped', 'delivered'))"
            " OR status = 'cancelled'",
            name="selected_when_accepted",
        ),
        CheckConstraint(
            "(status = 'draft') = (submitted_at IS NULL) OR status = 'cancelled'",
            name="submitted_has_time",
        ),
        CheckConstraint("rounds >= 0", name="rounds_not_negative"),
        CheckConstraint("divided_from IS DISTINCT FROM order_id", name="divided_from_another"),
        CheckConstraint(
            "divided_from IS NULL OR status NOT IN ('draft', 'submitted', 'quoted')",
            name="divided_when_agreed",
        ),
        UniqueConstraint("order_id", "user_id", name="parts_order_order_id_user_id_key"),
        ForeignKeyConstraint(
            ["divided_from", "user_id"],
            ["parts_order.order_id", "parts_order.user_id"],
            name="parts_order_divided_from_fkey",
        ),
        Index("parts_order_user_idx", "user_id", text("created_at DESC"), "order_id"),
        Index("parts_order_status_idx", "status", "created_at"),
        Index("parts_order_submitted_at_idx", "submitted_at"),
        Index(
            "parts_order_divided_from_idx",
            "divided_from",
            postgresql_where=text("divided_from IS NOT NULL"),
        ),
    )


class OrderPart(Base):
    """One part asked for: by number, by name or in free text."""

    __tablename__ = "order_part"

    order_id: Mapped[UUID] = mapped_column(
        ForeignKey("parts_order.order_id", ondelete="CASCADE"), primary_key=True
    )
    line: Mapped[int] = mapped_column(Integer, primary_key=True)
    part_number: Mapped[str | None] = mapped_column(Text)
    part_key: Mapped[str | None] = mapped_column(Text)
    name: Mapped[str | None] = mapped_column(Text)
    description: Mapped[str | None] = mapped_column(Text)
    quantity: Mapped[int] = mapped_column(Integer)
    condition: Mapped[str | None] = mapped_column(Text)
    photo_ids: Mapped[list[UUID]] = mapped_column(ARRAY(Uuid), server_default="{}")

    __table_args__ = (
        CheckConstraint("line BETWEEN 1 AND 50", name="line_in_range"),
        CheckConstraint("quantity BETWEEN 1 AND 1000", name="quantity_in_range"),
        CheckConstraint(f"condition IN {CONDITIONS}", name="condition_known"),
        CheckConstraint(
            "part_number IS NOT NULL OR name IS NOT NULL OR description IS NOT NULL", name="named"
        ),
        CheckConstraint("(part_key IS NULL) = (part_number IS NULL)", name="part_key_of_number"),
    )


class OrderTransition(Base):
    """A step of an order from one status to the next: who, when and why."""

    __tablename__ = "order_transition"

    order_id: Mapped[UUID] = mapped_column(
        ForeignKey("parts_order.order_id", ondelete="CASCADE"), primary_key=True
    )
    step: Mapped[int] = mapped_column(Integer, primary_key=True)
    from_status: Mapped[str | None] = mapped_column(Text)
    to_status: Mapped[str] = mapped_column(Text)
    party: Mapped[str] = mapped_column(Text)
    actor: Mapped[str] = mapped_column(Text)
    reason: Mapped[str | None] = mapped_column(Text)
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint(f"to_status IN {ORDER_STATUSES}", name="to_status_known"),
        CheckConstraint(f"party IN {PARTIES}", name="party_known"),
    )


class OrderInvitation(Base):
    """A shop that was asked to quote, in which round, and what it was told to expect.

    Distance and times are those to the cell, not to the door. `counted` says whether the
    statistics of the shop hold this invitation (and its answer) already.
    """

    __tablename__ = "order_invitation"

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    shop_id: Mapped[UUID] = mapped_column(
        ForeignKey("shop.shop_id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[UUID]
    round: Mapped[int] = mapped_column(Integer)
    rank: Mapped[int] = mapped_column(Integer)
    score: Mapped[float] = mapped_column(REAL)
    distance_band_km: Mapped[int] = mapped_column(Integer)
    promise_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    invited_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    expires_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    answered_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    declined_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    decline_reason: Mapped[str | None] = mapped_column(Text)
    counted: Mapped[bool] = mapped_column(Boolean, server_default="false")
    answer_counted: Mapped[bool] = mapped_column(Boolean, server_default="false")

    __table_args__ = (
        ForeignKeyConstraint(
            ["order_id", "user_id"],
            ["parts_order.order_id", "parts_order.user_id"],
            name="order_invitation_order_id_fkey",
            ondelete="CASCADE",
        ),
        CheckConstraint("round > 0 AND rank > 0", name="round_positive"),
        Index("order_invitation_shop_idx", "shop_id", text("invited_at DESC"), "order_id"),
        Index(
            "order_invitation_uncounted_idx",
            "shop_id",
            postgresql_where=text(
                "NOT counted OR (answered_at IS NOT NULL AND NOT answer_counted)"
            ),
        ),
    )


class Quote(Base):
    """What a shop offers for an order; it stands until `valid_until`, two hours from the last word.

    `delivery_fee_piastres` is what delivery of the whole costs. Where that is nothing because the
    parts cost `free_delivery_from_piastres` or more, `waived_fee_piastres` is what it would cost
    else: for who buys a part of the quote. `promise_at` is for the customer alone, for it was
    counted to the very door. `outcome_reason` tells the shop why a quote ended as it did.
    """

    __tablename__ = "quote"

    quote_id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID]
    shop_id: Mapped[UUID] = mapped_column(ForeignKey("shop.shop_id"))
    user_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(Text, server_default="submitted")
    revision: Mapped[int] = mapped_column(Integer, server_default="1")
    parts_piastres: Mapped[int] = mapped_column(BigInteger)
    delivery_fee_piastres: Mapped[int] = mapped_column(BigInteger)
    waived_fee_piastres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    free_delivery_from_piastres: Mapped[int | None] = mapped_column(BigInteger)
    total_piastres: Mapped[int] = mapped_column(BigInteger)
    preparation_minutes: Mapped[int | None] = mapped_column(Integer)
    promise_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    note: Mapped[str | None] = mapped_column(Text)
    outcome_reason: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    valid_until: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    decided_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(
            ["order_id", "shop_id"],
            ["order_invitation.order_id", "order_invitation.shop_id"],
            name="quote_invitation_fkey",
        ),
        ForeignKeyConstraint(
            ["order_id", "user_id"],
            ["parts_order.order_id", "parts_order.user_id"],
            name="quote_order_fkey",
        ),
        CheckConstraint(
            "status IN ('submitted', 'accepted', 'lapsed', 'withdrawn', 'expired')",
            name="status_known",
        ),
        CheckConstraint(
            "parts_piastres >= 0 AND delivery_fee_piastres >= 0"
            " AND total_piastres = parts_piastres + delivery_fee_piastres"
            " AND total_piastres <= 100000000000",
            name="total_adds_up",
        ),
        CheckConstraint(
            "CASE WHEN parts_piastres >= free_delivery_from_piastres"
            " THEN delivery_fee_piastres = 0 AND waived_fee_piastres >= 0"
            " ELSE waived_fee_piastres = 0 END",
            name="fee_waived_from_threshold",
        ),
        CheckConstraint("revision > 0", name="revision_positive"),
        CheckConstraint("valid_until > updated_at", name="valid_after_update"),
        CheckConstraint("(status = 'submitted') = (decided_at IS NULL)", name="decided_has_time"),
        Index(
            "quote_live_key",
            "order_id",
            "shop_id",
            unique=True,
            postgresql_where=text("status IN ('submitted', 'accepted')"),
        ),
        Index(
            "quote_accepted_key",
            "order_id",
            unique=True,
            postgresql_where=text("status = 'accepted'"),
        ),
        Index("quote_order_id_idx", "order_id"),
        Index("quote_shop_idx", "shop_id", text("created_at DESC"), "quote_id"),
        Index(
            "quote_valid_until_idx", "valid_until", postgresql_where=text("status = 'submitted'")
        ),
    )


class QuoteLine(Base):
    """What a quote says of one part of the order; a part that is missing has no price."""

    __tablename__ = "quote_line"

    quote_id: Mapped[UUID] = mapped_column(
        ForeignKey("quote.quote_id", ondelete="CASCADE"), primary_key=True
    )
    line: Mapped[int] = mapped_column(Integer, primary_key=True)
    shop_id: Mapped[UUID]
    user_id: Mapped[UUID]
    availability: Mapped[str] = mapped_column(Text)
    quantity: Mapped[int] = mapped_column(Integer)
    unit_price_piastres: Mapped[int | None] = mapped_column(BigInteger)
    brand: Mapped[str | None] = mapped_column(Text)
    part_number: Mapped[str | None] = mapped_column(Text)
    condition: Mapped[str | None] = mapped_column(Text)
    warranty_months: Mapped[int | None] = mapped_column(Integer)
    available_in_hours: Mapped[int | None] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint(
            "availability IN ('in_stock', 'to_order', 'missing')", name="availability_known"
        ),
        CheckConstraint(
            "(availability = 'missing') = (unit_price_piastres IS NULL)"
            " AND (availability = 'missing') = (quantity = 0)"
            " AND quantity BETWEEN 0 AND 1000"
            " AND unit_price_piastres BETWEEN 0 AND 10000000000",
            name="priced_unless_missing",
        ),
        CheckConstraint(f"condition IN {CONDITIONS}", name="condition_known"),
        CheckConstraint("warranty_months BETWEEN 0 AND 120", name="warranty_in_range"),
    )


class Rating(Base):
    """What a customer thought of a delivered order."""

    __tablename__ = "rating"

    order_id: Mapped[UUID] = mapped_column(primary_key=True)
    shop_id: Mapped[UUID] = mapped_column(ForeignKey("shop.shop_id"), index=True)
    user_id: Mapped[UUID]
    stars: Mapped[int] = mapped_column(Integer)
    comment: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    counted: Mapped[bool] = mapped_column(Boolean, server_default="false")

    __table_args__ = (
        ForeignKeyConstraint(
            ["order_id", "user_id"],
            ["parts_order.order_id", "parts_order.user_id"],
            name="rating_order_fkey",
        ),
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars_in_range"),
        Index("rating_uncounted_idx", "shop_id", postgresql_where=text("NOT counted")),
    )
