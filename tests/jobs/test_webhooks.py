"""Messages to partners, to a real server that takes them, refuses them or hangs."""

import asyncio
import base64
import datetime as dt
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine, text
from standardwebhooks import Webhook, WebhookVerificationError

from jobs.tidy import seal_anew
from jobs.tools import Tools
from jobs.worker import Ran, run_due
from notifications import endpoints, partner_calls
from notifications.webhooks import WAITS_SECONDS, publish
from storage.cluster import Database
from storage.session import PLATFORM, transaction

CAPTURED = {"order_id": "o-1", "amount_piastres": 125_000}


@dataclass
class Partner:
    """A partner's server: what it was sent, and what it answers."""

    url: str = ""
    status: int = 204
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    taken: list[tuple[bytes, dict[str, str]]] = field(default_factory=list)
    go_on: threading.Event = field(default_factory=threading.Event)
    hangs: bool = False
    falls_silent: bool = False


@pytest.fixture
def partner() -> Iterator[Partner]:
    partner = Partner()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            partner.taken.append((sent, dict(self.headers)))
            if partner.hangs:
                partner.go_on.wait(30)
                return
            self.send_response(partner.status)
            for name, value in partner.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(partner.body) + partner.falls_silent))
            self.end_headers()
            self.wfile.write(partner.body)
            if partner.falls_silent:
                partner.go_on.wait(30)

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        partner.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        yield partner
        partner.go_on.set()
        server.shutdown()


@pytest.fixture(scope="module")
def database(databases: Any) -> Iterator[Database]:
    with databases.copied() as database:
        yield database


@pytest.fixture
def fresh_database(database: Database) -> Database:
    """The module's database, emptied: quicker than one of the test's own."""
    owner = create_engine(database.owner_url)
    with owner.begin() as connection:
        connection.execute(text("TRUNCATE webhook_endpoint, procrastinate_jobs CASCADE"))
    owner.dispose()
    return database


@dataclass
class Desk:
    """What tests do as an administrator, and look at."""

    tools: Tools

    def endpoint(self, url: str, *, name: str = "Partner", events: Any = None) -> tuple[UUID, str]:
        with transaction(self.tools.engine, PLATFORM) as session:
            made = endpoints.add_endpoint(
                session,
                name=name,
                url=url,
                events=events or ["payment.captured"],
                public_only=False,
                seals=self.tools.seals(),
                actor="user:admin",
                now=self.tools.now(),
            )
        return made["endpoint"]["endpoint_id"], made["secret"]

    def do(self, use_case: Callable[..., Any], *args: Any, **options: Any) -> Any:
        with transaction(self.tools.engine, PLATFORM) as session:
            return use_case(session, *args, **options, now=self.tools.now())

    def rotate(self, endpoint_id: UUID) -> str:
        seals = self.tools.seals()
        made = self.do(endpoints.rotate_secret, endpoint_id, seals=seals, actor="user:admin")
        return str(made["secret"])

    def given(self, **settings: Any) -> None:
        """Go on with other settings, as a worker that was started again."""
        chosen = self.tools.settings.model_copy(update=settings)
        self.tools = replace(self.tools, settings=chosen)

    def publish(self, event: str = "payment.captured") -> None:
        self.do(publish, event, CAPTURED)

    def deliveries(self, endpoint_id: UUID) -> list[Any]:
        with transaction(self.tools.engine, PLATFORM) as session:
            return list(endpoints.deliveries_of(session, endpoint_id)["deliveries"])


@pytest.fixture
def desk(tools: Tools, clock: Any) -> Desk:
    # Partners check the timestamp by their own clocks.
    clock.now = dt.datetime.now(dt.UTC)
    return Desk(tools)


