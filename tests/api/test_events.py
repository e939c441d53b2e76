"""`GET /events`: the log that sockets are told from, over HTTP."""

import datetime as dt
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import create_engine

from clutch.ids import uuid7
from clutch.settings import Settings
from notifications.events import append
from storage.session import PLATFORM, transaction

KEY = "a service key of tests"
NOW = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)


class Place(NamedTuple):
    http: httpx.Client
    town: Any
    engine: Any

    def add(self, room: str, *orders: str) -> None:
        with transaction(self.engine, PLATFORM) as session:
            for order in orders:
                append(session, room, "new-quote", {"orderId": order}, now=NOW)


@pytest.fixture(scope="module")
def place(databases: Any, serve: Any, town_in: Any) -> Iterator[Place]:
    with databases.copied() as database:
        settings = Settings(
            database_url=database.url,
            token_key=SecretStr("a key that tokens are signed with in tests"),
            service_key=SecretStr(KEY),
            job_workers=0,
        )
        engine = create_engine(database.url)
        with serve(settings) as address, httpx.Client(base_url=address, trust_env=False) as http:
            yield Place(http, town_in(database), engine)
        engine.dispose()


def ask(place: Place, person: Any, room: str, **more: Any) -> httpx.Response:
    return place.http.get("/api/v1/events", params={"room": room, **more}, headers=person.headers)


def test_a_room_is_read_a_page_at_a_time(place: Place) -> None:
    mona = place.town.person()
    room = f"user-{mona.user_id}"
    place.add(room, "طلب ١", "b", "c")
    first = ask(place, mona, room, limit=2).json()
    assert first == {
        "room": room,
        "after": 0,
        "last": 3,
        "resync": False,
        "events": [
            {
                "sequence": number,
                "event": "new-quote",
                "payload": {"orderId": order},
                "created_at": "2026-11-01T12:00:00Z",
            }
            for number, order in ((1, "طلب ١"), (2, "b"))
        ],
    }
    second = ask(place, mona, room, after=2).json()
    assert [each["payload"]["orderId"] for each in second["events"]] == ["c"]
    assert ask(place, mona, room, after=3).json()["events"] == []


def test_a_room_in_which_nothing_happened_is_empty(place: Place) -> None:
    mona = place.town.person()
    answer = ask(place, mona, f"user-{mona.user_id}").json()
    assert (answer["last"], answer["resync"], answer["events"]) == (0, False, [])


def test_a_number_past_the_end_is_answered_with_where_to_go_on(place: Place) -> None:
    mona = place.town.person()
    room = f"user-{mona.user_id}"
    place.add(room, "a")
    answer = ask(place, mona, room, after=9).json()
    assert (answer["after"], answer["resync"], answer["events"]) == (1, True, [])


def test_who_works_at_a_shop_reads_its_room(place: Place) -> None:
    shop = place.town.shop()
    staff = place.town.person(role="shop_staff", shop_id=shop)
    place.add(f"shop-{shop}", "a")
    assert ask(place, staff, f"shop-{shop}").json()["last"] == 1


def test_the_room_of_another_answers_as_one_that_is_not_there(place: Place) -> None:
    mona, omar = place.town.person(), place.town.person()
    place.add(f"user-{omar.user_id}", "a")
    foreign = ask(place, mona, f"user-{omar.user_id}")
    missing = ask(place, mona, f"shop-{uuid7()}")
    assert foreign.status_code == missing.status_code == 404
    assert foreign.json() == missing.json()


def test_nobody_reads_without_a_token_and_no_program_does(place: Place) -> None:
    room = f"user-{uuid7()}"
    assert place.http.get("/api/v1/events", params={"room": room}).status_code == 401
    headers = {"Authorization": f"Bearer {KEY}"}
    answer = place.http.get("/api/v1/events", params={"room": room}, headers=headers)
    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("field", "value"), [("room", "lobby"), ("after", "-1"), ("after", "x"), ("limit", "101")]
)
def test_a_field_that_cannot_be_used_is_named(place: Place, field: str, value: str) -> None:
    mona = place.town.person()
    asked = {"room": f"user-{mona.user_id}", field: value}
    answer = place.http.get("/api/v1/events", params=asked, headers=mona.headers)
    assert answer.status_code == 422
    (found,) = answer.json()["errors"]
    assert field in found["field"]
    assert field != "room" or found["expected"].startswith("user-{id} or shop-{id}")
