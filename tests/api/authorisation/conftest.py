"""Every operation there is, a town of all roles, and what belongs to somebody else in it."""

import datetime as dt
import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr
from sqlalchemy import text

from clutch.ids import uuid7
from clutch.settings import Settings
from storage.cluster import Database

TOKEN_KEY = "a key that tokens are signed with in tests"

_KEY = (
    "INSERT INTO service_key (service_key_id, name, key_hash, role, scopes, created_at, revoked_at)"
    " VALUES (:id, :name, :hash, :role, :scopes, now(), :revoked_at)"
)
_THEIRS = """
INSERT INTO vehicle (vehicle_id, user_id, brand_id, created_at)
VALUES (:vehicle_id, :user_id, 1, now());
INSERT INTO parts_order (order_id, number, user_id, status, brand_id, delivery_point, cell,
    selected_quote_id, payment_method, submitted_at, created_at, updated_at)
VALUES (:order_id, 'C-1', :user_id, 'accepted', 1, ST_SetSRID(ST_MakePoint(31.2, 30), 4326),
    ST_SetSRID(ST_MakePoint(31.2, 30), 4326), :quote_id, 'cash_on_delivery', now(), now(), now());
INSERT INTO order_part (order_id, line, name, quantity) VALUES (:order_id, 1, 'filter', 1);
INSERT INTO order_invitation (order_id, shop_id, user_id, round, rank, score, distance_band_km,
    invited_at, expires_at)
VALUES (:order_id, :shop_id, :user_id, 1, 1, 0.5, 2, now(), now() + interval '2 h');
INSERT INTO quote (quote_id, order_id, shop_id, user_id, status, parts_piastres,
    delivery_fee_piastres, total_piastres, created_at, updated_at, valid_until, decided_at)
VALUES (:quote_id, :order_id, :shop_id, :user_id, 'accepted', 100, 0, 100, now(), now(),
    now() + interval '2 h', now());
INSERT INTO quote_line (quote_id, line, shop_id, user_id, availability, quantity,
    unit_price_piastres)
VALUES (:quote_id, 1, :shop_id, :user_id, 'in_stock', 1, 100);
INSERT INTO payment (payment_id, order_id, shop_id, user_id, method, provider, amount_piastres,
    created_at, updated_at)
VALUES (:payment_id, :order_id, :shop_id, :user_id, 'cash_on_delivery', 'cash', 100, now(), now());
INSERT INTO delivery (delivery_id, order_id, shop_id, user_id, accepted_at)
VALUES (:delivery_id, :order_id, :shop_id, :user_id, now());
INSERT INTO rating (order_id, shop_id, user_id, stars, created_at)
VALUES (:order_id, :shop_id, :user_id, 4, now());
INSERT INTO stored_file (file_id, user_id, purpose, name, media_type, size_bytes, sha256, content,
    created_at)
VALUES (:file_id, :user_id, 'shop_document', 'a.pdf', 'application/pdf', 1, sha256('a'), 'a',
    now());
INSERT INTO notification (notification_id, user_id, type, title, message, created_at)
VALUES (:notification_id, :user_id, 'new_quote', 'a', 'b', now());
INSERT INTO device (device_id, token, user_id, platform, created_at)
VALUES (:device_id, 'a token', :user_id, 'web', now());
INSERT INTO shop_onboarding (onboarding_id, user_id, created_at, updated_at)
VALUES (:onboarding_id, :user_id, now(), now());
INSERT INTO shop_profile (shop_id, legal_name) VALUES (:shop_id, 'Theirs');
INSERT INTO staff_invitation
SELECT :invitation_id, :shop_id, email, 'shop_staff', now() FROM app_user WHERE user_id = :user_id;
UPDATE app_user SET email_verified_at = now() WHERE user_id = :user_id
"""
_MADE = (
    *("vehicle_id", "order_id", "quote_id", "payment_id", "delivery_id", "file_id"),
    *("notification_id", "device_id", "onboarding_id", "invitation_id"),
)


@dataclass(frozen=True)
class Everybody:
    """Makes the callers of a test, people and programs, by their roles."""

    town: Any

    def key(self, role: str, *scopes: str, revoked_at: dt.datetime | None = None) -> dict[str, str]:
        """Make a service key."""
        key = secrets.token_urlsafe(32)
        facts = {"id": uuid7(), "name": key, "hash": hashlib.sha256(key.encode()).digest()}
        facts |= {"role": role, "scopes": list(scopes), "revoked_at": revoked_at}
        self.execute(_KEY, **facts)
        return {"Authorization": f"Bearer {key}"}

    def execute(self, statement: str, **facts: Any) -> None:
        with self.town.engine.begin() as connection:
            connection.execute(text(statement), facts)

    def of_every_role(self) -> dict[frozenset[str], dict[str, str]]:
        """Give the headers of somebody of each kind, by the roles that they have."""
        shop_id = self.town.shop()
        town = self.town
        for_somebody = {"X-User-Id": str(town.person().user_id)}
        people = {
            frozenset({"customer"}): town.person(),
            frozenset({"customer", "shop_staff"}): town.person(role="shop_staff", shop_id=shop_id),
            frozenset({"customer", "shop_staff", "shop_owner"}): town.person(shop_id=shop_id),
            frozenset({"customer", "admin"}): town.person(role="admin"),
            frozenset({"customer", "analyst"}): town.person(role="analyst"),
        }
        return {roles: person.headers for roles, person in people.items()} | {
            frozenset({"order_service"}): self.key("order_service", "matching", "orders")
            | for_somebody,
            frozenset({"pipeline"}): self.key("pipeline", "models"),
        }


@dataclass(frozen=True)
class Theirs:
    """What belongs to somebody else: an id for each name of a path parameter, and its owners."""

    ids: dict[str, UUID]
    customer: dict[str, str]
    shop_owner: dict[str, str]


@pytest.fixture(scope="module")
def database(databases: Any) -> Iterator[Database]:
    with databases.copied() as database:
        yield database


@pytest.fixture(scope="module")
def everybody(database: Database, town_in: Any) -> Everybody:
    return Everybody(town_in(database))


@pytest.fixture(scope="module")
def theirs(everybody: Everybody) -> Theirs:
    town = everybody.town
    shop_id = town.shop()
    customer, owner = town.person(), town.person(shop_id=shop_id)
    ids = {name: uuid7() for name in _MADE}
    ids |= {"shop_id": shop_id, "user_id": customer.user_id}
    with town.engine.begin() as connection:
        connection.execute(text("SELECT set_config('clutch.platform', 'on', true)"))
        for statement in _THEIRS.split(";\n"):
            if statement.strip():
                connection.execute(text(statement), ids)
    return Theirs(ids, customer.headers, owner.headers)


@pytest.fixture(scope="module")
def client(database: Database, serve: Any) -> Iterator[httpx.Client]:
    settings = Settings(
        database_url=database.url,
        token_key=SecretStr(TOKEN_KEY),
        rate_limits="off",
        job_workers=0,
    )
    with serve(settings) as address, httpx.Client(base_url=address, trust_env=False) as client:
        yield client
