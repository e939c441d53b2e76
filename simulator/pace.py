"""Simulated time: people think in minutes, and the server's clock runs on as it does.

A simulated minute is a real minute divided by the speed. Delays are log-normal: most people are
quick, some are very slow.
"""

import asyncio
import time

import numpy as np

__all__ = ["Pace", "delay_minutes"]


def delay_minutes(rng: np.random.Generator, *, median: float, spread: float = 0.8) -> float:
    """Draw how long somebody takes, in minutes; `spread` is the deviation of its logarithm.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> drawn = [delay_minutes(rng, median=20) for _ in range(10_000)]
    >>> round(float(np.median(drawn)))
    20
    >>> delay_minutes(rng, median=5, spread=0)
    5.0
    """
    return float(median * np.exp(spread * rng.standard_normal()))


class Pace:
    """How fast a simulation runs: `speed` simulated minutes pass in a real one."""

    def __init__(self, speed: float) -> None:
        self._speed = speed
        self._began = time.monotonic()

    def now_minutes(self) -> float:
        """Return the simulated minutes since the beginning."""
        return (time.monotonic() - self._began) * self._speed / 60

    def seconds(self, minutes: float) -> float:
        """Return the real seconds that simulated minutes take."""
        return minutes * 60 / self._speed

    async def pass_minutes(self, minutes: float) -> None:
        """Wait for so many simulated minutes."""
        await asyncio.sleep(self.seconds(minutes))

    async def think(self, rng: np.random.Generator, *, median: float, spread: float = 0.8) -> None:
        """Wait for as long as somebody takes, in simulated minutes."""
        await self.pass_minutes(delay_minutes(rng, median=median, spread=spread))
