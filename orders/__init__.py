"""A customer's order: what is asked for, quoted, accepted, paid and delivered.

It never speaks HTTP and never ranks a shop itself. Start at `lifecycle` and `requests`.
"""
