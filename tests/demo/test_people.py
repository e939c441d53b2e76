"""The demo's log-ins work, are made once, and hold the roles they are there for."""

import datetime as dt

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.orm import Session

import demo
from accounts.passwords import matches
from accounts.queries import people
from demo.people import ADMIN, CUSTOMER, OWNER, PASSWORD, add_people

NOW = dt.datetime(2026, 11, 1, 12, tzinfo=dt.UTC)


@pytest.fixture
def session(connection: Connection) -> Session:
    connection.execute(text("SELECT set_config('clutch.platform', 'on', true)"))
    return Session(connection)


def test_they_can_log_in_with_the_documented_password(session: Session) -> None:
    demo.load(session.connection(), shops=120, seed=7, days=2, until=NOW.date())
    found = [login.email for login in add_people(session, now=NOW)]
    assert found == [ADMIN, CUSTOMER, OWNER]
    for email in found:
        person = people.person_at(session, email)
        assert person is not None
        assert matches(person.password_hash, PASSWORD)
        assert person.status == "active"


def test_the_admin_is_one_and_the_owner_has_an_active_toyota_shop(session: Session) -> None:
    demo.load(session.connection(), shops=120, seed=7, days=2, until=NOW.date())
    add_people(session, now=NOW)
    admin, owner = people.person_at(session, ADMIN), people.person_at(session, OWNER)
    assert admin is not None
    assert owner is not None
    assert people.roles(session, admin.user_id) == ["admin"]
    assert people.roles(session, owner.user_id) == []
    (membership,) = people.memberships(session, owner.user_id)
    assert membership.role == "shop_owner"
    status, carries = session.execute(
        text(
            "SELECT s.status, m.brand_id = ANY (s.brand_ids) FROM shop s, make m"
            " WHERE s.shop_id = :shop_id AND m.name_en = 'Toyota'"
        ),
        {"shop_id": membership.shop_id},
    ).one()
    assert (status, carries) == ("active", True)


def hours(session: Session) -> list[int]:
    """When the owner's shop is open."""
    found = session.scalars(
        text("SELECT regular_hours FROM shop JOIN shop_member USING (shop_id)")
    ).one()
    return list(found)


def test_the_owner_hears_of_orders_at_any_hour(session: Session) -> None:
    demo.load(session.connection(), shops=120, seed=7, days=2, until=NOW.date())
    add_people(session, now=NOW)
    assert hours(session) == [0, 7 * 24 * 60]


def test_a_shop_that_is_not_the_demos_keeps_its_hours(session: Session) -> None:
    session.execute(
        text(
            "INSERT INTO shop (shop_id, name, status, location, brand_ids, regular_hours)"
            " SELECT gen_random_uuid(), 'real', 'active',"
            "  ST_SetSRID(ST_MakePoint(31.24, 30.04), 4326), ARRAY[brand_id], '{540,1320}'"
            " FROM make WHERE name_en = 'Toyota'"
        )
    )
    add_people(session, now=NOW)
    assert hours(session) == [540, 1320]


def test_asked_for_twice_they_are_there_once(session: Session) -> None:
    demo.load(session.connection(), shops=120, seed=7, days=2, until=NOW.date())
    assert add_people(session, now=NOW) == add_people(session, now=NOW)
    assert session.scalar(text("SELECT count(*) FROM app_user")) == 3


def test_the_owner_keeps_the_shop_when_another_joins_nearer(session: Session) -> None:
    demo.load(session.connection(), shops=120, seed=7, days=2, until=NOW.date())
    before = add_people(session, now=NOW)
    session.execute(
        text(
            "INSERT INTO shop (shop_id, name, status, location, brand_ids, regular_hours)"
            " SELECT gen_random_uuid(), 'Nearer', 'active',"
            " ST_SetSRID(ST_MakePoint(31.2357, 30.0444), 4326), ARRAY[brand_id], '{}'"
            " FROM make WHERE name_en = 'Toyota'"
        )
    )
    assert add_people(session, now=NOW) == before
    owner = people.person_at(session, OWNER)
    assert owner is not None
    (membership,) = people.memberships(session, owner.user_id)
    assert membership.name != "Nearer"


def test_without_shops_nobody_owns_one(session: Session) -> None:
    assert [login.email for login in add_people(session, now=NOW)] == [ADMIN, CUSTOMER]
