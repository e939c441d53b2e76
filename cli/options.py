"""How an option is called where the library that it is handed to finds it wrong."""

from collections.abc import Iterator
from contextlib import contextmanager

from clutch.errors import InvalidInput

__all__ = ["named_as_options"]


@contextmanager
def named_as_options(*fields: str) -> Iterator[None]:
    """Say `--lead-time` where the block refuses `lead_time`, one of `fields`.

    Examples
    --------
    >>> with named_as_options("lead_time"):
    ...     raise InvalidInput("lead_time", "a number above 0", found="-2")
    Traceback (most recent call last):
        ...
    clutch.errors.InvalidInput: --lead-time: expected a number above 0, found -2
    """
    try:
        yield
    except InvalidInput as error:
        if error.field not in fields:
            raise
        option = "--" + error.field.replace("_", "-")
        raise InvalidInput(option, error.expected, found=error.found) from error
