"""Notifications on their way to devices, by the jobs that bring them."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import column, create_engine, table, text, update

from clutch.errors import Unavailable
from jobs.notifications import bring
from jobs.tools import Tools
from jobs.worker import Ran, run_due
from notifications import sending
from notifications.choices import change_choices
from notifications.devices import add_device, devices_of
from notifications.inbox import inbox_of, notify, notify_shop, notify_shops, read_all
from notifications.push import Message, Outcome, RecordingPush
from notifications.texts import Text
from storage.cluster import Database
from storage.session import PLATFORM, Tenant, transaction

QUOTE = {"order_id": "o-1", "number": "A-1", "shop_name": "Nile Parts", "total": "1250.00"}
REQUEST = {"order_id": "o-1", "number": "A-1", "vehicle": "Corolla", "area": "Maadi"}


@dataclass
class Letters:
    """A sender that keeps what it is given, or is away."""

    sent: list[tuple[str, str, str]] = field(default_factory=list)
    away: bool = False

    def send(self, destination: str, subject: str, body: str) -> None:
        if self.away:
            raise Unavailable("the gateway")
        self.sent.append((destination, subject, body))


@dataclass
class Office:
    """The tools of the jobs with a recording push and letters; what tests do and look at."""

    tools: Tools
    push: RecordingPush
    letters: Letters

    def device(self, user_id: UUID, token: str) -> None:
        with transaction(self.tools.engine, PLATFORM) as session:
            now = self.tools.now()
            phone = {"token": token, "platform": "android", "sign_in_id": None}
            add_device(session, user_id, **phone, now=now)

    def tell(self, user_id: UUID, type: str = "new_quote", **data: str) -> UUID:
        with transaction(self.tools.engine, PLATFORM) as session:
            return notify(session, user_id, type, data or QUOTE, now=self.tools.now())

    def tokens(self, user_id: UUID) -> int:
        with transaction(self.tools.engine, PLATFORM) as session:
            return len(devices_of(session, user_id)["devices"])

    def unread(self, user_id: UUID) -> int:
        with transaction(self.tools.engine, PLATFORM) as session:
            return inbox_of(session, user_id)["unread_count"]

    def dispatches(self) -> list[tuple[str, str, str | None]]:
        with self.tools.engine.connect() as connection:
            rows = connection.execute(text("SELECT channel, outcome, detail FROM dispatch"))
            return [tuple(row) for row in rows]

    def change(self, user_id: UUID, **values: Any) -> None:
        row = table("app_user", column("user_id"), *map(column, values))
        with transaction(self.tools.engine, PLATFORM) as session:
            session.execute(update(row).where(row.c.user_id == user_id).values(values))

    @property
    def pushed(self) -> list[str]:
        return [message.token for message in self.push.messages]


@pytest.fixture(scope="module")
def database(databases: Any) -> Iterator[Database]:
    with databases.copied() as database:
        yield database


@pytest.fixture
def fresh_database(database: Database) -> Database:
    """The module's database, emptied: quicker than one of the test's own."""
    owner = create_engine(database.owner_url)
    with owner.begin() as connection:
        connection.execute(text("TRUNCATE app_user, shop, procrastinate_jobs CASCADE"))
    owner.dispose()
    return database


@pytest.fixture
def office(tools: Tools) -> Office:
    push, letters = RecordingPush(), Letters()
    return Office(replace(tools, push=push, sms=letters, email=letters), push, letters)


@pytest.fixture
def town(fresh_database: Any, town_in: Callable[..., Any]) -> Any:
    return town_in(fresh_database)


def test_every_device_hears_once_in_the_persons_language(office: Office, town: Any) -> None:
    mona = town.person().user_id
    office.change(mona, locale="ar")
    for token in ("phone-1", "phone-2"):
        office.device(mona, token)
    office.tell(mona)
    office.tell(mona)
    assert run_due(office.tools) == Ran(done=2, retried=0, failed=0)
    assert sorted(office.pushed) == ["phone-1", "phone-1", "phone-2", "phone-2"]
    assert office.push.messages[0] == Message(
        token=office.pushed[0],
        title="عرض سعر جديد للطلب A-1",
        body="Nile Parts يعرض القطع بسعر ١٬٢٥٠٫٠٠ ج.م.",
        type="new_quote",
        order_id="o-1",
        badge=2,
    )
    assert office.dispatches() == [("push", "sent", None)] * 4
    assert office.letters.sent == []


def test_a_dead_token_is_forgotten_after_one_try(office: Office, town: Any) -> None:
    mona = town.person().user_id
    for token in ("dead", "alive"):
        office.device(mona, token)
    office.push.outcome = lambda message: Outcome(
        "dead_token" if message.token == "dead" else "sent"
    )
    office.tell(mona)
    run_due(office.tools)
    office.tell(mona)
    run_due(office.tools)
    assert sorted(office.pushed) == ["alive", "alive", "dead"]
    assert office.tokens(mona) == 1


def test_only_the_device_that_failed_is_tried_again_at_the_time_asked_for(
    office: Office, town: Any, clock: Any
) -> None:
    mona = town.person().user_id
    for token in ("busy", "free"):
        office.device(mona, token)
    busy = Outcome("retry", "UNAVAILABLE", retry_after_seconds=600)
    office.push.outcome = lambda message: busy if message.token == "busy" else Outcome("sent")
    office.tell(mona)
    run_due(office.tools)
    clock.forward(seconds=599)
    assert run_due(office.tools) == Ran(0, 0, 0)
    office.push.outcome = lambda _: Outcome("sent")
    clock.forward(seconds=1)
    assert run_due(office.tools).done == 1
    assert sorted(office.pushed) == ["busy", "busy", "free"]
    clock.forward(days=1)
    assert run_due(office.tools) == Ran(0, 0, 0)


def test_what_never_succeeds_is_given_up(office: Office, town: Any, clock: Any) -> None:
    mona = town.person().user_id
    office.device(mona, "busy")
    office.push.outcome = lambda _: Outcome("retry", "UNAVAILABLE")
    office.tell(mona)
    for _ in range(10):
        run_due(office.tools)
        clock.forward(days=1)
    expected = [("push", "retry", "UNAVAILABLE")] * 5 + [("push", "failed", "UNAVAILABLE")]
    assert office.dispatches() == expected


def test_a_job_that_runs_again_does_not_push_again(office: Office, town: Any) -> None:
    mona = town.person().user_id
    office.device(mona, "phone")
    entry = office.tell(mona)
    run_due(office.tools)
    bring(office.tools, notification_id=str(entry))
    assert office.pushed == ["phone"]


def test_push_waits_for_the_end_of_quiet_hours_and_the_inbox_does_not(
    office: Office, town: Any, clock: Any
) -> None:
    mona = town.person().user_id
    office.device(mona, "phone")
    office.change(mona, quiet_from_minute=22 * 60, quiet_until_minute=7 * 60)
    clock.now = dt.datetime(2026, 11, 22, 21, 0, tzinfo=dt.UTC)  # 23:00 in Cairo
    office.tell(mona)
    assert office.unread(mona) == 1
    clock.now = dt.datetime(2026, 11, 23, 4, 59, tzinfo=dt.UTC)
    assert run_due(office.tools) == Ran(0, 0, 0)
    clock.forward(minutes=1)
    assert run_due(office.tools).done == 1
    assert office.pushed == ["phone"]


def test_what_wakes_people_up_does_not_wait(office: Office, town: Any, clock: Any) -> None:
    mona = town.person().user_id
    office.device(mona, "phone")
    office.change(mona, quiet_from_minute=22 * 60, quiet_until_minute=7 * 60)
    clock.now = dt.datetime(2026, 11, 22, 21, 0, tzinfo=dt.UTC)
    office.tell(mona, "new_parts_order", **REQUEST)
    run_due(office.tools)
    assert office.pushed == ["phone"]


def test_quiet_hours_that_came_between_are_kept(office: Office, town: Any) -> None:
    mona = town.person().user_id
    office.device(mona, "phone")
    office.tell(mona)
    office.change(mona, quiet_from_minute=11 * 60, quiet_until_minute=13 * 60)
    run_due(office.tools)
    assert office.pushed == []


@pytest.mark.parametrize("reason", ["switched off", "read", "disabled"])
def test_what_is_not_wanted_any_more_is_not_pushed(office: Office, town: Any, reason: str) -> None:
    mona = town.person().user_id
    office.device(mona, "phone")
    office.tell(mona)
    with transaction(office.tools.engine, PLATFORM) as session:
        if reason == "switched off":
            change_choices(session, mona, {"new_quote": False})
        elif reason == "read":
            read_all(session, mona, now=office.tools.now())
    if reason == "disabled":
        office.change(mona, status="disabled")
    assert run_due(office.tools).done == 1
    assert office.pushed == []


def test_a_type_switched_off_is_in_the_inbox_and_queues_nothing(office: Office, town: Any) -> None:
    mona = town.person().user_id
    with transaction(office.tools.engine, PLATFORM) as session:
        change_choices(session, mona, {"new_quote": False})
    office.tell(mona)
    assert run_due(office.tools) == Ran(0, 0, 0)
    assert office.unread(mona) == 1


def test_everybody_at_a_shop_is_told_even_by_a_customers_act(office: Office, town: Any) -> None:
    shop_id, customer = town.shop(), town.person().user_id
    staff = [town.person(shop_id=shop_id).user_id for _ in range(2)]
    with transaction(office.tools.engine, Tenant(user_id=customer)) as session:
        notify_shop(session, shop_id, "new_parts_order", REQUEST, now=office.tools.now())
    assert [office.unread(each) for each in (*staff, customer)] == [1, 1, 0]


def test_who_works_at_several_of_the_shops_that_are_told_hears_once(
    office: Office, town: Any
) -> None:
    shops = [town.shop() for _ in range(3)]
    both, one = town.person(shop_id=shops[0]).user_id, town.person(shop_id=shops[1]).user_id
    with town.engine.begin() as connection:
        joins = text("INSERT INTO shop_member VALUES (:shop_id, :user_id, 'shop_staff')")
        connection.execute(joins, {"shop_id": shops[1], "user_id": both})
    with transaction(office.tools.engine, PLATFORM) as session:
        notify_shops(session, shops, "new_parts_order", REQUEST, now=office.tools.now())
    assert [office.unread(each) for each in (both, one)] == [1, 1]


@pytest.mark.parametrize(
    ("verified", "channel", "destination"),
    [
        (("phone_verified_at", "email_verified_at"), "sms", "+201000000001"),
        (("email_verified_at",), "email", "mona@mail.test"),
        ((), None, None),
    ],
)
def test_without_a_device_important_news_comes_as_a_message_to_what_is_verified(
    office: Office,
    town: Any,
    verified: tuple[str, ...],
    channel: str | None,
    destination: str | None,
) -> None:
    mona = town.person().user_id
    known = dict.fromkeys(verified, office.tools.now())
    office.change(mona, phone="+201000000001", email="mona@mail.test", **known)
    office.tell(mona)
    office.tell(mona, "quote_accepted", order_id="o-1", number="A-1", total="99.00")
    run_due(office.tools)
    assert [to for to, _, _ in office.letters.sent] == ([destination] if destination else [])
    assert office.dispatches() == ([(channel, "sent", None)] if channel else [])


def test_when_the_last_device_is_dead_important_news_comes_as_a_message(
    office: Office, town: Any
) -> None:
    mona = town.person().user_id
    office.change(mona, phone="+201000000001", phone_verified_at=office.tools.now())
    office.device(mona, "dead")
    office.push.outcome = lambda _: Outcome("dead_token")
    office.tell(mona, "order_cancelled", order_id="o-1", number="A-1", reason="Out of stock")
    run_due(office.tools)
    assert office.letters.sent == [
        (
            "+201000000001",
            "Order A-1 was cancelled",
            "Order A-1 was cancelled\nOut of stock",
        )
    ]


def test_a_gateway_that_is_away_is_asked_again(office: Office, town: Any, clock: Any) -> None:
    mona = town.person().user_id
    office.change(mona, email_verified_at=office.tools.now())
    office.letters.away = True
    office.tell(mona, "order_cancelled", order_id="o-1", number="A-1", reason="Out of stock")
    run_due(office.tools)
    office.letters.away = False
    clock.forward(seconds=30)
    run_due(office.tools)
    assert len(office.letters.sent) == 1
    assert [outcome for _, outcome, _ in office.dispatches()] == ["retry", "sent"]


def test_a_role_larger_than_a_request_is_told_by_jobs_each_once(office: Office, town: Any) -> None:
    customers = [town.person().user_id for _ in range(5)]
    admin, owner = town.person(role="admin").user_id, town.person(shop_id=town.shop()).user_id
    texts = {locale: Text("News", "Good news") for locale in ("ar", "en")}
    with transaction(office.tools.engine, PLATFORM) as session:
        sent = sending.send_to_role(
            session, "customer", "announcement", texts, {}, now=office.tools.now(), most=2
        )
    assert (len(sent["results"]), sent["more_follow"]) == (2, True)
    run_due(office.tools)
    assert [office.unread(each) for each in customers] == [1] * 5
    assert [office.unread(each) for each in (admin, owner)] == [0, 0]


def test_what_tells_a_crowd_stays_in_its_queue_when_it_comes_again(
    office: Office, town: Any
) -> None:
    mona, adel = town.person().user_id, town.person().user_id
    office.change(adel, quiet_from_minute=0, quiet_until_minute=1_439)
    office.device(mona, "phone-1")
    texts = dict.fromkeys(("en", "ar"), Text("Open on Friday", "All day."))
    with transaction(office.tools.engine, PLATFORM) as session:
        now = office.tools.now()
        sending.send_to_people(session, [mona, adel], "announcement", texts, {}, now=now)
    office.push.outcome = lambda _: Outcome("retry", retry_after_seconds=60)
    run_due(office.tools)
    with office.tools.engine.connect() as connection:
        rows = connection.execute(text("SELECT queue_name, args FROM procrastinate_jobs")).all()
    assert [(row.queue_name, row.args["crowd"]) for row in rows] == [("announcements", True)] * 2
