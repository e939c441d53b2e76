"""The six steps of an application, and what each holds once it is checked. Pure.

The words are those of the API; what is kept is what is shown.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Literal

from typing_extensions import TypedDict  # Pydantic documents it on Python 3.11 too

from shops.timetable import Spans, Week

__all__ = [
    "BusinessInfo",
    "InventorySetup",
    "LocationInfo",
    "PricingStrategy",
    "Step",
    "VehicleBrands",
    "Verification",
    "missing_steps",
]


class Step(StrEnum):
    """A step, in the order in which they are asked for."""

    BUSINESS_INFO = "business_info"
    LOCATION_INFO = "location_info"
    VEHICLE_BRANDS = "vehicle_brands"
    INVENTORY_SETUP = "inventory_setup"
    PRICING_STRATEGY = "pricing_strategy"
    VERIFICATION = "verification"


class BusinessInfo(TypedDict):
    """Who the shop is; `phone` is E.164, numbers are in Western digits."""

    name: str
    name_ar: str
    legal_name: str
    tax_number: str
    commercial_register: str
    phone: str
    contact_email: str


class LocationInfo(TypedDict):
    """Where the shop is and when it is open; `ramadan_hours` null: as `opening_hours`."""

    location: dict[str, Any]
    address: str
    governorate: str
    opening_hours: Week
    ramadan_hours: Week | None
    holiday_hours: Spans
    closed_on: list[str]
    delivery_zone: dict[str, Any] | None


class VehicleBrands(TypedDict):
    """The makes it carries, by their English names."""

    supported_brands: list[str]


class InventorySetup(TypedDict):
    """How it keeps its stock."""

    kept_in: Literal["manual", "clutch", "other_system"]
    system_name: str | None
    parts_count: int
    answers_from_stock: bool


class PricingStrategy(TypedDict):
    """What it charges for delivery, and what its quotes begin with."""

    delivery_fee_piastres: int
    free_delivery_from_piastres: int | None
    markup_percent: float
    warranty_days: int


class Verification(TypedDict):
    """The documents that show who it is, as uploaded."""

    commercial_register_file_id: str
    tax_card_file_id: str
    owner_id_file_id: str


def missing_steps(data: Mapping[Step, object]) -> list[Step]:
    """Return the steps not saved yet, in order; `data` holds None for those.

    Examples
    --------
    >>> missing_steps({Step.BUSINESS_INFO: {}, Step.LOCATION_INFO: None})[0].value
    'location_info'
    >>> missing_steps(dict.fromkeys(Step, {}))
    []
    """
    return [step for step in Step if data.get(step) is None]
