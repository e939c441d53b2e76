"""What people send to `/auth/*` and `/users/me`, and administrators to `/admin/*`."""

import unicodedata
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, Field, model_validator

from accounts.codes import DIGITS, Purpose
from accounts.contacts import email_address, phone_number
from accounts.passwords import LEAST_LENGTH, MOST_LENGTH
from accounts.service_keys import NAME, SCOPES
from api.schemas.strict import STRICT, with_examples
from api.schemas.texts import Text

__all__ = [
    "CodeRequest",
    "ContactProof",
    "DisableRequest",
    "LogIn",
    "LogOut",
    "NewServiceKey",
    "PasswordChange",
    "PasswordReset",
    "PersonChange",
    "Refresh",
    "Registration",
]


def _latin_digits(code: str) -> str:
    digits = "".join(str(unicodedata.decimal(sign, "?")) for sign in code)
    if len(digits) != DIGITS or not digits.isascii() or not digits.isdecimal():
        raise ValueError(f"{DIGITS} digits")
    return digits


Password = Annotated[str, Field(min_length=LEAST_LENGTH, max_length=MOST_LENGTH)]
GivenPassword = Annotated[str, Field(min_length=1, max_length=MOST_LENGTH)]
Code = Annotated[
    str,
    Field(min_length=DIGITS, max_length=DIGITS, description="Six digits, Latin or Arabic."),
    AfterValidator(_latin_digits),
]
Minute = Annotated[int, Field(ge=0, le=1439)]
Contact = Annotated[str, Field(min_length=3, max_length=254, pattern=r"^[^\x00-\x1f\x7f]+$")]
Locale = Literal["ar", "en"]


class _Reached(BaseModel):
    """Somebody named by a phone or an e-mail address, one of the two."""

    model_config = STRICT

    phone: Contact | None = Field(
        default=None, description="As people write it: `010 1234 5678`, `٠١٠١٢٣٤٥٦٧٨`, `+20...`."
    )
    email: Contact | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.phone is None) == (self.email is None):
            raise ValueError("either a phone or an email")
        return self

    def destination(self) -> str:
        """Return the phone in E.164, or the address in lower case.

        Raises
        ------
        InvalidInput
            It is neither.
        """
        return phone_number(self.phone) if self.phone else email_address(self.email or "")


class Registration(_Reached):
    """Somebody who joins."""

    model_config = with_examples(
        {"phone": "010 1234 5678", "password": "long and easy to say", "name": "Mona"},
        {"email": "mona@example.com", "password": "long and easy to say", "name": "منى"},
    )

    password: Password
    name: Text
    locale: Locale = "ar"


class LogIn(_Reached):
    """A password, or the code that was sent for `log_in`."""

    model_config = with_examples(
        {"phone": "010 1234 5678", "password": "long and easy to say"},
        {"email": "mona@example.com", "code": "123456"},
    )

    password: GivenPassword | None = None
    code: Code | None = None

    @model_validator(mode="after")
    def _one_proof(self) -> Self:
        if (self.password is None) == (self.code is None):
            raise ValueError("either a password or a code")
        return self


class CodeRequest(_Reached):
    """Where a code is wanted, and what for."""

    model_config = with_examples({"phone": "010 1234 5678", "purpose": "log_in"})

    purpose: Annotated[Purpose, Field(strict=False)]


class ContactProof(_Reached):
    """The code that was sent for `verify`."""

    model_config = with_examples({"phone": "010 1234 5678", "code": "123456"})

    code: Code


class PasswordReset(_Reached):
    """The code that was sent for `reset_password`, and the new password."""

    model_config = with_examples(
        {"email": "mona@example.com", "code": "123456", "password": "another easy to say"}
    )

    code: Code
    password: Password


class PasswordChange(BaseModel):
    """The password as it is and as it shall be."""

    model_config = with_examples(
        {"password": "long and easy to say", "new_password": "another easy to say"}
    )

    password: GivenPassword
    new_password: Password


class Refresh(BaseModel):
    """A refresh token, which is good for one use."""

    model_config = with_examples({"refresh_token": "tZk5m0mX1nB0mJ3e0V2f7Qw1v5r9x4c8u6a2s0d1g3h"})

    refresh_token: Annotated[str, Field(min_length=1, max_length=4_096)]


class LogOut(BaseModel):
    """Whether only this log-in ends, or that of every device."""

    model_config = with_examples({}, {"everywhere": True})

    everywhere: bool = False


class QuietHoursWanted(BaseModel):
    """Minutes of local time since midnight; they may run past it."""

    model_config = STRICT

    from_minute: Minute
    until_minute: Minute


class PersonChange(BaseModel):
    """What is left out stays; quiet hours are cleared by null."""

    model_config = with_examples(
        {"locale": "en", "quiet_hours": {"from_minute": 1320, "until_minute": 420}}
    )

    name: Text | None = None
    locale: Locale | None = None
    quiet_hours: QuietHoursWanted | None = None

    def changes(self) -> dict[str, Any]:
        """Return the columns to change."""
        changed = self.model_dump(include={"name", "locale"}, exclude_none=True)
        if "quiet_hours" in self.model_fields_set:
            quiet = self.quiet_hours
            changed["quiet_from_minute"] = quiet.from_minute if quiet else None
            changed["quiet_until_minute"] = quiet.until_minute if quiet else None
        return changed


class DisableRequest(BaseModel):
    """Why somebody is shut out."""

    model_config = with_examples({"reason": "sold the same part to five customers"})

    reason: Text


class NewServiceKey(BaseModel):
    """A key for a program: its role, and what of it the key is limited to."""

    model_config = with_examples(
        {"name": "order-service-2026", "role": "order_service", "scopes": ["matching"]}
    )

    name: Annotated[str, Field(min_length=1, max_length=60, pattern=NAME)]
    role: Literal["order_service", "pipeline"]
    scopes: Annotated[list[str], Field(min_length=1, max_length=10)]

    @model_validator(mode="after")
    def _scopes_known(self) -> Self:
        if unknown := set(self.scopes) - set(SCOPES[self.role]):
            raise ValueError(
                f"scopes among {', '.join(SCOPES[self.role])}, not {len(unknown)} other"
            )
        return self
