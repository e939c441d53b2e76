"""Shops as matching sees them: where they are, what they carry, how they have done so far."""

import datetime as dt
from typing import Any
from uuid import UUID

from geoalchemy2 import Geometry
from sqlalchemy import (
    ARRAY,
    REAL,
    CheckConstraint,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    Text,
    func,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import SRID_WGS84, Base, on_earth, rising

__all__ = ["Shop", "StockListing"]

STATUSES = ("pending_verification", "active", "suspended", "inactive")


class Shop(Base):
    """A parts shop.

    Opening hours are `[opens, closes, opens, closes, ...]`, rising, in minutes of local time:
    `regular_hours` and `ramadan_hours` (null: as regular) since Monday 00:00, `holiday_hours` since
    midnight, for public holidays (empty: closed). On the days of `closed_on` the shop is shut.
    Statistics are counts and means, so that a reader can shrink them by how much stands behind.
    """

    __tablename__ = "shop"

    shop_id: Mapped[UUID] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    name_ar: Mapped[str | None] = mapped_column(Text)
    phone: Mapped[str | None] = mapped_column(Text)
    address: Mapped[str | None] = mapped_column(Text)
    status: Mapped[str] = mapped_column(Text, server_default="pending_verification")
    location: Mapped[Any] = mapped_column(Geometry("POINT", SRID_WGS84, spatial_index=False))
    service_zone: Mapped[Any | None] = mapped_column(
        Geometry("MULTIPOLYGON", SRID_WGS84, spatial_index=False)
    )
    brand_ids: Mapped[list[int]] = mapped_column(ARRAY(Integer))

    regular_hours: Mapped[list[int]] = mapped_column(ARRAY(Integer))
    ramadan_hours: Mapped[list[int] | None] = mapped_column(ARRAY(Integer))
    holiday_hours: Mapped[list[int]] = mapped_column(ARRAY(Integer), server_default="{}")
    closed_on: Mapped[list[dt.date]] = mapped_column(ARRAY(Date), server_default="{}")

    rating_mean: Mapped[float | None] = mapped_column(REAL)
    rating_count: Mapped[int] = mapped_column(Integer, server_default="0")
    requests_received: Mapped[int] = mapped_column(Integer, server_default="0")
    requests_answered: Mapped[int] = mapped_column(Integer, server_default="0")
    answer_minutes_mean: Mapped[float | None] = mapped_column(REAL)
    deliveries_count: Mapped[int] = mapped_column(Integer, server_default="0")
    deliveries_on_time: Mapped[int] = mapped_column(Integer, server_default="0")
    preparation_minutes_mean: Mapped[float | None] = mapped_column(REAL)
    preparation_count: Mapped[int] = mapped_column(Integer, server_default="0")

    created_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )
    updated_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now(), onupdate=func.now()
    )

    __table_args__ = (
        CheckConstraint(f"status IN {STATUSES}", name="status_known"),
        CheckConstraint("btrim(name) <> ''", name="name_filled"),
        CheckConstraint(on_earth("location"), name="location_on_earth"),
        CheckConstraint(
            "service_zone IS NULL OR (ST_IsValid(service_zone) AND NOT ST_IsEmpty(service_zone)"
            " AND service_zone @ ST_MakeEnvelope(-180, -90, 180, 90, 4326))",
            name="service_zone_on_earth",
        ),
        CheckConstraint(
            "cardinality(brand_ids) > 0 AND array_position(brand_ids, NULL) IS NULL",
            name="brand_ids_filled",
        ),
        CheckConstraint(rising("regular_hours", 10_080), name="regular_hours_rise"),
        CheckConstraint(rising("ramadan_hours", 10_080), name="ramadan_hours_rise"),
        CheckConstraint(rising("holiday_hours", 1_440), name="holiday_hours_rise"),
        CheckConstraint(
            "(rating_mean IS NULL) = (rating_count = 0) AND rating_count >= 0"
            " AND rating_mean BETWEEN 1 AND 5",
            name="rating_in_range",
        ),
        CheckConstraint(
            "requests_answered BETWEEN 0 AND requests_received", name="requests_counted"
        ),
        CheckConstraint(
            "(answer_minutes_mean IS NULL) = (requests_answered = 0)"
            " AND answer_minutes_mean BETWEEN 0 AND 100000",
            name="answer_minutes_in_range",
        ),
        CheckConstraint(
            "deliveries_on_time BETWEEN 0 AND deliveries_count", name="deliveries_counted"
        ),
        CheckConstraint(
            "(preparation_minutes_mean IS NULL) = (preparation_count = 0)"
            " AND preparation_count >= 0 AND preparation_minutes_mean BETWEEN 0 AND 100000",
            name="preparation_in_range",
        ),
        Index(
            "shop_location_brand_ids_idx",
            "location",
            "brand_ids",
            postgresql_using="gist",
            postgresql_ops={"brand_ids": "gist__intbig_ops(siglen=16)"},
            postgresql_where=text("status = 'active'"),
        ),
        Index("shop_idle_idx", "status", "shop_id", postgresql_where=text("status <> 'active'")),
    )


class StockListing(Base):
    """What a shop was last known to hold of a part; `part_key` is `part_number_key(part_number)`.

    `sales_per_day` is the shop's rate for this part: with the age of the count it tells how far
    the count can still be believed.
    """

    __tablename__ = "stock_listing"

    shop_id: Mapped[UUID] = mapped_column(
        ForeignKey("shop.shop_id", ondelete="CASCADE"), primary_key=True
    )
    part_key: Mapped[str] = mapped_column(Text, primary_key=True)
    part_number: Mapped[str] = mapped_column(Text)
    quantity: Mapped[int] = mapped_column(Integer)
    sales_per_day: Mapped[float] = mapped_column(REAL, server_default="0")
    counted_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint("quantity >= 0", name="quantity_not_negative"),
        CheckConstraint("sales_per_day BETWEEN 0 AND 100000", name="sales_per_day_in_range"),
        CheckConstraint("part_key <> ''", name="part_key_filled"),
        Index("stock_listing_part_key_idx", "part_key", postgresql_where=text("quantity > 0")),
    )
