"""Points along the streets of the demo's places, in an order that keeps neighbours together.

Streets are the same for every seed; only where along them a point lies is drawn.
Pure.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from demo.land import METRES_PER_DEGREE, is_land, metres_per_degree_lon
from demo.places import PLACES

__all__ = ["STREET_NAMES", "Sites", "draw_sites", "hilbert_order", "points_on"]

STREET_NAMES = [
    "El Gomhoureya Street", "El Geish Street", "26 July Street", "El Horreya Street",
    "Port Said Street", "Ahmed Orabi Street", "Saad Zaghloul Street", "El Nasr Street",
    "El Mahatta Street", "El Matbaa Street", "El Thawra Street", "Abdel Salam Aref Street",
    "Salah Salem Street", "Mostafa Kamel Street", "El Bahr Street", "El Senaat Street",
    "El Warsha Street", "Omar Ibn El Khattab Street", "Khaled Ibn El Walid Street",
    "El Shaheed Street", "Talaat Harb Street", "El Sekka El Hadid Street", "El Souk Street",
    "Gamal Abdel Nasser Street",
]  # fmt: skip
_STREETS_PER_PLACE = len(STREET_NAMES)
_WALK_M = 12.0  # shops stand this far from the middle of their street
_DEGREES = 1e6  # six decimals are 0.1 m

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Sites:
    """Points, one an entry: degrees, and the indices of their place and of their street's name."""

    lon: Floats
    lat: Floats
    place: Integers
    street: Integers

    def __len__(self) -> int:
        return len(self.lon)

    def __getitem__(self, rows: slice | Integers) -> "Sites":
        return Sites(self.lon[rows], self.lat[rows], self.place[rows], self.street[rows])


def draw_sites(count: int, rng: np.random.Generator) -> Sites:
    """Draw `count` points, places by their weight, on land, in the order of a Hilbert curve."""
    weights = np.array([place.weight for place in PLACES])
    sites = points_on(rng.choice(len(PLACES), size=count, p=weights / weights.sum()), rng)
    return sites[hilbert_order(sites.lon, sites.lat)]


def points_on(place: Integers, rng: np.random.Generator) -> Sites:
    """Draw one point on a street of each place in `place`, by index, never in the water."""
    count = len(place)
    street, lon, lat = np.zeros(count, np.int64), np.zeros(count), np.zeros(count)
    rows = np.arange(count)
    while len(rows):
        street[rows], lon[rows], lat[rows] = _along_a_street(place[rows], rng)
        rows = rows[~is_land(lon[rows], lat[rows])]
    return Sites(
        np.round(lon * _DEGREES) / _DEGREES, np.round(lat * _DEGREES) / _DEGREES, place, street
    )


def _along_a_street(place: Integers, rng: np.random.Generator) -> tuple[Integers, Floats, Floats]:
    """Draw a street of each place, the first ones more often, and a point along it."""
    share = 1 / np.arange(2, _STREETS_PER_PLACE + 2)
    street = rng.choice(_STREETS_PER_PLACE, size=len(place), p=share / share.sum())
    east, north, heading, half_length = (part[place, street] for part in _streets())
    along = rng.uniform(-1, 1, len(place)) * half_length
    aside = rng.normal(0, _WALK_M, len(place))
    east = east + along * np.sin(heading) + aside * np.cos(heading)
    north = north + along * np.cos(heading) - aside * np.sin(heading)
    centre_lon = np.array([each.lon for each in PLACES])[place]
    centre_lat = np.array([each.lat for each in PLACES])[place]
    lat = centre_lat + north / METRES_PER_DEGREE
    return street, centre_lon + east / metres_per_degree_lon(lat), lat


@cache
def _streets() -> tuple[Floats, Floats, Floats, Floats]:
    """Return east and north offset (m), heading (rad) and half length (m) by place and street."""
    rng = np.random.default_rng(20)  # any number: it fixes the map
    shape = (len(PLACES), _STREETS_PER_PLACE)
    along_m = np.array([place.along_m for place in PLACES])[:, None]
    across_m = np.array([place.across_m for place in PLACES])[:, None]
    bearing = np.radians([place.bearing_deg for place in PLACES])[:, None]
    along = np.clip(rng.standard_normal(shape), -1.8, 1.8) * along_m
    across = np.clip(rng.standard_normal(shape), -1.8, 1.8) * across_m
    crosses = rng.random(shape) < across_m / (along_m + across_m)
    heading = bearing + np.where(crosses, np.pi / 2, 0) + rng.normal(0, 0.1, shape)
    reach = np.where(crosses, across_m, along_m)
    half_length = reach * rng.uniform(0.3, 0.9, shape)
    east = along * np.sin(bearing) + across * np.cos(bearing)
    north = along * np.cos(bearing) - across * np.sin(bearing)
    return east, north, heading, half_length


def hilbert_order(lon: Floats, lat: Floats, *, bits: int = 16) -> Integers:
    """Return the indices that sort points along a Hilbert curve through their bounding box.

    Source: Skilling, Programming the Hilbert curve, AIP Conf. Proc. 707 (2004), in two dimensions.

    Examples
    --------
    >>> import numpy as np
    >>> lon, lat = np.array([0.0, 1.0, 0.0, 1.0]), np.array([0.0, 0.0, 1.0, 1.0])
    >>> hilbert_order(lon, lat).tolist()
    [0, 2, 3, 1]
    >>> hilbert_order(lon[:0], lat[:0]).tolist()
    []
    """
    if not len(lon):
        return np.zeros(0, np.int64)
    cells = 2**bits - 1
    x, y = (
        ((axis - axis.min()) / max(float(np.ptp(axis)), 1e-9) * cells).astype(np.int64)
        for axis in (lon, lat)
    )
    position = np.zeros(len(x), np.int64)
    for bit in range(bits - 1, -1, -1):
        right, upper = (x >> bit) & 1, (y >> bit) & 1
        position = (position << 2) | ((3 * right) ^ upper)
        flip = (upper == 0) & (right == 1)
        x, y = np.where(flip, cells - x, x), np.where(flip, cells - y, y)
        x, y = np.where(upper == 0, y, x), np.where(upper == 0, x, y)
    return np.argsort(position, kind="stable")
