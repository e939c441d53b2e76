"""What applicants and administrators send while a shop joins."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from fastapi.exceptions import RequestValidationError
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    RootModel,
    ValidationError,
    WrapValidator,
)

from accounts.contacts import email_address, phone_number
from api.schemas.matching import GeoPoint, Latitude, Longitude
from api.schemas.opening_hours import Day, DayHours, WeekHours
from api.schemas.strict import STRICT, Id, with_examples
from api.schemas.texts import LINE, Text
from clutch.errors import InvalidInput
from shops.onboarding.numbers import commercial_register, tax_number
from shops.onboarding.places import governorate
from shops.onboarding.steps import Step

__all__ = [
    "EMail",
    "GeoPolygon",
    "Phone",
    "Piastres",
    "ReviewRefusal",
    "StepBody",
    "StepName",
    "Suspension",
    "checked_step",
    "step_named",
]


_MOST_PIASTRES = 100_000_000


def _read(reader: Callable[[str], str]) -> Callable[[str], str]:
    """Give a check whose error reaches the caller with the others of the request."""

    def check(text: str) -> str:
        try:
            return reader(text)
        except InvalidInput as error:
            raise ValueError(error.expected) from None

    return check


def _lettered(first: str, last: str, expected: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if not any(first <= letter <= last for letter in text.casefold()):
            raise ValueError(expected)
        return text.strip()

    return check


def _closed(ring: list[tuple[float, float]]) -> list[tuple[float, float]]:
    if ring[0] != ring[-1]:
        raise ValueError("a ring that ends where it begins")
    return ring


def _some(week: WeekHours) -> WeekHours:
    if not any(spans for _, spans in week):
        raise ValueError("hours of one weekday at least")
    return week


Phone = Annotated[Text, AfterValidator(_read(phone_number))]
EMail = Annotated[Text, AfterValidator(_read(email_address))]
Piastres = Annotated[int, Field(ge=0, le=_MOST_PIASTRES)]
_LongText = Annotated[
    str, Field(min_length=3, max_length=500, pattern=LINE), AfterValidator(str.strip)
]

_English = Annotated[Text, AfterValidator(_lettered("a", "z", "a name in Latin letters"))]
_Arabic = Annotated[Text, AfterValidator(_lettered("ء", "ي", "a name in Arabic letters"))]
_Position = Annotated[tuple[Longitude, Latitude], Field(strict=False)]
_Ring = Annotated[list[_Position], Field(min_length=4, max_length=500), AfterValidator(_closed)]


class GeoPolygon(BaseModel):
    """A GeoJSON polygon (RFC 7946) of `[longitude, latitude]`: its edge, then its holes."""

    model_config = STRICT

    type: Literal["Polygon"]
    coordinates: Annotated[list[_Ring], Field(min_length=1, max_length=10)]


class BusinessInfoStep(BaseModel):
    """Step 1: who the shop is."""

    model_config = STRICT

    name: _English
    name_ar: _Arabic
    legal_name: Annotated[Text, AfterValidator(str.strip)]
    tax_number: Annotated[Text, AfterValidator(tax_number)]
    commercial_register: Annotated[Text, AfterValidator(commercial_register)]
    phone: Phone
    contact_email: EMail


class LocationInfoStep(BaseModel):
    """Step 2: where the shop is, in Egypt, and when it is open."""

    model_config = STRICT

    location: GeoPoint
    address: _LongText
    governorate: Annotated[Text, AfterValidator(governorate)]
    opening_hours: Annotated[WeekHours, AfterValidator(_some)]
    ramadan_hours: WeekHours | None = None
    holiday_hours: DayHours = []
    closed_on: Annotated[list[Day], Field(max_length=60)] = []
    delivery_zone: GeoPolygon | None = None


class VehicleBrandsStep(BaseModel):
    """Step 3: the makes that the shop carries, by any known names."""

    model_config = STRICT

    supported_brands: Annotated[list[Text], Field(min_length=1, max_length=100)]


class InventorySetupStep(BaseModel):
    """Step 4: how the shop keeps its stock."""

    model_config = STRICT

    kept_in: Literal["manual", "clutch", "other_system"]
    system_name: Text | None = None
    parts_count: Annotated[int, Field(ge=0, le=10_000_000)]
    answers_from_stock: bool


class PricingStrategyStep(BaseModel):
    """Step 5: what the shop charges for delivery, and what its quotes begin with."""

    model_config = STRICT

    delivery_fee_piastres: Piastres
    free_delivery_from_piastres: Piastres | None = None
    markup_percent: Annotated[float, Field(ge=0, le=1_000, allow_inf_nan=False)]
    warranty_days: Annotated[int, Field(ge=0, le=3_650)]


class VerificationStep(BaseModel):
    """Step 6: the documents, uploaded before as `shop_document`."""

    model_config = STRICT

    commercial_register_file_id: Id
    tax_card_file_id: Id
    owner_id_file_id: Id


_STEPS: Mapping[Step, type[BaseModel]] = {
    Step.BUSINESS_INFO: BusinessInfoStep,
    Step.LOCATION_INFO: LocationInfoStep,
    Step.VEHICLE_BRANDS: VehicleBrandsStep,
    Step.INVENTORY_SETUP: InventorySetupStep,
    Step.PRICING_STRATEGY: PricingStrategyStep,
    Step.VERIFICATION: VerificationStep,
}

_AnyStep = (
    BusinessInfoStep
    | LocationInfoStep
    | VehicleBrandsStep
    | InventorySetupStep
    | PricingStrategyStep
    | VerificationStep
)


class StepBody(
    RootModel[
        # The path says which step it is, so the path's model checks it, not the first that fits.
        Annotated[_AnyStep, WrapValidator(lambda sent, _: sent)]
    ]
):
    """What a step holds: one of these, by the step that the path names."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "name": "El Nour Auto Parts",
                    "name_ar": "النور لقطع الغيار",
                    "legal_name": "El Nour for Trading LLC",
                    "tax_number": "100-531-385",
                    "commercial_register": "123456",
                    "phone": "010 1234 5678",
                    "contact_email": "sales@elnour.example",
                },
                {
                    "location": {"type": "Point", "coordinates": [31.2357, 30.0444]},
                    "address": "12 Tawfiqia Street, Downtown",
                    "governorate": "Cairo",
                    "opening_hours": {
                        "saturday": [["09:00", "14:00"], ["16:00", "22:00"]],
                        "sunday": [["09:00", "22:00"]],
                        "thursday": [["16:00", "02:00"]],
                    },
                    "holiday_hours": [["12:00", "18:00"]],
                    "closed_on": ["2027-01-07"],
                },
                {"supported_brands": ["Toyota", "فولكس فاجن"]},
                {"kept_in": "manual", "parts_count": 1200, "answers_from_stock": True},
                {
                    "delivery_fee_piastres": 5000,
                    "free_delivery_from_piastres": 200000,
                    "markup_percent": 12.5,
                    "warranty_days": 14,
                },
            ]
        }
    )


