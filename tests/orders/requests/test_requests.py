import datetime as dt
import re
from threading import Barrier, Thread
from typing import Any
from uuid import UUID

import pytest

from clutch.errors import InvalidInput, NotFound
from clutch.ids import uuid7
from matching.makes import UnknownMake
from orders.cancelling import cancel_order
from orders.lifecycle import Status, TransitionRefused
from orders.privacy import cell_of
from orders.requests import (
    NothingAsked,
    OrderFixed,
    copy_order,
    submit_order,
    update_order,
)
from orders.vehicles import Car, add_vehicle
from orders.wishes import PartWish

NOON = dt.datetime(2026, 5, 4, 9, tzinfo=dt.UTC)
HERE = (31.2357, 30.0444)
MINUTE = dt.timedelta(minutes=1)


def submit(street: Any, order_id: UUID, *, person: Any = None, now: dt.datetime = NOON) -> Any:
    who = person or street.customer
    with street.as_customer(who) as session:
        return submit_order(
            session,
            order_id,
            asking=street.asking,
            user_id=who.user_id,
            actor=f"user:{who.user_id}",
            locale="en",
            now=now,
        )


def update(
    street: Any,
    order_id: UUID,
    *,
    status: Status | None = None,
    person: Any = None,
    now: dt.datetime = NOON,
    **wishes: Any,
) -> Any:
    who = person or street.customer
    with street.as_customer(who) as session:
        return update_order(
            session,
            order_id,
            wishes,  # type: ignore[arg-type]
            status=status,
            reason=None,
            asking=street.asking,
            user_id=who.user_id,
            actor=f"user:{who.user_id}",
            locale="en",
            now=now,
        )


def test_a_draft_keeps_what_was_asked_and_nobody_hears_of_it(street: Any) -> None:
    (shop,) = street.open_shops(1)
    photo = street.photo(street.customer)
    placed = street.order(
        submit=False,
        vehicle=Car(make="تويوتا", model="Corolla", year=2019, vin="jtdbr32e-130012345"),
        parts=[
            PartWish(number="04465-02220", quantity=2, condition="oem"),
            PartWish(description="the round thing\nbehind the wheel", photo_ids=[photo]),
        ],
        notes="ring twice",
        delivery_address="12 Talaat Harb",
        priority="urgent",
    )
    assert placed["status"] == "draft"
    assert re.fullmatch(r"[2-9A-HJ-NP-TV-Z]{4}-[2-9A-HJ-NP-TV-Z]{4}", placed["number"])
    assert placed["vehicle"]["make"] == "Toyota"
    assert placed["vehicle"]["make_ar"] == "تويوتا"
    assert placed["vehicle"]["vin"] == "JTDBR32E130012345"
    assert placed["vehicle"]["vin_hint"]["agrees"] is True
    assert [part["line"] for part in placed["parts"]] == [1, 2]
    assert placed["parts"][0]["number"] == "04465-02220"
    assert placed["parts"][1]["photo_ids"] == [photo]
    assert placed["delivery_location"]["coordinates"] == pytest.approx(HERE)
    assert (placed["notes"], placed["priority"]) == ("ring twice", "urgent")
    assert (placed["invited"], placed["nearest_distance_m"]) == (0, None)
    assert [step["to_status"] for step in placed["history"]] == ["draft"]
    assert placed["next_statuses"] == ["submitted", "cancelled"]
    assert street.heard(f"shop-{shop}") == []
    (row,) = street.town.rows("SELECT ST_X(cell) AS lon, ST_Y(cell) AS lat FROM parts_order")
    assert (row.lon, row.lat) == cell_of(*HERE)
    (part, _) = street.town.rows("SELECT part_key FROM order_part ORDER BY line")
    assert part.part_key == "0446502220"


def test_submitting_invites_the_best_shops_and_schedules_what_follows(street: Any) -> None:
    street.open_shops(12)
    draft = street.order(submit=False)
    placed = submit(street, draft["order_id"], now=NOON + MINUTE)
    assert placed["status"] == "submitted"
    assert placed["invited"] == 8
    assert 0 < placed["nearest_distance_m"] < 2_000
    assert placed["submitted_at"] == NOON + MINUTE
    assert placed["expires_at"] == NOON + 121 * MINUTE
    history = [(step["to_status"], step["by"]) for step in placed["history"]]
    assert history == [("draft", "customer"), ("submitted", "customer")]
    rows = street.invited(draft["order_id"])
    assert [(row.round, row.rank) for row in rows] == [(1, rank) for rank in range(1, 9)]
    assert {row.expires_at for row in rows} == {NOON + 121 * MINUTE}
    order_id = str(draft["order_id"])
    assert [(job.args, job.scheduled_at) for job in street.jobs("orders.escalate")] == [
        ({"order_id": order_id, "round": 2}, NOON + 11 * MINUTE),
        ({"order_id": order_id, "round": 3}, NOON + 31 * MINUTE),
    ]
    (expiry,) = street.jobs("orders.expire")
    assert (expiry.args, expiry.scheduled_at) == ({"order_id": order_id}, NOON + 121 * MINUTE)


