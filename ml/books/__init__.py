"""Loan books: reading, describing and checking them before anything is learnt."""
