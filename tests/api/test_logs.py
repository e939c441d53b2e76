"""What a server logs of an error: where it happened, never what callers sent."""

import json
import logging
import re
from collections.abc import Iterator
from typing import Any, Literal

import pytest
import structlog
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from api.logs import configure_logs
from clutch.errors import Unavailable
from storage.session import PLATFORM, open_engine, transaction

CANARY = "+201099999999"
_STRANGER = text(
    "INSERT INTO app_user (user_id, phone, name, password_hash, created_at)"
    " VALUES (gen_random_uuid(), :phone, '  ', '-', now())"
)


@pytest.fixture(autouse=True)
def _logs_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.mark.parametrize("environment", ["development", "production"])
def test_a_row_that_the_database_refuses_is_not_told(
    market: Any, capsys: Any, environment: Literal["development", "production"]
) -> None:
    configure_logs(environment)
    engine = open_engine(market.url)
    with (
        pytest.raises(IntegrityError, match=re.escape(CANARY)) as refused,
        transaction(engine, PLATFORM) as session,
    ):
        session.execute(_STRANGER, {"phone": CANARY})
    engine.dispose()
    later = Unavailable("the database")
    later.__cause__ = refused.value
    for error in (refused.value, later):
        logging.getLogger("uvicorn.error").error("went wrong", exc_info=error)
    logged = capsys.readouterr().err
    assert CANARY not in logged
    assert logged.count("app_user_name_filled_check") >= 2
    assert "test_logs.py" in logged
    if environment == "production":
        assert [json.loads(line)["event"] for line in logged.splitlines()] == ["went wrong"] * 2
