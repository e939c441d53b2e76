import datetime as dt
from typing import Any
from uuid import UUID

import pytest

from clutch.errors import NotFound
from orders.cancelling import NotWon, cancel_order, expire_order, overdue_orders, refuse_order
from orders.lifecycle import TransitionRefused
from orders.views import order_as_seen

NOON = dt.datetime(2026, 5, 4, 9, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)


def cancel(
    street: Any, order_id: UUID, *, person: Any = None, admin: bool = False, locale: str = "en"
) -> Any:
    who = person or street.customer
    with street.act() if admin else street.as_customer(who) as session:
        return cancel_order(
            session,
            order_id,
            reason="changed my mind",
            user_id=who.user_id,
            is_admin=admin,
            actor=f"user:{who.user_id}",
            locale=locale,
            now=NOON + MINUTE,
        )


def refuse(street: Any, order_id: UUID, shop: UUID) -> Any:
    with street.as_shop(shop) as session:
        return refuse_order(
            session, order_id, reason="broken", shop_id=shop, actor="user:shop", now=NOON
        )


def expire(street: Any, order_id: UUID, *, now: dt.datetime) -> bool:
    with street.act() as session:
        return expire_order(session, order_id, now=now)


def inbox(street: Any, person: Any) -> list[tuple[str, str]]:
    rows = street.town.rows(
        "SELECT type, message FROM notification WHERE user_id = :id ORDER BY notification_id",
        id=person.user_id,
    )
    return [(row.type, row.message) for row in rows]


def test_a_customer_calls_off_what_was_only_asked(street: Any) -> None:
    first, second, third = street.open_shops(3)
    member = street.town.person(shop_id=first)
    order_id = street.order()["order_id"]
    street.quote(order_id, first)
    street.town.change(
        "UPDATE order_invitation SET declined_at = :now WHERE shop_id = :shop",
        shop=third,
        now=NOON,
    )
    seen = cancel(street, order_id)
    assert (seen["status"], seen["cancelled_by"]) == ("cancelled", "customer")
    assert seen["cancel_reason"] == "changed my mind"
    assert seen["quotes"]["standing"] == 0
    (quote,) = street.town.rows("SELECT status, outcome_reason, decided_at FROM quote")
    assert tuple(quote) == ("lapsed", "order_cancelled", NOON + MINUTE)
    told = {"orderId": str(order_id), "status": "cancelled"}
    for shop in (first, second):
        (update,) = street.heard(f"shop-{shop}", "order-status-update")
        assert update == {**told, "timestamp": (NOON + MINUTE).isoformat()}
    assert street.heard(f"shop-{third}", "order-status-update") == []
    assert [kind for kind, _ in inbox(street, member)] == ["new_parts_order", "quote_lapsed"]
    assert [kind for kind, _ in inbox(street, street.customer)] == ["new_quote"]


def test_a_customer_calls_off_what_a_shop_prepares_already(street: Any) -> None:
    (shop,) = street.open_shops(1)
    member = street.town.person(shop_id=shop)
    order_id = street.order()["order_id"]
    street.accept(order_id, street.quote(order_id, shop))
    seen = cancel(street, order_id)
    assert (seen["payment"]["status"], seen["delivery"]["status"]) == ("cancelled", "cancelled")
    assert inbox(street, member)[-1] == ("order_cancelled", "changed my mind")
    (entry,) = street.town.rows(
        "SELECT detail FROM audit_entry WHERE act = 'order.cancelled' AND subject = :about",
        about=f"order:{order_id}",
    )
    assert entry.detail == {"party": "customer", "status": "accepted"}


def test_a_stranger_cannot_and_an_administrator_can(street: Any) -> None:
    street.open_shops(1)
    order_id = street.order()["order_id"]
    with pytest.raises(NotFound, match="no such order"):
        cancel(street, order_id, person=street.town.person())
    assert street.status(order_id) == "submitted"
    admin = street.town.person(role="admin")
    assert cancel(street, order_id, person=admin, admin=True)["cancelled_by"] == "platform"
    assert inbox(street, street.customer)[-1] == ("order_cancelled", "changed my mind")


def test_what_is_over_is_not_cancelled_again(street: Any) -> None:
    order_id = street.order()["order_id"]
    cancel(street, order_id)
    with pytest.raises(TransitionRefused) as refused:
        cancel(street, order_id)
    assert refused.value.allowed == []
    assert len(street.town.rows("SELECT 1 FROM order_transition")) == 3


def test_the_shop_that_won_gives_back_what_it_cannot_serve(street: Any) -> None:
    winner, loser, stranger = street.open_shops(3)
    order_id = street.order(asking=street.ruled(per_round=2))["order_id"]
    quote_id = street.quote(order_id, winner)
    street.quote(order_id, loser)
    with pytest.raises(NotWon) as early:
        refuse(street, order_id, winner)
    assert early.value.allowed == ["decline"]
    street.accept(order_id, quote_id)
    with pytest.raises(NotWon) as late:
        refuse(street, order_id, loser)
    assert late.value.allowed == []
    with pytest.raises(NotFound):
        refuse(street, order_id, stranger)
    assert street.status(order_id) == "accepted"
    seen = refuse(street, order_id, winner)
    assert (seen["state"], seen["status"], seen["handover"]) == ("won", "cancelled", None)
    assert inbox(street, street.customer)[-1] == ("order_cancelled", "broken")
    (row,) = street.town.rows("SELECT cancelled_by, cancel_reason FROM parts_order")
    assert tuple(row) == ("shop", "broken")


@pytest.mark.parametrize(
    ("locale", "words"),
    [
        ("en", "No shop sent a quote in time."),
        ("ar", "لم يرسل أي محل عرض سعر في الوقت المحدد."),
    ],
)
def test_an_order_nobody_quotes_for_ends_when_its_time_is_up(
    street: Any, locale: str, words: str
) -> None:
    (shop,) = street.open_shops(1)
    order_id = street.order()["order_id"]
    assert not expire(street, order_id, now=NOON + 119 * MINUTE)
    assert street.status(order_id) == "submitted"
    with street.act() as session:
        assert overdue_orders(session, now=NOON + 119 * MINUTE) == []
        assert overdue_orders(session, now=NOON + 120 * MINUTE) == [order_id]
    assert expire(street, order_id, now=NOON + 120 * MINUTE)
    assert not expire(street, order_id, now=NOON + 121 * MINUTE)
    with street.as_customer() as session:
        seen: Any = order_as_seen(
            session,
            order_id,
            user_id=street.customer.user_id,
            shop_id=None,
            is_admin=False,
            locale=locale,
            now=NOON,
        )
    assert (seen["status"], seen["cancelled_by"]) == ("cancelled", "platform")
    assert seen["cancel_reason"] == seen["history"][-1]["reason"] == words
    assert [kind for kind, _ in inbox(street, street.customer)] == ["order_expired"]
    assert len(street.heard(f"shop-{shop}", "order-status-update")) == 1


def test_a_quoted_order_does_not_expire(street: Any) -> None:
    (shop,) = street.open_shops(1)
    order_id = street.order()["order_id"]
    street.quote(order_id, shop, now=NOON + 60 * MINUTE)
    assert not expire(street, order_id, now=NOON + 121 * MINUTE)
    assert street.status(order_id) == "quoted"
