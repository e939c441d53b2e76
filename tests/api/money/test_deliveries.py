"""From the shelf to the door over HTTP: the steps, who may take them, what they leave behind."""

import datetime as dt
from typing import Any
from uuid import uuid4

import httpx
import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from orders.figures import count_figures

CASH = 48_000
COURIER = {"courier_name": "حسن", "courier_phone": "010 1234 5678"}
HERE = {"type": "Point", "coordinates": [31.23, 30.05]}


def step(office: Any, deal: Any, name: str, *, by: Any = None, **body: Any) -> httpx.Response:
    path = f"/deliveries/{deal.delivery_id}/{name}"
    answer: httpx.Response = office.call(by or deal.staff, "POST", path, json=body)
    return answer


def on_its_way(office: Any, **more: Any) -> Any:
    deal = office.town.deal(**more)
    assert step(office, deal, "start").json()["order_status"] == "processing"
    assert step(office, deal, "assign", **COURIER).json()["status"] == "assigned"
    assert step(office, deal, "pick-up").json()["status"] == "picked_up"
    return deal


def events_of(office: Any, person: Any, name: str) -> list[Any]:
    statement = "SELECT payload FROM room_event WHERE room = :room AND event = :event"
    rows = office.town.rows(statement, room=f"user-{person.user_id}", event=name)
    return [each.payload for each in rows]


def as_it_is(office: Any, deal: Any) -> Any:
    return office.town.row("SELECT * FROM delivery WHERE delivery_id = :id", id=deal.delivery_id)


def test_a_cash_order_gets_to_the_door_and_is_paid_there(office: Any) -> None:
    deal = on_its_way(office)
    done = step(office, deal, "deliver", received_by="Mona", collected_piastres=CASH)
    assert done.status_code == 200
    shown = office.call(deal.customer, "GET", f"/deliveries/{deal.delivery_id}").json()
    assert done.json() == shown
    assert (shown["status"], shown["order_status"]) == ("delivered", "delivered")
    assert (shown["courier_name"], shown["courier_phone"]) == ("حسن", "+201012345678")
    assert shown["received_by"] == "Mona"
    payment = office.payment(deal.payment_id)
    assert (payment.status, payment.captured_piastres) == ("captured", CASH)
    told = [each["status"] for each in events_of(office, deal.customer, "order-status-update")]
    assert told == ["processing", "shipped", "delivered"]
    assert [each["status"] for each in events_of(office, deal.customer, "payment-update")] == [
        "captured"
    ]


def test_steps_out_of_turn_are_refused_and_say_what_can_be_done(office: Any) -> None:
    deal = office.town.deal()
    early = step(office, deal, "pick-up")
    assert early.status_code == 409
    assert early.json()["type"] == "urn:clutch:problem:delivery-step-refused"
    assert early.json()["allowed"] == ["assigned"]
    step(office, deal, "assign", **COURIER)
    unprepared = step(office, deal, "pick-up").json()
    assert unprepared["type"] == "urn:clutch:problem:transition-refused"
    assert unprepared["allowed"] == ["processing", "cancelled"]
    assert as_it_is(office, deal).status == "assigned"
    assert step(office, deal, "deliver", received_by="Mona").status_code == 409
    assert step(office, deal, "fail", reason="rain").status_code == 409
    assert step(office, deal, "position", point=HERE, at="2026-01-01T00:00:00Z").status_code == 409


@pytest.mark.parametrize(
    ("proof", "field"),
    [
        ({"collected_piastres": CASH}, "received_by"),
        ({"received_by": "Mona"}, "collected_piastres"),
        ({"received_by": "Mona", "collected_piastres": CASH - 1}, "collected_piastres"),
        ({"received_by": "Mona", "collected_piastres": CASH + 1}, "collected_piastres"),
        ({"proof_file_id": str(uuid4()), "collected_piastres": CASH}, "proof_file_id"),
    ],
)
def test_without_proof_or_the_cash_due_nothing_is_delivered(
    office: Any, proof: Any, field: str
) -> None:
    deal = on_its_way(office)
    refused = step(office, deal, "deliver", **proof)
    assert refused.status_code == 422
    assert [each["field"] for each in refused.json()["errors"]] == [field]
    assert as_it_is(office, deal).status == "picked_up"
    assert office.payment(deal.payment_id).status == "pending"
    order = office.town.row("SELECT status FROM parts_order WHERE order_id = :id", id=deal.order_id)
    assert order.status == "shipped"


