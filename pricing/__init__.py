"""What a part should cost: elasticities, win probability, guard rails."""
