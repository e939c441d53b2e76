"""What people send to `/notifications/*` and `/devices`, and administrators to webhooks."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, model_validator

from api.schemas.strict import STRICT, Id, with_examples
from api.schemas.texts import Text, Words, formed
from notifications.choices import CHOOSABLE
from notifications.devices import Platform
from notifications.sending import MOST_AT_ONCE
from notifications.texts import ANNOUNCEMENT
from notifications.texts import Text as Written
from notifications.webhooks import EVENTS

__all__ = ["ChoicesBody", "DeviceBody", "EndpointBody", "EndpointChange", "SendBody", "Type"]


Value = Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
_NAME, _URL, _TOKEN = r"^[a-z][A-Za-z0-9_]{0,39}$", r"^https?://[\x21-\x7e]+$", r"^[\x21-\x7e]+$"
Name = Annotated[str, Field(pattern=_NAME), formed(_NAME, "a name such as order_id")]
Type = Literal[CHOOSABLE]  # type: ignore[valid-type]
Event = Literal[EVENTS]  # type: ignore[valid-type]
Url = Annotated[
    str,
    Field(min_length=8, max_length=500, pattern=_URL),
    formed(_URL, "an address such as https://partner.example.com/clutch"),
]
Token = Annotated[
    str,
    Field(min_length=8, max_length=1_024, pattern=_TOKEN),
    formed(_TOKEN, "a token as Firebase gives it, without spaces"),
]
Events = Annotated[list[Event], Field(min_length=1, max_length=len(EVENTS))]


class ChoicesBody(BaseModel):
    """For which types push is on; those left out stay as they are."""

    model_config = with_examples({"push": {"new_quote": True, "order_status": False}})

    push: Annotated[dict[Type, bool], Field(max_length=len(CHOOSABLE))]


class DeviceBody(BaseModel):
    """A device, by the token that Firebase gave it."""

    model_config = with_examples(
        {"token": "d-Xf3:APA91bHun4MxP5egoKMwt2KZFBaFUH", "platform": "android"}
    )

    token: Token
    platform: Platform


class TextBody(BaseModel):
    """A title and a message in one language."""

    model_config = STRICT

    title: Text
    message: Words


class SendBody(BaseModel):
    """A notification, and whom it is for: `user_ids`, the staff of `shop_id`, or a `role`.

    It is written in both languages, or once, as `title` and `message`, for readers of either.
    """

    model_config = with_examples(
        {
            "role": "customer",
            "type": ANNOUNCEMENT,
            "en": {"title": "Open on Friday", "message": "Shops answer on Fridays from now on."},
            "ar": {"title": "نعمل يوم الجمعة", "message": "المحلات ترد يوم الجمعة من الآن."},
            "data": {"campaign": "fridays"},
        },
        {
            "user_ids": ["0192f0c1-2b7a-7cc0-8f3e-6a1f5d1f9b01"],
            "title": "نعمل يوم الجمعة",
            "message": "المحلات ترد يوم الجمعة من الآن.",
        },
    )

    user_ids: Annotated[list[Id], Field(min_length=1, max_length=MOST_AT_ONCE)] | None = None
    shop_id: Id | None = None
    role: Annotated[
        Literal["customer", "shop_owner", "shop_staff", "admin", "analyst"] | None,
        Field(description="`customer` is everybody who has no other."),
    ] = None
    type: Type = ANNOUNCEMENT
    en: TextBody | None = None
    ar: TextBody | None = None
    title: Text | None = None
    message: Words | None = None
    data: Annotated[dict[Name, Value], Field(max_length=20)] = {}

    @model_validator(mode="after")
    def _to_somebody(self) -> Self:
        if [self.user_ids, self.shop_id, self.role].count(None) != 2:
            raise ValueError("one of user_ids, shop_id and role")
        return self

    @model_validator(mode="after")
    def _written_once(self) -> Self:
        by_language, plain = (self.en, self.ar), (self.title, self.message)
        whole, unused = (plain, by_language) if self.en is self.ar is None else (by_language, plain)
        if None in whole or unused != (None, None):
            raise ValueError("`en` and `ar`, or `title` and `message`")
        return self

    def texts(self) -> dict[str, Written]:
        """Return the texts by language."""
        return {locale: _written(getattr(self, locale) or self) for locale in ("en", "ar")}


def _written(text: TextBody | SendBody) -> Written:
    return Written(text.title or "", text.message or "")


class EndpointChange(BaseModel):
    """Where a partner hears of events, of which, and whether at all."""

    model_config = with_examples(
        {"url": "https://partner.example.com/clutch", "events": ["order.status"], "active": True}
    )

    url: Url
    events: Events
    active: bool


class EndpointBody(BaseModel):
    """A new endpoint of a partner."""

    model_config = with_examples(
        {
            "name": "Fleet partner",
            "url": "https://partner.example.com/clutch",
            "events": ["order.status", "payment.captured"],
        }
    )

    name: Text
    url: Url
    events: Events
