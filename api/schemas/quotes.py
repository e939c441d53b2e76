"""What shops send to quote for an order, and customers to accept a quote."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field, JsonValue

from api.schemas.strict import STRICT, Id, with_examples
from api.schemas.texts import Text, Words
from orders.dividing import Choice, Units
from orders.quote_lines import OfferedLine
from orders.quoting import Offer

__all__ = [
    "AcceptanceBody",
    "ChoiceBody",
    "OfferBody",
    "OfferLine",
    "OfferToOrder",
    "SplitBody",
    "UnitsBody",
]

_Revision = Annotated[
    int | None,
    Field(ge=1, description="The one you read: a quote revised since is refused with 409."),
]
_Method = Literal["cash_on_delivery", "card", "wallet"]
_LINES: list[JsonValue] = [
    {
        "line": 1,
        "availability": "in_stock",
        "unit_price_piastres": 95_000,
        "brand": "Aisin",
        "part_number": "04465-02220",
        "condition": "oem",
        "warranty_months": 12,
    },
    {
        "line": 2,
        "availability": "to_order",
        "available_in_hours": 24,
        "quantity": 1,
        "unit_price_piastres": 40_000,
        "condition": "aftermarket",
    },
    {"line": 3, "availability": "missing"},
]


class OfferLine(BaseModel):
    """What the shop has of one line of the order; without a `quantity`, all that is wanted."""

    model_config = STRICT

    line: Annotated[int, Field(ge=1, le=50)]
    availability: Literal["in_stock", "to_order", "missing"]
    quantity: Annotated[int, Field(ge=0, le=1_000)] | None = None
    unit_price_piastres: Annotated[int, Field(ge=1, le=10_000_000_000)] | None = None
    brand: Text | None = None
    part_number: Text | None = None
    condition: Literal["oem", "aftermarket", "used"] | None = None
    warranty_months: Annotated[int, Field(ge=0, le=120)] | None = None
    available_in_hours: Annotated[int, Field(ge=1, le=2_160)] | None = None


class OfferBody(BaseModel):
    """The whole offer, also when it is revised: lines that are left out are missing."""

    model_config = with_examples({"lines": _LINES, "preparation_minutes": 30})

    lines: Annotated[list[OfferLine], Field(min_length=1, max_length=50)]
    delivery_fee_piastres: Annotated[
        int | None,
        Field(ge=0, le=10_000_000, description="When left out, as the shop's profile says."),
    ] = None
    preparation_minutes: Annotated[int, Field(ge=0, le=10_080)] | None = None
    note: Words | None = None

    def offer(self) -> Offer:
        """Return the request in the words of orders."""
        return Offer(
            lines=[OfferedLine(**line.model_dump()) for line in self.lines],
            delivery_fee_piastres=self.delivery_fee_piastres,
            preparation_minutes=self.preparation_minutes,
            note=self.note,
        )


class OfferToOrder(OfferBody):
    """An offer, and the order it is for."""

    model_config = with_examples(
        {
            "order_id": "0192f0c1-2b7a-7cc0-8f3e-6a1f5d1f9b00",
            "lines": _LINES,
            "delivery_fee_piastres": 5_000,
            "preparation_minutes": 30,
            "note": "Original box",
        }
    )

    order_id: Id


class AcceptanceBody(BaseModel):
    """Which quote, and how it will be paid."""

    model_config = with_examples(
        {
            "quote_id": "0192f0c1-2b7a-7cc0-8f3e-6a1f5d1f9b01",
            "revision": 1,
            "payment_method": "cash_on_delivery",
        }
    )

    quote_id: Id
    revision: _Revision = None
    payment_method: _Method


class UnitsBody(BaseModel):
    """So many of a line of the order."""

    model_config = STRICT

    line: Annotated[int, Field(ge=1, le=50)]
    quantity: Annotated[int, Field(ge=1, le=1_000)]


class ChoiceBody(BaseModel):
    """What to buy of one quote: no more of a line than it offers."""

    model_config = STRICT

    quote_id: Id
    revision: _Revision = None
    units: Annotated[list[UnitsBody], Field(min_length=1, max_length=50)]


class SplitBody(BaseModel):
    """What to buy of which quotes, no more of a line in all than is wanted, and how it is paid.

    One quote alone is for `accept-quote`.
    """

    model_config = with_examples(
        {
            "choices": [
                {
                    "quote_id": "0192f0c1-2b7a-7cc0-8f3e-6a1f5d1f9b01",
                    "units": [{"line": 1, "quantity": 2}],
                },
                {
                    "quote_id": "0192f0c1-2b7a-7cc0-8f3e-6a1f5d1f9b02",
                    "units": [{"line": 2, "quantity": 1}, {"line": 3, "quantity": 4}],
                },
            ],
            "payment_method": "cash_on_delivery",
        }
    )

    choices: Annotated[
        list[ChoiceBody], Field(min_length=1, max_length=50, description="Two or more.")
    ]
    payment_method: _Method

    def chosen(self) -> list[Choice]:
        """Return the choices in the words of orders."""
        return [
            Choice(
                quote_id=each.quote_id,
                revision=each.revision,
                units=[Units(unit.line, unit.quantity) for unit in each.units],
            )
            for each in self.choices
        ]
