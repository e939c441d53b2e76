"""Land and water around the demo's places: the coast, Lake Mariout, and the Nile through Cairo.

Drawn by hand to about 100 m where places are near water, and coarser elsewhere.
Pure.
"""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["METRES_PER_DEGREE", "is_land", "metres_per_degree_lon"]

METRES_PER_DEGREE = 111_195.0

_COAST = [
    (29.30, 30.87), (29.55, 31.00), (29.72, 31.07), (29.77, 31.10), (29.81, 31.135),
    (29.845, 31.158), (29.872, 31.172), (29.885, 31.203), (29.905, 31.2025), (29.915, 31.212),
    (29.935, 31.222), (29.949, 31.234), (29.967, 31.246), (29.985, 31.261), (30.005, 31.277),
    (30.020, 31.287), (30.060, 31.320), (30.075, 31.318), (30.11, 31.285), (30.18, 31.28),
    (30.37, 31.46), (30.55, 31.42), (31.00, 31.58), (31.60, 31.452), (31.84, 31.52), (32.30, 31.27),
]  # fmt: skip
_MARIOUT = [
    (29.82, 31.08), (29.86, 31.14), (29.90, 31.163), (29.95, 31.165), (29.965, 31.13),
    (29.93, 31.10), (29.88, 31.06),
]  # fmt: skip
_NILE = [
    (31.290, 29.80), (31.288, 29.85), (31.281, 29.88), (31.270, 29.91), (31.258, 29.935),
    (31.243, 29.96), (31.232, 29.98), (31.2265, 30.00), (31.2195, 30.015), (31.2205, 30.030),
    (31.2275, 30.0437), (31.2285, 30.0515), (31.2272, 30.059), (31.2262, 30.076),
    (31.2285, 30.099), (31.2300, 30.115), (31.2200, 30.130), (31.190, 30.150), (31.150, 30.170),
    (31.120, 30.190),
]  # fmt: skip
_NILE_WEST = [
    (31.2205, 30.032), (31.2167, 30.0425), (31.2148, 30.055), (31.2160, 30.066), (31.2240, 30.074),
]  # fmt: skip

Floats = NDArray[np.float64]


def metres_per_degree_lon(lat: Floats) -> Floats:
    """Return how long a degree of longitude is at each latitude, in metres."""
    return np.asarray(METRES_PER_DEGREE * np.cos(np.radians(lat)), dtype=np.float64)


def is_land(lon: Floats, lat: Floats) -> NDArray[np.bool_]:
    """Return whether each point is dry, as far as this coarse map knows.

    Examples
    --------
    >>> import numpy as np
    >>> tahrir_square, the_nile, the_sea = (31.2357, 30.0444), (31.2280, 30.0440), (29.9, 31.3)
    >>> is_land(*np.array([tahrir_square, the_nile, the_sea]).T).tolist()
    [True, False, False]
    """
    coast_lon, coast_lat = np.array(_COAST).T
    wet = lat > np.interp(lon, coast_lon, coast_lat) - 0.0012
    wet |= _inside(lon, lat, _MARIOUT)
    wet |= _distance_m(lon, lat, _NILE) < 260
    wet |= _distance_m(lon, lat, _NILE_WEST) < 90
    return np.asarray(~wet, dtype=np.bool_)


def _inside(lon: Floats, lat: Floats, ring: list[tuple[float, float]]) -> NDArray[np.bool_]:
    """Even-odd rule: a ray to the east crosses the ring an odd number of times."""
    inside = np.zeros(lon.shape, dtype=np.bool_)
    for (x1, y1), (x2, y2) in zip(ring, ring[1:] + ring[:1], strict=True):
        if y1 != y2:
            between = (y1 > lat) != (y2 > lat)
            inside ^= between & (lon < x1 + (lat - y1) * (x2 - x1) / (y2 - y1))
    return inside


def _distance_m(lon: Floats, lat: Floats, line: list[tuple[float, float]]) -> Floats:
    """Return the distance to a line on the local plane, far under the map's own error."""
    scale: Any = (METRES_PER_DEGREE * np.cos(np.radians(30.0)), METRES_PER_DEGREE)
    points = np.stack([lon, lat], axis=-1) * scale
    corners = np.array(line) * scale
    nearest = np.full(lon.shape, np.inf)
    for start, end in pairwise(corners):
        along = end - start
        share = np.clip((points - start) @ along / (along @ along), 0.0, 1.0)
        gap = points - start - share[..., None] * along
        nearest = np.minimum(nearest, np.hypot(gap[..., 0], gap[..., 1]))
    return nearest
