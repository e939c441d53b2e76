"""What a field should have been is said in words that fit that very field."""

import datetime as dt
import enum
from typing import Annotated, Any
from uuid import UUID

import pytest
from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from api.faults import fault


class Purpose(enum.StrEnum):
    VERIFY = "verify"
    LOG_IN = "log_in"


@pytest.mark.parametrize(
    ("kind", "sent", "expected"),
    [
        (UUID, "x", "an id, as 019ab1c2-7f00-7000-8000-000000000001"),
        (Purpose, "x", "'verify' or 'log_in'"),
        (bool, "perhaps", "true or false"),
        (int, "many", "a whole number"),
        (float, "many", "a number"),
        (dt.date, "soon", "a day, as 2026-11-22"),
        (AwareDatetime, "soon", "a time with its offset from UTC, as 2026-01-31T12:00:00Z"),
        (
            AwareDatetime,
            "2026-11-22T12:00:00",
            "a time with its offset from UTC, as 2026-01-31T12:00:00Z",
        ),
        (Annotated[str, Field(min_length=1)], "", "text that is not empty"),
        (Annotated[str, Field(min_length=8)], "short", "at least 8 characters"),
        (
            Annotated[str, Field(pattern=r"^[^\x00-\x1f]+$")],
            "\0",
            "text without control characters",
        ),
        (Annotated[str, Field(pattern="^[a-z]+$")], "1", "text of the form ^[a-z]+$"),
    ],
)
def test_a_fault_names_what_would_have_been_right(kind: Any, sent: str, expected: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(sent)
    (entry,) = refused.value.errors()
    assert fault(entry).expected == expected
