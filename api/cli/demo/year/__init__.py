"""`longan demo --year`: five invented people's year of money in two minutes, with every figure read back from the running app."""