def test_a_message_is_signed_as_the_standard_says(desk: Desk, partner: Partner) -> None:
    endpoint_id, secret = desk.endpoint(partner.url)
    desk.publish()
    assert run_due(desk.tools).done == 1
    [(body, headers)] = partner.taken
    [delivery] = desk.deliveries(endpoint_id)
    assert Webhook(secret).verify(body, headers) == json.loads(body)
    assert json.loads(body)["type"] == "payment.captured"
    assert json.loads(body)["data"] == CAPTURED
    assert headers["webhook-id"] == str(delivery["delivery_id"])
    assert (delivery["status"], delivery["attempts"], delivery["last_status_code"]) == (
        "delivered",
        1,
        204,
    )
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", headers)


def test_while_two_secrets_live_either_verifies(desk: Desk, partner: Partner) -> None:
    endpoint_id, old = desk.endpoint(partner.url)
    new = desk.rotate(endpoint_id)
    desk.publish()
    run_due(desk.tools)
    body, headers = partner.taken[0]
    for secret in (old, new):
        Webhook(secret).verify(body, headers)
    desk.do(endpoints.end_old_secret, endpoint_id, actor="user:admin")
    desk.publish()
    run_due(desk.tools)
    body, headers = partner.taken[1]
    Webhook(new).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(old).verify(body, headers)


def test_only_subscribers_of_an_event_hear_of_it(desk: Desk, partner: Partner) -> None:
    desk.endpoint(partner.url, name="Payments")
    other, _ = desk.endpoint(partner.url, name="Orders", events=["order.status"])
    desk.publish()
    desk.publish("payment.refunded")
    assert run_due(desk.tools).done == 1
    assert desk.deliveries(other) == []
    with pytest.raises(ValueError, match=r"delivery\.position"):
        desk.publish("delivery.position")


def test_what_is_refused_comes_again_later_each_time_until_it_is_given_up(
    desk: Desk, partner: Partner, clock: Any
) -> None:
    endpoint_id, secret = desk.endpoint(partner.url)
    partner.status, partner.body = 500, b"out of \x00order " + b"x" * 10_000
    desk.publish()
    for tries, wait in enumerate(WAITS_SECONDS, start=1):
        assert run_due(desk.tools).done == 1
        [delivery] = desk.deliveries(endpoint_id)
        assert (delivery["status"], delivery["attempts"]) == ("waiting", tries)
        clock.forward(seconds=wait - 1)
        assert run_due(desk.tools) == Ran(0, 0, 0)
        clock.forward(seconds=1)
    run_due(desk.tools)
    clock.forward(days=7)
    assert run_due(desk.tools) == Ran(0, 0, 0)
    [delivery] = desk.deliveries(endpoint_id)
    assert (delivery["status"], delivery["attempts"]) == ("given_up", 8)
    assert delivery["last_error"].startswith("out of  order x")
    assert len(delivery["last_error"]) == 200
    assert {headers["webhook-id"] for _, headers in partner.taken} == {str(delivery["delivery_id"])}
    assert len({body for body, _ in partner.taken}) == 1

    partner.status, clock.now = 200, dt.datetime.now(dt.UTC)
    desk.do(endpoints.send_again, endpoint_id, delivery["delivery_id"], actor="user:admin")
    run_due(desk.tools)
    Webhook(secret).verify(*partner.taken[-1])
    assert desk.deliveries(endpoint_id)[0]["status"] == "delivered"


def test_when_to_come_again_is_heeded(desk: Desk, partner: Partner, clock: Any) -> None:
    desk.endpoint(partner.url)
    partner.status, partner.headers = 503, {"Retry-After": "900"}
    desk.publish()
    run_due(desk.tools)
    clock.forward(seconds=899)
    assert run_due(desk.tools) == Ran(0, 0, 0)
    clock.forward(seconds=1)
    assert run_due(desk.tools).done == 1


def test_a_partner_that_is_gone_is_switched_off(desk: Desk, partner: Partner) -> None:
    endpoint_id, _ = desk.endpoint(partner.url)
    partner.status = 410
    desk.publish()
    run_due(desk.tools)
    desk.publish()
    assert run_due(desk.tools) == Ran(0, 0, 0)
    [delivery] = desk.deliveries(endpoint_id)
    assert delivery["status"] == "given_up"
    with pytest.raises(endpoints.EndpointOff):
        desk.do(endpoints.send_again, endpoint_id, delivery["delivery_id"], actor="user:admin")
    with desk.tools.engine.connect() as connection:
        gone = text("SELECT actor, subject FROM audit_entry WHERE act = 'webhook_endpoint.gone'")
        assert [tuple(row) for row in connection.execute(gone)] == [
            ("platform", f"webhook_endpoint:{endpoint_id}")
        ]


