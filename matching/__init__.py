"""Which shops can serve a request, in what order, and by when.

It never writes orders or tells shops; `orders` does. Start at `nearby.match_shops`; analysts at
`rank` and `delivery_time.fit`.
"""

from matching import delivery_time
from matching.ranking import rank

__all__ = ["delivery_time", "rank"]
