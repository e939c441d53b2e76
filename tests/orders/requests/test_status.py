import datetime as dt
from typing import Any
from uuid import UUID

import pytest

from orders.lifecycle import Party, Status, TransitionRefused
from orders.queries.requests import order_for_update
from orders.status import advance

NOON = dt.datetime(2026, 5, 4, 9, tzinfo=dt.UTC)


def move(street: Any, order_id: UUID, to: Status, party: Party) -> None:
    with street.act() as session:
        advance(
            session,
            order_for_update(session, order_id),
            to,
            party=party,
            actor="user:somebody",
            now=NOON,
        )


@pytest.fixture
def accepted(street: Any) -> tuple[UUID, UUID]:
    """An accepted order, and the shop that won it."""
    (shop,) = street.open_shops(1)
    order_id = street.order()["order_id"]
    street.accept(order_id, street.quote(order_id, shop))
    return order_id, shop


def test_each_step_is_kept_and_told_to_both_sides(street: Any, accepted: tuple[UUID, UUID]) -> None:
    order_id, shop = accepted
    steps = [
        (Status.PROCESSING, Party.SHOP),
        (Status.SHIPPED, Party.COURIER),
        (Status.DELIVERED, Party.COURIER),
    ]
    for to, party in steps:
        move(street, order_id, to, party)
    rows = street.town.rows("SELECT * FROM order_transition ORDER BY step")
    assert [row.step for row in rows] == list(range(1, 8))
    assert [(row.to_status, row.party) for row in rows[4:]] == [(s, p) for s, p in steps]
    told = [
        {"orderId": str(order_id), "status": status, "timestamp": NOON.isoformat()}
        for status in ("accepted", "processing", "shipped", "delivered")
    ]
    assert street.heard(f"shop-{shop}", "order-status-update") == told
    heard = street.heard(f"user-{street.customer.user_id}", "order-status-update")
    assert [each["status"] for each in heard[:2]] == ["submitted", "quoted"]
    assert heard[2:] == told
    notes = street.town.rows(
        "SELECT data FROM notification WHERE user_id = :id AND type = 'order_status'"
        " ORDER BY notification_id",
        id=street.customer.user_id,
    )
    assert [note.data["status"] for note in notes] == ["processing", "shipped", "delivered"]


def test_a_refused_step_leaves_no_trace(street: Any, accepted: tuple[UUID, UUID]) -> None:
    order_id, shop = accepted
    before = street.heard(f"shop-{shop}")
    with pytest.raises(TransitionRefused) as refused:
        move(street, order_id, Status.SHIPPED, Party.SHOP)
    assert refused.value.allowed == ["processing", "cancelled"]
    assert street.status(order_id) == "accepted"
    assert len(street.town.rows("SELECT 1 FROM order_transition")) == 4
    assert street.heard(f"shop-{shop}") == before


def test_partners_hear_of_each_step_without_a_word_of_the_customer(
    street: Any, accepted: tuple[UUID, UUID]
) -> None:
    order_id, _ = accepted
    street.town.change(
        "INSERT INTO webhook_endpoint (endpoint_id, name, url, events, secrets, created_at) VALUES"
        " (gen_random_uuid(), 'partner', 'https://partner.test', '{order.status}', '{whsec_}',"
        " :now)",
        now=NOON,
    )
    move(street, order_id, Status.PROCESSING, Party.SHOP)
    (row,) = street.town.rows("SELECT event, payload FROM webhook_delivery")
    (number,) = street.town.rows("SELECT number FROM parts_order")
    assert row.event == "order.status"
    assert row.payload == {
        "order_id": str(order_id),
        "number": number.number,
        "status": "processing",
        "at": NOON.isoformat(),
    }
    street.town.change("DELETE FROM webhook_endpoint")