def test_everyone_else_finds_nothing_or_may_not(office: Any) -> None:
    deal = office.town.deal()
    rival = office.town.person(shop_id=office.town.shop(), role="shop_owner")
    # Who works at another shop may well be the customer here.
    with office.town.engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO shop_member VALUES (%s, %s, 'shop_staff')",
            (office.town.shop(), deal.customer.user_id),
        )
    path = f"/deliveries/{deal.delivery_id}"
    missing = office.call(rival, "GET", f"/deliveries/{uuid4()}")
    assert office.call(rival, "GET", path).content == missing.content
    assert office.call(None, "GET", path).status_code == 401
    assert office.call(office.town.person(role="admin"), "GET", path).status_code == 200
    for name, body in [
        ("start", {}),
        ("assign", COURIER),
        ("pick-up", {}),
        ("position", {"point": HERE, "at": "2026-01-01T00:00:00Z"}),
        ("deliver", {"received_by": "x"}),
        ("fail", {"reason": "x"}),
    ]:
        assert step(office, deal, name, by=rival, **body).status_code == 404
        assert step(office, deal, name, by=deal.customer, **body).status_code == 404
        assert step(office, deal, name, by=office.town.person(), **body).status_code == 403
    assert as_it_is(office, deal).status == "preparing"


def test_the_customer_alone_hears_where_the_courier_is(office: Any) -> None:
    deal = on_its_way(office)
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    first, second = now - dt.timedelta(seconds=10), now
    for at, lon in ((first, 31.23), (second, 31.232)):
        point = {"type": "Point", "coordinates": [lon, 30.05]}
        placed = step(office, deal, "position", point=point, at=at.isoformat())
        assert placed.status_code == 200
    shown = placed.json()
    assert shown["position"]["point"]["coordinates"] == [31.232, 30.05]
    assert [each["point"]["coordinates"][0] for each in shown["track"]] == [31.232, 31.23]
    eta = dt.datetime.fromisoformat(shown["eta_at"])
    assert second < eta < second + dt.timedelta(hours=1)
    heard = events_of(office, deal.customer, "delivery-position")
    assert [each["location"]["coordinates"] for each in heard] == [[31.23, 30.05], [31.232, 30.05]]
    others = office.town.rows(
        "SELECT room FROM room_event WHERE event = 'delivery-position' AND room NOT LIKE 'user-%'"
    )
    assert others == []


def test_positions_come_in_order_not_too_often_and_not_from_the_future(office: Any) -> None:
    deal = on_its_way(office)
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)

    def placed(seconds: int) -> int:
        at = (now + dt.timedelta(seconds=seconds)).isoformat()
        return step(office, deal, "position", point=HERE, at=at).status_code

    assert placed(0) == 200
    assert placed(0) == 200  # the same, sent again
    assert placed(4) == 429
    assert placed(-1) == 422
    assert placed(3_600) == 422
    assert placed(5) == 200
    kept = "SELECT at FROM delivery_position WHERE delivery_id = :id"
    assert len(office.town.rows(kept, id=deal.delivery_id)) == 2


def test_a_failed_handover_can_be_tried_again(office: Any) -> None:
    deal = on_its_way(office)
    failed = step(office, deal, "fail", reason="Nobody was at home.").json()
    assert (failed["status"], failed["failure"]) == ("failed", "Nobody was at home.")
    assert step(office, deal, "deliver", received_by="x").json()["allowed"] == ["assigned"]
    assert step(office, deal, "assign", **COURIER).json()["failure"] is None
    assert step(office, deal, "pick-up").json()["order_status"] == "shipped"
    done = step(office, deal, "deliver", received_by="Mona", collected_piastres=CASH)
    assert done.json()["status"] == "delivered"


