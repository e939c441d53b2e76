"""The rows that imports write.

Reads: make_alias. Writes: shop, past_delivery.
"""
