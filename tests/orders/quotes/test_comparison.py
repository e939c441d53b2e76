"""The customer's choice: lines side by side, complete baskets, the cheapest split."""

import datetime as dt
from collections.abc import Callable
from typing import Any

from orders.quote_lines import OfferedLine
from orders.quoting import Offer

Offering = Callable[..., Offer]
TWO_HOURS = dt.timedelta(hours=2)


def test_lines_stand_side_by_side_with_the_best_price_marked(
    fair: Any, noon: dt.datetime, offering: Offering
) -> None:
    customer = fair.town.person()
    cheap, dear, without = fair.shop("Cheap"), fair.shop("Dear"), fair.shop("Without")
    order = fair.town.order(customer, shops=[cheap, dear, without], quantities=[2, 1], at=noon)
    fair.provide(dear, order, offering(700, 90))
    fair.provide(without, order, offering(None, 90))
    fair.provide(cheap, order, offering(500, None))
    first, second = fair.compare(customer.user_id, order)["lines"]
    assert (first["line"], first["name"], first["quantity"]) == (1, "part 1", 2)
    assert (first["best_unit_price_piastres"], first["spread_piastres"]) == (500, 200)
    assert [
        (each["shop_name"], each["unit_price_piastres"], each["is_best"])
        for each in first["offers"]
    ] == [("Cheap", 500, True), ("Dear", 700, False), ("Without", None, False)]
    assert [(each["shop_name"], each["is_best"]) for each in second["offers"]] == [
        ("Dear", True),
        ("Without", True),
        ("Cheap", False),
    ]
    assert (second["best_unit_price_piastres"], second["spread_piastres"]) == (90, 0)


def test_three_baskets_to_choose_from(fair: Any, noon: dt.datetime, offering: Offering) -> None:
    customer = fair.town.person()
    names = ("Cheap", "Fast", "Between", "Partial")
    shops = {name: fair.shop(name) for name in names}
    order = fair.town.order(customer, shops=list(shops.values()), quantities=[1, 1], at=noon)
    fair.provide(shops["Cheap"], order, offering(500, 500, preparation_minutes=2_000))
    fair.provide(shops["Fast"], order, offering(1_500, 1_500))
    fair.provide(shops["Between"], order, offering(520, 520, preparation_minutes=60))
    fair.provide(shops["Partial"], order, offering(1, None))
    baskets = fair.compare(customer.user_id, order)["baskets"]
    assert [each["shop_name"] for each in baskets["all"]] == ["Cheap", "Between", "Fast"]
    assert [each["total_piastres"] for each in baskets["all"]] == [1_000, 1_040, 3_000]
    chosen = {name: baskets[name]["shop_name"] for name in ("cheapest", "fastest", "balanced")}
    assert chosen == {"cheapest": "Cheap", "fastest": "Fast", "balanced": "Between"}


