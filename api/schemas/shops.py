"""What the owners of a shop send."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from api.schemas.changes import Change
from api.schemas.onboarding import EMail, GeoPolygon, Phone, Piastres
from api.schemas.opening_hours import Day, DayHours, WeekHours
from api.schemas.strict import with_examples
from api.schemas.texts import Text

__all__ = ["MemberToBe", "ShopProfileChange"]


class ShopProfileChange(Change, BaseModel):
    """How a shop trades; what is left out stays as it is."""

    model_config = with_examples(
        {
            "delivery_fee_piastres": 4000,
            "free_delivery_from_piastres": None,
            "closed_on": ["2027-01-07"],
            "opening_hours": {"saturday": [["09:00", "22:00"]]},
        }
    )

    phone: Phone = Field("", examples=["010 1234 5678"])
    contact_email: EMail | None = None
    supported_brands: Annotated[list[Text], Field(min_length=1, max_length=100)] = []
    opening_hours: WeekHours = WeekHours()
    ramadan_hours: WeekHours | None = None
    holiday_hours: DayHours = []
    closed_on: Annotated[list[Day], Field(max_length=60)] = []
    delivery_zone: GeoPolygon | None = None
    delivery_fee_piastres: Piastres = 0
    free_delivery_from_piastres: Piastres | None = None
    markup_percent: Annotated[float, Field(ge=0, le=1_000, allow_inf_nan=False)] = 0.0
    warranty_days: Annotated[int, Field(ge=0, le=3_650)] = 0


class MemberToBe(BaseModel):
    """A registered person, by the phone or the e-mail address they confirmed."""

    model_config = with_examples({"phone": "010 1234 5678", "role": "shop_staff"})

    phone: Phone | None = None
    email: EMail | None = None
    role: Literal["shop_owner", "shop_staff"]

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.phone is None) == (self.email is None):
            raise ValueError("a phone or an e-mail address, not both")
        return self

    @property
    def destination(self) -> str:
        """Where the person is reached."""
        return self.phone or self.email or ""
