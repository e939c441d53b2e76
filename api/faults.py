"""What is wrong with a field, in words that say what would have been right.

Pydantic's own messages speak of Python and may repeat the input; these do neither. Pure.
"""

import re
from collections.abc import Mapping
from typing import Any

from api.problems import FieldFault

__all__ = ["fault"]

_PARAMETERS = ("query", "path", "header")
_NAME = re.compile(r"[A-Za-z_]\w{0,39}", re.ASCII)

_EXPECTED = {
    "missing": "a value",
    "finite_number": "a finite number",
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing": "a whole number",
    "float_parsing": "a number",
    "int_parsing_size": "a whole number of fewer digits",
    "string_type": "text",
    "string_unicode": "text that is valid Unicode",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "list_type": "a list",
    "tuple_type": "a list",
    "model_type": "an object",
    "model_attributes_type": "an object",
    "dict_type": "an object",
    "extra_forbidden": "no such field",
    "invalid_key": "names of fields in valid Unicode",
    **dict.fromkeys(
        ("uuid_parsing", "uuid_type"), "an id, as 019ab1c2-7f00-7000-8000-000000000001"
    ),
}
_TIMES = {
    "date": "a day, as 2026-11-22",
    **dict.fromkeys(
        ("datetime", "timezone"), "a time with its offset from UTC, as 2026-01-31T12:00:00Z"
    ),
}
_PHRASES = {
    "greater_than_equal": ("ge", "a value of {} or more"),
    "less_than_equal": ("le", "a value of {} or less"),
    "greater_than": ("gt", "a value above {}"),
    "less_than": ("lt", "a value below {}"),
    "too_long": ("max_length", "at most {} entries"),
    "too_short": ("min_length", "at least {} entries"),
    "string_too_long": ("max_length", "at most {} characters"),
    "string_too_short": ("min_length", "at least {} characters"),
    "literal_error": ("expected", "{}"),
    "enum": ("expected", "{}"),
}


def fault(entry: Mapping[str, Any]) -> FieldFault:
    """Return Pydantic's complaint `entry` as the fault of a field.

    Examples
    --------
    >>> found = fault({"type": "greater_than_equal", "loc": ("body", "parts", 0, "quantity"),
    ...                "ctx": {"ge": 1}})
    >>> found.field, found.expected
    ('parts[0].quantity', 'a value of 1 or more')
    >>> fault({"type": "extra_forbidden", "loc": ("body", "x" * 1000)}).field
    'body.(unnamed)'
    >>> fault({"type": "missing", "loc": ("header", "Idempotency-Key")}).field
    'Idempotency-Key'
    >>> fault({"type": "string_too_short", "loc": ("code",), "ctx": {"min_length": 6}}).expected
    'at least 6 characters'
    """
    if entry["loc"] and entry["loc"][0] in _PARAMETERS:
        return FieldFault(field=".".join(map(str, entry["loc"][1:])), expected=_expected(entry))
    where = [part for part in entry["loc"] if part != "body"]
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where)
    if where and isinstance(where[-1], str) and not _NAME.fullmatch(where[-1]):
        # The caller made this name up: it may be huge or private.
        within = fault({**entry, "loc": where[:-1]})
        return FieldFault(field=f"{within.field}.(unnamed)", expected=_expected(entry))
    return FieldFault(field=field.lstrip(".") or "body", expected=_expected(entry))


def _expected(entry: Mapping[str, Any]) -> str:
    kind, limits = entry["type"], entry.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return _of_form(limits["pattern"])
    if kind == "string_too_short" and limits["min_length"] == 1:
        return "text that is not empty"
    if kind in _EXPECTED:
        return _EXPECTED[kind]
    if kind.partition("_")[0] in _TIMES:
        return _TIMES[kind.partition("_")[0]]
    if kind in _PHRASES:
        name, phrase = _PHRASES[kind]
        limit = limits.get(name)
        return phrase.format(f"{limit:.15g}" if isinstance(limit, float) else limit)
    if kind == "value_error":
        words = str(limits["error"])
        return "a file" if words.startswith("Expected UploadFile") else words
    return "a value as /docs describes it"


def _of_form(pattern: str) -> str:
    """Return what a pattern takes; in words where it only keeps blanks and control signs out."""
    if r"\x00-" not in pattern:
        return f"text of the form {pattern}"
    if r"\s" in pattern:
        return "text that is not blank, without control characters"
    return "text without control characters"
