"""Deliveries that have happened: what delivery times are learned from."""

import datetime as dt
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry
from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import SRID_WGS84, Base, on_earth

__all__ = ["PastDelivery"]


class PastDelivery(Base):
    """One finished trip from a place (a shop, when it is one of ours) to a customer."""

    __tablename__ = "past_delivery"

    delivery_id: Mapped[UUID] = mapped_column(primary_key=True)
    shop_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("shop.shop_id", ondelete="SET NULL"), index=True
    )
    origin: Mapped[Any] = mapped_column(Geometry("POINT", SRID_WGS84, spatial_index=False))
    destination: Mapped[Any] = mapped_column(Geometry("POINT", SRID_WGS84, spatial_index=False))
    started_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))
    preparation_seconds: Mapped[int | None] = mapped_column(Integer)
    duration_seconds: Mapped[int] = mapped_column(Integer)

    __table_args__ = (
        CheckConstraint(on_earth("origin"), name="origin_on_earth"),
        CheckConstraint(on_earth("destination"), name="destination_on_earth"),
        CheckConstraint(
            "preparation_seconds BETWEEN 0 AND 6000000", name="preparation_seconds_in_range"
        ),
        CheckConstraint("duration_seconds BETWEEN 1 AND 1000000", name="duration_in_range"),
        Index("past_delivery_started_at_idx", "started_at"),
    )
