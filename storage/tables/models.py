"""What was learned or decided, by version: model parameters and ranking weights."""

import datetime as dt

from sqlalchemy import CheckConstraint, DateTime, Double, Integer, LargeBinary, Text, func
from sqlalchemy.orm import Mapped, mapped_column

from storage.tables.base import Base

__all__ = ["ModelVersion", "RankingWeight"]


class ModelVersion(Base):
    """The parameters of a model as its room wrote them; the newest row of a name serves."""

    __tablename__ = "model_version"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    version: Mapped[str] = mapped_column(Text, primary_key=True)
    parameters: Mapped[bytes] = mapped_column(LargeBinary)
    trained_rows: Mapped[int] = mapped_column(Integer)
    created_at: Mapped[dt.datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.clock_timestamp()
    )

    __table_args__ = (CheckConstraint("trained_rows >= 0", name="trained_rows_not_negative"),)


class RankingWeight(Base):
    """The weight of one term of the ranking in one version; the highest version serves."""

    __tablename__ = "ranking_weight"

    version: Mapped[int] = mapped_column(Integer, primary_key=True)
    term: Mapped[str] = mapped_column(Text, primary_key=True)
    weight: Mapped[float] = mapped_column(Double)

    __table_args__ = (CheckConstraint("weight BETWEEN 0 AND 1", name="weight_in_range"),)
