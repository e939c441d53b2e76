"""How a shop joins: its application step by step, what completing it makes, and the review of it.

It never changes a shop that trades; that is `shops.profiles` and `shops.standing`.
Start at `applications` for the applicant's side, `reviews` for the administrators'.
"""
