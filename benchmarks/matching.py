"""`clutch bench matching`: candidates, ranking and the API on a table of shops.

Makes databases of its own on the private server, loads them with the demo market and drops them
again. Peers answer the same questions in the same run (`benchmarks.matching_peers`).
"""

import datetime as dt
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import numpy as np
import psycopg
from sqlalchemy import create_engine, text

import demo
from benchmarks.matching_load import http_requests_per_second, sql_transactions_per_second
from benchmarks.matching_peers import (
    Market,
    Point,
    Search,
    gist_and_filter,
    kd_tree,
    on_unit_sphere,
    redis_geosearch,
)
from benchmarks.options import Options
from benchmarks.served import own_database
from clutch.settings import settings
from matching.knowledge import load_knowledge, train_delivery_time
from matching.nearby import Question, match_shops
from matching.queries import CANDIDATES_NEAR
from storage.cluster import Database, running_database
from storage.session import open_engine, transaction
from storage.session import run as run_steps

__all__ = ["run"]

_SMALL_TABLE = 10_000
_UNTIL = dt.date(2026, 11, 1)
_NOW = dt.datetime(2026, 11, 23, 10, tzinfo=dt.UTC)  # a Monday, noon in Cairo
_CANDIDATES = 50
_QUERIES = 300
_PEER_QUERIES = 12
_RECALL_QUERIES = 200
_RANKINGS, _ROUNDS = 400, 3
_CONNECTIONS = 8
_WORKERS = 2
_SECONDS = 10

# Downtown Cairo, where shops are thick, and the Western Desert, where there are none.
_DENSE, _SPARSE = ((31.2357, 30.0444), 0.05), ((28.0, 28.5), 1.0)


def run(options: Options) -> dict[str, object]:
    """Return the figures of the benchmark; see the module's first lines."""
    with running_database(settings()) as server:
        with _loaded(server, min(_SMALL_TABLE, options.shops), options) as (small, _):
            small_tps = _ranking_tps(small.url, options)
        with _loaded(server, options.shops, options) as (database, load_seconds):
            return {
                "shops": options.shops,
                "load_seconds": round(load_seconds, 1),
                **_figures(database, options, small_tps),
            }


def _figures(database: Database, options: Options, small_tps: float) -> dict[str, object]:
    market = _market(database.owner_url)
    cases = _cases(market, options.seed)
    options.note("candidates ...")
    knn = {name: _p50_ms(_candidates(database.url), case) for name, case in cases.items()}
    recall = _recall_at_10(database.url, market, options)
    options.note("ranking ...")
    tps = _ranking_tps(database.url, options)
    options.note("pgbench and HTTP ...")
    sql = sql_transactions_per_second(
        database.url, market.brand("common"), connections=_CONNECTIONS, seconds=_SECONDS
    )
    http = http_requests_per_second(
        database,
        market.makes[market.brand("common")],
        connections=_CONNECTIONS,
        seconds=_SECONDS,
        workers=_WORKERS,
    )
    options.note("peers ...")
    return {
        "knn_p50_ms": knn,
        "knn_worst_over_dense_common": round(max(knn.values()) / knn["dense_common"], 2),
        "recall_at_10": recall,
        "ranking_tps": round(tps),
        "ranking_tps_over_small_table": round(tps / small_tps, 3),
        "http_rps": round(http),
        "sql_tps": {protocol: round(rate) for protocol, rate in sql.items()},
        "http_over_sql_throughput": round(http / sql["prepared"], 3),
        "connections": _CONNECTIONS,
        "peers": {
            "gist_location_and_filter_p50_ms": _peer(
                gist_and_filter(_libpq(database.owner_url)), cases
            ),
            "redis_geosearch_p50_ms": _peer(redis_geosearch(market), cases),
            "ckdtree_in_memory_p50_ms": _peer(kd_tree(market), cases),
        },
    }


@contextmanager
def _loaded(server: Database, shops: int, options: Options) -> Iterator[tuple[Database, float]]:
    """Give a database of this many shops, and the seconds that loading them took."""
    options.note(f"loading {shops:,} shops ...")
    with own_database(server, f"clutch_bench_{shops}") as database:
        started = time.perf_counter()
        _load(database.owner_url, shops, options)
        yield database, time.perf_counter() - started


def _load(owner_url: str, shops: int, options: Options) -> None:
    engine = create_engine(owner_url)
    with engine.begin() as connection:
        demo.load(connection, shops=shops, seed=options.seed, days=60, until=_UNTIL)
    with transaction(engine) as session:
        train_delivery_time(session)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE shop"))
    engine.dispose()


def _market(owner_url: str) -> Market:
    engine = create_engine(owner_url)
    with engine.connect() as connection:
        rows = connection.execute(
            text(
                "SELECT CAST(shop_id AS text), ST_X(location), ST_Y(location), brand_ids"
                " FROM shop WHERE status = 'active' ORDER BY shop_id"
            )
        ).all()
        makes = connection.execute(text("SELECT brand_id, name_en FROM make")).all()
    engine.dispose()
    return Market.of(rows, {make.brand_id: make.name_en for make in makes})


