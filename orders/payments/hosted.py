"""A provider that customers pay on a page of, spoken to over HTTP: the sandbox, or one like it.

Reads: the settings. Speaks JSON under the address of the provider: `v1/checkouts` and
`v1/payments`.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx

from clutch.errors import InvalidInput
from clutch.settings import Settings
from orders.payments.port import (
    CURRENCY,
    HOSTED,
    Checkout,
    Provider,
    ProviderAway,
    ProviderRefused,
    Told,
)
from orders.payments.signatures import is_secret
from orders.payments.states import PaymentStatus, standing

__all__ = [
    "SANDBOX_KEY",
    "SANDBOX_PATH",
    "SANDBOX_SECRET",
    "WEBHOOKS_PATH",
    "HostedCheckout",
    "local_address",
    "open_provider",
    "provider_key",
    "told_from",
    "webhook_secrets",
]

SANDBOX_PATH = "/sandbox-pay"
"""Where a development server has the sandbox."""

WEBHOOKS_PATH = f"/api/v1/payments/webhooks/{HOSTED}"
"""Where the provider sends its events."""

SANDBOX_KEY = "sandbox"
"""The key of the sandbox in development: whoever reaches it may pay with play money anyway."""

SANDBOX_SECRET = "whsec_c2FuZGJveC1ldmVudHMtaW4tZGV2ZWxvcG1lbnQ="  # noqa: S105 - signs play money
"""What the sandbox signs with in development."""

_STATUSES = {
    "open": PaymentStatus.PENDING,
    "authorised": PaymentStatus.AUTHORISED,
    "declined": PaymentStatus.FAILED,
    "cancelled": PaymentStatus.CANCELLED,
    "captured": PaymentStatus.CAPTURED,
}
_SECONDS = 10.0


class HostedCheckout:
    """The adapter: `Provider` over HTTP; its page sends customers back to `return_url`, if any."""

    def __init__(
        self, http: httpx.Client, url: str, key: str, *, return_url: str | None = None
    ) -> None:
        self._http = http
        self._url = url
        self._return_url = return_url
        self._headers = {"Authorization": f"Bearer {key}"}

    def start(
        self, payment_id: UUID, amount_piastres: int, *, order_id: UUID, method: str
    ) -> Checkout:
        """Open a page to pay on, or return the one that is open."""
        asked = {
            "merchant_reference": str(payment_id),
            "amount_piastres": amount_piastres,
            "currency": CURRENCY,
            "method": method,
        }
        if self._return_url is not None:
            asked["return_url"] = _with_ids(self._return_url, order_id, payment_id)
        told = self._ask("POST", "v1/checkouts", json=asked)
        match told:
            case {"reference": str(reference), "redirect_url": str(redirect_url)}:
                return Checkout(reference, redirect_url)
        raise ProviderAway

    def capture(self, reference: str) -> Told:
        """Take the money that was authorised."""
        return _understood(self._ask("POST", f"v1/payments/{reference}/capture"))

    def cancel(self, reference: str) -> Told:
        """Let go of a payment that was not captured."""
        return _understood(self._ask("POST", f"v1/payments/{reference}/cancel"))

    def refund(self, reference: str, refund_id: UUID, amount_piastres: int) -> Told:
        """Give back captured money; once for each `refund_id`."""
        asked = {"refund_reference": str(refund_id), "amount_piastres": amount_piastres}
        return _understood(self._ask("POST", f"v1/payments/{reference}/refunds", json=asked))

    def look_up(self, payment_id: UUID) -> Told | None:
        """Return what the provider knows of a payment of ours; None: nothing."""
        try:
            told = self._ask("GET", f"v1/payments?merchant_reference={payment_id}")
        except ProviderRefused as error:
            if error.code == "unknown_payment":
                return None
            raise
        return _understood(told)

    def _ask(self, method: str, path: str, *, json: Mapping[str, Any] | None = None) -> Any:
        try:
            answer = self._http.request(
                method,
                f"{self._url}/{path}",
                json=json,
                headers=self._headers,
                timeout=_SECONDS,
            )
            content = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise ProviderAway from error
        if answer.is_success:
            return content
        if answer.status_code in (404, 409) and isinstance(content, dict):
            raise ProviderRefused(str(content.get("code", answer.status_code)))
        raise ProviderAway


def _with_ids(url: str, order_id: UUID, payment_id: UUID) -> str:
    """Return where the customer of one payment is sent back to; `url` has no fragment."""
    query = urlencode({"order_id": order_id, "payment_id": payment_id})
    return f"{url}{'&' if '?' in url else '?'}{query}"


def _understood(content: Any) -> Told:
    try:
        return told_from(content)
    except InvalidInput as error:
        raise ProviderAway from error


def told_from(content: Mapping[str, Any]) -> Told:
    """Return what the provider says of a payment, in an answer or an event.

    Raises
    ------
    InvalidInput
        It does not say all that it should, or contradicts itself.
    """
    try:
        return Told(
            payment_id=UUID(content["merchant_reference"]),
            reference=str(content["reference"]),
            amount_piastres=_whole(content["amount_piastres"]),
            currency=str(content["currency"]),
            standing=standing(
                _STATUSES[content["status"]],
                captured=_whole(content["captured_piastres"]),
                refunded=_whole(content["refunded_piastres"]),
            ),
            refund_ids=frozenset(UUID(each) for each in content["refund_references"]),
            failure=content.get("failure"),
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        raise InvalidInput("data", "a payment as the provider tells of it") from None


def _whole(piastres: object) -> int:
    if type(piastres) is not int:  # 480.5 would be cut, and true is 1
        raise TypeError
    return piastres


def open_provider(settings: Settings, http: httpx.Client) -> Provider | None:
    """Return the provider of cards and wallets that the settings name; None: there is none.

    In development it is the sandbox that the API itself serves.
    """
    url = settings.payment_provider_url
    if url is None:
        if settings.environment == "production":
            return None
        url = local_address(settings) + SANDBOX_PATH
    key, return_url = provider_key(settings), settings.payment_return_url
    return HostedCheckout(http, url, key, return_url=return_url)


def provider_key(settings: Settings) -> str:
    """Return what the provider knows Clutch by; the sandbox's own where none is set."""
    key = settings.payment_provider_key
    return key.get_secret_value() if key else SANDBOX_KEY


def local_address(settings: Settings) -> str:
    """Return where this machine reaches the API.

    Examples
    --------
    >>> local_address(Settings(host="0.0.0.0", port=9000))
    'http://127.0.0.1:9000'
    """
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104
    return f"http://{host}:{settings.port}"


def webhook_secrets(settings: Settings) -> list[str]:
    """Return the secrets that events may be signed with, the newest first; at most two.

    Without the setting none is good, but for the sandbox that a development server has.

    Raises
    ------
    InvalidInput
        One has not the form of such a secret.
    """
    given = settings.payment_webhook_secrets
    if given is None:
        is_own = settings.environment != "production" and settings.payment_provider_url is None
        return [SANDBOX_SECRET] if is_own else []
    secrets = given.get_secret_value().replace(",", " ").split()
    if not 1 <= len(secrets) <= 2 or not all(map(is_secret, secrets)):
        raise InvalidInput(
            "CLUTCH_PAYMENT_WEBHOOK_SECRETS",
            "one or two secrets such as whsec_MfKQ..., newest first",
        )
    return secrets
