"""What anyone is told: the event log of each room, the inbox, push, messages, partners' webhooks.

It never decides that something happened; rooms above say so. Start at `events` and `inbox`.
"""
