"""The metadata all tables share, and the column shapes that recur."""

from sqlalchemy import MetaData
from sqlalchemy.orm import DeclarativeBase

__all__ = ["SRID_WGS84", "Base", "on_earth", "rising"]

SRID_WGS84 = 4326


class Base(DeclarativeBase):
    """Every table; constraints are named by rule, so that migrations can name them too."""

    metadata = MetaData(
        naming_convention={
            "ix": "%(table_name)s_%(column_0_N_name)s_idx",
            "uq": "%(table_name)s_%(column_0_N_name)s_key",
            "ck": "%(table_name)s_%(constraint_name)s_check",
            "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
            "pk": "%(table_name)s_pkey",
        }
    )


def on_earth(column: str) -> str:
    """Return the SQL condition that a point lies on Earth; PostGIS itself takes any number.

    NaN compares greater than every number in PostgreSQL, so BETWEEN refuses it too.

    Examples
    --------
    >>> on_earth("location").split(" AND ")[0]
    'NOT ST_IsEmpty(location)'
    """
    return (
        f"NOT ST_IsEmpty({column})"
        f" AND ST_X({column}) BETWEEN -180 AND 180"
        f" AND ST_Y({column}) BETWEEN -90 AND 90"
    )


def rising(hours: str, span_minutes: int) -> str:
    """Return the SQL condition that opening hours rise in pairs within a span of minutes.

    `uniq(sort(...))` are intarray's: in C, so that a million shops load in seconds.

    Examples
    --------
    >>> rising("holiday_hours", 1440).split(" AND ")[0]
    'holiday_hours = uniq(sort(holiday_hours))'
    """
    return (
        f"{hours} = uniq(sort({hours})) AND cardinality({hours}) % 2 = 0"
        f" AND {hours}[1] >= 0 AND {hours}[cardinality({hours})] <= {span_minutes}"
    )
