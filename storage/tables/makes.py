"""Vehicle makes, which shops call brands, and the names people write for them."""

from sqlalchemy import CheckConstraint, ForeignKey, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base

__all__ = ["Make", "MakeAlias"]


class Make(Base):
    """A vehicle make; `brand_id` is what `shop.brand_ids` holds."""

    __tablename__ = "make"

    brand_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name_en: Mapped[str] = mapped_column(Text, unique=True)
    name_ar: Mapped[str] = mapped_column(Text)

    __table_args__ = (CheckConstraint("brand_id > 0", name="brand_id_positive"),)


class MakeAlias(Base):
    """A name for a make; `alias_key` is `clutch.names.name_key(alias)`."""

    __tablename__ = "make_alias"

    alias_key: Mapped[str] = mapped_column(Text, primary_key=True)
    alias: Mapped[str] = mapped_column(Text)
    brand_id: Mapped[int] = mapped_column(ForeignKey("make.brand_id"), index=True)

    __table_args__ = (CheckConstraint("alias_key <> ''", name="alias_key_filled"),)
