"""What a shop may learn of where an order goes before it has won it: a cell of a fixed grid. Pure.

Everything a shop is shown, told or chosen by is computed from the centre of the cell, so however
many shops put together what they know, they learn the cell and nothing of the point inside it. The
grid is fixed: asking again gives the same cell, so answers cannot be averaged. Decision 14 says why
the cells are as large as they are.
"""

import math

__all__ = ["CELL_METRES", "cell_of", "distance_band_km"]

CELL_METRES = 1_400
"""The least width and height of a cell.

Who knows only a square of side s guesses its centre and is off by 0.399 s in the median
(half the square's area lies within that radius): 558 m here.
"""

_METRES_PER_DEGREE = 110_574.0  # of latitude at the equator, where it is least (WGS 84)
_ROWS = math.floor(180 * _METRES_PER_DEGREE / CELL_METRES)


def cell_of(lon: float, lat: float) -> tuple[float, float]:
    """Return the centre of the cell around a point, in degrees to six places.

    Rows are equally high; each has as many cells as fit around the Earth at its edge nearest the
    pole, so a cell is nowhere narrower than `CELL_METRES`.

    Examples
    --------
    >>> cell_of(31.2357, 30.0444), cell_of(31.2350, 30.0440)
    ((31.235982, 30.040096), (31.235982, 30.040096))
    >>> cell_of(180.0, 30.0444) == cell_of(-180.0, 30.0444)
    True
    >>> cell_of(12.0, 90.0)
    (0.0, 89.993669)
    """
    height = 180 / _ROWS
    row = min(math.floor((lat + 90) / height), _ROWS - 1)
    south = row * height - 90
    nearest_pole = max(abs(south), abs(south + height))
    around = 360 * _METRES_PER_DEGREE * math.cos(math.radians(min(nearest_pole, 90.0)))
    width = 360 / max(math.floor(around / CELL_METRES), 1)
    column = math.floor((lon + 180) % 360 / width)
    return round(column * width - 180 + width / 2, 6), round(south + height / 2, 6)


def distance_band_km(metres: float) -> int:
    """Return a distance from a cell's centre as the whole kilometres it stays within.

    Examples
    --------
    >>> [distance_band_km(metres) for metres in (0, 999.9, 1_000, 1_000.1)]
    [1, 1, 1, 2]
    """
    return max(math.ceil(metres / 1_000), 1)