def test_with_no_shop_around_it_is_submitted_all_the_same(street: Any) -> None:
    street.town.shop(name="far away", lon=31.2357, lat=31.2)
    placed = street.order()
    assert (placed["status"], placed["invited"]) == ("submitted", 0)
    assert 120_000 < placed["nearest_distance_m"] < 130_000


def test_an_order_without_parts_is_not_submitted(street: Any) -> None:
    draft = street.order(submit=False, parts=[])
    with pytest.raises(NothingAsked):
        submit(street, draft["order_id"])
    assert street.status(draft["order_id"]) == "draft"
    assert street.jobs("orders.expire") == []


def test_what_cannot_be_is_refused_by_its_name(street: Any) -> None:
    stranger = street.town.person()
    theirs, document = (
        street.photo(stranger),
        street.photo(street.customer, purpose="shop_document"),
    )
    own = street.photo(street.customer)
    refused: list[tuple[type[InvalidInput], str, dict[str, Any]]] = [
        (UnknownMake, "vehicle.make", {"vehicle": Car(make="Trabant")}),
        (InvalidInput, "vehicle.vin", {"vehicle": Car(make="Toyota", vin="JTDBR32E1300O2345")}),
        (InvalidInput, "vehicle_id", {"vehicle": uuid7()}),
        (InvalidInput, "parts[0].number", {"parts": [PartWish(number=" - ")]}),
    ]
    for photo in (theirs, document, uuid7()):
        wrong = [PartWish(name="a", photo_ids=[own]), PartWish(name="b", photo_ids=[photo])]
        refused.append((InvalidInput, "parts[1].photo_ids", {"parts": wrong}))
    for kind, field, wishes in refused:
        with pytest.raises(kind) as error:
            street.order(**wishes)
        assert error.value.field == field
    assert street.town.rows("SELECT 1 FROM parts_order") == []


def test_an_order_takes_a_car_from_the_garage_and_from_no_other(street: Any) -> None:
    makes = street.asking.knowledge.makes
    with street.as_customer() as session:
        vehicle = add_vehicle(
            session,
            Car(make="VW", model="Golf", year=2008),
            plate="ABC 123",
            name="the old one",
            user_id=street.customer.user_id,
            makes=makes,
            now=NOON,
        )
    placed = street.order(submit=False, vehicle=vehicle["vehicle_id"])
    assert placed["vehicle_id"] == vehicle["vehicle_id"]
    assert (placed["vehicle"]["make"], placed["vehicle"]["model"]) == ("Volkswagen", "Golf")
    with pytest.raises(InvalidInput, match="vehicle_id"):
        street.order(person=street.town.person(), vehicle=vehicle["vehicle_id"])


def test_a_draft_can_change_in_everything(street: Any) -> None:
    draft = street.order(submit=False)
    changed = update(
        street,
        draft["order_id"],
        vehicle=Car(make="Kia"),
        delivery_point=(29.9187, 31.2001),
        parts=[PartWish(name="mirror"), PartWish(name="lamp")],
        notes="here",
        now=NOON + MINUTE,
    )
    assert changed["vehicle"]["make"] == "Kia"
    assert [part["name"] for part in changed["parts"]] == ["mirror", "lamp"]
    assert (changed["notes"], changed["updated_at"]) == ("here", NOON + MINUTE)
    (row,) = street.town.rows("SELECT ST_X(cell) AS lon, ST_Y(cell) AS lat FROM parts_order")
    assert (row.lon, row.lat) == cell_of(29.9187, 31.2001)


def test_what_shops_were_asked_stays_but_what_they_do_not_see_may_change(street: Any) -> None:
    street.open_shops(1)
    order_id = street.order()["order_id"]
    changed = update(street, order_id, notes="third floor", delivery_address="12 Talaat Harb")
    assert (changed["notes"], changed["delivery_address"]) == ("third floor", "12 Talaat Harb")
    for wishes in ({"parts": []}, {"delivery_point": HERE}, {"priority": "urgent", "notes": "x"}):
        with pytest.raises(OrderFixed) as refused:
            update(street, order_id, **wishes)
        assert refused.value.allowed == ["delivery_address", "notes"]
    street.accept(order_id, street.quote(order_id, street.shops[0]))
    with pytest.raises(OrderFixed) as refused:
        update(street, order_id, notes="too late")
    assert refused.value.allowed == []