def test_what_is_not_in_the_condition_wanted_says_so_and_is_not_proposed_before_what_is(
    fair: Any, noon: dt.datetime
) -> None:
    customer = fair.town.person()
    new, dear, used = fair.shop("New"), fair.shop("Dear"), fair.shop("Used")
    order = fair.town.order(customer, shops=[new, dear, used], quantities=[1, 1], at=noon)
    fair.town.change(
        "UPDATE order_part SET condition = 'oem' WHERE order_id = :id AND line = 1", id=order
    )
    fair.provide(used, order, conditioned((100, "used"), (10, "used")))
    only_used = fair.compare(customer.user_id, order)
    assert only_used["baskets"]["cheapest"]["as_wanted"] is False
    assert only_used["lines"][0]["offers"][0]["is_best"] is True
    assert [each["as_wanted"] for each in only_used["split"]["shops"]] == [False]

    fair.provide(dear, order, conditioned((900, "oem"), (90, None), preparation_minutes=600))
    fair.provide(new, order, conditioned((500, "oem"), (700, "aftermarket")))
    compared = fair.compare(customer.user_id, order)
    first, second = compared["lines"]
    assert [
        (each["shop_name"], each["as_wanted"], each["is_best"]) for each in first["offers"]
    ] == [("Used", False, False), ("New", True, True), ("Dear", True, False)]
    assert (first["best_unit_price_piastres"], first["spread_piastres"]) == (500, 400)
    # Of the second line any condition will do.
    assert [
        (each["shop_name"], each["as_wanted"], each["is_best"]) for each in second["offers"]
    ] == [("Used", True, True), ("Dear", True, False), ("New", True, False)]
    baskets = compared["baskets"]
    assert [(each["shop_name"], each["as_wanted"]) for each in baskets["all"]] == [
        ("Used", False),
        ("Dear", True),
        ("New", True),
    ]
    chosen = {name: baskets[name]["shop_name"] for name in ("cheapest", "fastest", "balanced")}
    assert chosen == {"cheapest": "Dear", "fastest": "New", "balanced": "New"}
    split = compared["split"]
    assert {each["shop_name"]: each["lines"] for each in split["shops"]} == {
        "New": [{"line": 1, "quantity": 1}],
        "Used": [{"line": 2, "quantity": 1}],
    }
    assert [each["as_wanted"] for each in split["shops"]] == [True, True]
    assert split["saves_piastres"] == 990 - 510


def test_a_split_as_wanted_may_cost_more_than_a_basket_that_is_not(
    fair: Any, noon: dt.datetime
) -> None:
    customer = fair.town.person()
    new, used = fair.shop("New"), fair.shop("Used")
    order = fair.town.order(customer, shops=[new, used], quantities=[1, 1], at=noon)
    fair.town.change(
        "UPDATE order_part SET condition = 'oem' WHERE order_id = :id AND line = 1", id=order
    )
    fair.provide(used, order, conditioned((100, "used"), (10, "used")))
    fair.provide(new, order, conditioned((500, "oem"), (None, None)))
    compared = fair.compare(customer.user_id, order)
    assert compared["baskets"]["cheapest"]["total_piastres"] == 110
    assert (compared["split"]["total_piastres"], compared["split"]["saves_piastres"]) == (510, -400)


def conditioned(*lines: tuple[int | None, str | None], **more: Any) -> Offer:
    """Offer each line at a price and in a condition; without a price, not at all."""
    offered = [
        OfferedLine(
            line=line,
            availability="missing" if price is None else "in_stock",
            unit_price_piastres=price,
            condition=condition,
        )
        for line, (price, condition) in enumerate(lines, start=1)
    ]
    return Offer(lines=offered, **more)


def test_the_split_says_what_it_saves_and_how_much_later_it_is(
    fair: Any, noon: dt.datetime, offering: Offering
) -> None:
    customer = fair.town.person()
    first, second = fair.shop("First", fee=1_000), fair.shop("Second", fee=1_000)
    order = fair.town.order(customer, shops=[first, second], quantities=[1, 1], at=noon)
    one = fair.provide(first, order, offering(20_000, 90_000))["quote_id"]
    two = fair.provide(
        second,
        order,
        Offer(
            lines=[
                OfferedLine(
                    line=2,
                    availability="to_order",
                    unit_price_piastres=60_000,
                    available_in_hours=5,
                )
            ]
        ),
    )["quote_id"]
    compared = fair.compare(customer.user_id, order)
    split = compared["split"]
    assert [(each["quote_id"], each["lines"]) for each in split["shops"]] == sorted(
        [(one, [{"line": 1, "quantity": 1}]), (two, [{"line": 2, "quantity": 1}])],
        key=lambda each: [shop["quote_id"] for shop in split["shops"]].index(each[0]),
    )
    assert split["total_piastres"] == 20_000 + 60_000 + 2_000
    assert split["saves_piastres"] == 111_000 - 82_000
    assert split["arrives_later_minutes"] == 5 * 60
    assert (split["missing"], split["is_optimal"]) == ([], True)
    soon = noon + dt.timedelta(hours=4)
    bounded = fair.compare(customer.user_id, order, arrive_by=soon)["split"]
    assert [each["shop_name"] for each in bounded["shops"]] == ["First"]
    assert (bounded["saves_piastres"], bounded["arrives_later_minutes"]) == (0, 0)


