"""A shop joins, a customer orders, and the money and the parts find their ways: all over HTTP."""

import io
from typing import Any

import pytest
from PIL import Image

DAYS = ("saturday", "sunday", "monday", "tuesday", "wednesday", "thursday", "friday")
PHONE = "٠١٠٠١٢٣٤٥٦٧"
ALL_DAY = [["00:00", "24:00"]]
DOWNTOWN = {"type": "Point", "coordinates": [31.2357, 30.0444]}
DOCUMENTS = ("commercial_register_file_id", "tax_card_file_id", "owner_id_file_id")


def upload(owner: Any) -> str:
    picture = io.BytesIO()
    Image.new("RGB", (320, 200), "white").save(picture, "PNG")
    file = {"file": ("ورقة.png", picture.getvalue(), "image/png")}
    kept = owner.call("POST", "/files", files=file, data={"purpose": "shop_document"})
    return str(kept["file_id"])


def joined(market: Any) -> tuple[Any, str]:
    """Take a shop through its steps and have it approved; give its owner and its id."""
    owner = market.visitor(phone=PHONE, password="كلمة سر طويلة", name="عادل فتحي", locale="ar")
    path = f"/shop-onboarding/{owner.call('POST', '/shop-onboarding/start')['onboarding_id']}"
    steps: dict[str, Any] = {
        "business_info": {
            "name": "El Nour Auto Parts",
            "name_ar": "النور لقطع الغيار",
            "legal_name": "شركة النور للتجارة",
            "tax_number": "٣٣١-١٠٥-٢٦٨",
            "commercial_register": "١٢٣٤٥٦",
            "phone": PHONE,
            "contact_email": "counter@elnour.test",
        },
        "location_info": {
            "location": {"type": "Point", "coordinates": [31.2405, 30.0535]},
            "address": "١٢ شارع التوفيقية، وسط البلد",
            "governorate": "القاهرة",
            "opening_hours": dict.fromkeys(DAYS, ALL_DAY),
            "holiday_hours": ALL_DAY,
        },
        "vehicle_brands": {"supported_brands": ["تويوتا", "هيونداي"]},
        "inventory_setup": {"kept_in": "manual", "parts_count": 400, "answers_from_stock": True},
        "pricing_strategy": {
            "delivery_fee_piastres": 5_000,
            "markup_percent": 20.0,
            "warranty_days": 14,
        },
        "verification": {name: upload(owner) for name in DOCUMENTS},
    }
    for step, data in steps.items():
        owner.call("PUT", f"{path}/step/{step}", data)
    made = owner.call("POST", f"{path}/complete")
    admin = market.admin()
    (review,) = admin.call("GET", "/admin/shop-reviews")["reviews"]
    assert review["shop_id"] == made["shop_id"]
    admin.call("POST", f"/admin/shop-reviews/{review['review_id']}/approve")
    return owner, str(made["shop_id"])


@pytest.fixture(scope="module")
def shop(market: Any) -> tuple[Any, str]:
    return joined(market)


def ordered(customer: Any) -> str:
    vehicle = customer.call(
        "POST", "/vehicles", {"make": "تويوتا", "model": "كورولا", "year": 2015}, status=201
    )
    order = customer.call(
        "POST",
        "/auto-parts-orders",
        {
            "vehicle_id": vehicle["vehicle_id"],
            "delivery_location": DOWNTOWN,
            "delivery_address": "شقة ٧، ١٢ شارع طلعت حرب",
            "parts": [{"name": "تيل فرامل أمامي", "quantity": 2}],
            "submit": True,
        },
        status=201,
    )
    assert (order["status"], order["invited"]) == ("submitted", 1)
    assert order["vehicle"]["make_ar"] == "تويوتا"
    return str(order["order_id"])


def accepted(customer: Any, owner: Any, order_id: str, *, method: str) -> Any:
    """Quote for an order, having seen of it what a shop may, and accept the quote."""
    seen = owner.call("GET", f"/auto-parts-orders/{order_id}")
    assert seen["parts"][0]["name"] == "تيل فرامل أمامي"
    assert seen["handover"] is None
    assert "طلعت حرب" not in str(seen)
    offer = {
        "order_id": order_id,
        "lines": [{"line": 1, "availability": "in_stock", "unit_price_piastres": 45_000}],
        "note": "أصلي ياباني",
    }
    quote = owner.call("POST", "/shop-quotes/provide-quote", offer, status=201)
    assert quote["total_piastres"] == 2 * 45_000 + 5_000
    choice = {"quote_id": quote["quote_id"], "payment_method": method}
    return customer.call("POST", f"/auto-parts-orders/{order_id}/accept-quote", choice)


def paid(market: Any, customer: Any, payment_id: str) -> None:
    page = customer.call("POST", f"/payments/{payment_id}/checkout")["redirect_url"]
    form = {"decision": "approve", "card_number": "4242 4242 4242 4242"}
    assert market.client.post(page, data=form).is_success
    customer.eventually(f"/payments/{payment_id}", lambda seen: seen["status"] == "authorised")


