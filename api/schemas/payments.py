"""What is sent about payments: by shops that refund, and by providers."""

from typing import Annotated, Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.schemas.strict import Id, with_examples
from api.schemas.texts import Text

__all__ = ["ProviderEvent", "RefundRequest"]

_MOST_PIASTRES = 100_000_000_000
_Reference = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$")]
_Sum = Annotated[int, Field(ge=0, le=_MOST_PIASTRES)]


class RefundRequest(BaseModel):
    """How much to give back, all that is left when left out, and why."""

    model_config = with_examples(
        {"amount_piastres": 12_500, "reason": "One of the pads was cracked."}
    )

    amount_piastres: Annotated[int, Field(ge=1, le=_MOST_PIASTRES)] | None = None
    reason: Text


class ProviderPayment(BaseModel):
    """All that the provider knew of the payment; `merchant_reference` is our payment id."""

    # A provider may tell more than we read.
    model_config = ConfigDict(strict=True, extra="ignore")

    reference: _Reference
    merchant_reference: Id
    amount_piastres: _Sum
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    status: Annotated[str, Field(pattern=r"^(open|authorised|declined|cancelled|captured)$")]
    captured_piastres: _Sum = 0
    refunded_piastres: _Sum = 0
    refund_references: Annotated[list[Id], Field(max_length=1_000)] = []
    failure: Text | None = None


class ProviderEvent(BaseModel):
    """An event of a provider, signed by Standard Webhooks."""

    model_config = ConfigDict(
        strict=True,
        extra="ignore",
        json_schema_extra={
            "examples": [
                {
                    "type": "payment.authorised",
                    "timestamp": "2026-11-22T12:00:00Z",
                    "data": {
                        "reference": "pay_Zk3vQx9b2m",
                        "merchant_reference": "019ab1c2-7f00-7000-8000-000000000001",
                        "amount_piastres": 48_000,
                        "currency": "EGP",
                        "status": "authorised",
                        "captured_piastres": 0,
                        "refunded_piastres": 0,
                        "refund_references": [],
                        "failure": None,
                    },
                }
            ]
        },
    )

    type: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[a-z_.]+$")]
    timestamp: Annotated[AwareDatetime, Field(strict=False)]
    data: ProviderPayment

    def plain(self) -> dict[str, Any]:
        """Return the event as JSON holds it."""
        return self.model_dump(mode="json")