_NUMBERED = {str(number): step for number, step in enumerate(Step, start=1)}

StepName = Annotated[
    Literal[
        "business_info",
        "location_info",
        "vehicle_brands",
        "inventory_setup",
        "pricing_strategy",
        "verification",
        "1",
        "2",
        "3",
        "4",
        "5",
        "6",
    ],
    Field(description="The step by its name or its number."),
]


def step_named(name: StepName) -> Step:
    """Return the step that a path names.

    Examples
    --------
    >>> step_named("2") is step_named("location_info")
    True
    """
    return _NUMBERED[name] if name in _NUMBERED else Step(name)


def checked_step(step: Step, sent: Any) -> dict[str, Any]:
    """Return what was sent of a step as plain data.

    Raises
    ------
    RequestValidationError
        Names every field that cannot be used.
    """
    try:
        return _STEPS[step].model_validate(sent).model_dump(mode="json")
    except ValidationError as error:
        faults = error.errors(include_url=False, include_input=False)
        raise RequestValidationError(
            [{**fault, "loc": ("body", *fault["loc"])} for fault in faults]
        ) from None


class ReviewRefusal(BaseModel):
    """Why a shop is not approved: what its owner is told, and can put right."""

    model_config = with_examples({"reasons": ["The tax card is not readable"]})

    reasons: Annotated[list[_LongText], Field(min_length=1, max_length=10)]


class Suspension(BaseModel):
    """Why a shop may not trade for now: what its people are told."""

    model_config = with_examples({"reason": "Three wrong parts in a week"})

    reason: _LongText