def test_in_arabic_from_a_shop_that_joins_to_five_stars(market: Any, shop: Any) -> None:
    owner, shop_id = shop
    customer = market.visitor(
        email="mona@mail.test", password="كلمة سر طويلة", name="منى عادل", locale="ar"
    )
    order_id = ordered(customer)
    agreed = accepted(customer, owner, order_id, method="card")
    payment_id = agreed["payment"]["payment_id"]
    handover = owner.call("GET", f"/auto-parts-orders/{order_id}")["handover"]
    assert (handover["name"], handover["address"]) == ("منى عادل", "شقة ٧، ١٢ شارع طلعت حرب")
    delivery = f"/deliveries/{handover['delivery']['delivery_id']}"
    # Nothing is prepared for a card that has not said yes.
    refused = owner.call("POST", f"{delivery}/start", status=409)
    assert refused["type"] == "urn:clutch:problem:payment-not-authorised"
    paid(market, customer, payment_id)
    owner.call("POST", f"{delivery}/start")
    courier = {"courier_name": "كريم", "courier_phone": "٠١٠١٢٣٤٥٦٧٨"}
    owner.call("POST", f"{delivery}/assign", courier)
    owner.call("POST", f"{delivery}/pick-up")
    customer.eventually(f"/payments/{payment_id}", lambda seen: seen["status"] == "captured")
    owner.call("POST", f"{delivery}/deliver", {"received_by": "منى"})
    rated = {"stars": 5, "comment": "وصلت بسرعة، شكراً"}
    customer.call("POST", f"/auto-parts-orders/{order_id}/rating", rated, status=201)
    order = customer.call("GET", f"/auto-parts-orders/{order_id}")
    assert (order["status"], order["payment_status"]) == ("delivered", "paid")
    assert [step["to_status"] for step in order["history"]] == [
        *("draft", "submitted", "quoted", "accepted", "processing", "shipped", "delivered")
    ]
    kpis = owner.call("GET", f"/shops/{shop_id}/kpis")
    assert (kpis["orders_delivered"], kpis["satisfaction_mean"]) == (1, 5.0)
    inbox = customer.call("GET", "/notifications")["notifications"]
    assert {"new_quote", "order_status", "payment_received"} <= {each["type"] for each in inbox}
    assert all(any("ء" <= letter <= "ي" for letter in each["title"]) for each in inbox)


def test_an_order_called_off_gives_the_money_back(market: Any, shop: Any) -> None:
    owner, _ = shop
    customer = market.visitor(
        phone="010 9876 5432", password="long and easy to say", name="Sara", locale="en"
    )
    order_id = ordered(customer)
    agreed = accepted(customer, owner, order_id, method="card")
    payment = f"/payments/{agreed['payment']['payment_id']}"
    paid(market, customer, agreed["payment"]["payment_id"])
    delivery = f"/deliveries/{agreed['delivery_id']}"
    owner.call("POST", f"{delivery}/start")
    owner.call("POST", f"{delivery}/assign", {"courier_name": "K", "courier_phone": "01012345678"})
    owner.call("POST", f"{delivery}/pick-up")
    customer.eventually(payment, lambda seen: seen["status"] == "captured")
    # On its way the customer cannot stop it; the platform can.
    reason = {"reason": "the wrong car"}
    late = customer.call("POST", f"/auto-parts-orders/{order_id}/cancel", reason, status=409)
    assert late["allowed"] == []
    market.admin().call("POST", f"/auto-parts-orders/{order_id}/cancel", reason)
    back = customer.eventually(payment, lambda seen: seen["status"] == "refunded")
    assert back["refunded_piastres"] == back["captured_piastres"] == 95_000
    order = customer.call("GET", f"/auto-parts-orders/{order_id}")
    assert (order["status"], order["payment_status"]) == ("cancelled", "refunded")
    assert order["delivery"]["status"] == "cancelled"


def test_cash_is_paid_at_the_door_and_partly_given_back(market: Any, shop: Any) -> None:
    owner, _ = shop
    customer = market.visitor(
        phone="+20 11 2345 6789", password="long and easy to say", name="Hassan", locale="en"
    )
    order_id = ordered(customer)
    agreed = accepted(customer, owner, order_id, method="cash_on_delivery")
    delivery = f"/deliveries/{agreed['delivery_id']}"
    owner.call("POST", f"{delivery}/start")
    owner.call("POST", f"{delivery}/assign", {"courier_name": "K", "courier_phone": "01012345678"})
    owner.call("POST", f"{delivery}/pick-up")
    short = {"received_by": "Hassan", "collected_piastres": 90_000}
    refused = owner.call("POST", f"{delivery}/deliver", short, status=422)
    assert refused["errors"][0]["field"] == "collected_piastres"
    owner.call("POST", f"{delivery}/deliver", short | {"collected_piastres": 95_000})
    payment = f"/payments/{agreed['payment']['payment_id']}"
    give = {"amount_piastres": 20_000, "reason": "one pad was cracked"}
    owner.call("POST", f"{payment}/refund", give, status=201)
    more = {"amount_piastres": 80_000, "reason": "and the other"}
    refused = owner.call("POST", f"{payment}/refund", more, status=409)
    assert refused["type"] == "urn:clutch:problem:refund-too-large"
    seen = customer.call("GET", payment)
    assert (seen["status"], seen["refunded_piastres"]) == ("captured", 20_000)