def test_a_failed_handover_does_not_count_as_preparing(office: Any) -> None:
    deal = on_its_way(office)
    step(office, deal, "fail", reason="Nobody was at home.")
    step(office, deal, "assign", **COURIER)
    step(office, deal, "pick-up")
    ago = {"accepted_at": "5 hours", "shipped": "4 hours", "picked_up_at": "10 minutes"}
    with office.town.engine.begin() as connection:
        for statement in (
            "UPDATE delivery SET accepted_at = now() - CAST(:accepted_at AS interval),"
            " picked_up_at = now() - CAST(:picked_up_at AS interval) WHERE order_id = :id",
            "UPDATE order_transition SET at = now() - CAST(:shipped AS interval)"
            " WHERE order_id = :id AND to_status = 'shipped'",
        ):
            connection.execute(text(statement), ago | {"id": deal.order_id})
    step(office, deal, "deliver", received_by="Mona", collected_piastres=CASH)
    trip = office.town.row(
        "SELECT preparation_seconds, duration_seconds FROM past_delivery WHERE delivery_id = :id",
        id=deal.delivery_id,
    )
    assert trip.preparation_seconds == 3_600
    assert trip.duration_seconds == pytest.approx(600, abs=60)
    with office.town.engine.begin() as connection:
        connection.execute(text("SELECT set_config('clutch.platform', 'on', true)"))
        figures = "SELECT preparation_minutes_mean FROM shop WHERE shop_id = :id"
        with Session(connection) as session:
            count_figures(session, now=dt.datetime.now(dt.UTC))
            counted = session.scalar(text(figures), {"id": deal.shop_id})
    assert counted == pytest.approx(60)


def test_an_order_is_rated_once_by_its_customer_after_delivery(office: Any) -> None:
    deal = on_its_way(office)
    path, good = f"/auto-parts-orders/{deal.order_id}/rating", {"stars": 4, "comment": "سريع"}
    early = office.call(deal.customer, "POST", path, json=good)
    assert early.json()["type"] == "urn:clutch:problem:not-delivered"
    step(office, deal, "deliver", received_by="Mona", collected_piastres=CASH)
    assert office.call(office.town.person(), "POST", path, json=good).status_code == 404
    assert office.call(deal.staff, "POST", path, json=good).status_code == 404
    assert office.call(None, "POST", path, json=good).status_code == 401
    for bad in (
        *({"stars": 0}, {"stars": 6}, {"stars": True}, {"stars": 4.0}, {}),
        {"stars": 4, "comment": " \n "},
    ):
        assert office.call(deal.customer, "POST", path, json=bad).status_code == 422
    rated = office.call(deal.customer, "POST", path, json=good)
    assert (rated.status_code, rated.json()["stars"]) == (201, 4)
    again = office.call(deal.customer, "POST", path, json={"stars": 1})
    assert again.json()["type"] == "urn:clutch:problem:already-rated"
    kept = office.town.row("SELECT * FROM rating WHERE order_id = :id", id=deal.order_id)
    assert (kept.stars, kept.comment, kept.shop_id) == (4, "سريع", deal.shop_id)


def test_a_rating_is_shown_to_who_gave_it_and_to_the_shop_that_got_it(office: Any) -> None:
    deal = on_its_way(office)
    step(office, deal, "deliver", received_by="Mona", collected_piastres=CASH)
    path = f"/auto-parts-orders/{deal.order_id}/rating"
    unrated = office.call(deal.customer, "GET", path)
    assert unrated.status_code == 404
    rated = office.call(deal.customer, "POST", path, json={"stars": 5, "comment": "Quick."})
    for person in (deal.customer, deal.staff, office.town.person(role="admin")):
        assert office.call(person, "GET", path).json() == rated.json()
    rival = office.town.person(shop_id=office.town.shop(), role="shop_owner")
    for person in (rival, office.town.person()):
        assert office.call(person, "GET", path).content == unrated.content
    assert office.call(None, "GET", path).status_code == 401
