"""People and programs that call: who they are, how they prove it, what they may do and have done.

It never knows what an order or a shop's stock is. Start at `principal`.
"""
