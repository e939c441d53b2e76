"""How people come in: a customer registers; a shop's owner does, applies, and is approved."""

import io
from typing import Any, NamedTuple
from uuid import uuid4

import httpx
import numpy as np
from PIL import Image

from simulator.caller import Caller
from simulator.goods import CARS
from simulator.town import District, draw_name, draw_place, draw_shop_name, egyptian_phone

__all__ = ["Person", "join", "open_shop"]

_PASSWORD = "simulated-people-only"  # noqa: S105 - nobody real has it
_DOCUMENTS = ("commercial_register", "tax_card", "owner_id")
_ALL_DAY = [["00:00", "24:00"]]
_DAYS = ("saturday", "sunday", "monday", "tuesday", "wednesday", "thursday", "friday")


class Person(NamedTuple):
    """Somebody logged in; `address` is where they call from."""

    caller: Caller
    user_id: str
    address: str | None


async def join(client: httpx.AsyncClient, address: str | None, rng: np.random.Generator) -> Person:
    """Register somebody new and log them in."""
    caller = Caller(client)
    login = {"email": f"{uuid4().hex}@simulated.clutch.test", "password": _PASSWORD}
    person = await caller.post("/auth/register", login | {"name": draw_name(rng), "locale": "ar"})
    await caller.log_in(login)
    return Person(caller, person["user_id"], address)


async def open_shop(
    owner: Caller, admin: Caller, district: District, number: int, rng: np.random.Generator
) -> str:
    """Take an owner through the steps of joining, and have an administrator approve; the shop's id.

    Shops are open around the clock, for simulated days pass in minutes.
    """
    application = await owner.post("/shop-onboarding/start")
    path = f"/shop-onboarding/{application['onboarding_id']}"
    documents = {
        f"{name}_file_id": (await _upload(owner, name, rng))["file_id"] for name in _DOCUMENTS
    }
    for step, data in (_steps(district, number, rng) | {"verification": documents}).items():
        await owner.put(f"{path}/step/{step}", data)
    shop_id: str = (await owner.post(f"{path}/complete"))["shop_id"]
    await admin.post(f"/admin/shop-reviews/{await _review_of(admin, shop_id)}/approve")
    return shop_id


async def _review_of(admin: Caller, shop_id: str) -> str:
    """Find a shop in the administrators' queue, oldest first."""
    cursor: dict[str, str] = {}
    while True:
        page = await admin.get("/admin/shop-reviews", **cursor)
        for review in page["reviews"]:
            if review["shop_id"] == shop_id:
                return str(review["review_id"])
        cursor = {"cursor": page["next_cursor"]}


async def _upload(owner: Caller, name: str, rng: np.random.Generator) -> Any:
    shade = tuple(int(each) for each in rng.integers(120, 256, 3))
    picture = io.BytesIO()
    Image.new("RGB", (320, 200), shade).save(picture, "PNG")
    return await owner.post(
        "/files",
        files={"file": (f"{name}.png", picture.getvalue(), "image/png")},
        data={"purpose": "shop_document"},
    )


def _steps(district: District, number: int, rng: np.random.Generator) -> dict[str, Any]:
    english, arabic = draw_shop_name(district, number)
    carried = rng.choice([car.make for car in CARS], size=int(rng.integers(4, 8)), replace=False)
    return {
        "business_info": {
            "name": english,
            "name_ar": arabic,
            "legal_name": f"{english} LLC",
            "tax_number": f"{uuid4().int % 10**9:09d}",  # nobody has it: also not by another run
            "commercial_register": f"{rng.integers(10**4, 10**7)}",
            "phone": egyptian_phone(rng),
            "contact_email": f"counter-{rng.integers(2**32):08x}@simulated.clutch.test",
        },
        "location_info": {
            "location": {"type": "Point", "coordinates": draw_place(district, rng)},
            "address": f"{rng.integers(1, 90)} {district.name} Street",
            "governorate": district.governorate,
            "opening_hours": dict.fromkeys(_DAYS, _ALL_DAY),
            "holiday_hours": _ALL_DAY,
        },
        "vehicle_brands": {"supported_brands": [str(make) for make in carried]},
        "inventory_setup": {"kept_in": "manual", "parts_count": 900, "answers_from_stock": True},
        "pricing_strategy": {
            "delivery_fee_piastres": int(rng.integers(0, 9)) * 1_000,
            "free_delivery_from_piastres": 300_000,
            "markup_percent": float(rng.integers(10, 35)),
            "warranty_days": 14,
        },
    }
