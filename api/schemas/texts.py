"""The kinds of text that callers send; none of it blank.

PostgreSQL takes no NUL in text. Of the other control signs a new line alone is welcome, in what
people read.
"""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

__all__ = ["LINE", "LINES", "Text", "Words", "formed"]

LINE = r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x1f\x7f]*$"
LINES = r"^[^\x00-\x09\x0b-\x1f\x7f]*[^\s\x00-\x1f\x7f][^\x00-\x09\x0b-\x1f\x7f]*$"

Text = Annotated[str, Field(min_length=1, max_length=120, pattern=LINE)]
"""A name, or something as short."""

Words = Annotated[str, Field(min_length=1, max_length=1_000, pattern=LINES)]
"""What somebody says in their own words, in as many lines as they like."""


def formed(pattern: str, expected: str) -> BeforeValidator:
    """Say in words what `pattern`, which callers read in the schema, would refuse.

    It stands after the pattern: what stands after it is not in the schema.
    """

    def check(value: Any) -> Any:
        if isinstance(value, str) and not re.fullmatch(pattern, value):
            raise ValueError(expected)
        return value

    return BeforeValidator(check)