def _cases(market: Market, seed: int) -> dict[str, list[tuple[int, Point]]]:
    rng = np.random.default_rng(seed)

    def case(where: tuple[Point, float], brand_id: int) -> list[tuple[int, Point]]:
        centre, spread = where
        points = rng.normal(centre, spread, (_QUERIES, 2)).tolist()
        return [(brand_id, (lon, lat)) for lon, lat in points]

    return {
        "dense_common": case(_DENSE, market.brand("common")),
        "dense_rare": case(_DENSE, market.brand("rare")),
        "sparse_common": case(_SPARSE, market.brand("common")),
        "sparse_rare": case(_SPARSE, market.brand("rare")),
        "absent": case(_DENSE, market.brand("absent")),
    }


def _p50_ms(search: Search, case: list[tuple[int, Point]]) -> float:
    for brand_id, point in case:  # once before the clock runs: pages and plans are warm
        search(brand_id, point)
    milliseconds = []
    for brand_id, point in case:
        started = time.perf_counter()
        search(brand_id, point)
        milliseconds.append((time.perf_counter() - started) * 1_000)
    return round(statistics.median(milliseconds), 3)


def _peer(
    peer: AbstractContextManager[Search | None], cases: dict[str, list[tuple[int, Point]]]
) -> dict[str, float] | None:
    """Time a peer on every case, on fewer questions; None where it is not on this machine."""
    with peer as search:
        if search is None:
            return None
        return {name: _p50_ms(search, case[:_PEER_QUERIES]) for name, case in cases.items()}


def _candidates(url: str) -> Callable[[int, Point], list[tuple[object, ...]]]:
    connection = psycopg.connect(_libpq(url), autocommit=True)
    cursor = connection.cursor(binary=True)

    def search(brand_id: int, point: Point) -> list[tuple[object, ...]]:
        parameters = {
            "brand_id": brand_id,
            "lon": point[0],
            "lat": point[1],
            "count": _CANDIDATES,
            "ramadan": False,
            "holiday": False,
        }
        return cursor.execute(CANDIDATES_NEAR, parameters, prepare=True).fetchall()

    return search


def _libpq(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


_EXACT = """
SELECT CAST(shop_id AS text) FROM shop
WHERE shop_id = ANY (CAST(%(shop_ids)s AS uuid[])) AND (service_zone IS NULL
      OR ST_Covers(service_zone, ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326)))
ORDER BY ST_Distance(location::geography,
                     ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326)::geography)
LIMIT 10
"""


def _recall_at_10(url: str, market: Market, options: Options) -> float:
    """Return the share of the ten truly nearest (on the spheroid) among the first ten found.

    The truth: the 400 nearest on the sphere by brute force, measured on the spheroid.
    """
    search = _candidates(url)
    rng = np.random.default_rng(options.seed + 1)
    at = market.points[rng.choice(len(market.points), _RECALL_QUERIES)]
    points = at + rng.normal(0, 0.03, at.shape)
    brands = rng.choice(sorted(market.rows_by_brand), _RECALL_QUERIES)
    found, asked = 0, 0
    with psycopg.connect(_libpq(url)) as connection:
        for (lon, lat), brand_id in zip(points.tolist(), brands.tolist(), strict=True):
            rows = market.rows_by_brand[brand_id]
            here = on_unit_sphere(np.array([(lon, lat)]))
            closeness = on_unit_sphere(market.points[rows]) @ here[0]
            near = rows[np.argsort(-closeness)[:400]]
            parameters = {"shop_ids": market.shop_ids[near].tolist(), "lon": lon, "lat": lat}
            exact = {row[0] for row in connection.execute(_EXACT, parameters)}
            found += len(exact & {str(row[0]) for row in search(brand_id, (lon, lat))[:10]})
            asked += len(exact)
    return round(found / asked, 4)


def _ranking_tps(url: str, options: Options) -> float:
    """Return whole answers a second of one connection, in this process."""
    engine = open_engine(url, connections=1)
    rng = np.random.default_rng(options.seed + 2)
    points = rng.normal(_DENSE[0], _DENSE[1], (_RANKINGS, 2)).tolist()
    with transaction(engine) as session:
        knowledge = load_knowledge(session)

        def answer(lon: float, lat: float) -> None:
            question = Question(make="toyota", lon=lon, lat=lat)
            run_steps(session, match_shops(question, knowledge=knowledge, now=_NOW))

        for lon, lat in points:  # once before the clock runs: pages and plans are warm
            answer(lon, lat)
        started = time.perf_counter()
        for lon, lat in points * _ROUNDS:
            answer(lon, lat)
        seconds = time.perf_counter() - started
    engine.dispose()
    return len(points) * _ROUNDS / seconds
