"""The order service's question, answered from real PostGIS."""

import datetime as dt
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from matching.knowledge import (
    Knowledge,
    TooFewDeliveries,
    load_knowledge,
    train_delivery_time,
)
from matching.makes import UnknownMake
from matching.nearby import Matches, PartWanted, Question, match_shops
from matching.opening_hours import CAIRO
from matching.roads import RoadEngine
from storage.cluster import Database
from storage.session import open_pool, reading, run, run_async

NOON = dt.datetime(2026, 11, 23, 12, tzinfo=CAIRO)  # a Monday
NINE_TO_FIVE = [day * 1440 + minute for day in range(7) for minute in (540, 1020)]
DOWNTOWN = {"make": "toyota", "lon": 31.2357, "lat": 30.0444}


@pytest.fixture
def knowledge(session: Session) -> Knowledge:
    return load_knowledge(session)


@pytest.fixture
def ask(session: Session, knowledge: Knowledge) -> Any:
    def ask(
        *, now: dt.datetime = NOON, roads: RoadEngine | None = None, **question: Any
    ) -> Matches:
        asked = Question(**DOWNTOWN | question)
        return run(session, match_shops(asked, knowledge=knowledge, roads=roads, now=now))

    return ask


def names(matches: Matches) -> list[str]:
    return [match["shop"]["name"] for match in matches["matches"]]


def term(matches: Matches, place: int, name: str) -> Any:
    return next(t for t in matches["matches"][place]["explanation"] if t["term"] == name)


def test_the_nearer_of_two_equal_shops_comes_first(add_shop: Any, ask: Any) -> None:
    add_shop("far", 31.30)
    add_shop("near", 31.24)
    matches = ask()
    assert names(matches) == ["near", "far"]
    assert matches["nearest_distance_m"] == matches["matches"][0]["distance_m"]
    assert matches["weights_version"] == 1


def test_every_score_is_the_sum_of_its_explanation(add_shop: Any, ask: Any) -> None:
    for place in range(20):
        add_shop(
            f"shop {place}",
            31.2 + place / 100,
            rating_mean=1 + place / 5,
            rating_count=place + 1,
            requests_received=place,
        )
    for match in ask(limit=20)["matches"]:
        contributions = [term["contribution"] for term in match["explanation"]]
        assert sum(contributions) == pytest.approx(match["score"], abs=1e-9)
        for each in match["explanation"]:
            assert each["contribution"] == pytest.approx(each["value"] * each["weight"])
            assert each["text_en"]
            assert each["text_ar"]


def test_a_closed_shop_promises_from_its_opening(add_shop: Any, ask: Any) -> None:
    add_shop("closed", regular_hours=NINE_TO_FIVE)
    night = dt.datetime(2026, 11, 23, 22, tzinfo=CAIRO)
    matches = ask(now=night)
    delivery = matches["matches"][0]["delivery"]
    opening = dt.datetime(2026, 11, 24, 9, tzinfo=CAIRO)
    assert opening < delivery["ready_at"] < delivery["promise_at"] < opening + dt.timedelta(hours=4)
    assert delivery["p90_minutes"] == pytest.approx(
        (delivery["promise_at"] - night).total_seconds() / 60, abs=0.1
    )
    assert term(matches, 0, "open_now")["text_en"] == "opens in 11 h 00 min"


def test_a_shop_that_stays_closed_all_week_makes_no_promise(add_shop: Any, ask: Any) -> None:
    add_shop("away", regular_hours=[], holiday_hours=[])
    matches = ask()
    assert matches["matches"][0]["delivery"] is None
    assert term(matches, 0, "open_now")["value"] == 0


def test_nobody_within_the_distance_says_how_far_the_nearest_is(add_shop: Any, ask: Any) -> None:
    add_shop("Alexandria", 29.92, 31.2)
    matches = ask(max_distance_km=50)
    assert matches["matches"] == []
    assert matches["nearest_distance_m"] == pytest.approx(180_000, rel=0.01)


def test_a_make_that_no_shop_carries_has_no_nearest(ask: Any) -> None:
    matches = ask(make="Lada")
    assert (matches["matches"], matches["nearest_distance_m"]) == ([], None)


def test_an_unknown_make_is_refused_with_the_nearest_names(ask: Any) -> None:
    with pytest.raises(UnknownMake) as raised:
        ask(make="Hyunday")
    assert raised.value.field == "vehicle.make"
    assert raised.value.suggestions[0] == "Hyundai"


def test_shops_beyond_service_zones_are_reached_when_the_nearest_do_not_serve(
    session: Session, add_shop: Any, ask: Any
) -> None:
    elsewhere = "SRID=4326;MULTIPOLYGON(((40 40, 41 40, 41 41, 40 41, 40 40)))"
    for place in range(60):
        add_shop(f"elsewhere {place}", 31.2357 + place / 1e5, service_zone=elsewhere)
    add_shop("serves all", 31.5)
    assert names(ask()) == ["serves all"]


@pytest.fixture
def add_stock(session: Session) -> Any:
    def add(shop_id: Any, number: str, quantity: int, counted_at: dt.datetime = NOON) -> None:
        session.execute(
            text(
                "INSERT INTO stock_listing (shop_id, part_key, part_number, quantity,"
                " sales_per_day, counted_at)"
                " VALUES (:shop_id, :key, :number, :quantity, 0.5, :counted_at)"
            ),
            {
                "shop_id": shop_id,
                "key": number.replace("-", ""),
                "number": number,
                "quantity": quantity,
                "counted_at": counted_at,
            },
        )

    return add


