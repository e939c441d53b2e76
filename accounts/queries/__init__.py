"""The SQL of accounts, a module a subject.

It decides nothing. Start at `callers`, which every request goes through.
"""
