"""Push messages to devices: the port, Firebase behind it, and a recording one for development.

Each device is sent its own message. What became of it is told as an `Outcome`; nothing is raised
for what a provider answers. Firebase is imported when the first message goes out, for that takes
half a second that no request should wait for.
"""

import datetime as dt
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol

import structlog

from clutch.errors import SetupNeeded
from notifications.retry_after import seconds_to_wait

__all__ = ["FirebasePush", "Message", "Outcome", "Push", "RecordingPush", "open_push"]

_log = structlog.get_logger()

_SECONDS = 10
_KEPT = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What one device shows; `badge` is how many entries of the inbox are unread."""

    token: str = field(repr=False)
    title: str
    body: str
    type: str
    order_id: str = ""
    shop_id: str = ""
    badge: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a message.

    `retry` may succeed later, after `retry_after_seconds` where the provider said so; `dead_token`
    never will for this token; `failed` never will as it is.
    """

    kind: Literal["sent", "dead_token", "retry", "failed"]
    detail: str | None = None
    retry_after_seconds: int | None = None


class Push(Protocol):
    """Where push messages go."""

    def send(self, message: Message) -> Outcome:
        """Hand one message over."""


class RecordingPush:
    """Sends nowhere: logs each message and keeps the newest, for development and tests.

    `outcome` says what becomes of each; by default all are sent.
    """

    def __init__(self, outcome: Callable[[Message], Outcome] = lambda _: Outcome("sent")) -> None:
        self.messages: deque[Message] = deque(maxlen=_KEPT)
        self.outcome = outcome

    def send(self, message: Message) -> Outcome:
        """Keep the message."""
        self.messages.append(message)
        _log.info("push", type=message.type, title=message.title)
        return self.outcome(message)


class FirebasePush:
    """Firebase Cloud Messaging, by the key file of a service account.

    Parameters
    ----------
    credentials
        The JSON file that the Firebase console gives.
    endpoint
        Another address to send to, instead of Google's.
    """

    def __init__(self, credentials: Path, *, endpoint: str | None = None) -> None:
        self._credentials = credentials
        self._endpoint = endpoint

    @cached_property
    def _service(self) -> Any:
        """Make the client: the library's own, but for its tries.

        It would sleep in the worker for as long as Google's `Retry-After` says; jobs come back.
        """
        import firebase_admin
        from firebase_admin import credentials, messaging
        from requests.adapters import HTTPAdapter

        try:
            certificate = credentials.Certificate(str(self._credentials))
        except (OSError, ValueError) as error:
            raise SetupNeeded(f"CLUTCH_FIREBASE_CREDENTIALS: {error}") from error
        app = firebase_admin.App("clutch", certificate, {"httpTimeout": _SECONDS})
        service = messaging._MessagingService(app)
        service._fcm_url = self._endpoint or service._fcm_url
        service._client.session.mount(service._fcm_url, HTTPAdapter(max_retries=0))
        return service

    def send(self, message: Message) -> Outcome:
        """Send one message.

        Raises
        ------
        SetupNeeded
            The key file cannot be used.
        """
        service = self._service
        from firebase_admin.exceptions import FirebaseError
        from google.auth.exceptions import GoogleAuthError

        try:
            service.send(_for_firebase(message))
        except FirebaseError as error:
            return _refused(error)
        except GoogleAuthError as error:
            return Outcome("retry", f"log-in: {type(error).__name__}")
        return Outcome("sent")


def _for_firebase(message: Message) -> Any:
    from firebase_admin import messaging

    sent = messaging.Message(
        notification=messaging.Notification(title=message.title, body=message.body),
        data={"type": message.type, "orderId": message.order_id, "shopId": message.shop_id},
        android=messaging.AndroidConfig(
            priority="high",
            notification=messaging.AndroidNotification(sound="default", priority="high"),
        ),
        apns=messaging.APNSConfig(
            payload=messaging.APNSPayload(aps=messaging.Aps(sound="default", badge=message.badge))
        ),
    )
    # Given to the constructor it warns: newer apps may be known by installation instead.
    sent.token = message.token
    return sent


def _refused(error: Any) -> Outcome:
    """Tell whether a refusal is for the token, the message or the moment."""
    from firebase_admin import exceptions, messaging

    detail = f"{error.code}: {type(error).__name__}"
    if isinstance(error, messaging.UnregisteredError | messaging.SenderIdMismatchError):
        return Outcome("dead_token", detail)
    if isinstance(error, exceptions.InvalidArgumentError):
        return Outcome("dead_token" if "registration token" in str(error) else "failed", detail)
    passing = (
        messaging.QuotaExceededError,
        exceptions.ResourceExhaustedError,
        exceptions.UnavailableError,
        exceptions.InternalError,
        exceptions.DeadlineExceededError,
        exceptions.UnknownError,
    )
    if isinstance(error, passing):
        return Outcome("retry", detail, _retry_after(error.http_response))
    return Outcome("failed", detail)


def _retry_after(response: Any) -> int | None:
    header = response.headers.get("Retry-After") if response is not None else None
    return seconds_to_wait(header, dt.datetime.now(dt.UTC))


def open_push(credentials: Path | None) -> Push:
    """Return Firebase where there is a key file, else the recording one."""
    return FirebasePush(credentials) if credentials else RecordingPush()