def test_the_shop_known_to_hold_the_part_is_preferred(
    add_shop: Any, add_stock: Any, ask: Any
) -> None:
    add_shop("does not say", 31.24)
    add_stock(add_shop("holds it", 31.25), "04465-02220", 4)
    add_stock(add_shop("sold out", 31.241), "04465-02220", 0)
    matches = ask(parts=[PartWanted("04465 02220", 1)])
    assert names(matches) == ["holds it", "does not say", "sold out"]
    assert term(matches, 0, "in_stock")["text_en"] == "100% sure to have it"
    assert term(matches, 1, "in_stock")["text_en"] == "stock not known"
    assert term(matches, 2, "in_stock")["value"] == 0


def test_two_lines_of_one_part_are_summed_before_stock_is_believed(
    add_shop: Any, add_stock: Any, ask: Any
) -> None:
    add_stock(add_shop("holds three"), "04465-02220", 3)
    lines = [PartWanted("04465-02220", 2), PartWanted("0446502220", 2)]
    assert term(ask(parts=lines), 0, "in_stock")["value"] == 0


def test_an_old_count_is_believed_less(add_shop: Any, add_stock: Any, ask: Any) -> None:
    add_stock(add_shop("fresh"), "A-1", 2)
    add_stock(add_shop("old"), "A-1", 2, NOON - dt.timedelta(days=14))
    matches = ask(parts=[PartWanted("A-1", 1)])
    assert names(matches) == ["fresh", "old"]
    assert 0 < term(matches, 1, "in_stock")["value"] < 0.05


def test_a_part_named_without_number_leaves_stock_unknown(add_shop: Any, ask: Any) -> None:
    add_shop("shop")
    matches = ask(parts=[PartWanted(None, 1), PartWanted("---", 1)])
    assert term(matches, 0, "in_stock")["text_en"] == "stock not known"


class Roads:
    """A road engine that always says the same."""

    def __init__(self, seconds: float | None) -> None:
        self.seconds = seconds

    def travel_seconds(
        self, origins: tuple[NDArray[np.float64], NDArray[np.float64]], destination: Any
    ) -> NDArray[np.float64] | None:
        return None if self.seconds is None else np.full(len(origins[0]), self.seconds)

    def close(self) -> None:
        """Nothing is open."""


def test_the_answer_says_what_knew_the_way(add_shop: Any, ask: Any, knowledge: Knowledge) -> None:
    add_shop("shop")
    sources = [
        ask(roads=roads)["matches"][0]["delivery"]["source"]
        for roads in (Roads(600.0), Roads(None), None)
    ]
    assert sources == ["road", "prior", "prior"]
    minutes = round(10 * knowledge.delivery.slowdown(NOON))
    assert minutes > 10
    travel_time = term(ask(roads=Roads(600.0)), 0, "travel_time")
    assert travel_time["text_en"] == f"{minutes} min away"


@pytest.mark.parametrize(
    ("lon", "lat"), [(180.0, 0.0), (-180.0, 90.0), (0.0, -90.0), (31.24, 30.04)]
)
def test_any_place_on_earth_gets_a_finite_answer(
    add_shop: Any, ask: Any, lon: float, lat: float
) -> None:
    add_shop("shop")
    match = ask(lon=lon, lat=lat)["matches"][0]
    assert np.isfinite([match["score"], match["distance_m"]]).all()
    assert match["delivery"]["p50_minutes"] <= match["delivery"]["p90_minutes"]


def test_what_was_learned_serves_next(session: Session, add_shop: Any, ask: Any) -> None:
    shop_id = add_shop("shop")
    session.execute(
        text(
            "INSERT INTO past_delivery (delivery_id, shop_id, origin, destination, started_at,"
            " preparation_seconds, duration_seconds) SELECT gen_random_uuid(), :shop_id,"
            " ST_SetSRID(ST_MakePoint(31.2, 30), 4326),"
            " ST_SetSRID(ST_MakePoint(31.2 + i / 5000.0, 30), 4326),"
            " now() - make_interval(hours => i), 600, 300 + 4 * i FROM generate_series(1, 500) i"
        ),
        {"shop_id": shop_id},
    )
    version, rows = train_delivery_time(session)
    knowledge = load_knowledge(session)
    assert (knowledge.delivery.source, knowledge.delivery_version, rows) == (
        "learned",
        version,
        500,
    )
    assert train_delivery_time(session) == (version, rows)  # again: the same, and no complaint


def test_too_few_deliveries_leave_the_model_as_it_is(session: Session) -> None:
    with pytest.raises(TooFewDeliveries, match="0 past deliveries are too few"):
        train_delivery_time(session)
    assert load_knowledge(session).delivery.source == "prior"


@pytest.mark.anyio
async def test_a_pooled_connection_answers_as_a_session_does(fresh_database: Database) -> None:
    engine = create_engine(fresh_database.owner_url)
    with Session(engine) as session:
        session.execute(
            text(
                "INSERT INTO shop (shop_id, name, status, location, brand_ids, regular_hours)"
                " VALUES (gen_random_uuid(), 'shop', 'active',"
                " ST_SetSRID(ST_MakePoint(31.24, 30.04), 4326), '{1}', '{0,10080}')"
            )
        )
        session.commit()
        knowledge = load_knowledge(session)
        question = Question(**DOWNTOWN)  # type: ignore[arg-type]
        by_session = run(session, match_shops(question, knowledge=knowledge, now=NOON))
    async with open_pool(fresh_database.url) as pool, reading(pool) as connection:
        steps = match_shops(question, knowledge=knowledge, now=NOON)
        assert await run_async(connection, steps) == by_session
    engine.dispose()
