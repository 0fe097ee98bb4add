"""`longan demo --year`: six invented people's year of money and membership, every figure read back from the running app."""
