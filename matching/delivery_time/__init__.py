"""How long parts take from a shop to a customer: a median, and a promise kept 9 times of 10.

It never reads a table, a clock or a road network (`matching.roads` does). Start at `fit` and
`DeliveryTimeModel`; `docs/delivery-time.md` explains the parts.
"""

from matching.delivery_time.fitting import fit
from matching.delivery_time.model import DeliveryTimeModel, cold_start, from_bytes
from matching.delivery_time.preparation import PreparationFleet, promise
from matching.delivery_time.stored import ModelUnreadable

__all__ = [
    "DeliveryTimeModel",
    "ModelUnreadable",
    "PreparationFleet",
    "cold_start",
    "fit",
    "from_bytes",
    "promise",
]