def test_a_part_of_a_quote_that_was_delivered_free_pays_its_fee(
    fair: Any, noon: dt.datetime, offering: Offering
) -> None:
    customer = fair.town.person()
    free, other = fair.shop("Free", fee=3_000, free_from=100_000), fair.shop("Other")
    order = fair.town.order(customer, shops=[free, other], quantities=[1, 1], at=noon)
    quote = fair.provide(free, order, offering(60_000, 50_000))
    assert quote["delivery_fee_piastres"] == 0
    fair.provide(other, order, offering(None, 48_000))
    # Buying line 2 elsewhere saves 2,000 and costs the fee of 3,000.
    split = fair.compare(customer.user_id, order)["split"]
    assert [each["shop_name"] for each in split["shops"]] == ["Free"]
    assert split["total_piastres"] == 110_000
    assert split["saves_piastres"] == 0


def test_only_quotes_that_stand_are_compared_and_all_are_listed(
    fair: Any, noon: dt.datetime, offering: Offering
) -> None:
    customer = fair.town.person()
    early, gone, stands = fair.shop("Early"), fair.shop("Gone"), fair.shop("Stands")
    order = fair.town.order(customer, shops=[early, gone, stands], at=noon)
    fair.provide(early, order, 100)
    fair.withdraw(gone, fair.provide(gone, order, 200)["quote_id"])
    fair.provide(stands, order, 900, now=noon + TWO_HOURS)
    compared = fair.compare(customer.user_id, order, now=noon + TWO_HOURS)
    assert [(each["shop_name"], each["status"]) for each in compared["quotes"]] == [
        ("Stands", "submitted"),
        ("Early", "expired"),
        ("Gone", "withdrawn"),
    ]
    assert [each["shop_name"] for each in compared["lines"][0]["offers"]] == ["Stands"]
    assert compared["baskets"]["cheapest"]["shop_name"] == "Stands"


def test_the_quote_of_a_shop_that_may_not_sell_now_is_not_proposed(fair: Any, noon: Any) -> None:
    customer = fair.town.person()
    gone, stands = fair.shop("Gone"), fair.shop("Stands")
    order = fair.town.order(customer, shops=[gone, stands], at=noon)
    fair.provide(gone, order, 100)
    fair.provide(stands, order, 900)
    fair.town.change("UPDATE shop SET status = 'suspended' WHERE shop_id = :id", id=gone)
    compared = fair.compare(customer.user_id, order)
    assert [each["shop_name"] for each in compared["quotes"]] == ["Stands", "Gone"]
    assert [each["shop_name"] for each in compared["lines"][0]["offers"]] == ["Stands"]
    assert [each["shop_name"] for each in compared["baskets"]["all"]] == ["Stands"]
    assert [each["shop_name"] for each in compared["split"]["shops"]] == ["Stands"]


def test_promises_are_counted_from_when_the_customer_looks(fair: Any, noon: dt.datetime) -> None:
    customer, shop = fair.town.person(), fair.shop()
    order = fair.town.order(customer, shops=[shop], at=noon)
    fair.provide(shop, order)
    later = noon + dt.timedelta(minutes=110)
    (quote,) = fair.compare(customer.user_id, order, now=later)["quotes"]
    assert quote["promise_at"] > later + dt.timedelta(minutes=15)


def test_without_a_quote_there_is_nothing_to_choose(fair: Any, noon: dt.datetime) -> None:
    customer = fair.town.person()
    order = fair.town.order(customer, at=noon)
    compared = fair.compare(customer.user_id, order)
    assert (compared["quotes"], compared["split"]) == ([], None)
    assert compared["baskets"] == {
        "cheapest": None,
        "fastest": None,
        "balanced": None,
        "all": [],
    }
    assert compared["lines"][0]["offers"] == []
    assert compared["lines"][0]["best_unit_price_piastres"] is None
