"""Requests made from the OpenAPI document, good and bad, find no answer it does not promise.

Each operation is called by somebody whom its rule lets in, and most of the ids it takes are those
of real things, so that more than refusals is seen. A longer run: `CLUTCH_LONG_TESTS=1`.
"""

import os
import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from pydantic import SecretStr
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import text

from accounts.principal import Role
from api.access import operations
from api.app import create_app
from clutch.settings import Settings

pytestmark = pytest.mark.slow

TOKEN_KEY = "a key that tokens are signed with in tests"
EXAMPLES = 150 if os.environ.get("CLUTCH_LONG_TESTS") else 8
REAL_IDS = 0.7
APP = create_app(Settings())
ACCESS = {(each.method, each.path): each.access for each in operations(APP, "/api/")}
DOCUMENT = schemathesis.openapi.from_dict(APP.openapi())
OPERATIONS = [found.ok() for found in DOCUMENT.get_all_operations()]
CASES = [
    pytest.param(operation, mode, id=f"{operation.label} {mode.value}")
    for operation in OPERATIONS
    for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
    # Else there is nothing to get wrong.
    if operation.body or operation.query or mode is GenerationMode.POSITIVE
]
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


class Stage:
    """The application, and for each test new people with something of their own."""

    def __init__(self, address: str, town: Any) -> None:
        self.address = address
        self._town = town

    def play(self) -> tuple[dict[Role, dict[str, str]], dict[str, UUID]]:
        """Make a deal; return who takes part by role, and the ids of all there is."""
        town, deal = self._town, self._town.deal(method="card")
        waiting = town.order(deal.customer, shops=[deal.shop_id])
        owner = town.person(shop_id=deal.shop_id)
        customer = deal.customer.headers
        people = {
            Role.CUSTOMER: customer,
            Role.SHOP_STAFF: deal.staff.headers,
            Role.SHOP_OWNER: owner.headers,
            Role.ADMIN: town.person(role="admin").headers,
            Role.ANALYST: town.person(role="analyst").headers,
            Role.ORDER_SERVICE: {
                "Authorization": f"Bearer {self._service_key()}",
                "X-User-Id": str(deal.customer.user_id),
            },
            Role.ANONYMOUS: {},
        }
        with town.engine.connect() as connection:
            quote_id = connection.scalar(
                text("SELECT quote_id FROM quote WHERE order_id = :id"), {"id": deal.order_id}
            )
        return people, {
            "order_id": random.choice([deal.order_id, waiting]),  # noqa: S311 - chance, no secret
            "user_id": deal.customer.user_id,
            "shop_id": deal.shop_id,
            "quote_id": quote_id,
            "payment_id": deal.payment_id,
            "delivery_id": deal.delivery_id,
        }

    def _service_key(self) -> str:
        key = str(uuid4())
        with self._town.engine.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO service_key (service_key_id, name, key_hash, role, scopes,"
                    " created_at) VALUES (:id, CAST(:id AS text), sha256(CAST(:key AS bytea)),"
                    " 'order_service', '{matching,orders}', now())"
                ),
                {"id": uuid4(), "key": key.encode()},
            )
        return key


@pytest.fixture(scope="module")
def stage(databases: Any, serve: Any, town_in: Any, tmp_path_factory: Any) -> Iterator[Stage]:
    with databases.copied() as database:
        settings = Settings(
            database_url=database.url,
            data_directory=tmp_path_factory.mktemp("schemathesis"),
            token_key=SecretStr(TOKEN_KEY),
            rate_limits="off",
            job_workers=0,
        )
        with serve(settings) as address:
            yield Stage(address, town_in(database))


@pytest.mark.parametrize(("operation", "mode"), CASES)
def test_every_answer_is_one_that_the_document_promises(
    stage: Stage, operation: Any, mode: GenerationMode
) -> None:
    people, ids = stage.play()
    access = ACCESS.get((operation.method.upper(), operation.full_path))
    roles = sorted(access.roles & set(people)) if access else [Role.ANONYMOUS]
    chance = random.Random(operation.label)  # noqa: S311 - a seeded choice, no secret

    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    @hypothesis.settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def answers_as_promised(case: Any) -> None:
        for name in {*(case.path_parameters or {})} & set(ids):
            if chance.random() < REAL_IDS:
                case.path_parameters[name] = str(ids[name])
        headers = people[Role(chance.choice(roles))]
        # Whom a program acts for is in its headers; nobody else may say so.
        case.headers.pop("X-User-Id", None)
        case.call_and_validate(base_url=stage.address, headers=headers, checks=CHECKS)

    answers_as_promised()
