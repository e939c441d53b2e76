"""A made-up but realistic market in Lower Egypt, the same for the same seed, to try Clutch on.

It decides nothing and no other room reads it; real shops come in through `shops`.
Start at `loading.load`; `places` and `fleet` hold what the market is drawn from.
"""

from demo.loading import Counts, DatabaseNotEmpty, load

__all__ = ["Counts", "DatabaseNotEmpty", "load"]
