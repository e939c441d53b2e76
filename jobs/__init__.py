"""What happens later or elsewhere: jobs taken from the queue, each a use case of a room below.

It decides nothing. Start at `jobs.tasks`.
"""
