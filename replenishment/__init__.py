"""When and how much to reorder: lead-time demand, exact policies, budgets."""
