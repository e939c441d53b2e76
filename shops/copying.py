"""Frames into tables by COPY, the quickest way in.

Writes: the table that the caller names.
"""

import numpy as np
import polars as pl
from psycopg import sql
from sqlalchemy import Connection

__all__ = ["array_texts", "copy_frame", "point_texts"]

_EWKB_POINT_4326 = np.frombuffer(bytes.fromhex("0101000020e6100000"), np.uint8)


def copy_frame(connection: Connection, table: str, frame: pl.DataFrame) -> None:
    """Append `frame` to `table`, whose columns its own are named after."""
    statement = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, frame.columns))
    )
    driver = connection.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(statement) as copy:  # type: ignore[union-attr]
        copy.write(frame.write_csv(include_header=False).encode())


def array_texts(lists: pl.Series) -> pl.Series:
    """Return lists of numbers or days as PostgreSQL writes arrays, null for null.

    Examples
    --------
    >>> array_texts(pl.Series("ids", [[1, 2], [], None])).to_list()
    ['{1,2}', '{}', None]
    """
    inside = lists.cast(pl.List(pl.String)).list.join(",")
    return pl.select(pl.concat_str(pl.lit("{"), inside, pl.lit("}"))).to_series().alias(lists.name)


def point_texts(lon: pl.Series, lat: pl.Series) -> pl.Series:
    """Return points in degrees as PostGIS writes them: EWKB in hexadecimal, SRID 4326.

    Examples
    --------
    >>> point_texts(pl.Series([1.0]), pl.Series([-2.0])).to_list()
    ['0101000020e6100000000000000000f03f00000000000000c0']
    """
    count = len(lon)
    head = np.broadcast_to(_EWKB_POINT_4326, (count, len(_EWKB_POINT_4326)))
    body = np.column_stack([lon.to_numpy(), lat.to_numpy()]).astype("<f8").view(np.uint8)
    text = np.hstack([head, body.reshape(count, 16)]).tobytes().hex().encode()
    return pl.Series(np.frombuffer(text, dtype="S50").astype("U50"), dtype=pl.String)
