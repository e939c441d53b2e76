"""Codes are sent when their job runs; what has had its day is forgotten."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text

from accounts.codes import Purpose, request_code, spend_code
from accounts.idempotency import claim
from accounts.passwords import NONE
from accounts.registration import register
from clutch.errors import SetupNeeded
from jobs.accounts import forget_old, send_code
from jobs.tools import Tools
from jobs.worker import run_due
from storage.session import PLATFORM, transaction

KEY = "k" * 32
PHONE, EMAIL = "+201012345678", "mona@mail.test"


class Recorded:
    """Keeps what is sent, and may say that it cannot."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, str]] = []

    def send(self, destination: str, subject: str, body: str) -> None:
        self.sent.append((destination, subject, body))


@pytest.fixture
def ready(tools: Tools) -> Any:
    settings = tools.settings.model_copy(update={"token_key": SecretStr(KEY)})
    return replace(tools, settings=settings, sms=Recorded(), email=Recorded())


@pytest.mark.parametrize("destination", [PHONE, EMAIL])
def test_who_registers_is_sent_a_code_that_verifies(ready: Any, destination: str) -> None:
    with transaction(ready.engine, PLATFORM) as session:
        register(
            session,
            destination=destination,
            name="Mona",
            password_hash=NONE,
            locale="en",
            now=ready.now(),
        )
    run_due(ready)
    used, unused = (ready.sms, ready.email) if destination == PHONE else (ready.email, ready.sms)
    ((to, subject, body),) = used.sent
    assert (to, subject, unused.sent) == (destination, "Your Clutch code", [])
    with transaction(ready.engine, PLATFORM) as session:
        assert spend_code(
            session,
            destination=destination,
            purpose=Purpose.VERIFY,
            code=re.findall(r"\d{6}", body)[0],
            key=KEY,
            now=ready.now(),
        )


def test_nobody_is_sent_nothing(ready: Any) -> None:
    with transaction(ready.engine, PLATFORM) as session:
        request_code(session, destination=PHONE, purpose=Purpose.LOG_IN)
    run_due(ready)
    assert ready.sms.sent == []


def test_without_the_key_no_code_is_made(tools: Tools) -> None:
    tools = replace(tools, settings=tools.settings.model_copy(update={"token_key": None}))
    with pytest.raises(SetupNeeded, match="CLUTCH_TOKEN_KEY"):
        send_code(tools, destination=PHONE, purpose="log_in")


def test_a_developers_messages_go_to_a_file(tools: Tools) -> None:
    tools.sms.send(PHONE, "Subject", "رمز 123456")
    (line,) = (tools.settings.data_directory / "messages.jsonl").read_text().splitlines()
    assert json.loads(line) == {"to": PHONE, "subject": "Subject", "body": "رمز 123456"}
    mode = (tools.settings.data_directory / "messages.jsonl").stat().st_mode
    assert mode & 0o777 == 0o600


def test_answers_are_forgotten_after_two_days(ready: Any, clock: Any) -> None:
    with transaction(ready.engine, PLATFORM) as session:
        claim(session, caller="user:1", key="a key", request_hash=b"h", now=ready.now())
    for hours, left in ((47, 1), (2, 0)):
        clock.forward(hours=hours)
        forget_old(ready)
        with transaction(ready.engine, PLATFORM) as session:
            assert session.scalar(text("SELECT count(*) FROM idempotency_key")) == left