def test_what_waits_for_an_endpoint_switched_off_is_given_up(desk: Desk, partner: Partner) -> None:
    endpoint_id, _ = desk.endpoint(partner.url)
    desk.publish()
    change = {"url": partner.url, "events": ["payment.captured"], "active": False}
    desk.do(endpoints.change_endpoint, endpoint_id, **change, public_only=False, actor="user:admin")
    run_due(desk.tools)
    assert partner.taken == []
    assert desk.deliveries(endpoint_id)[0]["last_error"] == "the endpoint is switched off"


def test_a_redirect_is_not_followed(desk: Desk, partner: Partner) -> None:
    endpoint_id, _ = desk.endpoint(partner.url)
    partner.status, partner.headers = 302, {"Location": f"{partner.url}/elsewhere"}
    desk.publish()
    run_due(desk.tools)
    assert len(partner.taken) == 1
    assert desk.deliveries(endpoint_id)[0]["last_status_code"] == 302


def test_a_partner_that_hangs_is_hung_up_on(
    desk: Desk, partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partner_calls, "_SECONDS", 0.2)
    endpoint_id, _ = desk.endpoint(partner.url)
    partner.hangs = True
    desk.publish()
    run_due(desk.tools)
    [delivery] = desk.deliveries(endpoint_id)
    assert (delivery["status"], delivery["last_status_code"]) == ("waiting", None)


def test_a_status_counts_though_its_words_do_not_end(
    desk: Desk, partner: Partner, monkeypatch: pytest.MonkeyPatch, clock: Any
) -> None:
    monkeypatch.setattr(partner_calls, "_WORDS_SECONDS", 0.2)
    endpoint_id, _ = desk.endpoint(partner.url)
    partner.status, partner.headers = 503, {"Retry-After": "900"}
    partner.body, partner.falls_silent = b"closed for", True
    desk.publish()
    run_due(desk.tools)
    [delivery] = desk.deliveries(endpoint_id)
    assert (delivery["last_status_code"], delivery["last_error"]) == (503, "closed for")
    clock.forward(seconds=899)
    assert run_due(desk.tools) == Ran(0, 0, 0)


def test_nobody_listening_is_told_by_its_kind_alone(desk: Desk) -> None:
    endpoint_id, _ = desk.endpoint("http://127.0.0.1:9/hook")
    desk.publish()
    run_due(desk.tools)
    assert desk.deliveries(endpoint_id)[0]["last_error"] == "ConnectError"


def test_in_production_nothing_is_sent_into_our_own_network(desk: Desk, partner: Partner) -> None:
    desk.given(environment="production")
    endpoint_id, _ = desk.endpoint(partner.url.replace("127.0.0.1", "localhost"))
    desk.publish()
    run_due(desk.tools)
    assert partner.taken == []
    assert desk.deliveries(endpoint_id)[0]["last_error"] == "the address is not public"


