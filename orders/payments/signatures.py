"""Whether a message from a provider is what its provider sent, just now. Pure.

Source: the Standard Webhooks specification, symmetric signatures: HMAC-SHA256 over
`id.timestamp.body`, base64. The reference implementation reads a clock of its own; here time is an
argument, and two secrets may live at once, so that one can be replaced without a gap.
"""

import base64
import binascii
import datetime as dt
import hmac
from collections.abc import Mapping, Sequence

from standardwebhooks import Webhook

from clutch.errors import Forbidden

__all__ = ["TOLERANCE", "SignatureInvalid", "is_secret", "verified_id"]

TOLERANCE = dt.timedelta(seconds=300)


class SignatureInvalid(Forbidden):
    """The message was not signed with a secret of ours, was altered, or is not of now."""

    def __init__(self) -> None:
        super().__init__("the signature of the message does not hold")


def is_secret(secret: str) -> bool:
    """Say whether a secret has the form that the specification asks for.

    Examples
    --------
    >>> is_secret("whsec_" + base64.b64encode(bytes(24)).decode()), is_secret("whsec_short")
    (True, False)
    """
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return False
    return secret.startswith("whsec_") and 24 <= len(key) <= 64


def verified_id(
    body: bytes, headers: Mapping[str, str], *, secrets: Sequence[str], now: dt.datetime
) -> str:
    """Return the id of a message whose signature holds under one of `secrets`.

    `headers` has lower-case names.

    Raises
    ------
    SignatureInvalid
        It does not hold, or the message is more than 300 seconds from `now`.

    Examples
    --------
    >>> secret, now = "whsec_" + "A" * 32, dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    >>> headers = {
    ...     "webhook-id": "msg_1",
    ...     "webhook-timestamp": str(int(now.timestamp())),
    ...     "webhook-signature": Webhook(secret).sign("msg_1", now, "{}"),
    ... }
    >>> verified_id(b"{}", headers, secrets=[secret], now=now)
    'msg_1'
    >>> verified_id(b"{ }", headers, secrets=[secret], now=now)
    Traceback (most recent call last):
    orders.payments.signatures.SignatureInvalid: the signature of the message does not hold
    """
    message_id = headers.get("webhook-id", "")
    sent_at = _instant(headers.get("webhook-timestamp", ""))
    if not 0 < len(message_id) <= 200 or sent_at is None or abs(now - sent_at) > TOLERANCE:
        raise SignatureInvalid
    shown = headers.get("webhook-signature", "").split()
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise SignatureInvalid from None
    expected = [Webhook(secret).sign(message_id, sent_at, text) for secret in secrets]
    if not any(
        hmac.compare_digest(mine.encode(), theirs.encode()) for mine in expected for theirs in shown
    ):
        raise SignatureInvalid
    return message_id


def _instant(seconds: str) -> dt.datetime | None:
    if not (seconds.isascii() and seconds.isdigit() and len(seconds) <= 11):
        return None
    return dt.datetime.fromtimestamp(int(seconds), dt.UTC)
