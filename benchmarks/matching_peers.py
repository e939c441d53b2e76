"""Other ways to find the nearest shops of a brand, asked the same questions in the same run."""

import shutil
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from typing import Any, Self

import numpy as np
import psycopg
import redis
from numpy.typing import NDArray
from scipy.spatial import cKDTree

__all__ = [
    "Market",
    "Point",
    "Search",
    "gist_and_filter",
    "kd_tree",
    "on_unit_sphere",
    "redis_geosearch",
]

Point = tuple[float, float]
Search = Callable[[int, Point], object]

_COUNT = 50
_FARTHEST_KM = 20_000


@dataclass(frozen=True)
class Market:
    """The active shops of a table: ids, (lon, lat) of shape (n, 2), and rows by brand."""

    shop_ids: NDArray[np.str_]
    points: NDArray[np.float64]
    rows_by_brand: Mapping[int, NDArray[np.int64]]
    makes: Mapping[int, str]

    @classmethod
    def of(cls, shops: Sequence[Any], makes: Mapping[int, str]) -> Self:
        """Take rows of shop_id, lon, lat, brand_ids."""
        by_brand: dict[int, list[int]] = {}
        for row, (_, _, _, brand_ids) in enumerate(shops):
            for brand_id in brand_ids:
                by_brand.setdefault(brand_id, []).append(row)
        return cls(
            np.array([shop[0] for shop in shops]),
            np.array([(shop[1], shop[2]) for shop in shops]),
            {brand_id: np.array(rows) for brand_id, rows in by_brand.items()},
            makes,
        )

    def brand(self, share: str) -> int:
        """Return the brand that most shops carry, that fewest do, or that none does."""
        if share == "absent":
            return min(set(self.makes) - set(self.rows_by_brand))
        counts = Counter({brand: len(rows) for brand, rows in self.rows_by_brand.items()})
        ordered = [brand for brand, _ in counts.most_common()]
        return ordered[0] if share == "common" else ordered[-1]


def on_unit_sphere(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (lon, lat) in degrees as points in space, where nearest in a line is nearest."""
    lon, lat = np.radians(points).T
    return np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], axis=1)


@contextmanager
def kd_tree(market: Market) -> Iterator[Search]:
    """Search k-d trees, one a brand, in memory: nothing is kept, nobody else sees it."""
    trees = {
        brand: cKDTree(on_unit_sphere(market.points[rows]))
        for brand, rows in market.rows_by_brand.items()
    }

    def search(brand_id: int, point: Point) -> object:
        tree = trees.get(brand_id)
        return None if tree is None else tree.query(on_unit_sphere(np.array([point])), k=_COUNT)

    yield search


@contextmanager
def gist_and_filter(owner_url: str) -> Iterator[Search]:
    """Search by the obvious design: GiST(location), and brands looked at row by row."""
    with psycopg.connect(owner_url, autocommit=True) as connection:
        connection.execute("SET statement_timeout = 0")
        connection.execute(
            "CREATE TABLE plain AS SELECT shop_id, location, brand_ids FROM shop"
            " WHERE status = 'active' ORDER BY shop_id"
        )
        connection.execute("CREATE INDEX ON plain USING gist (location)")
        connection.execute("VACUUM ANALYZE plain")

        def search(brand_id: int, point: Point) -> object:
            return connection.execute(
                "SELECT shop_id FROM plain WHERE brand_ids @> ARRAY[%s::int4]"
                " ORDER BY location <-> ST_SetSRID(ST_MakePoint(%s, %s), 4326) LIMIT %s",
                (brand_id, *point, _COUNT),
                prepare=True,
            ).fetchall()

        yield search
        connection.execute("DROP TABLE plain")


@contextmanager
def redis_geosearch(market: Market) -> Iterator[Search | None]:
    """Search Redis, a sorted set a brand; None where redis-server is not installed."""
    server = shutil.which("redis-server")
    if server is None:
        yield None
        return
    with TemporaryDirectory() as directory:
        address = f"{directory}/redis.sock"
        process = subprocess.Popen(
            [server, "--port", "0", "--unixsocket", address, "--save", "", "--dir", directory],
            stdout=subprocess.DEVNULL,
        )
        try:
            client = _connected(address)
            _fill(client, market)

            def search(brand_id: int, point: Point) -> object:
                return client.geosearch(
                    f"brand:{brand_id}",
                    longitude=point[0],
                    latitude=point[1],
                    radius=_FARTHEST_KM,
                    unit="km",
                    sort="ASC",
                    count=_COUNT,
                    withdist=True,
                )

            yield search
        finally:
            process.terminate()
            process.wait()


def _connected(address: str) -> redis.Redis:
    client = redis.Redis(unix_socket_path=address)
    for _ in range(100):
        try:
            client.ping()
        except redis.ConnectionError:
            time.sleep(0.05)
        else:
            return client
    raise TimeoutError(address)


def _fill(client: redis.Redis, market: Market) -> None:
    for brand, rows in market.rows_by_brand.items():
        for some in np.array_split(rows, len(rows) // 20_000 + 1):
            members = [
                value for row in some.tolist() for value in (*market.points[row].tolist(), row)
            ]
            client.geoadd(f"brand:{brand}", members)
