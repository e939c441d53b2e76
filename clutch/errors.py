"""What can go wrong, in the product's words.

    ClutchError
      InvalidInput      the call cannot be used: names the field and what was expected
        InvalidFrame    a column of a frame, or some of its rows
      NotFound          there is no such thing, or it is not the caller's to see
      Forbidden         the caller may not do this
      Conflict          it cannot be done as things stand: names what can
      TooMany           the caller asked too often: try again later
      Unavailable       something we stand on is away for now: try again later
      SetupNeeded       this machine lacks something: the message says what to install

Each room defines its own errors beside the code that raises them, under one of these. Errors know
nothing of HTTP or of exit codes: `api.errors` and `cli.main` hold the one table each.
Pure.
"""

from collections.abc import Iterable

__all__ = [
    "ClutchError",
    "Conflict",
    "Forbidden",
    "InvalidFrame",
    "InvalidInput",
    "NotFound",
    "SetupNeeded",
    "TooMany",
    "Unavailable",
]


class ClutchError(Exception):
    """Anything that Clutch itself reports; its text is fit for the person who made the call."""


class InvalidInput(ClutchError):
    """A value that cannot be used.

    Parameters
    ----------
    field
        Where the value stood, as the caller named it: `delivery_location.coordinates`, `--horizon`.
    expected
        What would have been right, with its unit.
    found
        What was there instead; leave it out where it could be large or private.
    suggestions
        The nearest values that would have been right.

    Examples
    --------
    >>> str(InvalidInput("horizon", "a whole number of periods, 1 or more", found="0"))
    'horizon: expected a whole number of periods, 1 or more, found 0'
    """

    def __init__(
        self,
        field: str,
        expected: str,
        *,
        found: str | None = None,
        suggestions: Iterable[str] = (),
    ) -> None:
        self.field = field
        self.expected = expected
        self.found = found
        self.suggestions = list(suggestions)
        super().__init__(f"{field}: expected {expected}" + (f", found {found}" if found else ""))


class InvalidFrame(InvalidInput):
    """A column of a frame that does not keep its contract.

    `rows` holds the positions (from 0) of the first offending rows, at most five; it is empty where
    the whole column is at fault.

    Examples
    --------
    >>> str(InvalidFrame("sales", "quantity", "numbers of 0 or more", found="-2.0", rows=[7]))
    'sales.quantity: expected numbers of 0 or more, found -2.0 (row 7)'
    """

    def __init__(
        self,
        frame: str,
        column: str,
        expected: str,
        *,
        found: str | None = None,
        rows: list[int] | None = None,
    ) -> None:
        self.frame = frame
        self.column = column
        self.rows = rows or []
        where = f" (row{'s' if len(self.rows) > 1 else ''} {', '.join(map(str, self.rows))})"
        super().__init__(f"{frame}.{column}", expected, found=found)
        if self.rows:
            self.args = (f"{self.args[0]}{where}",)


class NotFound(ClutchError):
    """There is no such thing, or it belongs to somebody else: a caller cannot tell which.

    Examples
    --------
    >>> str(NotFound("order"))
    'no such order'
    """

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"no such {what}")


class Forbidden(ClutchError):
    """The caller is known and may not do this; the message says who may."""


class Conflict(ClutchError):
    """It cannot be done as things stand now; `allowed` names what can be done instead.

    Examples
    --------
    >>> str(Conflict("the order is delivered", allowed=["rate"]))
    'the order is delivered; allowed now: rate'
    >>> str(Conflict("the order is cancelled", allowed=[]))
    'the order is cancelled; allowed now: nothing'
    """

    def __init__(self, why: str, *, allowed: Iterable[str] | None = None) -> None:
        self.allowed = None if allowed is None else list(allowed)
        now = "" if allowed is None else f"; allowed now: {', '.join(self.allowed or ['nothing'])}"
        super().__init__(why + now)


class TooMany(ClutchError):
    """The caller asked too often."""

    def __init__(self, what: str, *, retry_after_seconds: int) -> None:
        self.retry_after_seconds = retry_after_seconds
        super().__init__(f"too many {what}; try again in {retry_after_seconds} seconds")


class Unavailable(ClutchError):
    """Something Clutch stands on does not answer now; the same call may succeed later."""

    def __init__(self, what: str, *, retry_after_seconds: int = 5) -> None:
        self.what = what
        self.retry_after_seconds = retry_after_seconds
        super().__init__(f"{what} is not available now; try again in {retry_after_seconds} seconds")


class SetupNeeded(ClutchError):
    """This machine lacks something; the message says what to install and how."""
