"""Money and goods on their way: payments, refunds, what providers said, deliveries."""

import datetime as dt
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry
from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import SRID_WGS84, Base, on_earth
from storage.tables.orders import PAYMENT_METHODS

__all__ = ["Delivery", "DeliveryPosition", "Payment", "PaymentEvent", "Refund"]


class Payment(Base):
    """The payment of an accepted order: authorised, then captured, then perhaps given back."""

    __tablename__ = "payment"

    payment_id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(index=True)
    shop_id: Mapped[UUID] = mapped_column(ForeignKey("shop.shop_id"), index=True)
    user_id: Mapped[UUID]
    method: Mapped[str] = mapped_column(Text)
    provider: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="pending")
    amount_piastres: Mapped[int] = mapped_column(BigInteger)
    captured_piastres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    refunded_piastres: Mapped[int] = mapped_column(BigInteger, server_default="0")
    provider_reference: Mapped[str | None] = mapped_column(Text)
    redirect_url: Mapped[str | None] = mapped_column(Text)
    failure: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    updated_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        ForeignKeyConstraint(
            ["order_id", "user_id"],
            ["parts_order.order_id", "parts_order.user_id"],
            name="payment_order_fkey",
        ),
        CheckConstraint(f"method IN {PAYMENT_METHODS}", name="method_known"),
        CheckConstraint(
            "status IN ('pending', 'authorised', 'captured', 'failed', 'cancelled', 'refunded')",
            name="status_known",
        ),
        CheckConstraint(
            "amount_piastres > 0 AND captured_piastres BETWEEN 0 AND amount_piastres"
            " AND refunded_piastres BETWEEN 0 AND captured_piastres",
            name="amounts_in_order",
        ),
        CheckConstraint(
            "(status IN ('captured', 'refunded')) = (captured_piastres > 0)", name="captured_amount"
        ),
        CheckConstraint(
            "(status = 'refunded')"
            " = (captured_piastres > 0 AND refunded_piastres = captured_piastres)",
            name="refunded_amount",
        ),
        Index(
            "payment_live_key",
            "order_id",
            unique=True,
            postgresql_where=text("status NOT IN ('failed', 'cancelled')"),
        ),
        Index("payment_provider_reference_key", "provider", "provider_reference", unique=True),
        Index(
            "payment_unsettled_idx",
            "updated_at",
            postgresql_where=text("status IN ('pending', 'authorised') AND provider <> 'cash'"),
        ),
    )


class PaymentEvent(Base):
    """What a provider told us, once; `note` says why it was not `applied`."""

    __tablename__ = "payment_event"

    provider: Mapped[str] = mapped_column(Text, primary_key=True)
    event_id: Mapped[str] = mapped_column(Text, primary_key=True)
    payment_id: Mapped[UUID | None] = mapped_column(ForeignKey("payment.payment_id"), index=True)
    type: Mapped[str] = mapped_column(Text)
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    applied: Mapped[bool] = mapped_column(Boolean)
    note: Mapped[str | None] = mapped_column(Text)
    received_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))


class Refund(Base):
    """Money on its way back to a customer."""

    __tablename__ = "refund"

    refund_id: Mapped[UUID] = mapped_column(primary_key=True)
    payment_id: Mapped[UUID] = mapped_column(ForeignKey("payment.payment_id"), index=True)
    shop_id: Mapped[UUID]
    user_id: Mapped[UUID]
    amount_piastres: Mapped[int] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="pending")
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    finished_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("amount_piastres > 0", name="amount_positive"),
        CheckConstraint("status IN ('pending', 'done', 'failed')", name="status_known"),
        Index("refund_waiting_idx", "created_at", postgresql_where=text("status = 'pending'")),
    )


class Delivery(Base):
    """How an accepted order gets to the customer.

    `counted`: the statistics of the shop hold it; `observed`: the delivery-time model does.
    """

    __tablename__ = "delivery"

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    order_id: Mapped[UUID] = mapped_column(unique=True)
    shop_id: Mapped[UUID] = mapped_column(ForeignKey("shop.shop_id"), index=True)
    user_id: Mapped[UUID]
    status: Mapped[str] = mapped_column(Text, server_default="preparing")
    courier_name: Mapped[str | None] = mapped_column(Text)
    courier_phone: Mapped[str | None] = mapped_column(Text)
    promise_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    accepted_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    picked_up_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    delivered_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    late_alerted_at: Mapped[dt.datetime | None] = mapped_column(DateTime(timezone=True))
    received_by: Mapped[str | None] = mapped_column(Text)
    proof_file_id: Mapped[UUID | None] = mapped_column(ForeignKey("stored_file.file_id"))
    failure: Mapped[str | None] = mapped_column(Text)
    counted: Mapped[bool] = mapped_column(Boolean, server_default="false")
    observed: Mapped[bool] = mapped_column(Boolean, server_default="false")

    __table_args__ = (
        ForeignKeyConstraint(
            ["order_id", "user_id"],
            ["parts_order.order_id", "parts_order.user_id"],
            name="delivery_order_fkey",
        ),
        CheckConstraint(
            "status IN ('preparing', 'assigned', 'picked_up', 'delivered', 'failed', 'cancelled')",
            name="status_known",
        ),
        CheckConstraint(
            "(status = 'delivered') = (delivered_at IS NOT NULL)", name="delivered_time"
        ),
        CheckConstraint(
            "picked_up_at >= accepted_at AND delivered_at >= picked_up_at", name="times_in_order"
        ),
        Index(
            "delivery_uncounted_idx",
            "shop_id",
            postgresql_where=text("status = 'delivered' AND NOT counted"),
        ),
        Index(
            "delivery_untold_idx",
            "promise_at",
            postgresql_where=text(
                "late_alerted_at IS NULL AND status NOT IN ('delivered', 'cancelled')"
            ),
        ),
        Index(
            "delivery_unobserved_idx",
            "delivery_id",
            postgresql_where=text("status = 'delivered' AND NOT observed"),
        ),
    )


class DeliveryPosition(Base):
    """Where the courier was."""

    __tablename__ = "delivery_position"

    delivery_id: Mapped[UUID] = mapped_column(
        ForeignKey("delivery.delivery_id", ondelete="CASCADE"), primary_key=True
    )
    at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True), primary_key=True)
    shop_id: Mapped[UUID]
    user_id: Mapped[UUID]
    point: Mapped[Any] = mapped_column(Geometry("POINT", SRID_WGS84, spatial_index=False))

    __table_args__ = (CheckConstraint(on_earth("point"), name="point_on_earth"),)
