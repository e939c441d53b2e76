"""Parts shops: what is known of them, and how it comes in.

It never ranks them; that is `matching`.
Start at `imports` for files of shops and trips, `hours` for opening hours as people write them.
"""
