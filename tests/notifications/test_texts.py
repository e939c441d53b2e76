"""What each type of notification says."""

import re

import pytest

from clutch.errors import InvalidInput
from notifications.texts import LOCALES, TYPES, Kind, fields_of, pounds, text_of

FIELDS = {
    "new_parts_order": {"order_id", "number", "vehicle", "area"},
    "new_quote": {"order_id", "number", "shop_name", "total"},
    "quote_revised": {"order_id", "number", "shop_name", "total"},
    "quote_withdrawn": {"order_id", "number", "shop_name", "total"},
    "quote_accepted": {"order_id", "number", "total"},
    "quote_lapsed": {"order_id", "number", "reason"},
    "order_status": {"order_id", "number", "status"},
    "order_expired": {"order_id", "number"},
    "order_cancelled": {"order_id", "number", "reason"},
    "payment_received": {"order_id", "number", "amount"},
    "payment_failed": {"order_id", "number", "reason"},
    "refund_done": {"order_id", "number", "amount"},
    "refund_failed": {"order_id", "number", "amount"},
    "refund_refused": {"order_id", "payment_id", "number", "amount", "reason"},
    "delivery_late": {"order_id", "number", "promise"},
    "shop_approved": {"shop_id", "shop_name"},
    "shop_refused": {"shop_id", "shop_name", "reasons"},
    "shop_suspended": {"shop_id", "shop_name", "reason"},
    "shop_reinstated": {"shop_id", "shop_name"},
    "staff_invitation": {"shop_id", "shop_name"},
}


def test_every_type_is_known_here() -> None:
    assert TYPES.keys() == FIELDS.keys()


@pytest.mark.parametrize("type", TYPES)
def test_both_languages_speak_of_the_same_and_of_nothing_unknown(type: str) -> None:
    kind = TYPES[type]
    assert fields_of(kind.en) == fields_of(kind.ar)
    assert fields_of(kind.en) <= FIELDS[type]
    # All but the ids is told.
    assert FIELDS[type] - fields_of(kind.en) <= {"order_id", "payment_id", "shop_id"}


@pytest.mark.parametrize("type", TYPES)
def test_each_language_is_in_its_own_script(type: str) -> None:
    kind: Kind = TYPES[type]
    without_fields = re.compile(r"\{\w+\}|Clutch")
    for arabic in (without_fields.sub("", part) for part in kind.ar):
        assert not re.search("[A-Za-z]", arabic)
    for english in (without_fields.sub("", part) for part in kind.en):
        assert english.isascii()


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("type", TYPES)
def test_every_text_is_filled_in(type: str, locale: str) -> None:
    text = text_of(type, dict.fromkeys(FIELDS[type], "X7"), locale)
    assert all(part.strip() for part in text)
    assert "{" not in "".join(text)
    assert "X7" in "".join(text)


def test_a_field_that_is_missing_is_named() -> None:
    with pytest.raises(InvalidInput, match=r"data\.total"):
        text_of("quote_accepted", {"number": "A-1"}, "en")


def test_an_unknown_type_is_refused() -> None:
    with pytest.raises(InvalidInput, match="type"):
        text_of("gossip", {}, "ar")


@pytest.mark.parametrize(
    ("value", "en", "ar"),
    [
        (pounds(123_456_705), "EGP 1,234,567.05", "١٬٢٣٤٬٥٦٧٫٠٥ ج.م"),
        (pounds(0), "EGP 0.00", "٠٫٠٠ ج.م"),
        ("processing", "being prepared", "قيد التجهيز"),
        ("2026-11-22T18:05:00+00:00", "Sunday 20:05", "الأحد ٢٠:٠٥"),
        ("2026-07-31T21:30:00Z", "Saturday 00:30", "السبت ٠٠:٣٠"),
        ("2026-11-22", "2026-11-22", "2026-11-22"),
        ("بعد ساعة", "بعد ساعة", "بعد ساعة"),
        ("x" * 400, "x" * 299 + "…", "x" * 299 + "…"),
        ("{number}", "{number}", "{number}"),
    ],
)
def test_values_are_written_as_readers_of_the_language_do(value: str, en: str, ar: str) -> None:
    data = {"number": "A-1", "reason": value}
    assert text_of("order_cancelled", data, "en").message == en
    assert text_of("order_cancelled", data, "ar").message == ar
