"""Firebase's own library, against a server that answers as Google's do."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from clutch.errors import SetupNeeded
from notifications.push import FirebasePush, Message, Outcome, RecordingPush, open_push

MESSAGE = Message(
    token="d-Xf3:APA91b",
    title="New quote for A-17",
    body="Nile Parts offers the parts for EGP 1,250.00.",
    type="new_quote",
    order_id="o-17",
    shop_id="s-3",
    badge=4,
)


@dataclass
class Google:
    """What was asked of the server, and what it answers next."""

    address: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    status: int = 200
    answer: dict[str, Any] = field(default_factory=lambda: {"name": "projects/p/messages/1"})
    headers: dict[str, str] = field(default_factory=dict)
    log_ins: int = 0

    def refuses(self, status: int, code: str, fcm_code: str = "", text: str = "no") -> None:
        detail = {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError"}
        detail["errorCode"] = fcm_code
        self.status = status
        self.answer = {"error": {"status": code, "message": text, "details": [detail]}}


@pytest.fixture
def google() -> Iterator[Google]:
    google = Google()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path == "/token":
                google.log_ins += 1
                self._send(200, {"access_token": "t", "expires_in": 3600, "token_type": "Bearer"})
            else:
                assert self.headers["Authorization"] == "Bearer t"
                google.messages.append(json.loads(body))
                self._send(google.status, google.answer, google.headers)

        def _send(
            self, status: int, answer: dict[str, Any], more: dict[str, str] | None = None
        ) -> None:
            self.send_response(status)
            for name, value in (more or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(answer).encode())

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        google.address = f"http://127.0.0.1:{server.server_address[1]}"
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        yield google
        server.shutdown()


@pytest.fixture(scope="module")
def private_key() -> str:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.fixture
def push(google: Google, private_key: str, tmp_path: Path) -> FirebasePush:
    path = tmp_path / "key.json"
    path.write_text(
        json.dumps(
            {
                "type": "service_account",
                "project_id": "p",
                "private_key": private_key,
                "client_email": "clutch@p.iam.gserviceaccount.com",
                "token_uri": f"{google.address}/token",
            }
        )
    )
    return FirebasePush(path, endpoint=f"{google.address}/v1/projects/p/messages:send")


def test_a_message_is_as_apps_expect_it(google: Google, push: FirebasePush) -> None:
    assert [push.send(MESSAGE) for _ in range(2)] == [Outcome("sent")] * 2
    assert google.log_ins == 1
    assert google.messages[0] == {
        "message": {
            "token": "d-Xf3:APA91b",
            "notification": {
                "title": "New quote for A-17",
                "body": "Nile Parts offers the parts for EGP 1,250.00.",
            },
            "data": {"type": "new_quote", "orderId": "o-17", "shopId": "s-3"},
            "android": {
                "priority": "high",
                "notification": {"sound": "default", "notification_priority": "PRIORITY_HIGH"},
            },
            "apns": {"payload": {"aps": {"sound": "default", "badge": 4}}},
        }
    }


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        ((404, "NOT_FOUND", "UNREGISTERED"), "dead_token"),
        ((403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"), "dead_token"),
        (
            (
                400,
                "INVALID_ARGUMENT",
                "INVALID_ARGUMENT",
                "The registration token is not a valid FCM registration token",
            ),
            "dead_token",
        ),
        ((400, "INVALID_ARGUMENT", "INVALID_ARGUMENT", "Message too big"), "failed"),
        ((401, "UNAUTHENTICATED", "THIRD_PARTY_AUTH_ERROR"), "failed"),
        ((429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"), "retry"),
        ((500, "INTERNAL", "INTERNAL"), "retry"),
        ((503, "UNAVAILABLE", "UNAVAILABLE"), "retry"),
    ],
)
def test_a_refusal_is_for_the_token_the_message_or_the_moment(
    google: Google, push: FirebasePush, refusal: tuple[Any, ...], kind: str
) -> None:
    google.refuses(*refusal)
    outcome = push.send(MESSAGE)
    assert (outcome.kind, outcome.retry_after_seconds) == (kind, None)
    assert MESSAGE.token not in str(outcome)
    assert len(google.messages) == 1 or kind == "failed"


@pytest.mark.parametrize("status", [429, 503])
def test_when_to_come_again_is_heeded_by_nobody_sleeping(
    google: Google, push: FirebasePush, status: int
) -> None:
    google.refuses(status, "UNAVAILABLE", "UNAVAILABLE")
    google.headers = {"Retry-After": "3600"}
    outcome = push.send(MESSAGE)
    assert (outcome.kind, outcome.retry_after_seconds) == ("retry", 3600)
    assert len(google.messages) == 1


def test_a_server_that_is_away_is_asked_again_later(google: Google, push: FirebasePush) -> None:
    push._endpoint = "http://127.0.0.1:9/"
    assert push.send(MESSAGE).kind == "retry"


def test_a_key_file_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    path.write_text("{}")
    for wrong in (path, tmp_path / "missing.json"):
        with pytest.raises(SetupNeeded, match="CLUTCH_FIREBASE_CREDENTIALS"):
            FirebasePush(wrong).send(MESSAGE)


def test_without_a_key_file_messages_are_kept_and_go_nowhere() -> None:
    push = open_push(None)
    assert isinstance(push, RecordingPush)
    assert push.send(MESSAGE) == Outcome("sent")
    assert list(push.messages) == [MESSAGE]
    assert MESSAGE.token not in repr(MESSAGE)
