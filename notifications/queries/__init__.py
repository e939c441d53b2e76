"""The SQL of notifications, a module per subject.

It never decides what anyone is told. Start at `events` and `inbox`.
"""
