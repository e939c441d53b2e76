"""Files that people upload: documents of shops, photos of parts, proofs of delivery."""

import datetime as dt
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Integer, LargeBinary, Text
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base

__all__ = ["StoredFile"]


class StoredFile(Base):
    """A file as it was kept, in the database so that it commits with what refers to it."""

    __tablename__ = "stored_file"

    file_id: Mapped[UUID] = mapped_column(primary_key=True)
    user_id: Mapped[UUID] = mapped_column(
        ForeignKey("app_user.user_id", ondelete="CASCADE"), index=True
    )
    purpose: Mapped[str] = mapped_column(Text)
    name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(Text)
    size_bytes: Mapped[int] = mapped_column(Integer)
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    content: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[dt.datetime] = mapped_column(DateTime(timezone=True))

    __table_args__ = (
        CheckConstraint(
            "purpose IN ('shop_document', 'part_photo', 'proof_of_delivery')", name="purpose_known"
        ),
        CheckConstraint(
            "size_bytes = octet_length(content) AND size_bytes BETWEEN 1 AND 10485760",
            name="size_in_range",
        ),
    )
