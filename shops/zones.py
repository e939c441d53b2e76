"""The area a shop delivers to, as GeoJSON has it.

Pure.
"""

from typing import Any

import orjson

__all__ = ["multi_polygon"]

_EXPECTED = "expected a GeoJSON Polygon or MultiPolygon in degrees"


def multi_polygon(text: str) -> str:
    """Return the MultiPolygon that a GeoJSON Polygon or MultiPolygon means, as GeoJSON.

    Rings are closed and on Earth; whether they cross each other is for the database to say.

    Raises
    ------
    ValueError
        It is something else.

    Examples
    --------
    >>> multi_polygon('{"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]}')
    '{"type":"MultiPolygon","coordinates":[[[[0,0],[1,0],[1,1],[0,0]]]]}'
    """
    try:
        zone = orjson.loads(text)
        kind, polygons = zone["type"], zone["coordinates"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise ValueError(_EXPECTED) from None
    if kind == "Polygon":
        polygons = [polygons]
    elif kind != "MultiPolygon":
        raise ValueError(_EXPECTED)
    if not (_filled(polygons) and all(map(_filled, polygons))):
        raise ValueError(_EXPECTED)
    if not all(_is_ring(ring) for rings in polygons for ring in rings):
        raise ValueError(_EXPECTED)
    return orjson.dumps({"type": "MultiPolygon", "coordinates": polygons}).decode()


def _filled(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _is_ring(ring: Any) -> bool:
    return (
        isinstance(ring, list)
        and len(ring) >= 4
        and ring[0] == ring[-1]
        and all(map(_is_position, ring))
    )


def _is_position(position: Any) -> bool:
    return (
        isinstance(position, list)
        and len(position) == 2
        and all(type(axis) in (int, float) for axis in position)
        and -180 <= position[0] <= 180
        and -90 <= position[1] <= 90
    )