def _resolving_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Have every name stand for these addresses; return the names that were asked for."""
    asked: list[str] = []

    async def found(_: Any, host: str, port: int, **__: Any) -> list[Any]:
        asked.append(host)
        return [(None, None, None, "", (address, port)) for address in addresses]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", found)
    return asked


def test_the_address_that_was_looked_at_is_the_one_called(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partner_calls, "_is_public", lambda _: True)
    asked = _resolving_to(monkeypatch, "127.0.0.1")
    url = partner.url.replace("127.0.0.1", "partner.example.com")
    answer = partner_calls.call(url, headers={}, body=b"{}", public_only=True)
    assert answer == partner_calls.Answer(204, None)
    assert partner.taken[0][1]["Host"].startswith("partner.example.com:")
    assert asked[0] == "partner.example.com"


def test_where_one_address_takes_no_connection_the_next_is_called(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    _resolving_to(monkeypatch, "::1", "127.0.0.1")
    url = partner.url.replace("127.0.0.1", "partner.example.com")
    answer = partner_calls.call(url, headers={}, body=b"{}", public_only=False)
    assert (answer, len(partner.taken)) == (partner_calls.Answer(204, None), 1)


@pytest.mark.parametrize(
    ("address", "public_only", "error"),
    [
        ("10.0.0.7", True, "the address is not public"),
        ("64:ff9b::7f00:1", True, "the address is not public"),
        ("169.254.169.254", False, "the address is link-local"),
    ],
)
def test_a_name_with_one_address_out_of_reach_is_not_called(
    monkeypatch: pytest.MonkeyPatch, address: str, public_only: bool, error: str
) -> None:
    _resolving_to(monkeypatch, "8.8.8.8", address)
    answer = partner_calls.call(
        "https://partner.example.com/", headers={}, body=b"{}", public_only=public_only
    )
    assert answer == partner_calls.Answer(None, error)


OWN_KEYS = SecretStr("a key that partners' secrets are sealed with".replace(" ", "-"))


def _secrets(desk: Desk) -> list[str]:
    with desk.tools.engine.connect() as connection:
        return list(connection.scalars(text("SELECT unnest(secrets) FROM webhook_endpoint")))


def test_no_secret_is_kept_in_clear(desk: Desk) -> None:
    endpoint_id, secret = desk.endpoint("http://127.0.0.1:9/hook")
    new = desk.rotate(endpoint_id)
    kept = _secrets(desk)
    assert [desk.tools.seals().opened(each, about=str(endpoint_id)) for each in kept] == [
        new,
        secret,
    ]
    assert [each for each in kept if "whsec_" in each] == []


def test_a_message_whose_secret_cannot_be_read_waits_for_its_key(
    desk: Desk, partner: Partner, clock: Any
) -> None:
    endpoint_id, secret = desk.endpoint(partner.url)
    first_key = desk.tools.settings.token_key
    desk.given(token_key=SecretStr("another key that tokens are signed with"))
    desk.publish()
    assert run_due(desk.tools) == Ran(1, 0, 0)
    [delivery] = desk.deliveries(endpoint_id)
    assert (delivery["status"], delivery["attempts"], partner.taken) == ("waiting", 1, [])
    assert "CLUTCH_WEBHOOK_KEYS" in delivery["last_error"]

    desk.given(webhook_keys=first_key)
    clock.forward(seconds=WAITS_SECONDS[0])
    run_due(desk.tools)
    Webhook(secret).verify(*partner.taken[0])


def test_a_new_secret_takes_the_place_of_one_that_cannot_be_read(
    desk: Desk, partner: Partner
) -> None:
    endpoint_id, _ = desk.endpoint(partner.url)
    desk.given(token_key=SecretStr("another key that tokens are signed with"))
    new = desk.rotate(endpoint_id)
    desk.publish()
    run_due(desk.tools)
    Webhook(new).verify(*partner.taken[0])
    assert len(_secrets(desk)) == 1


def test_secrets_move_to_the_newest_key_by_themselves(desk: Desk, partner: Partner) -> None:
    endpoint_id, secret = desk.endpoint(partner.url)
    in_clear = "whsec_" + base64.b64encode(b"entered before there were seals!").decode()
    with desk.tools.engine.begin() as connection:
        connection.execute(
            text("UPDATE webhook_endpoint SET secrets = secrets || CAST(:more AS text)"),
            {"more": in_clear},
        )
    desk.given(webhook_keys=OWN_KEYS)
    seal_anew(desk.tools)
    desk.given(token_key=None)
    seals, kept = desk.tools.seals(), _secrets(desk)
    assert [seals.opened(each, about=str(endpoint_id)) for each in kept] == [secret, in_clear]
    assert in_clear not in kept
    seal_anew(desk.tools)
    assert _secrets(desk) == kept
