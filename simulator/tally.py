"""What happened in a simulation: counted as actors tell it, summed up at the end.

Times are simulated minutes. Pure.
"""

from collections import Counter
from collections.abc import Coroutine
from dataclasses import dataclass, field
from typing import Any, TypedDict

import httpx

from clutch.errors import ClutchError

__all__ = ["Summary", "Tally"]

_PROMPT_MINUTES = 120.0


class Summary(TypedDict):
    """The figures of a run; minutes are simulated ones."""

    orders: int
    quoted: int
    accepted: int
    delivered: int
    cancelled: int
    quote_response_minutes_mean: float | None
    share_quoted_within_2h: float | None
    lost_events: int
    duplicate_events: int


@dataclass
class Tally:
    """Counts of acts by name, and when each order was submitted and first quoted.

    `surprises` are answers that nobody in the simulation expected; there should be none.
    """

    acts: Counter[str] = field(default_factory=Counter)
    stars: list[int] = field(default_factory=list)
    heard_events: int = 0
    lost_events: int = 0
    duplicate_events: int = 0
    surprises: list[str] = field(default_factory=list)
    _submitted: dict[str, float] = field(default_factory=dict)
    _quoted: dict[str, float] = field(default_factory=dict)
    _answer_minutes: list[float] = field(default_factory=list)

    def count(self, act: str) -> None:
        """Count something that somebody did: `accepted`, `revised a quote`."""
        self.acts[act] += 1

    def surprise(self, what: str) -> None:
        """Note an answer that nobody expected."""
        self.surprises.append(what)

    async def noting(self, story: Coroutine[Any, Any, None]) -> None:
        """Live through a story; what breaks it is noted, and the others go on."""
        try:
            await story
        except (ClutchError, httpx.HTTPError) as error:
            self.surprise(str(error) or type(error).__name__)

    def submitted(self, order_id: str, at: float) -> None:
        """Note when an order went out to shops."""
        self._submitted[order_id] = at

    def quoted(self, order_id: str, at: float, *, invited_at: float) -> None:
        """Note that a shop quoted, and when it had been asked to."""
        self._quoted[order_id] = min(at, self._quoted.get(order_id, at))
        self._answer_minutes.append(at - invited_at)

    @property
    def quotes(self) -> int:
        """Return how many quotes were given."""
        return len(self._answer_minutes)

    def summary(self) -> Summary:
        """Return the figures of the run so far.

        `share_quoted_within_2h` is of submitted orders, by their first quote.

        Examples
        --------
        >>> tally = Tally()
        >>> tally.submitted("a", 10), tally.submitted("b", 20)
        (None, None)
        >>> tally.quoted("a", 40, invited_at=12)
        >>> summary = tally.summary()
        >>> summary["quote_response_minutes_mean"], summary["share_quoted_within_2h"]
        (28.0, 0.5)
        >>> Tally().summary()["quote_response_minutes_mean"] is None
        True
        """
        # A shop may be asked for orders of others, too.
        waits = [
            at - self._submitted[key] for key, at in self._quoted.items() if key in self._submitted
        ]
        prompt = sum(wait <= _PROMPT_MINUTES for wait in waits)
        answers = self._answer_minutes
        return Summary(
            orders=len(self._submitted),
            quoted=len(waits),
            accepted=self.acts["accepted"],
            delivered=self.acts["delivered"],
            cancelled=self.acts["cancelled"],
            quote_response_minutes_mean=round(sum(answers) / len(answers), 1) if answers else None,
            share_quoted_within_2h=(
                round(prompt / len(self._submitted), 4) if self._submitted else None
            ),
            lost_events=self.lost_events,
            duplicate_events=self.duplicate_events,
        )