def test_an_update_moves_the_order_where_it_says(street: Any) -> None:
    street.open_shops(1)
    order_id = street.order(submit=False, parts=[])["order_id"]
    wishes = {"parts": [PartWish(name="lamp")]}
    sent = update(street, order_id, status=Status.SUBMITTED, **wishes)
    assert (sent["status"], sent["invited"]) == ("submitted", 1)
    again = update(street, order_id, status=Status.SUBMITTED)
    assert (again["status"], len(again["history"])) == ("submitted", 2)
    for status in (Status.DRAFT, Status.ACCEPTED, Status.DELIVERED):
        with pytest.raises(TransitionRefused) as refused:
            update(street, order_id, status=status)
        assert refused.value.allowed == ["cancelled"]
    over = update(street, order_id, status=Status.CANCELLED)
    assert (over["status"], over["cancelled_by"]) == ("cancelled", "customer")
    assert over["next_statuses"] == []


def test_nobody_but_its_customer_moves_an_order(street: Any) -> None:
    stranger = street.town.person()
    order_id = street.order(submit=False)["order_id"]
    for act in (submit, update):
        with pytest.raises(NotFound, match="no such order"):
            act(street, order_id, person=stranger)
        with pytest.raises(NotFound, match="no such order"):
            act(street, uuid7())
    assert street.status(order_id) == "draft"


def test_a_copy_asks_for_the_same_anew(street: Any) -> None:
    street.open_shops(1)
    photo = street.photo(street.customer)
    first = street.order(parts=[PartWish(number="A-1", photo_ids=[photo])], notes="ring")
    who = street.customer
    with street.as_customer() as session:
        copied = copy_order(
            session,
            first["order_id"],
            submit=True,
            asking=street.asking,
            user_id=who.user_id,
            actor="user:customer",
            locale="en",
            now=NOON + MINUTE,
        )
    assert copied["order_id"] != first["order_id"]
    assert copied["number"] != first["number"]
    for same in ("parts", "vehicle", "notes", "delivery_location", "priority", "invited"):
        assert copied[same] == first[same], same  # type: ignore[literal-required]
    stranger = street.town.person()
    with street.as_customer(stranger) as session, pytest.raises(NotFound):
        copy_order(
            session,
            first["order_id"],
            submit=False,
            asking=street.asking,
            user_id=stranger.user_id,
            actor="user:stranger",
            locale="en",
            now=NOON,
        )


def at_once(*acts: Any) -> list[BaseException | None]:
    """Run acts at the same moment; return what each raised."""
    barrier, raised = Barrier(len(acts)), [None] * len(acts)

    def run(place: int, act: Any) -> None:
        barrier.wait()
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            raised[place] = error  # type: ignore[call-overload]

    threads = [Thread(target=run, args=each) for each in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised  # type: ignore[return-value]


def test_of_two_submits_at_once_one_wins_and_shops_hear_once(street: Any) -> None:
    shops = street.open_shops(3)
    for _ in range(5):
        order_id = street.order(submit=False)["order_id"]
        raised = at_once(*[lambda: submit(street, order_id)] * 2)  # noqa: B023
        assert sorted(type(each) is TransitionRefused for each in raised) == [False, True]
        assert len(street.invited(order_id)) == 3
        heard = [e for e in street.heard(f"shop-{shops[0]}") if e["orderId"] == str(order_id)]
        assert len(heard) == 1


def test_submitting_and_cancelling_at_once_leave_one_story(street: Any) -> None:
    street.open_shops(2)
    for _ in range(5):
        order_id = street.order(submit=False)["order_id"]

        def cancel(order_id: UUID = order_id) -> None:
            with street.as_customer() as session:
                cancel_order(
                    session,
                    order_id,
                    reason=None,
                    user_id=street.customer.user_id,
                    is_admin=False,
                    actor="user:customer",
                    locale="en",
                    now=NOON,
                )

        raised = at_once(cancel, lambda: submit(street, order_id))  # noqa: B023
        assert raised[0] is None
        # Cancelled first, nobody was invited; submitted first, they were, and heard of the end.
        refused = isinstance(raised[1], TransitionRefused)
        assert street.status(order_id) == "cancelled"
        assert len(street.invited(order_id)) == (0 if refused else 2)
