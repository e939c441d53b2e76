"""The SQL of orders, a file for each subject.

It decides nothing: use cases and pure modules do. Start at `requests`.
"""
